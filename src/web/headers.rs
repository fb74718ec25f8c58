//! Which headers does every answer carry, whatever went wrong inside?

use std::{sync::Arc, time::Instant};

use poem::{
    Endpoint, IntoResponse, Middleware, PathPattern, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
};
use tracing::Instrument;
use uuid::Uuid;

/// What an error page shows and a log line carries, so that the two can be matched. Ours, never the client's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

/// Where request ids come from: `Random` behind a closure, seeded in tests.
pub type MakeId = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// How an answer wants to be treated. Without one, an answer is personal: forgetting it is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    pub cache: Cache,
    pub robots: Robots,
    pub referrer: Referrer,
    pub policy: Policy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// `no-store` and `Vary: Cookie`.
    Personal,
    /// `no-store`: the same for everyone, but that it was visited is nobody's business.
    Never,
    /// What the handler set; `no-store` if it set nothing.
    AsSet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Robots {
    KeepOut,
    /// Public program pages only.
    Welcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referrer {
    Nothing,
    /// For pages with forms: with `no-referrer` a browser posts `Origin: null`, which csrf refuses.
    SameOrigin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Page,
    /// A mail shown in a frame of ours: its styles are inline, and nothing in it may run or be sent.
    EmailPreview,
    /// A Content-Security-Policy of the page's own, for a bundled page such as an API explorer.
    Own(&'static str),
}

impl Manner {
    /// Participants' and coaches' pages, and whatever did not say.
    pub const PERSONAL: Self =
        Self { cache: Cache::Personal, robots: Robots::KeepOut, referrer: Referrer::Nothing, policy: Policy::Page };
    /// The same for everyone, not for search engines.
    pub const PUBLIC: Self = Self { cache: Cache::Never, ..Self::PERSONAL };
    /// A public program page.
    pub const PROGRAM: Self = Self { robots: Robots::Welcome, ..Self::PUBLIC };
    /// Assets and feeds: the handler decides on caching.
    pub const FILE: Self = Self { cache: Cache::AsSet, ..Self::PERSONAL };
    /// A rendered mail inside a frame.
    pub const EMAIL_PREVIEW: Self = Self { policy: Policy::EmailPreview, ..Self::PERSONAL };

    /// The same, on a page that has a form.
    #[must_use]
    pub const fn with_form(self) -> Self {
        Self { referrer: Referrer::SameOrigin, ..self }
    }
}

/// Marks an answer; the outermost middleware reads it.
pub fn set_manner(response: &mut Response, manner: Manner) {
    response.set_data(manner);
}

/// Whether browsers reach us by https: then they are told to never use anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Https,
    Http,
}

impl Transport {
    /// By the configured base URL, such as `https://groups.example.org`.
    #[must_use]
    pub fn of(base_url: &str) -> Self {
        match base_url.get(..8) {
            Some(scheme) if scheme.eq_ignore_ascii_case("https://") => Self::Https,
            Some(_) | None => Self::Http,
        }
    }
}

/// The outermost middleware: request id, log line, headers.
#[derive(Clone)]
pub struct Headers {
    pub transport: Transport,
    pub make_id: MakeId,
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Headers({:?})", self.transport)
    }
}

impl<E: Endpoint> Middleware<E> for Headers {
    type Output = HeadersEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        HeadersEndpoint { inner, headers: self.clone() }
    }
}

#[derive(Debug)]
pub struct HeadersEndpoint<E> {
    inner: E,
    headers: Headers,
}

impl<E: Endpoint> Endpoint for HeadersEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let id = RequestId((self.headers.make_id)());
        let method = request.method().clone();
        request.set_data(id);
        let span = tracing::info_span!("request", id = %id.0, method = known(&method));
        async {
            let started = Instant::now();
            let mut response = match self.inner.call(request).await {
                Ok(answer) => answer.into_response(),
                Err(error) => error.into_response(),
            };
            if method == Method::HEAD {
                response.set_body(());
            }
            // The pattern, never the address: an address may hold a token.
            let route = response.data::<PathPattern>().map(|pattern| pattern.0.clone());
            let route = route.as_deref().unwrap_or("none");
            let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(route, status = response.status().as_u16(), ms, "answered");
            dress(&mut response, id, self.headers.transport);
            Ok(response)
        }
        .instrument(span)
        .await
    }
}

/// A method is any token a client likes; only known ones reach the log.
pub(crate) fn known(method: &Method) -> &str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if known.contains(method) { method.as_str() } else { "OTHER" }
}

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const PREVIEW_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'self'; \
    sandbox allow-popups allow-popups-to-escape-sandbox";

fn dress(response: &mut Response, id: RequestId, transport: Transport) {
    let manner = response.data::<Manner>().copied();
    let headers = response.headers_mut();
    let id = HeaderValue::from_str(&id.0.to_string()).expect("a uuid is ASCII");
    headers.insert("x-request-id", id);
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    let shown = manner.unwrap_or(Manner::PERSONAL);
    let (policy, frames) = match shown.policy {
        Policy::Page => (PAGE_POLICY, "DENY"),
        Policy::EmailPreview => (PREVIEW_POLICY, "SAMEORIGIN"),
        Policy::Own(policy) => (policy, "DENY"),
    };
    set(header::CONTENT_SECURITY_POLICY, policy);
    set(header::X_FRAME_OPTIONS, frames);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        header::REFERRER_POLICY,
        match shown.referrer {
            Referrer::Nothing => "no-referrer",
            Referrer::SameOrigin => "same-origin",
        },
    );
    match shown.robots {
        Robots::KeepOut => set(HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive"),
        Robots::Welcome => {}
    }
    match transport {
        Transport::Https => set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        Transport::Http => {}
    }
    cache(headers, manner.map(|manner| manner.cache));
}

fn cache(headers: &mut HeaderMap, asked: Option<Cache>) {
    let has_own = headers.contains_key(header::CACHE_CONTROL);
    match asked {
        Some(Cache::AsSet) | None if has_own => return,
        Some(Cache::Personal | Cache::Never | Cache::AsSet) | None => {}
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match asked {
        Some(Cache::Personal) | None => {
            headers.append(header::VARY, HeaderValue::from_static("Cookie"));
        }
        Some(Cache::Never | Cache::AsSet) => {}
    }
}

#[cfg(test)]
mod tests {
    use poem::{EndpointExt, Route, endpoint::make_sync, http::StatusCode, test::TestClient};

    use super::*;

    fn around<E: Endpoint>(transport: Transport, endpoint: E) -> TestClient<HeadersEndpoint<E>> {
        TestClient::new(endpoint.with(Headers { transport, make_id: Arc::new(|| Uuid::from_u128(7)) }))
    }

    fn marked(manner: Manner) -> impl Endpoint<Output = Response> {
        make_sync(move |_| {
            let mut response = "x".into_response();
            set_manner(&mut response, manner);
            response
        })
    }

    #[tokio::test]
    async fn an_error_carries_them_all() {
        let client = around(Transport::Https, Route::new());
        let answer = client.get("/nowhere").header("x-request-id", "evil").send().await;
        answer.assert_status(StatusCode::NOT_FOUND);
        answer.assert_header("x-request-id", "00000000-0000-0000-0000-000000000007");
        answer.assert_header("content-security-policy", PAGE_POLICY);
        answer.assert_header("x-content-type-options", "nosniff");
        answer.assert_header("referrer-policy", "no-referrer");
        answer.assert_header("cross-origin-opener-policy", "same-origin");
        answer.assert_header("cross-origin-resource-policy", "same-origin");
        answer.assert_header("cache-control", "no-store");
        answer.assert_header("vary", "Cookie");
        answer.assert_header("x-robots-tag", "noindex, nofollow, noarchive");
        answer.assert_header("strict-transport-security", "max-age=31536000");
    }

    #[tokio::test]
    async fn plain_http_is_not_told_to_be_https() {
        let answer = around(Transport::of("http://localhost:8080"), Route::new()).get("/").send().await;
        answer.assert_header_is_not_exist("strict-transport-security");
        assert_eq!(Transport::of("HTTPS://x.example"), Transport::Https);
        assert_eq!(Transport::of(""), Transport::Http);
    }

    #[tokio::test]
    async fn a_program_page_with_a_form_may_be_found_and_says_where_its_form_was() {
        let answer = around(Transport::Http, marked(Manner::PROGRAM.with_form())).get("/").send().await;
        answer.assert_header("referrer-policy", "same-origin");
        answer.assert_header("cache-control", "no-store");
        answer.assert_header_is_not_exist("x-robots-tag");
        answer.assert_header_is_not_exist("vary");
    }

    #[tokio::test]
    async fn only_the_mail_preview_may_be_framed_and_it_may_do_nothing() {
        let answer = around(Transport::Http, marked(Manner::EMAIL_PREVIEW)).get("/").send().await;
        let policy = answer.0.header("content-security-policy").unwrap();
        assert!(
            policy.contains("frame-ancestors 'self'")
                && policy.ends_with("; sandbox allow-popups allow-popups-to-escape-sandbox"),
            "{policy}"
        );
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"));
        answer.assert_header("x-frame-options", "SAMEORIGIN");
    }

    #[tokio::test]
    async fn a_handler_may_cache_but_not_what_is_personal() {
        let own = |manner: Option<Manner>| {
            make_sync(move |_| {
                let mut response = "x".with_header("cache-control", "public, max-age=9").into_response();
                if let Some(manner) = manner {
                    set_manner(&mut response, manner);
                }
                response
            })
        };
        for manner in [None, Some(Manner::FILE)] {
            let answer = around(Transport::Http, own(manner)).get("/").send().await;
            answer.assert_header("cache-control", "public, max-age=9");
        }
        let answer = around(Transport::Http, own(Some(Manner::PERSONAL))).get("/").send().await;
        answer.assert_header("cache-control", "no-store");
        answer.assert_header("vary", "Cookie");
    }

    #[tokio::test]
    async fn head_has_no_body() {
        let client = around(Transport::Http, make_sync(|_| "body"));
        let answer = client.head("/").send().await;
        assert!(answer.0.into_body().into_bytes().await.unwrap().is_empty());
    }
}
