//! What stands around every route, and in which order?

use std::{fmt, sync::Arc};

use poem::{Endpoint, EndpointExt, Response, Route};

use crate::web::{
    csrf::{BadBaseUrl, Origin, SameSite},
    error_pages::ErrorPages,
    headers::{Headers, MakeId, Transport},
    limits::{CSV, Limits, MAIL, PATIENCE},
    page::Pages,
};

/// What the frame has to be told.
#[derive(Clone)]
pub struct Frame {
    pub pages: Arc<Pages>,
    /// The neutral name on error pages.
    pub brand: String,
    /// As configured, such as `https://groups.example.org`.
    pub base_url: String,
    pub make_id: MakeId,
    /// Routes that others may post to, as `patterns` reads them.
    pub open_to_all: Vec<&'static str>,
    /// Routes that take a list of people in CSV.
    pub takes_csv: Vec<&'static str>,
    /// Routes that take a whole mail.
    pub takes_mail: Vec<&'static str>,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({})", self.base_url)
    }
}

impl Frame {
    /// From outside: headers and the log line; errors and panics into pages; is it ours; is it small enough.
    /// The origin is asked before the body is read, so that a stranger's upload costs nothing.
    pub fn around(self, routes: Route) -> Result<impl Endpoint<Output = Response> + 'static, BadBaseUrl> {
        let same_site = SameSite { origin: Origin::of(&self.base_url)?, exempt: self.open_to_all };
        let csv = self.takes_csv.into_iter().map(|route| (route, CSV));
        let larger = csv.chain(self.takes_mail.into_iter().map(|route| (route, MAIL))).collect();
        Ok(routes
            .with(Limits { larger, patience: PATIENCE })
            .with(same_site)
            .with(ErrorPages { pages: self.pages, brand: self.brand })
            .with(Headers { transport: Transport::of(&self.base_url), make_id: self.make_id }))
    }
}

#[cfg(test)]
mod tests {
    use poem::{endpoint::make, http::StatusCode, test::TestClient};
    use uuid::Uuid;

    use super::*;
    use crate::web::{
        assets::{self, Assets},
        chrome, methods,
        texts::Help,
    };

    fn client() -> TestClient<impl Endpoint<Output = Response>> {
        let assets = Assets::embedded();
        let pages = Arc::new(Pages::embedded(&assets).unwrap());
        let shown = pages.clone();
        let sign_in = make(move |_| {
            let shown = shown.clone();
            async move { shown.render(&chrome::Public::plain("N. Brandt"), &Help {}) }
        });
        let routes = Route::new()
            .at(assets::ROUTE, assets)
            .at("/s/:token", methods::get(sign_in).post(make(|_| async { "done" })))
            .at(
                "/panic",
                methods::post(make(|_| async {
                    if true {
                        panic!("hunter2")
                    }
                })),
            );
        let frame = Frame {
            pages,
            brand: "N. Brandt".into(),
            base_url: "https://groups.example.org".into(),
            make_id: Arc::new(|| Uuid::from_u128(7)),
            open_to_all: vec!["/u/:token"],
            takes_csv: vec![],
            takes_mail: vec![],
        };
        TestClient::new(frame.around(routes).unwrap())
    }

    #[tokio::test]
    async fn every_answer_has_the_headers_and_every_failure_a_page() {
        let client = client();
        let answers = [
            (client.get("/s/abc"), 200),
            (client.get("/none"), 404),
            (client.delete("/s/abc").header("sec-fetch-site", "same-origin"), 405),
            (client.post("/s/abc"), 403),
            (client.post("/u/abc"), 404),
            (client.post("/s/abc").header("origin", "https://groups.example.org").body(vec![0; 300_000]), 413),
            (client.post("/panic").header("sec-fetch-site", "same-origin"), 500),
            (client.get("/assets/x/none.css"), 404),
            (client.get("/assets/x/app.css"), 200),
        ];
        for (request, status) in answers {
            let answer = request.send().await.0;
            assert_eq!(answer.status().as_u16(), status);
            for name in [
                "content-security-policy",
                "x-content-type-options",
                "referrer-policy",
                "x-request-id",
                "cross-origin-opener-policy",
                "strict-transport-security",
                "cache-control",
                "x-robots-tag",
            ] {
                assert!(answer.headers().contains_key(name), "{status}: {name}");
            }
            let text = answer.into_body().into_string().await.unwrap();
            assert!(!text.contains("hunter2"));
            assert_eq!(status >= 400, text.contains("00000000-0000-0000-0000-000000000007"), "{status}");
        }
    }

    #[tokio::test]
    async fn a_head_is_a_get_without_its_body_even_when_it_fails() {
        for (path, status) in [("/s/abc", StatusCode::OK), ("/none", StatusCode::NOT_FOUND)] {
            let answer = client().head(path).send().await.0;
            assert_eq!(answer.status(), status);
            assert!(answer.into_body().into_bytes().await.unwrap().is_empty());
        }
    }
}
