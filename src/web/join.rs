//! How does somebody get from a calendar entry into the room?

use chrono::{DateTime, SecondsFormat, Utc};
use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use crate::{
    domain::{
        civil::{When, relative, time_of_day},
        discretion::{Discretion, MINIMAL_CALENDAR_TITLE, at_least},
        session::SessionState,
    },
    links::Purpose,
    store::{
        cohorts, enrollments,
        participants::{self, Participant},
        practices::{self, Practice},
        programs,
        sessions::{self, SessionRow},
    },
    web::{
        chrome,
        error::PageError,
        fields::Fields,
        guard::{Browser, SignedParticipant, see_other, signed_participant, with_browser},
        links::send_link,
        my_program::{
            frame,
            place::{OPENS_EARLY, Place, is_inside},
            weeks::is_moved,
        },
        notices::{Act, Look, Notice},
        page::Page,
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

pub(crate) fn add(table: Table) -> Table {
    table
        .get("/j/:token", Access::Link, knock)
        .post("/j/:token", Access::Link, ask)
        .get("/p/join/:session", Access::Participant, wait)
        .get("/p/join/:session/room", Access::Participant, enter)
}

/// Who a calendar entry was written for, and about which session.
struct Entry {
    person: Participant,
    practice: Practice,
    meeting: SessionRow,
    /// What their calendar calls it: neutral, whatever their level is.
    title: String,
}

/// The link stands in a calendar others may see, so it admits nobody. Of somebody who left nothing is known.
async fn entry(site: &Site, token: &str) -> Result<Entry, PageError> {
    let claims = site.links.read(Purpose::Join, token, site.clock.now().real).map_err(|_| PageError::NotFound)?;
    let db = site.db.reader();
    let person = participants::holding(db, claims.person.into()).await?.ok_or(PageError::Gone)?;
    let practice = practices::find(db, person.practice_id).await?.ok_or(PageError::Gone)?;
    let meeting = sessions::find(db, practice.id, claims.object.into()).await?.ok_or(PageError::Gone)?;
    let enrollment = enrollments::of_person_in(db, meeting.cohort_id, person.id).await?;
    enrollment.filter(|enrollment| is_inside(enrollment.standing)).ok_or(PageError::Gone)?;
    let cohort = cohorts::find(db, practice.id, meeting.cohort_id).await?.ok_or(PageError::Gone)?;
    let program = programs::find(db, practice.id, cohort.program_id).await?.ok_or(PageError::Gone)?;
    let title = match at_least(cohort.discretion, person.discretion.unwrap_or(cohort.discretion)) {
        Discretion::Minimal => MINIMAL_CALENDAR_TITLE.to_owned(),
        Discretion::Open | Discretion::Discreet => program.content.0.calendar_title.clone(),
    };
    Ok(Entry { person, practice, meeting, title })
}

/// Signed in as the one the entry is for: straight on. Else a link goes to their mailbox first.
#[handler]
async fn knock(Data(site): Data<&Site>, Path(token): Path<String>, request: &Request) -> Result<Response, PageError> {
    let entry = entry(site, &token).await?;
    let signed = signed_participant(site, request).await?;
    if signed.is_some_and(|signed| signed.person.id == entry.person.id) {
        return Ok(see_other(&format!("/p/join/{}", entry.meeting.id)));
    }
    let when = When::new(entry.meeting.starts_at, entry.meeting.ends_at, entry.person.zone).full();
    let (lead, why) = match door(&entry.meeting, "", site.clock.now().program) {
        Door::Canceled => (format!("Canceled. It was planned for {when}."), "Your own page shows the next one."),
        Door::Over => (format!("This session is over. It was on {when}."), "Your own page shows the next one."),
        Door::Early | Door::Open | Door::Roomless => (format!("{when}."), "To join, open your own page first."),
    };
    Notice::new(&entry.title, lead)
        .detail(format!("{why} We send a link and a code to the address this entry is for; they work for ten minutes."))
        .act(Act::post("Send my link", format!("/j/{token}"), Look::Go, &[]))
        .act(Act::link("I have a code already", "/link/sent", Look::Quiet))
        .show(site, &visitor::neutral(site, Some(&entry.practice)))
}

/// Nothing is typed: the entry knows whose mailbox it is, and does not say.
#[handler]
async fn ask(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    browser: Browser,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let entry = entry(site, &token).await?;
    send_link(site, &entry.person.email, &browser).await?;
    Ok(with_browser(site, see_other("/link/sent"), &browser))
}

/// What can be done about a session right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Door {
    Early,
    Open,
    /// It is time, and nobody has set a room.
    Roomless,
    Canceled,
    Over,
}

fn door(meeting: &SessionRow, room: &str, now: DateTime<Utc>) -> Door {
    match meeting.state {
        SessionState::Canceled => Door::Canceled,
        SessionState::Planned if meeting.ends_at <= now => Door::Over,
        SessionState::Planned if meeting.starts_at - OPENS_EARLY > now => Door::Early,
        SessionState::Planned if is_room(room) => Door::Open,
        SessionState::Planned => Door::Roomless,
    }
}

/// Only https, and nothing that could break out of a header.
fn is_room(url: &str) -> bool {
    url.len() > "https://".len() && url.starts_with("https://") && url.chars().all(|c| c.is_ascii_graphic())
}

#[handler]
async fn wait(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (place, meeting) = Place::around(site, &signed, &id).await?;
    let page = JoinPage::of(&signed, &place, &meeting, site.clock.now().program);
    site.pages.render(&frame(site, &signed, ""), &page)
}

/// The way out to the room. A plain link leads here: browsers that hold a form to `form-action 'self'` would
/// not follow a redirect of its POST to another host. Nothing is written, so a GET may do it.
#[handler]
async fn enter(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (place, meeting) = Place::around(site, &signed, &id).await?;
    match door(&meeting, &place.cohort.room_url, site.clock.now().program) {
        Door::Open => Ok(see_other(&place.cohort.room_url)),
        Door::Early | Door::Roomless | Door::Canceled | Door::Over => Ok(see_other(&format!("/p/join/{}", meeting.id))),
    }
}

/// The page before the room.
#[derive(Debug, Serialize)]
pub struct JoinPage {
    id: String,
    title: String,
    door: Door,
    when: String,
    opens: String,
    starts_iso: String,
    now_iso: String,
    left: [i64; 3],
    coach: String,
    /// Not on the day and hour the group usually meets.
    moved: bool,
    /// When the group meets next, if this is not it.
    next: Option<String>,
}

impl JoinPage {
    fn of(signed: &SignedParticipant, place: &Place, meeting: &SessionRow, now: DateTime<Utc>) -> Self {
        let zone = signed.person.zone;
        let opens_at = meeting.starts_at - OPENS_EARLY;
        let minutes = (meeting.starts_at - now).num_minutes().max(0);
        let next = place.next(now).filter(|next| next.id != meeting.id);
        let neutral = match place.level {
            Discretion::Minimal => MINIMAL_CALENDAR_TITLE,
            Discretion::Open | Discretion::Discreet => &place.program.content.0.calendar_title,
        };
        Self {
            id: meeting.id.to_string(),
            title: neutral.to_owned(),
            door: door(meeting, &place.cohort.room_url, now),
            when: When::new(meeting.starts_at, meeting.ends_at, zone).full(),
            opens: if (opens_at - now).num_hours() < 12 {
                time_of_day(zone.local(opens_at).time())
            } else {
                relative(opens_at, zone, now)
            },
            starts_iso: meeting.starts_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            now_iso: now.to_rfc3339_opts(SecondsFormat::Secs, true),
            left: [minutes / 1440, minutes % 1440 / 60, minutes % 60],
            coach: signed.practice.first_name.expose().to_owned(),
            moved: meeting.state == SessionState::Planned && is_moved(place, meeting),
            next: next.map(|next| When::new(next.starts_at, next.ends_at, zone).full()),
        }
    }
}

impl Page for JoinPage {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "join/join.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let sample = |door| Self {
            id: "0193".into(),
            title: "Group session".into(),
            door,
            when: "Thursday 4 March 2027, 20:00–21:15 (Berlin time, UTC+01:00)".into(),
            opens: "19:50".into(),
            starts_iso: "2027-03-04T19:00:00Z".into(),
            now_iso: "2027-03-02T10:41:00Z".into(),
            left: [2, 8, 19],
            coach: "Nadia".into(),
            moved: door == Door::Early,
            next: (door == Door::Canceled).then(|| "Thursday 11 March 2027, 20:00–21:15".into()),
        };
        vec![
            ("early", sample(Door::Early)),
            ("open", sample(Door::Open)),
            ("no room", sample(Door::Roomless)),
            ("canceled", sample(Door::Canceled)),
            ("over", sample(Door::Over)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_an_https_address_and_nothing_else() {
        assert!(is_room("https://meet.example/abc?pwd=1"));
        for bad in ["", "https://", "http://meet.example", "javascript:alert(1)", "https://a b", "https://a\r\nX: y"] {
            assert!(!is_room(bad), "{bad}");
        }
    }
}
