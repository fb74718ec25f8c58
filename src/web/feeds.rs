//! What does a calendar get that subscribed to somebody's dates?

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use poem::{
    Request, Response, handler,
    http::{HeaderMap, StatusCode, header},
    web::{Data, Path},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

mod coach;
mod person;

use crate::{
    actions::compose::calendar_letters::join_link,
    domain::{
        calendar::{self, Entry, EntryState, Party},
        discretion::Voice,
        ids::ParticipantId,
        session::SessionState,
    },
    store::{coaches, invites::Invite, participants, practices::Practice, sessions::SessionRow},
    web::{
        error::PageError,
        headers::{Manner, set_manner},
        site::Site,
        table::{Access, Table},
    },
};

pub(crate) fn add(table: Table) -> Table {
    table.get("/c/:file", Access::Link, show)
}

/// A canceled session is shown as canceled this long; a group's dates stay this long after its end, and a
/// feed this long after somebody left.
const KEPT: TimeDelta = TimeDelta::days(30);

/// A person's calendar before it is text: the same content is the same bytes.
struct Feed {
    name: String,
    organizer: Party,
    entries: Vec<Entry>,
    /// When any of it last became different.
    changed_at: DateTime<Utc>,
}

/// Clients send no credential but the address. An unknown one and one that was replaced are not found.
#[handler]
async fn show(Data(site): Data<&Site>, Path(file): Path<String>, request: &Request) -> Result<Response, PageError> {
    let token = file.strip_suffix(".ics").ok_or(PageError::NotFound)?;
    let (db, hash) = (site.db.reader(), site.links.feed_hash(token));
    let feed = match participants::with_feed(db, &hash).await? {
        Some(person) => person::feed(site, &person).await?,
        None => match coaches::with_feed(db, &hash).await? {
            Some(coach) => coach::feed(site, &coach).await?,
            None => return Err(PageError::NotFound),
        },
    };
    let mut response = feed.answer(request.headers())?;
    set_manner(&mut response, Manner::FILE);
    Ok(response)
}

impl Feed {
    /// The text is written only for a client that does not have it yet.
    fn answer(&self, headers: &HeaderMap) -> Result<Response, PageError> {
        let etag = self.etag();
        let answer = Response::builder()
            .header(header::ETAG, &etag)
            .header(header::LAST_MODIFIED, http_date(self.changed_at))
            .header(header::CACHE_CONTROL, "private, max-age=900");
        if self.is_known(headers, &etag) {
            return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
        }
        let text = calendar::feed(&self.name, &self.organizer, &self.entries).map_err(anyhow::Error::from)?;
        Ok(answer.content_type("text/calendar; charset=utf-8").body(text))
    }

    /// Strong: over all that the text is made of, and the version that makes it.
    fn etag(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        };
        add(env!("CARGO_PKG_VERSION"));
        add(&self.name);
        add(&self.organizer.name);
        add(self.organizer.address.expose());
        for entry in &self.entries {
            let state = match entry.state {
                EntryState::Confirmed => "confirmed",
                EntryState::Canceled => "canceled",
            };
            let numbers = [entry.stamp.timestamp(), entry.starts_at.timestamp(), entry.ends_at.timestamp()];
            add(&format!("{} {numbers:?} {state}", entry.sequence));
            [&entry.uid, &entry.title, &entry.description, &entry.link].into_iter().for_each(|text| add(text));
        }
        format!("\"{}\"", HEXLOWER.encode(&hash.finalize()[..16]))
    }

    /// RFC 9110 §13.2.2: the date counts only where no tag was sent.
    fn is_known(&self, headers: &HeaderMap, etag: &str) -> bool {
        let lines: Vec<_> =
            headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok()).collect();
        if !lines.is_empty() {
            let mut tags = lines.iter().flat_map(|line| line.split(',')).map(str::trim);
            return tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag);
        }
        let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|line| line.to_str().ok());
        let since = since.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
        since.is_some_and(|since| self.changed_at.trunc_subsecs(0) <= since)
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Who a feed is from: the practice by a name that fits the reader's level.
pub(super) fn organizer(practice: &Practice, name: &str) -> Party {
    Party { name: name.to_owned(), address: practice.sender_email.clone() }
}

/// The sessions of one person's group, as their own invites name them; `of` are those and how they are told.
pub(super) fn entries(
    site: &Site,
    person: ParticipantId,
    meetings: &[SessionRow],
    of: (&[Invite], &Voice<'_>),
) -> Vec<Entry> {
    let (known, voice) = of;
    let entry = |meeting: &SessionRow| {
        let invite = known.iter().rev().find(|invite| invite.session_id == meeting.id)?;
        let stamp = invite.stamped_at.map_or(meeting.changed_at, |at| at.max(meeting.changed_at));
        Some(Entry {
            uid: invite.uid.clone(),
            sequence: sequence(invite, meeting),
            stamp: stamp.trunc_subsecs(0),
            starts_at: meeting.starts_at,
            ends_at: meeting.ends_at,
            title: voice.calendar_title(meeting.title.expose()).to_owned(),
            description: "The link opens ten minutes early.".to_owned(),
            link: join_link(&site.app, person, meeting),
            state: state(meeting),
        })
    };
    meetings.iter().filter_map(entry).collect()
}

/// Rises with every change of the session, and stays above what invites said before the feed was chosen.
fn sequence(invite: &Invite, meeting: &SessionRow) -> u32 {
    u32::try_from(invite.sequence + 1 + meeting.version).unwrap_or_default()
}

fn state(meeting: &SessionRow) -> EntryState {
    match meeting.state {
        SessionState::Planned => EntryState::Confirmed,
        SessionState::Canceled => EntryState::Canceled,
    }
}

/// Whether a session is still shown: a canceled one for a while, any other until the group's end and a while.
fn is_shown(meeting: &SessionRow, ends_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    match meeting.state {
        SessionState::Planned => ends_at + KEPT > now,
        SessionState::Canceled => meeting.changed_at + KEPT > now,
    }
}

/// The last instant at which something changed, or fell out of the feed by its age.
fn last_change(meetings: &[SessionRow], ends_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let changes = meetings.iter().flat_map(|meeting| [Some(meeting.changed_at), dropped(meeting)]);
    let all = changes.flatten().chain([ends_at + KEPT]).filter(|at| *at <= now);
    all.max().unwrap_or(DateTime::UNIX_EPOCH)
}

fn dropped(meeting: &SessionRow) -> Option<DateTime<Utc>> {
    (meeting.state == SessionState::Canceled).then(|| meeting.changed_at + KEPT)
}

/// An opaque id that is the same at every fetch, for entries that no invite names.
fn keyed_uid(site: &Site, reader: Uuid, meeting: &SessionRow) -> String {
    let hash = site.links.keys().hash("feed-uid", &format!("{reader}/{}/{}", meeting.id, meeting.generation));
    format!("{}@{}", &hash[..32.min(hash.len())], site.links.host())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email_address::EmailAddress;

    fn feed() -> Feed {
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        let entry = Entry {
            uid: "a@group.example".into(),
            sequence: 0,
            stamp: at(0),
            starts_at: at(3_600),
            ends_at: at(7_200),
            title: "Group session".into(),
            description: String::new(),
            link: "https://group.example/j/x".into(),
            state: EntryState::Confirmed,
        };
        let organizer = Party { name: "N. Brandt".into(), address: EmailAddress::parse("n@group.example").unwrap() };
        Feed { name: "N. Brandt".into(), organizer, entries: vec![entry], changed_at: at(0) }
    }

    fn status(feed: &Feed, name: header::HeaderName, value: &str) -> StatusCode {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        feed.answer(&headers).unwrap().status()
    }

    #[test]
    fn what_a_client_has_is_not_sent_again() {
        let feed = feed();
        let etag = feed.etag();
        let fresh = feed.answer(&HeaderMap::new()).unwrap();
        assert_eq!(fresh.header("last-modified"), Some("Fri, 15 Jan 2027 08:00:00 GMT"));
        assert_eq!(fresh.header("etag"), Some(etag.as_str()));
        for tag in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".into()] {
            assert_eq!(status(&feed, header::IF_NONE_MATCH, &tag), StatusCode::NOT_MODIFIED);
        }
        assert_eq!(status(&feed, header::IF_NONE_MATCH, "\"x\""), StatusCode::OK);
        for (date, code) in [
            ("Fri, 15 Jan 2027 08:00:00 GMT", StatusCode::NOT_MODIFIED),
            ("Fri, 15 Jan 2027 07:59:59 GMT", StatusCode::OK),
            ("yesterday", StatusCode::OK),
        ] {
            assert_eq!(status(&feed, header::IF_MODIFIED_SINCE, date), code, "{date}");
        }
    }

    #[test]
    fn a_moved_session_or_another_title_is_another_tag() {
        let before = feed().etag();
        let mut moved = feed();
        moved.entries[0].starts_at += TimeDelta::hours(1);
        let mut renamed = feed();
        renamed.entries[0].title = "Appointment".into();
        assert!(before != moved.etag() && before != renamed.etag() && before == feed().etag());
    }
}
