//! How does an error become an answer?

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use poem::{
    Endpoint, IntoResponse, Middleware, PathPattern, Request, Response, Result,
    error::ResponseError,
    http::{HeaderValue, Method, StatusCode, header},
};
use serde::Serialize;

use crate::web::{
    chrome,
    error::{PageError, Words},
    headers::RequestId,
    page::{Page, Pages},
};

/// The page of any failure.
#[derive(Debug, Serialize)]
pub struct ErrorPage {
    #[serde(flatten)]
    words: Words,
    link: Option<&'static str>,
    request_id: String,
}

impl Page for ErrorPage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "error/error.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let shown = |name, error: PageError| (name, Self::of(&error, "0193-sample".into()));
        vec![
            shown("not found", PageError::NotFound),
            shown("foreign form", PageError::ForeignForm),
            shown("too many", PageError::TooManyRequests { retry_after: Duration::from_secs(600) }),
            shown("internal", PageError::Internal(anyhow::anyhow!("sample"))),
        ]
    }
}

impl ErrorPage {
    fn of(error: &PageError, request_id: String) -> Self {
        let link = match error.status() {
            StatusCode::NOT_FOUND | StatusCode::GONE => Some("/link"),
            _ => None,
        };
        Self { words: error.words(), link, request_id }
    }
}

/// Turns errors and panics inside into answers. Sits just inside `Headers`.
#[derive(Debug, Clone)]
pub struct ErrorPages {
    pub pages: Arc<Pages>,
    /// The neutral name that error pages carry.
    pub brand: String,
}

impl<E: Endpoint> Middleware<E> for ErrorPages {
    type Output = ErrorPagesEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        ErrorPagesEndpoint { inner, look: self.clone() }
    }
}

#[derive(Debug)]
pub struct ErrorPagesEndpoint<E> {
    inner: E,
    look: ErrorPages,
}

impl<E: Endpoint> Endpoint for ErrorPagesEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let id = request.data::<RequestId>().map(|id| id.0.to_string()).unwrap_or_default();
        let is_api = request.uri().path().starts_with("/api/");
        let method = request.method().clone();
        let outcome = AssertUnwindSafe(self.inner.call(request)).catch_unwind().await;
        let (error, route) = match outcome {
            Ok(Ok(answer)) => return Ok(answer.into_response()),
            Ok(Err(error)) if error.is_from_response() => return Ok(error.into_response()),
            Ok(Err(error)) => {
                let route = error.data::<PathPattern>().cloned();
                (understand(error, &method), route)
            }
            Err(panic) => (panicked(panic.as_ref()), None),
        };
        if let PageError::Internal(cause) = &error {
            tracing::error!(request_id = id, cause = format!("{cause:#}"), "a request failed");
        }
        let mut response = if is_api { problem(&error, id) } else { self.look.page(&error, id) };
        complete(&mut response, &error);
        if let Some(route) = route {
            response.set_data(route);
        }
        Ok(response)
    }
}

impl ErrorPages {
    fn page(&self, error: &PageError, id: String) -> Response {
        let chrome = chrome::Public::plain(&self.brand);
        match self.pages.render(&chrome, &ErrorPage::of(error, id)) {
            Ok(response) => response,
            Err(broken) => {
                tracing::error!(cause = %broken, "the error page failed");
                error.words().happened.into_owned().into_response()
            }
        }
    }
}

fn problem(error: &PageError, id: String) -> Response {
    let words = error.words();
    let body = serde_json::json!({
        "type": "about:blank",
        "title": words.title,
        "status": error.status().as_u16(),
        "detail": format!("{} {}", words.happened, words.advice),
        "request_id": id,
    });
    Response::builder().content_type("application/problem+json").body(body.to_string())
}

fn complete(response: &mut Response, error: &PageError) {
    response.set_status(error.status());
    let (name, value) = match error {
        PageError::TooManyRequests { retry_after } | PageError::Unavailable { retry_after } => {
            (header::RETRY_AFTER, retry_after.as_secs_f64().ceil().max(1.0).to_string())
        }
        PageError::MethodNotAllowed { allow } => (header::ALLOW, allow.to_string()),
        PageError::Unauthorized => (header::WWW_AUTHENTICATE, "Bearer".into()),
        PageError::NotFound
        | PageError::Forbidden
        | PageError::Gone
        | PageError::BadRequest(_)
        | PageError::Conflict(_)
        | PageError::TooLarge
        | PageError::TooSlow
        | PageError::WrongType
        | PageError::ForeignForm
        | PageError::Internal(_) => return,
    };
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(name, value);
    }
}

/// poem's own errors, by their status. Their texts may quote the request, so none is shown.
fn understand(error: poem::Error, method: &Method) -> PageError {
    let error = match error.downcast::<PageError>() {
        Ok(ours) => return ours,
        Err(error) => error,
    };
    match error.status() {
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => PageError::NotFound,
        StatusCode::UNAUTHORIZED => PageError::Unauthorized,
        StatusCode::GONE => PageError::Gone,
        StatusCode::METHOD_NOT_ALLOWED => PageError::MethodNotAllowed { allow: others(method).into() },
        StatusCode::REQUEST_TIMEOUT => PageError::TooSlow,
        StatusCode::LENGTH_REQUIRED | StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => PageError::WrongType,
        StatusCode::CONFLICT => PageError::Conflict("Somebody changed this while you were looking at it.".into()),
        StatusCode::TOO_MANY_REQUESTS => PageError::TooManyRequests { retry_after: Duration::from_secs(60) },
        StatusCode::SERVICE_UNAVAILABLE => PageError::Unavailable { retry_after: Duration::from_secs(60) },
        status if status.is_client_error() => PageError::BadRequest("Something in the request was malformed.".into()),
        _ => PageError::Internal(anyhow::anyhow!("{error}")),
    }
}

/// Where the list is not known, all but the one that was refused: `Allow` must be there (RFC 9110 §15.5.6).
fn others(method: &Method) -> String {
    let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    all.into_iter().filter(|name| *name != method.as_str()).collect::<Vec<_>>().join(", ")
}

/// The message of a panic may quote data: the hook has printed where it was, which is enough.
fn panicked(_payload: &(dyn Any + Send)) -> PageError {
    PageError::Internal(anyhow::anyhow!("a handler panicked"))
}

#[cfg(test)]
mod tests {
    use poem::{EndpointExt, Route, endpoint::make, test::TestClient, web::Query};

    use super::*;
    use crate::web::{assets::Assets, methods};

    fn failing(error: fn() -> poem::Error) -> impl Endpoint<Output = ()> {
        make(move |_| async move { Err::<(), _>(error()) })
    }

    #[poem::handler]
    async fn numbers(Query(_): Query<Vec<(u8, u8)>>) {}

    fn client() -> TestClient<impl Endpoint> {
        let pages = Arc::new(Pages::embedded(&Assets::embedded()).unwrap());
        let routes = Route::new()
            .at("/only-get/:token", methods::get(make(|_| async { "x" })))
            .at("/poem-get", poem::get(make(|_| async { "x" })))
            .at("/numbers", methods::get(numbers))
            .at("/secret", failing(|| PageError::Forbidden.into()))
            .at("/later", failing(|| PageError::TooManyRequests { retry_after: Duration::from_millis(61_500) }.into()))
            .at("/broken", failing(|| PageError::Internal(anyhow::anyhow!("password hunter2")).into()))
            .at("/api/broken", failing(|| PageError::Internal(anyhow::anyhow!("password hunter2")).into()))
            .at("/api/token", failing(|| PageError::Unauthorized.into()))
            .at("/length", failing(|| StatusCode::LENGTH_REQUIRED.into()))
            .at("/type", failing(|| StatusCode::UNSUPPORTED_MEDIA_TYPE.into()))
            .at(
                "/panic",
                make(|_| async {
                    if true {
                        panic!("hunter2")
                    }
                }),
            );
        TestClient::new(routes.with(ErrorPages { pages, brand: "N. Brandt".into() }))
    }

    async fn page(path: &str, status: u16) -> (Response, String) {
        let mut response = client().get(path).send().await.0;
        assert_eq!(response.status().as_u16(), status, "{path}");
        let body = response.take_body().into_string().await.unwrap();
        (response, body)
    }

    #[tokio::test]
    async fn what_is_missing_and_what_is_foreign_are_one_page() {
        let (missing, text) = page("/%3Cscript%3Ealert(1)", 404).await;
        assert_eq!(missing.content_type(), Some("text/html; charset=utf-8"));
        assert!(text.contains("There is nothing here") && text.contains("N. Brandt"), "{text}");
        assert!(!text.contains("alert"), "the address is not repeated");
        assert_eq!(page("/secret", 404).await.1, text);
    }

    #[tokio::test]
    async fn a_wrong_method_names_the_right_ones() {
        let answer = client().post("/only-get/abc").send().await;
        answer.assert_status(StatusCode::METHOD_NOT_ALLOWED);
        answer.assert_header("allow", "GET, HEAD");
        assert_eq!(answer.0.data::<PathPattern>().unwrap().0.as_ref(), "/only-get/:token");
        let answer = client().post("/poem-get").send().await;
        answer.assert_header("allow", "GET, HEAD, PUT, PATCH, DELETE");
        client().head("/only-get/abc").send().await.assert_status_is_ok();
    }

    #[tokio::test]
    async fn poems_own_errors_wear_our_look() {
        for (path, status) in [("/numbers?300=x", 400), ("/length", 413), ("/type", 415)] {
            let (_, text) = page(path, status).await;
            assert!(text.starts_with("<!doctype html>") && !text.contains("300"), "{path}: {text}");
        }
    }

    #[tokio::test]
    async fn a_failure_or_a_panic_says_nothing_of_its_cause() {
        for path in ["/broken", "/panic", "/api/broken"] {
            let (_, text) = page(path, 500).await;
            assert!(text.contains("Something went wrong on our side") && !text.contains("hunter2"), "{text}");
        }
    }

    #[tokio::test]
    async fn the_api_answers_in_json() {
        let (response, text) = page("/api/nothing", 404).await;
        assert_eq!(response.content_type(), Some("application/problem+json"));
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["status"], 404);
        let (response, _) = page("/api/token", 401).await;
        assert_eq!(response.header("www-authenticate"), Some("Bearer"));
    }

    #[tokio::test]
    async fn too_many_says_when_to_come_back() {
        let (response, text) = page("/later", 429).await;
        assert_eq!(response.header("retry-after"), Some("62"));
        assert!(text.contains("Try again in 62 seconds."), "{text}");
    }
}
