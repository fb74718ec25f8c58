//! How do the sessions reach somebody's calendar?

use chrono::{DateTime, Utc};
use poem::{Request, Response, handler, http::header, web::Data};
use serde::Serialize;

use super::{place::Place, settings::understood};
use crate::{
    actions::{
        change_person::{choose_calendar, rotate_feed},
        compose::calendar_letters::join_link,
    },
    domain::{calendar, enrollment::CalendarChoice},
    store::subscriptions::Told,
    web::{
        error::PageError,
        feeds,
        fields::Fields,
        guard::{SignedParticipant, see_other},
        site::Site,
        visitor,
    },
};

/// The choice, and what belongs to it.
#[derive(Debug, Serialize)]
pub(super) struct CalendarPart {
    pub(super) choice: &'static str,
    /// What the entries are called.
    pub(super) title: String,
    pub(super) feed: Option<Feed>,
    /// Where the next session can be added by hand: only for who chose nothing else.
    pub(super) by_hand: Vec<(&'static str, String)>,
    pub(super) download: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Feed {
    pub(super) https: String,
    pub(super) webcal: String,
}

impl CalendarPart {
    pub(super) fn of(site: &Site, signed: &SignedParticipant, place: &Place) -> Self {
        let choice = place.enrollment.calendar;
        let next = place.next(site.clock.now().program);
        let title = place.voice(signed).calendar_title(next.map_or("Session", |next| next.title.expose())).to_owned();
        let by_hand = match (choice, next) {
            (CalendarChoice::Neither, Some(next)) => {
                let link = join_link(&site.app, signed.person.id, next);
                by_hand(&title, (next.starts_at, next.ends_at), &link)
            }
            (CalendarChoice::Neither | CalendarChoice::Invites | CalendarChoice::Feed, _) => Vec::new(),
        };
        Self {
            choice: choice.as_str(),
            feed: (choice == CalendarChoice::Feed).then(|| feed(site, signed)),
            by_hand,
            download: (choice != CalendarChoice::Invites)
                .then(|| format!("/p/calendar.ics?enrollment={}", place.enrollment.id)),
            title,
        }
    }
}

fn feed(site: &Site, signed: &SignedParticipant) -> Feed {
    let https = site.links.feed(signed.person.id.0, signed.person.feed_rotation);
    let rest = https.split_once("://").map_or(https.as_str(), |(_, rest)| rest);
    Feed { webcal: format!("webcal://{rest}"), https }
}

/// The calendars that take an entry by address (L1 to L3 of the mail sheet): undocumented by both makers, so never the
/// only way, and never beside invites. They learn the neutral title and the join page.
fn by_hand(title: &str, span: (DateTime<Utc>, DateTime<Utc>), link: &str) -> Vec<(&'static str, String)> {
    let (from, to) = span;
    let google = [
        ("action", "TEMPLATE".to_owned()),
        ("text", title.to_owned()),
        ("dates", format!("{}/{}", from.format("%Y%m%dT%H%M%SZ"), to.format("%Y%m%dT%H%M%SZ"))),
        ("details", link.to_owned()),
        ("location", link.to_owned()),
    ];
    let outlook = [
        ("path", "/calendar/action/compose".to_owned()),
        ("rru", "addevent".to_owned()),
        ("subject", title.to_owned()),
        ("startdt", from.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("enddt", to.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("body", link.to_owned()),
        ("location", link.to_owned()),
    ];
    let outlook = encoded(&outlook);
    vec![
        ("Google Calendar", format!("https://calendar.google.com/calendar/render?{}", encoded(&google))),
        ("Outlook.com", format!("https://outlook.live.com/calendar/0/deeplink/compose?{outlook}")),
        ("Microsoft 365", format!("https://outlook.office.com/calendar/0/deeplink/compose?{outlook}")),
    ]
}

fn encoded(fields: &[(&str, String)]) -> String {
    let pair = |(name, value): &(&str, String)| format!("{name}={}", percent(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// RFC 3986 §2.1: all but the unreserved characters.
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[handler]
pub(super) async fn choose(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let place = Place::find(site, &signed, fields.text("enrollment")).await?.ok_or(PageError::NotFound)?;
    let choice: CalendarChoice = fields
        .text("entries")
        .parse()
        .map_err(|_| PageError::BadRequest("Choose one of invites, a private calendar, or neither.".into()))?;
    understood(choose_calendar(&site.app, signed.practice.id, place.enrollment.id, choice).await)?;
    Ok(see_other(&format!("/p?done=calendar&enrollment={}#calendar", place.enrollment.id)))
}

#[handler]
pub(super) async fn rotate(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    understood(rotate_feed(&site.app, signed.practice.id, signed.person.id).await)?;
    let enrollment = fields.text("enrollment").parse::<crate::domain::ids::EnrollmentId>();
    let query = enrollment.map(|id| format!("&enrollment={id}")).unwrap_or_default();
    Ok(see_other(&format!("/p?done=rotated{query}#calendar")))
}

/// A copy of the dates as they are now; it does not follow changes.
#[handler]
pub(super) async fn download(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = visitor::query(request)?;
    let place = Place::find(site, &signed, asked.text("enrollment")).await?.filter(Place::is_inside);
    let place = place.ok_or(PageError::NotFound)?;
    let voice = place.voice(&signed);
    let told: Vec<Told> = place.invites.iter().map(Told::from).collect();
    let entries = feeds::entries(site, signed.person.id, &place.meetings, (&told, &voice));
    let organizer = feeds::organizer(&signed.practice, voice.sender_name());
    let text = calendar::feed(voice.sender_name(), &organizer, &entries).map_err(anyhow::Error::from)?;
    Ok(Response::builder()
        .content_type("text/calendar; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, "attachment; filename=\"dates.ics\"")
        .body(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_by_address_carries_nothing_but_a_title_a_time_and_our_link() {
        let from = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let links = by_hand("A & B", (from, from), "https://group.example/j/x");
        assert!(
            links[0]
                .1
                .contains("text=A%20%26%20B&dates=20270115T080000Z/20270115T080000Z".replace('/', "%2F").as_str())
        );
        assert!(links[1].1.contains("body=https%3A%2F%2Fgroup.example%2Fj%2Fx"));
    }
}
