//! Was this very form sent before? Then it is not done again, and the answer is the one that was given.
//!
//! Stands around every POST that a page of ours sends. A form is the same by its token, its address, its
//! sender and its content; its effect carries the mark (`store::sent_forms`), so that not even a crash between
//! the commit and the answer makes it count twice.

use std::{sync::Arc, time::Duration};

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use tracing::Instrument;

use crate::{
    actions::answer_once::{Answer, Earlier, SameForm, earlier, keep},
    store::sent_forms::{Effect, carrying},
    web::{
        error::PageError,
        guard,
        headers::{Manner, set_manner},
        notices::{Act, Look, Notice},
        site::Site,
        table::Access,
        upload::Sent,
        visitor,
    },
};

/// How long somebody waits for the answer to a form that is being worked on: sixty times this.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS: usize = 60;
/// A longer page is not kept; whoever sends the form again is told that it counted.
const LONGEST: usize = 256 * 1024;
/// What of an answer is said again; the rest is written around every answer.
const KEPT: [HeaderName; 4] = [header::LOCATION, header::CONTENT_TYPE, header::SET_COOKIE, header::RETRY_AFTER];

/// An endpoint whose forms count once.
pub(crate) struct Once<E> {
    inner: Arc<E>,
    who: Access,
}

impl<E> Once<E> {
    pub(crate) fn around(inner: E, who: Access) -> Self {
        Self { inner: Arc::new(inner), who }
    }
}

impl<E: Endpoint + 'static> Endpoint for Once<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let site = request.data::<Site>().expect("every route is built with the site").clone();
        let form = read(&site, &mut request, self.who).await?;
        let way_on = way_on(&site, &request, self.who);
        if let Some(answer) = said_before(&site, &form, &way_on).await? {
            return Ok(answer);
        }
        // In a task of its own: whoever hangs up in the middle does not cut it in two.
        let work = work(site.clone(), form, self.inner.clone(), request).in_current_span();
        let (outcome, effect) = match tokio::spawn(work).await {
            Ok(done) => done,
            Err(broken) => std::panic::resume_unwind(broken.try_into_panic().unwrap_or_else(|_| Box::new("stopped"))),
        };
        if effect == Effect::Nothing {
            // Refused, or only looked at; or another one like it was faster.
            if let Some(answer) = said_before(&site, &form, &way_on).await? {
                return Ok(answer);
            }
        }
        outcome
    }
}

/// The form by all that makes it the same; its body stays where it was.
async fn read(site: &Site, request: &mut Request, who: Access) -> Result<SameForm> {
    let body = request.take_body().into_bytes().await?;
    let sent = Sent::read(request.content_type().unwrap_or_default(), &body)?;
    sent.fields().form_token()?;
    let address = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let form = SameForm::of(&address, &guard::sender(site, request, who), &sent.content(&body));
    request.set_body(body);
    Ok(form)
}

async fn work<E: Endpoint>(site: Site, form: SameForm, inner: Arc<E>, request: Request) -> (Result<Response>, Effect) {
    let handled = async { inner.call(request).await.map(IntoResponse::into_response) };
    let (outcome, effect) = carrying(form.sent_now(&site.app), handled).await;
    match (outcome, effect) {
        (Ok(response), Effect::Counted) => (keep_answer(&site, &form, response).await, effect),
        (outcome, effect) => (outcome, effect),
    }
}

/// What cannot be kept is given all the same: the form counted.
async fn keep_answer(site: &Site, form: &SameForm, mut response: Response) -> Result<Response> {
    let body = response.take_body().into_bytes().await?;
    let text = (body.len() <= LONGEST).then(|| String::from_utf8(body.to_vec()).ok()).flatten();
    if let Some(text) = text {
        let answer = Answer { status: response.status().as_u16(), headers: kept(&response), body: text };
        if let Err(error) = keep(&site.app, form, &answer).await {
            tracing::error!(%error, "the answer to a form was not kept");
        }
    }
    response.set_body(body);
    Ok(response)
}

fn kept(response: &Response) -> Vec<(String, String)> {
    let of = |name: &HeaderName| {
        let values: Vec<_> = response.headers().get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        values.into_iter().map(|value| (name.as_str().to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    KEPT.iter().flat_map(of).collect()
}

async fn said_before(site: &Site, form: &SameForm, way_on: &str) -> Result<Option<Response>, PageError> {
    for _ in 0..LOOKS {
        match earlier(&site.app, form).await? {
            Earlier::Nothing => return Ok(None),
            Earlier::Answered(answer) => return Ok(Some(again(answer))),
            Earlier::Unanswered => break,
            Earlier::Soon => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
    let notice = Notice::new("This was sent before", "It counted once, and nothing was done a second time.")
        .detail("Open the page again to see how things stand now.")
        .act(Act::link("Go on", way_on, Look::Go));
    notice.show(site, &visitor::neutral(site, None)).map(Some)
}

fn again(answer: Answer) -> Response {
    let has_form = answer.body.contains("<form");
    let status = StatusCode::from_u16(answer.status).unwrap_or_default();
    let mut response = Response::builder().status(status).body(answer.body);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    set_manner(&mut response, if has_form { Manner::PERSONAL.with_form() } else { Manner::PERSONAL });
    response
}

/// The page that the form stood on, if the browser says so; else the sender's own.
fn way_on(site: &Site, request: &Request, who: Access) -> String {
    let from = request.header(header::REFERER).and_then(|page| page.strip_prefix(site.app.links.base()));
    match (from, who) {
        (Some(path), _) if path.starts_with('/') && !path.starts_with("//") => path.to_owned(),
        (_, Access::Coach) => "/coach".to_owned(),
        (_, Access::Participant | Access::Link) => "/p".to_owned(),
        (_, Access::Anyone | Access::Token) => "/".to_owned(),
    }
}
