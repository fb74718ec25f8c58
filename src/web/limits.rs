//! How much may somebody send us, and how slowly?

use std::time::Duration;

use poem::{Body, Endpoint, Middleware, Request, Response, Result, http::header};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::web::{error::PageError, patterns};

/// What a form or an API call may be, in bytes.
pub const FORM: usize = 256 * 1024;
/// What a list of people in CSV may be.
pub const CSV: usize = 5 * 1024 * 1024;

/// What a mail may be, in bytes.
pub const MAIL: usize = 1024 * 1024;

/// How much more than allowed is still read, so that the one who sent it sees the answer.
const THROWN_AWAY: u64 = 64 * 1024 * 1024;

/// From the first byte of a body to its last.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Reads every body before the handler runs, at most `FORM` bytes and within `PATIENCE`: inside, a body is
/// whole, small and there. `larger` names routes that take more, with their number of bytes.
#[derive(Debug, Clone)]
pub struct Limits {
    pub larger: Vec<(&'static str, usize)>,
    pub patience: Duration,
}

impl Limits {
    fn cap(&self, path: &str) -> usize {
        let named = self.larger.iter().find(|(pattern, _)| patterns::matches(pattern, path));
        named.map_or(FORM, |(_, bytes)| *bytes)
    }

    async fn read(&self, request: &mut Request) -> Result<(), PageError> {
        let body = request.take_body();
        if body.is_empty() {
            return Ok(());
        }
        let cap = self.cap(request.uri().path());
        let announced = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
        let mut body = body.into_async_read();
        if announced.is_some_and(|length| length > cap) {
            self.throw_away(body).await;
            return Err(PageError::TooLarge);
        }
        let mut whole = Vec::new();
        let mut most = (&mut body).take(u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1));
        let read = tokio::time::timeout(self.patience, most.read_to_end(&mut whole)).await;
        read.map_err(|_| PageError::TooSlow)?
            .map_err(|_| PageError::BadRequest("The connection broke before everything had arrived.".into()))?;
        if whole.len() > cap {
            drop(whole);
            self.throw_away(body).await;
            return Err(PageError::TooLarge);
        }
        request.set_body(Body::from_vec(whole));
        Ok(())
    }

    /// Reads what is too much, to a point: a browser reads no answer before it has sent everything, and would
    /// show a broken connection in place of ours.
    async fn throw_away(&self, body: impl AsyncRead + Unpin) {
        let (mut rest, mut nowhere) = (body.take(THROWN_AWAY), tokio::io::sink());
        let _gone = tokio::time::timeout(self.patience, tokio::io::copy(&mut rest, &mut nowhere)).await;
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Limits {
    type Output = LimitsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        LimitsEndpoint { inner, limits: self.clone() }
    }
}

#[derive(Debug)]
pub struct LimitsEndpoint<E> {
    inner: E,
    limits: Limits,
}

impl<E: Endpoint<Output = Response>> Endpoint for LimitsEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        self.limits.read(&mut request).await?;
        self.inner.call(request).await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use poem::{EndpointExt, Route, endpoint::make, http::StatusCode, test::TestClient};

    use super::*;

    fn client() -> TestClient<impl Endpoint> {
        let length = || {
            make(|request: Request| async move { request.into_body().into_bytes().await.unwrap().len().to_string() })
        };
        let limits = Limits { larger: vec![("/people/:id/csv", 2 * FORM)], patience: Duration::from_millis(50) };
        TestClient::new(Route::new().at("/", length()).at("/people/:id/csv", length()).with(limits))
    }

    #[tokio::test]
    async fn a_form_of_the_limit_passes_and_one_byte_more_does_not() {
        client().post("/").body(vec![b'x'; FORM]).send().await.assert_text("262144").await;
        client().post("/").body(vec![b'x'; FORM + 1]).send().await.assert_status(StatusCode::PAYLOAD_TOO_LARGE);
        client().post("/people/7/csv").body(vec![b'x'; FORM + 1]).send().await.assert_status_is_ok();
        client()
            .post("/people/7/csv")
            .body(vec![b'x'; 2 * FORM + 1])
            .send()
            .await
            .assert_status(StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn an_announced_flood_is_refused_unread() {
        let never = Body::from_bytes_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let answer = client().post("/").header("content-length", "99999999999999999999").body(never).send().await;
        answer.assert_status(StatusCode::REQUEST_TIMEOUT);
        let never = Body::from_bytes_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let answer = client().post("/").header("content-length", "300000").body(never).send().await;
        answer.assert_status(StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn an_endless_body_without_a_length_is_cut() {
        let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 9_000]));
        let answer = client().post("/").body(Body::from_bytes_stream(endless)).send().await;
        answer.assert_status(StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn a_get_without_a_length_is_served() {
        client().get("/").send().await.assert_text("0").await;
    }
}
