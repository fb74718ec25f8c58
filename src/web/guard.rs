//! Who is asking?

use chrono::{DateTime, Utc};
use poem::{
    Error, FromRequest, Request, RequestBody, Response, Result,
    http::{HeaderValue, StatusCode, header},
};

use crate::{
    actions::sign_in::{SignedIn, who_is},
    domain::people::Who,
    store::{
        coaches::{self, Coach},
        logins::Login,
        participants::{self, Participant},
        practices::{self, Practice},
    },
    web::{error::PageError, site::Site, table::Access},
};

/// A signed-in coach. A page that takes one is for coaches only; others are sent to the sign-in.
#[derive(Debug)]
pub struct SignedCoach {
    pub login: Login,
    pub coach: Coach,
    pub practice: Practice,
}

/// A signed-in participant; others are sent to *find my link*.
#[derive(Debug)]
pub struct SignedParticipant {
    pub login: Login,
    pub person: Participant,
    pub practice: Practice,
}

/// A random name this browser keeps, so that a mailed code works only where it was asked for.
#[derive(Debug, Clone)]
pub struct Browser(pub String);

/// The address the request came from: the socket's peer, or what a trusted proxy says.
#[derive(Debug, Clone)]
pub struct Client(pub String);

impl<'a> FromRequest<'a> for SignedCoach {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let site = site(request);
        let signed = signed_coach(site, request).await.map_err(PageError::from)?;
        signed.ok_or_else(|| elsewhere("/coach/sign-in"))
    }
}

impl<'a> FromRequest<'a> for SignedParticipant {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let site = site(request);
        let signed = signed_participant(site, request).await.map_err(PageError::from)?;
        signed.ok_or_else(|| elsewhere("/link"))
    }
}

impl<'a> FromRequest<'a> for Browser {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let site = site(request);
        let known = cookie(request, &cookie_name(site, "browser")).filter(|text| text.len() == 52);
        Ok(Self(known.map_or_else(|| site.app.random.token(), str::to_owned)))
    }
}

impl<'a> FromRequest<'a> for Client {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let site = site(request);
        let peer = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let trusted = peer.is_some_and(|peer| site.config.server.trusted_proxies.contains(&peer));
        let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
        let named = forwarded.and_then(|list| list.rsplit(',').next()).map(|last| last.trim().to_owned());
        let peer = peer.map(|peer| peer.to_string()).unwrap_or_default();
        Ok(Self(if trusted { named.unwrap_or(peer) } else { peer }))
    }
}

fn site(request: &Request) -> &Site {
    request.data::<Site>().expect("every route is built with the site")
}

/// The signed-in coach, if there is one, for pages that look different then.
pub async fn signed_coach(site: &Site, request: &Request) -> anyhow::Result<Option<SignedCoach>> {
    let Some(token) = cookie(request, &cookie_name(site, "coach")) else { return Ok(None) };
    let Some(login) = who_is(&site.app, Who::Coach, token).await? else { return Ok(None) };
    let db = site.db.reader();
    let coach = coaches::find(db, login.person_id.into()).await?.filter(|coach| coach.epoch == login.epoch);
    let practice = practices::find(db, login.practice_id).await?;
    Ok(coach.zip(practice).map(|(coach, practice)| SignedCoach { login, coach, practice }))
}

pub async fn signed_participant(site: &Site, request: &Request) -> anyhow::Result<Option<SignedParticipant>> {
    match cookie(request, &cookie_name(site, "person")) {
        Some(token) => participant_of(site, token).await,
        None => Ok(None),
    }
}

/// The participant whose sign-in this is.
pub async fn participant_of(site: &Site, token: &str) -> anyhow::Result<Option<SignedParticipant>> {
    let Some(login) = who_is(&site.app, Who::Participant, token).await? else { return Ok(None) };
    let db = site.db.reader();
    let person = participants::find(db, login.practice_id, login.person_id.into()).await?;
    let person = person.filter(|person| person.epoch == login.epoch);
    let practice = practices::find(db, login.practice_id).await?;
    Ok(person.zip(practice).map(|(person, practice)| SignedParticipant { login, person, practice }))
}

fn elsewhere(path: &'static str) -> Error {
    Error::from_response(see_other(path))
}

/// 303: the browser asks again with GET.
#[must_use]
pub fn see_other(path: &str) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, path).finish()
}

/// By which sign-in a form was sent, where one is needed: somebody else's form is another one. Elsewhere there
/// is none: a sign-in that comes with the first answer must not make the second press another form.
pub(crate) fn sender(site: &Site, request: &Request, who: Access) -> String {
    let name = match who {
        Access::Anyone | Access::Link | Access::Token => return String::new(),
        Access::Participant => "person",
        Access::Coach => "coach",
    };
    cookie(request, &cookie_name(site, name)).unwrap_or_default().to_owned()
}

fn cookie_name(site: &Site, name: &str) -> String {
    if site.is_https() { format!("__Host-trellis_{name}") } else { format!("trellis_{name}") }
}

fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let lines = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Adds the sign-in's cookie to an answer.
#[must_use]
pub fn with_sign_in(site: &Site, response: Response, who: Who, signed_in: &SignedIn) -> Response {
    let name = match who {
        Who::Coach => "coach",
        Who::Participant => "person",
    };
    with_cookie(site, response, name, (&signed_in.token, Some(signed_in.expires_at)))
}

/// Keeps the browser's name for an hour: long enough for a code to arrive.
#[must_use]
pub fn with_browser(site: &Site, response: Response, browser: &Browser) -> Response {
    let until = site.clock.now().real + chrono::TimeDelta::hours(1);
    with_cookie(site, response, "browser", (&browser.0, Some(until)))
}

#[must_use]
pub fn without_sign_in(site: &Site, response: Response, who: Who) -> Response {
    let name = match who {
        Who::Coach => "coach",
        Who::Participant => "person",
    };
    with_cookie(site, response, name, ("", None))
}

fn with_cookie(site: &Site, mut response: Response, name: &str, kept: (&str, Option<DateTime<Utc>>)) -> Response {
    let (value, until) = kept;
    let age = until.map_or(0, |until| (until - site.clock.now().real).num_seconds().max(0));
    let secure = if site.is_https() { "; Secure" } else { "" };
    let line = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", cookie_name(site, name));
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}
