//! Which other dates are there, and which of them are to be this person's?

use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Mine, nowhere};
use crate::{
    actions::{
        leave::By,
        move_enrollment::{Refused, has_room, move_enrollment, takes_movers},
    },
    clock::Now,
    domain::{
        civil::{self, When},
        enrollment::Standing,
        ids::CohortId,
        session::SessionState,
        window::Window,
    },
    links::Purpose,
    store::{cohorts, cohorts::Cohort, sessions},
    web::{
        chrome,
        error::PageError,
        fields::Fields,
        guard::{SignedParticipant, see_other},
        notices::{Act, Look, Notice},
        page::Page,
        site::Site,
        visitor,
    },
};

/// The dates there are to choose from.
#[derive(Debug, Serialize)]
pub struct DatesPage {
    /// Until when one may move; empty: always.
    pub(super) until: String,
    /// Why nothing can be chosen; empty if it can.
    pub(super) closed: String,
    pub(super) groups: Vec<Group>,
    pub(super) zone_note: String,
}

/// One cohort, by its dates alone: its name may say more than a person wants on a screen.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) id: String,
    /// As in `From Tuesday 20 October 2026`.
    pub(super) title: String,
    pub(super) dates: Vec<String>,
    pub(super) href: String,
}

/// The same page for somebody who came by a link.
#[derive(Debug, Serialize)]
pub struct DatesByLink {
    #[serde(flatten)]
    page: DatesPage,
}

impl Page for DatesPage {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "my_place/dates.html";

    fn samples() -> Vec<(&'static str, Self)> {
        super::samples::dates()
    }
}

impl Page for DatesByLink {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "my_place/dates_link.html";

    fn samples() -> Vec<(&'static str, Self)> {
        super::samples::dates().into_iter().map(|(name, page)| (name, Self { page })).collect()
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
        Ok(mine) => list(site, &mine).await,
        Err(nothing) => Ok(nothing),
    }
}

#[handler]
pub(super) async fn show_by_link(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    list(site, &Mine::held(site, Purpose::Dates, &token).await?).await
}

#[handler]
pub(super) async fn ask(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(cohort): Path<String>,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = visitor::query(request)?;
    match found(site, signed, asked.text("enrollment")).await? {
        Ok(mine) => sure(site, &mine, &cohort).await,
        Err(nothing) => Ok(nothing),
    }
}

#[handler]
pub(super) async fn ask_by_link(
    Data(site): Data<&Site>,
    Path((token, cohort)): Path<(String, String)>,
) -> Result<Response, PageError> {
    sure(site, &Mine::held(site, Purpose::Dates, &token).await?, &cohort).await
}

#[handler]
pub(super) async fn go(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(cohort): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    match found(site, signed, fields.text("enrollment")).await? {
        Ok(mine) => change(site, &mine, &cohort).await,
        Err(nothing) => Ok(nothing),
    }
}

#[handler]
pub(super) async fn go_by_link(
    Data(site): Data<&Site>,
    Path((token, cohort)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    change(site, &Mine::held(site, Purpose::Dates, &token).await?, &cohort).await
}

async fn found(site: &Site, signed: SignedParticipant, wanted: &str) -> Result<Result<Mine, Response>, PageError> {
    let nothing = nowhere(site, &signed)?;
    Ok(Mine::signed(site, signed, wanted).await?.ok_or(nothing))
}

fn window(mine: &Mine) -> Window {
    Window::until(mine.cohort.move_until_on, mine.cohort.zone)
}

async fn list(site: &Site, mine: &Mine) -> Result<Response, PageError> {
    let now = site.clock.now();
    let window = window(mine);
    let closed = if !matches!(mine.enrollment.standing, Standing::Enrolled | Standing::Paused) {
        "You do not take part at the moment, so there is nothing to move.".to_owned()
    } else if !window.is_open(now.program) {
        let coach = mine.practice.first_name.expose();
        format!("You could move to other dates {}. Write to {coach} if yours do not suit you.", window.until_words())
    } else {
        String::new()
    };
    let page = DatesPage {
        until: window.until_words(),
        groups: if closed.is_empty() { groups(site, mine, now).await? } else { Vec::new() },
        closed,
        zone_note: times_are_for(mine),
    };
    mine.render(site, page, |page| DatesByLink { page })
}

/// Cohorts of the same program that take people and have a place nobody waits for.
async fn groups(site: &Site, mine: &Mine, now: Now) -> Result<Vec<Group>, PageError> {
    let db = site.db.reader();
    let mut groups = Vec::new();
    for cohort in cohorts::of_program(db, mine.practice.id, mine.cohort.program_id).await? {
        if cohort.id == mine.cohort.id || !takes_movers(&cohort, now) || !has_room(db, &cohort).await? {
            continue;
        }
        let dates = dates(site, mine, &cohort, now).await?;
        if dates.is_empty() {
            continue;
        }
        let query = match mine.named() {
            name if name.is_empty() => name,
            name => format!("?enrollment={name}"),
        };
        groups.push(Group {
            id: cohort.id.to_string(),
            title: format!("From {}", civil::date(cohort.starts_on)),
            dates,
            href: mine.path("/p/dates", &format!("/{}{query}", cohort.id)),
        });
    }
    Ok(groups)
}

fn times_are_for(mine: &Mine) -> String {
    format!("Times are for {}.", mine.zone().city())
}

/// The sessions still to come, in the person's zone.
async fn dates(site: &Site, mine: &Mine, cohort: &Cohort, now: Now) -> Result<Vec<String>, PageError> {
    let meetings = sessions::of_cohort(site.db.reader(), cohort.id).await?;
    let to_come = meetings.iter().filter(|m| m.state == SessionState::Planned && m.ends_at > now.program);
    Ok(to_come.map(|m| When::new(m.starts_at, m.ends_at, mine.zone()).plain()).collect())
}

/// One of the cohorts that could be listed; any other is not found.
async fn chosen(site: &Site, mine: &Mine, id: &str) -> Result<Cohort, PageError> {
    let id: CohortId = id.parse().map_err(|_| PageError::NotFound)?;
    let cohort = cohorts::find(site.db.reader(), mine.practice.id, id).await?;
    cohort.filter(|cohort| cohort.program_id == mine.cohort.program_id).ok_or(PageError::NotFound)
}

/// What changes, and one button.
async fn sure(site: &Site, mine: &Mine, id: &str) -> Result<Response, PageError> {
    let cohort = chosen(site, mine, id).await?;
    let now = site.clock.now();
    let notice = Notice::new("Move to these dates?", "Your place moves at once. Nobody is asked why.")
        .act(Act::post(
            "Move to these dates",
            mine.path("/p/dates", &format!("/{}", cohort.id)),
            Look::Go,
            &[("enrollment", &mine.named())],
        ))
        .act(Act::link("Keep my dates", mine.path("/p/dates", ""), Look::Plain));
    let notice = notice.detail(times_are_for(mine));
    let dated = dates(site, mine, &cohort, now).await?.into_iter().fold(notice, Notice::detail);
    let coach = mine.practice.first_name.expose();
    mine.notice(
        site,
        dated.detail(format!(
            "Your old dates leave your calendar, and the new ones come. What you have read does not come again. {coach} is told that you moved."
        )),
    )
}

async fn change(site: &Site, mine: &Mine, id: &str) -> Result<Response, PageError> {
    let cohort = chosen(site, mine, id).await?;
    match move_enrollment(&site.app, mine.enrollment.id, cohort.id, &By::Participant).await {
        Ok(moved) => match mine.way {
            super::Way::SignedIn(_) => Ok(see_other(&format!("/p?done=moved&enrollment={}", moved.id))),
            super::Way::ByLink { .. } => done(site, mine),
        },
        Err(refused) => no(site, mine, refused),
    }
}

fn done(site: &Site, mine: &Mine) -> Result<Response, PageError> {
    let notice = Notice::new("You have new dates", "We have sent an email with every one of them.")
        .detail("Your calendar follows by itself, if you chose that.")
        .act(Act::link("Open my page", "/p", Look::Go));
    mine.notice(site, notice)
}

fn no(site: &Site, mine: &Mine, refused: Refused) -> Result<Response, PageError> {
    let (title, lead) = match refused {
        Refused::Store(error) => return Err(error.into()),
        Refused::Unknown => return Err(PageError::NotFound),
        Refused::Full => (
            "These dates are full",
            "Somebody was faster, or others wait for a place there. You keep the dates you have.".to_owned(),
        ),
        Refused::Closed | Refused::Over => (
            "These dates can no longer be chosen",
            "That group takes nobody any more. You keep the dates you have.".to_owned(),
        ),
        Refused::TooLate(_) => (
            "It is too late to move",
            format!("You could move to other dates {}. You keep the dates you have.", window(mine).until_words()),
        ),
        Refused::AlreadyIn => ("These are your dates already", "There is nothing to move.".to_owned()),
        Refused::Standing(_) => (
            "There is nothing to move",
            "You do not take part in that group any more. Open your page to see where you stand.".to_owned(),
        ),
    };
    mine.refusal(site, title, lead)
}
