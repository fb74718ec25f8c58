//! Who asks without a browser window: a person with cookies, who posts forms from our pages.

use crate::world::World;

pub struct Visitor {
    client: reqwest::Client,
    base: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Visitor {
    /// Follows no redirect by itself, and says where its forms come from.
    pub fn of(world: &World) -> Self {
        Self::at(&world.base)
    }

    /// The same at any address.
    pub fn at(base: &str) -> Self {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("origin", base.parse().unwrap());
        let client = reqwest::Client::builder()
            .cookie_store(true)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { client, base: base.to_owned() }
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(self.url(path)).send().await.unwrap()).await
    }

    pub async fn get_with(&self, path: &str, header: (&'static str, &str)) -> Answer {
        answer(self.client.get(self.url(path)).header(header.0, header.1).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        answer(self.client.post(self.url(path)).form(fields).send().await.unwrap()).await
    }

    /// Posts a form with a file, as a browser writes it.
    pub async fn post_file(&self, path: &str, file: (&str, &[u8]), fields: &[(&str, &str)]) -> Answer {
        const BOUNDARY: &str = "----storyBoundary7MA4YWxkTrZu0gW";
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"list.csv\"\r\nContent-Type: text/csv\r\n\r\n",
            file.0
        );
        body.extend(head.into_bytes());
        body.extend(file.1);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = self.client.post(self.url(path)).header("content-type", kind).body(body);
        answer(request.send().await.unwrap()).await
    }

    /// Opens the page, then posts its form with the token that stands in it.
    pub async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.get(page).await;
        // A page whose button is gone may still stand open in another tab.
        let token = form_token(&shown.body).unwrap_or_else(|| "c29tZSBvdGhlciB0YWIgIQ".to_owned());
        let mut fields = fields.to_vec();
        fields.push(("form_token", &token));
        self.post(action, &fields).await
    }
}

pub fn form_token(html: &str) -> Option<String> {
    let from = html.find("name=\"form_token\" value=\"")? + "name=\"form_token\" value=\"".len();
    Some(html[from..].split('"').next()?.to_owned())
}

async fn answer(response: reqwest::Response) -> Answer {
    let headers = response.headers().clone();
    let location = headers.get("location").map(|value| value.to_str().unwrap().to_owned());
    Answer { status: response.status().as_u16(), location, headers, body: response.text().await.unwrap() }
}
