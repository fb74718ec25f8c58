//! What says the same to everyone: help, privacy, the quick way out, robots.txt?

use std::sync::Arc;

use poem::{
    IntoResponse, Response, Result, Route,
    endpoint::make_sync,
    http::{StatusCode, header},
};
use serde::Serialize;

use crate::web::{
    chrome,
    headers::{Manner, set_manner},
    methods::{Methods, get},
    page::{Page, Pages},
};

/// Where *Leave quickly* leads if the operator chooses nothing: a page anybody may have open.
pub const NEUTRAL: &str = "https://www.wikipedia.org/";

const ROBOTS: &str = "User-agent: *\nDisallow: /coach\nDisallow: /api/\nDisallow: /leave\n";

#[derive(Debug, Serialize)]
pub struct Help {}

impl Page for Help {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "texts/help.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![("help", Self {})]
    }
}

#[derive(Debug, Serialize)]
pub struct Privacy {}

impl Page for Privacy {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "texts/privacy.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![("privacy", Self {})]
    }
}

/// `leave_to` is the operator's neutral address, `brand` the neutral name on these pages.
#[derive(Debug, Clone)]
pub struct Texts {
    pub pages: Arc<Pages>,
    pub brand: String,
    pub leave_to: String,
}

impl Texts {
    /// Adds `/help`, `/privacy`, `/leave` and `/robots.txt`.
    #[must_use]
    pub fn routes(self, route: Route) -> Route {
        let help = self.fixed(|pages, chrome| Ok(pages.render(chrome, &Help {})?));
        let privacy = self.fixed(|pages, chrome| Ok(pages.render(chrome, &Privacy {})?));
        let leave_to = self.leave_to;
        route
            .at("/help", help)
            .at("/privacy", privacy)
            .at("/leave", get(make_sync(move |_| leave(&leave_to))))
            .at("/robots.txt", get(make_sync(|_| robots())))
    }

    fn fixed(&self, show: fn(&Pages, &chrome::Public) -> Result<Response>) -> Methods {
        let (pages, chrome) = (self.pages.clone(), chrome::Public::plain(&self.brand));
        get(make_sync(move |_| show(&pages, &chrome)))
    }
}

/// Clears what the browser kept of our pages; signing out would show that somebody was signed in.
fn leave(to: &str) -> Response {
    let mut response = Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, to)
        .header("clear-site-data", "\"cache\"")
        .finish();
    set_manner(&mut response, Manner::PUBLIC);
    response
}

fn robots() -> Response {
    let mut response = ROBOTS.with_header(header::CACHE_CONTROL, "public, max-age=86400").into_response();
    set_manner(&mut response, Manner::FILE);
    response
}

#[cfg(test)]
mod tests {
    use poem::{Endpoint, test::TestClient};

    use super::*;
    use crate::web::assets::Assets;

    fn client() -> TestClient<impl Endpoint> {
        let pages = Arc::new(Pages::embedded(&Assets::embedded()).unwrap());
        let texts = Texts { pages, brand: "N. Brandt".into(), leave_to: NEUTRAL.into() };
        TestClient::new(texts.routes(Route::new()))
    }

    #[tokio::test]
    async fn leaving_quickly_goes_somewhere_neutral_and_forgets_the_pages() {
        let answer = client().get("/leave?to=https://evil.example").send().await;
        answer.assert_status(StatusCode::SEE_OTHER);
        answer.assert_header("location", NEUTRAL);
        answer.assert_header("clear-site-data", "\"cache\"");
    }

    #[tokio::test]
    async fn help_and_privacy_are_there_for_everyone() {
        for path in ["/help", "/privacy"] {
            let answer = client().get(path).send().await;
            answer.assert_status_is_ok();
            assert_eq!(answer.0.data::<Manner>(), Some(&Manner::PUBLIC));
        }
        client().get("/robots.txt").send().await.assert_content_type("text/plain; charset=utf-8");
    }
}
