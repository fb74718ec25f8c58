//! How long is the pause, and how does somebody go on after it?

use chrono::NaiveDate;
use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Mine, Way, nowhere};
use crate::{
    actions::{
        pause::{self, Refused, Wish, pause},
        resume::{self, resume},
    },
    domain::{
        civil,
        enrollment::{Resuming, Standing},
        pause::{ends_at, ends_between},
        window::Window,
    },
    links::Purpose,
    web::{
        chrome,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedParticipant, see_other},
        notices::{Act, Look, Notice},
        page::Page,
        site::Site,
        visitor,
    },
};

/// A pause to begin, or one that runs.
#[derive(Debug, Serialize)]
pub struct PausePage {
    pub(super) form: Entered,
    pub(super) pauses: bool,
    /// When the pause ends by itself; empty: not by itself.
    pub(super) ends: String,
    /// Until when one may begin a pause; empty: always.
    pub(super) until: String,
    /// Why no pause can begin; empty if it can.
    pub(super) closed: String,
    /// The first and the last day to choose from, as `2026-10-21`.
    pub(super) days: [String; 2],
    pub(super) coach: String,
    pub(super) enrollment: String,
    pub(super) pause_path: String,
    pub(super) resume_path: String,
}

/// The same page for somebody who came by a link.
#[derive(Debug, Serialize)]
pub struct PauseByLink {
    #[serde(flatten)]
    page: PausePage,
}

impl Page for PausePage {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "my_place/pause.html";

    fn samples() -> Vec<(&'static str, Self)> {
        super::samples::pauses()
    }
}

impl Page for PauseByLink {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "my_place/pause_link.html";

    fn samples() -> Vec<(&'static str, Self)> {
        super::samples::pauses().into_iter().map(|(name, page)| (name, Self { page })).collect()
    }
}

#[handler]
pub(super) async fn show(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = visitor::query(request)?;
    match found(site, signed, asked.text("enrollment")).await? {
        Ok(mine) => shown(site, &mine, None),
        Err(nothing) => Ok(nothing),
    }
}

#[handler]
pub(super) async fn show_by_link(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    shown(site, &Mine::held(site, Purpose::Pause, &token).await?, None)
}

#[handler]
pub(super) async fn begin(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    match found(site, signed, fields.text("enrollment")).await? {
        Ok(mine) => stop(site, &mine, &fields).await,
        Err(nothing) => Ok(nothing),
    }
}

#[handler]
pub(super) async fn begin_by_link(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    stop(site, &Mine::held(site, Purpose::Pause, &token).await?, &fields).await
}

#[handler]
pub(super) async fn end(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    match found(site, signed, fields.text("enrollment")).await? {
        Ok(mine) => go_on(site, &mine, &fields).await,
        Err(nothing) => Ok(nothing),
    }
}

#[handler]
pub(super) async fn end_by_link(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    go_on(site, &Mine::held(site, Purpose::Pause, &token).await?, &fields).await
}

async fn found(site: &Site, signed: SignedParticipant, wanted: &str) -> Result<Result<Mine, Response>, PageError> {
    let nothing = nowhere(site, &signed)?;
    Ok(Mine::signed(site, signed, wanted).await?.ok_or(nothing))
}

/// `form` is one that was refused.
fn shown(site: &Site, mine: &Mine, form: Option<Entered>) -> Result<Response, PageError> {
    let (now, wrong) = (site.clock.now().program, form.is_some());
    let (enrollment, zone) = (&mine.enrollment, mine.zone());
    let window = Window::until(mine.cohort.pause_until_on, mine.cohort.zone);
    let pauses = enrollment.standing == Standing::Paused;
    let closed = if pauses || (enrollment.standing == Standing::Enrolled && window.is_open(now)) {
        String::new()
    } else if enrollment.standing == Standing::Enrolled {
        let coach = mine.practice.first_name.expose();
        format!("A pause could begin {}. Write to {coach} if you need one.", window.until_words())
    } else {
        "You do not take part at the moment, so there is nothing to pause.".to_owned()
    };
    let (first, last) = ends_between(now, zone);
    let kept = Entered::blank()
        .with("resume_on", enrollment.resume_on.map(|on| on.to_string()).unwrap_or_default())
        .with("resume_as", enrollment.resume_as.as_str());
    let page = PausePage {
        form: form.unwrap_or(kept),
        pauses,
        ends: enrollment.resume_on.map(|on| civil::moment(ends_at(on, zone), zone)).unwrap_or_default(),
        until: window.until_words(),
        closed,
        days: [first.to_string(), last.to_string()],
        coach: mine.practice.first_name.expose().to_owned(),
        enrollment: mine.named(),
        pause_path: mine.path("/p/pause", ""),
        resume_path: match &mine.way {
            Way::SignedIn(_) => "/p/resume".to_owned(),
            Way::ByLink { token, .. } => format!("/pause/{token}/resume"),
        },
    };
    let mut response = mine.render(site, page, |page| PauseByLink { page })?;
    if wrong {
        response.set_status(poem::http::StatusCode::UNPROCESSABLE_ENTITY);
    }
    Ok(response)
}

const HOW: [(&str, Resuming); 2] = [("rejoin", Resuming::Rejoin), ("shift", Resuming::Shift)];

async fn stop(site: &Site, mine: &Mine, fields: &Fields) -> Result<Response, PageError> {
    let mut checked = Checked::new(fields);
    let resume_on = checked.optional("resume_on", day);
    let resume_as = checked.choice("resume_as", &HOW, "Choose how you go on after the pause");
    let wish = match checked.finish(|| Some(Wish { resume_on: resume_on?, resume_as: resume_as? })) {
        Ok(wish) => wish,
        Err(form) => return shown(site, mine, Some(form)),
    };
    match pause(&site.app, mine.enrollment.id, wish).await {
        Ok(_) => arrived(site, mine, "paused"),
        Err(Refused::Day(first, last)) => {
            let why = format!("Choose a day from {} to {}", civil::date(first), civil::date(last));
            shown(site, mine, Some(Entered::of(fields).wrong("resume_on", why)))
        }
        Err(Refused::TooLate(_)) => shown(site, mine, None),
        Err(Refused::Standing(_)) => {
            mine.refusal(site, "There is nothing to pause", "You do not take part at the moment. Nothing was changed.")
        }
        Err(pause::Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

fn day(text: &str) -> Result<NaiveDate, &'static str> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| "Enter a date such as 2026-11-08, or leave this empty")
}

async fn go_on(site: &Site, mine: &Mine, fields: &Fields) -> Result<Response, PageError> {
    let mut checked = Checked::new(fields);
    let how = checked.choice("how", &HOW, "Choose how you go on");
    let how = match checked.finish(|| how) {
        Ok(how) => how,
        Err(form) => return shown(site, mine, Some(form)),
    };
    match resume(&site.app, mine.enrollment.id, how).await {
        Ok(_) => arrived(site, mine, "resumed"),
        Err(resume::Refused::Standing(_)) => {
            mine.refusal(site, "There is no pause to end", "You do not take part at the moment. Nothing was changed.")
        }
        Err(resume::Refused::Unknown) => Err(PageError::NotFound),
        Err(resume::Refused::Store(error)) => Err(error.into()),
    }
}

fn arrived(site: &Site, mine: &Mine, done: &str) -> Result<Response, PageError> {
    let (title, lead) = match (&mine.way, done) {
        (Way::SignedIn(_), _) => {
            return Ok(see_other(&format!("/p?done={done}&enrollment={}", mine.enrollment.id)));
        }
        (Way::ByLink { .. }, "paused") => {
            ("Your pause has begun", "Your place is kept. We have sent you an email about it.")
        }
        (Way::ByLink { .. }, _) => {
            ("Your pause is over", "It is good to have you back. An email says what comes next.")
        }
    };
    mine.notice(site, Notice::new(title, lead).act(Act::link("Open my page", "/p", Look::Go)))
}
