//! Is it alive, may requests come, and how does it go? For machines; never anything about a person.

use std::{sync::Arc, time::Duration};

use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response, Result, Route, get, handler,
    http::{StatusCode, header},
    web::{Data, Json},
};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::{
    actions::health::{Readiness, readiness, reading},
    app::App,
    keys::same,
    web::{
        error::PageError,
        headers::{Manner, set_manner},
        site::Site,
        table::{Access, Table},
    },
};

/// A database that takes longer does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn add(table: Table) -> Table {
    table.get("/health/live", Access::Anyone, live).get("/health/ready", Access::Anyone, ready).get(
        "/metrics",
        Access::Token,
        metrics,
    )
}

/// The same on an address of their own, for whoever can reach it.
#[must_use]
pub fn apart(app: Arc<App>) -> impl Endpoint + 'static {
    Route::new()
        .at("/health/live", get(live))
        .at("/health/ready", get(ready_apart))
        .at("/metrics", get(metrics_apart))
        .data(app)
}

#[handler]
async fn live() -> Response {
    answered(StatusCode::OK, json!({ "status": "live" }))
}

#[handler]
async fn ready(Data(site): Data<&Site>) -> Response {
    judged(&site.app).await
}

#[handler]
async fn ready_apart(Data(app): Data<&Arc<App>>) -> Response {
    judged(app).await
}

async fn judged(app: &App) -> Response {
    let found = tokio::time::timeout(PATIENCE, readiness(app)).await.unwrap_or(Readiness::UNKNOWN);
    let (status, word) = match found.is_ready() {
        _ if app.is_closing() => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    let (looked_at, oldest) = (found.planner_looked_at, found.oldest_due_seconds);
    let body = json!({ "status": word, "checks": found, "planner_looked_at": looked_at, "oldest_due_seconds": oldest });
    answered(status, body)
}

fn answered(status: StatusCode, body: serde_json::Value) -> Response {
    let mut response = Json(body).into_response();
    response.set_status(status);
    set_manner(&mut response, Manner::PUBLIC);
    response
}

#[handler]
async fn metrics(Data(site): Data<&Site>, request: &Request) -> Result<Response, PageError> {
    let token = site.config.health.metrics_token.expose_secret();
    if token.is_empty() {
        return Err(PageError::NotFound);
    }
    let given = request.header(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    if given.is_none_or(|given| !same(given.as_bytes(), token.as_bytes())) {
        return Err(PageError::Unauthorized);
    }
    page(&site.app).await
}

#[handler]
async fn metrics_apart(Data(app): Data<&Arc<App>>) -> Result<Response, PageError> {
    page(app).await
}

async fn page(app: &App) -> Result<Response, PageError> {
    let soon = PageError::Unavailable { retry_after: PATIENCE };
    let reading = tokio::time::timeout(PATIENCE, reading(app)).await.map_err(|_| soon)??;
    let text = app.metrics.page(&reading, app.clock.now().real).map_err(anyhow::Error::from)?;
    let mut response = Response::builder().content_type(OPEN_METRICS).body(text);
    set_manner(&mut response, Manner::PUBLIC);
    Ok(response)
}
