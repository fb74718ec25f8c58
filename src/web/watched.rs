//! How long did the answer take? Counted by the route's pattern, outside of everything else.

use std::{fmt, sync::Arc, time::Instant};

use poem::{Endpoint, IntoResponse, Middleware, PathPattern, Request, Response, Result};

use crate::{app::App, web::headers::known};

#[derive(Clone)]
pub(crate) struct Watched(pub(crate) Arc<App>);

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl<E: Endpoint> Middleware<E> for Watched {
    type Output = WatchedEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WatchedEndpoint { inner, app: self.0.clone() }
    }
}

pub(crate) struct WatchedEndpoint<E> {
    inner: E,
    app: Arc<App>,
}

impl<E: Endpoint> Endpoint for WatchedEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let (started, method) = (Instant::now(), request.method().clone());
        let response = self.inner.call(request).await?.into_response();
        // The pattern, never the address: an address may hold a token.
        let pattern = response.data::<PathPattern>().map(|pattern| pattern.0.clone());
        let route = pattern.as_deref().unwrap_or("none");
        self.app.metrics.answered(known(&method), route, response.status().as_u16(), started.elapsed());
        Ok(response)
    }
}
