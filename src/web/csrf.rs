//! Was this form sent from one of our own pages, and only once?

use data_encoding::BASE64URL_NOPAD;
use poem::{
    Endpoint, Middleware, Request, Response, Result,
    http::{HeaderMap, Method, Uri, header},
};
use serde::Serialize;

use crate::web::{error::PageError, patterns};

/// Scheme, host and port, as browsers write them into `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

#[derive(Debug, thiserror::Error)]
#[error("the base URL must look like https://groups.example.org, not {0}")]
pub struct BadBaseUrl(String);

impl Origin {
    /// The origin of the configured base URL.
    pub fn of(base_url: &str) -> Result<Self, BadBaseUrl> {
        let bad = || BadBaseUrl(base_url.to_owned());
        let uri: Uri = base_url.parse().map_err(|_| bad())?;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else { return Err(bad()) };
        let standard = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(bad()),
        };
        let port = uri.port_u16().filter(|port| *port != standard).map(|port| format!(":{port}"));
        Ok(Self(format!("{scheme}://{}{}", host.to_ascii_lowercase(), port.unwrap_or_default())))
    }
}

/// Refuses unsafe requests that a page of ours did not send. `exempt` names routes that others may post to
/// (RFC 8058 one-click, inbound hooks, the API with its tokens), as `patterns` reads them.
#[derive(Debug, Clone)]
pub struct SameSite {
    pub origin: Origin,
    pub exempt: Vec<&'static str>,
}

impl SameSite {
    fn admits(&self, request: &Request) -> bool {
        let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
        safe || patterns::any(&self.exempt, request.uri().path()) || self.is_ours(request.headers())
    }

    /// `Sec-Fetch-Site` cannot be set by a page. Browsers without it send `Origin` with every POST.
    fn is_ours(&self, headers: &HeaderMap) -> bool {
        let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
        if sites.peek().is_some() {
            return sites.all(|site| site == "same-origin" || site == "none");
        }
        let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
        origins.peek().is_some() && origins.all(|origin| origin == self.origin.0.as_str())
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> for SameSite {
    type Output = SameSiteEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        SameSiteEndpoint { inner, rule: self.clone() }
    }
}

#[derive(Debug)]
pub struct SameSiteEndpoint<E> {
    inner: E,
    rule: SameSite,
}

impl<E: Endpoint<Output = Response>> Endpoint for SameSiteEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if self.rule.admits(&request) { self.inner.call(request).await } else { Err(PageError::ForeignForm.into()) }
    }
}

/// A hidden input that makes a form count once, however often it is sent (`web::once`).
/// Written by the macro `form_token(chrome, 'name')`, which appends `.name` where a page has several forms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct FormToken(String);

impl FormToken {
    /// A new one, of 16 random bytes.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(BASE64URL_NOPAD.encode(&random))
    }

    /// What came back in the field `form_token`: 22 characters of base64url, perhaps a dot and a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (random, name) = text.split_once('.').unwrap_or((text, ""));
        let is_random = BASE64URL_NOPAD.decode(random.as_bytes()).is_ok_and(|bytes| bytes.len() == 16);
        let is_name = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (is_random && is_name).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For samples.
    #[must_use]
    pub fn sample() -> Self {
        Self::new([7; 16])
    }
}

#[cfg(test)]
mod tests {
    use poem::{EndpointExt, Route, endpoint::make_sync, http::StatusCode, test::TestClient};

    use super::*;

    fn client() -> TestClient<impl Endpoint> {
        let ok = || make_sync(|_| "done");
        let routes = Route::new().at("/form", ok()).at("/u/:token", ok()).at("/api/*rest", ok());
        let rule = SameSite {
            origin: Origin::of("https://Groups.Example.org:443/under").unwrap(),
            exempt: vec!["/u/:token", "/api/*"],
        };
        TestClient::new(routes.with(rule))
    }

    async fn post(path: &str, headers: &[(&'static str, &'static str)]) -> StatusCode {
        let client = client();
        let request = headers.iter().fold(client.post(path), |request, (name, value)| request.header(*name, *value));
        request.send().await.0.status()
    }

    #[tokio::test]
    async fn our_own_pages_may_post() {
        for given in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://groups.example.org")],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        ] {
            assert_eq!(post("/form", given).await, StatusCode::OK, "{given:?}");
        }
    }

    #[tokio::test]
    async fn nobody_else_may() {
        for given in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://groups.example.org")],
            &[("sec-fetch-site", "Same-Origin")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
            &[("origin", "null")],
            &[("origin", "http://groups.example.org")],
            &[("origin", "https://groups.example.org.evil.example")],
            &[("origin", "https://groups.example.org:8443")],
            &[("origin", "https://groups.example.org"), ("origin", "https://evil.example")],
            &[("referer", "https://groups.example.org/form")],
            &[("origin", "https://groups.example.org ")],
        ] {
            assert_eq!(post("/form", given).await, StatusCode::FORBIDDEN, "{given:?}");
        }
        for method in ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"] {
            let answer = client().request(method.parse().unwrap(), "/form").send().await;
            answer.assert_status(StatusCode::FORBIDDEN);
        }
    }

    #[tokio::test]
    async fn only_named_routes_are_exempt() {
        assert_eq!(post("/u/abc", &[("sec-fetch-site", "cross-site")]).await, StatusCode::OK);
        assert_eq!(post("/api/v1/cohorts", &[]).await, StatusCode::OK);
        for path in ["/u", "/u/", "/u/a/b", "/U/abc", "/u/../form", "//u/abc", "/api", "/apiary"] {
            assert_eq!(post(path, &[]).await, StatusCode::FORBIDDEN, "{path}");
        }
    }

    #[tokio::test]
    async fn reading_is_always_allowed() {
        let answer = client().get("/form").header("sec-fetch-site", "cross-site").send().await;
        answer.assert_status_is_ok();
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let origin = |url| Origin::of(url).map(|origin| origin.0).ok();
        assert_eq!(origin("http://localhost:8080").as_deref(), Some("http://localhost:8080"));
        assert_eq!(origin("HTTP://[::1]:80/x").as_deref(), Some("http://[::1]"));
        for bad in ["", "example.org", "/path", "ftp://example.org", "https://"] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_form_token_comes_back_as_it_was_written() {
        let token = FormToken::new([0xfb; 16]);
        assert_eq!(FormToken::parse(token.as_str()), Some(token.clone()));
        assert!(FormToken::parse(&format!("{}.resend-17", token.as_str())).is_some());
        for bad in
            ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA.a b", "AAAAAAAAAAAAAAAAAAAAA\u{e4}"]
        {
            assert_eq!(FormToken::parse(bad), None, "{bad}");
        }
    }
}
