//! What does a calendar get that subscribed to somebody's dates?

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use poem::{
    Request, Response, handler,
    http::HeaderMap,
    web::{Data, Path},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

mod coach;
mod group;
mod person;
mod version;

pub(super) use group::Group;
pub(super) use version::Version;

use crate::{
    actions::compose::calendar_letters::join_link,
    domain::{
        calendar::{self, Entry, EntryState, Party},
        discretion::Voice,
        ids::ParticipantId,
        session::SessionState,
    },
    keys::fingerprint,
    store::{
        coaches,
        freshness::Source,
        practices::Practice,
        sessions::SessionRow,
        subscriptions::{self, Told},
    },
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

/// What a person's calendar is made of.
const SOURCES: [Source; 7] = [
    Source::Practices,
    Source::Programs,
    Source::Cohorts,
    Source::Sessions,
    Source::Participants,
    Source::Enrollments,
    Source::Invites,
];

/// Clients send no credential but the address. An unknown one and one that was replaced are not found.
#[handler]
async fn show(Data(site): Data<&Site>, Path(file): Path<String>, request: &Request) -> Result<Response, PageError> {
    let token = file.strip_suffix(".ics").ok_or(PageError::NotFound)?;
    let mut response = answer(site, token, request.headers()).await?;
    set_manner(&mut response, Manner::FILE);
    Ok(response)
}

/// Whoever asks again for what did not change is answered without a question to the database.
async fn answer(site: &Site, token: &str, headers: &HeaderMap) -> Result<Response, PageError> {
    let (key, now) = (fingerprint(&[token.as_bytes()]), site.clock.now().program);
    let stamp = site.db.stamp(&SOURCES).await;
    if let Some(kept) = site.kept.calendars.get(&key, stamp, now)
        && let Some(known) = kept.known(headers)
    {
        return Ok(known);
    }
    let (db, hash) = (site.db.reader(), site.links.feed_hash(token));
    let Some(person) = subscriptions::with_feed(db, &hash).await? else {
        let coach = coaches::with_feed(db, &hash).await?.ok_or(PageError::NotFound)?;
        // A coach's window moves with the clock, and coaches are few: nothing of theirs is kept.
        return coach::feed(site, &coach).await?.answer(headers);
    };
    let (feed, span) = person::feed(site, &person, now).await?;
    site.kept.calendars.put(key, stamp, span, feed.version());
    feed.answer(headers)
}

impl Feed {
    /// The text is written only for a client that does not have it yet.
    fn answer(&self, headers: &HeaderMap) -> Result<Response, PageError> {
        let version = self.version();
        if let Some(known) = version.known(headers) {
            return Ok(known);
        }
        let text = calendar::feed(&self.name, &self.organizer, &self.entries).map_err(anyhow::Error::from)?;
        Ok(version.answer().content_type("text/calendar; charset=utf-8").body(text))
    }

    /// Over all that the text is made of, and the version that makes it.
    fn version(&self) -> Version {
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
        Version::new(&HEXLOWER.encode(&hash.finalize()[..16]), self.changed_at)
    }
}

/// Who a feed is from: the practice by a name that fits the reader's level.
pub(super) fn organizer(practice: &Practice, name: &str) -> Party {
    Party { name: name.to_owned(), address: practice.sender_email.clone() }
}

/// The sessions of one person's group, as their own invites name them; `of` are those, the newest generation last,
/// and how they are told.
pub(super) fn entries<'a>(
    site: &Site,
    person: ParticipantId,
    meetings: impl IntoIterator<Item = &'a SessionRow>,
    of: (&[Told], &Voice<'_>),
) -> Vec<Entry> {
    let (known, voice) = of;
    let entry = |meeting: &SessionRow| {
        let told = known.iter().rev().find(|told| told.session == meeting.id)?;
        let stamp = told.stamped_at.map_or(meeting.changed_at, |at| at.max(meeting.changed_at));
        Some(Entry {
            uid: told.uid.clone(),
            sequence: sequence(told, meeting),
            stamp: stamp.trunc_subsecs(0),
            starts_at: meeting.starts_at,
            ends_at: meeting.ends_at,
            title: voice.calendar_title(meeting.title.expose()).to_owned(),
            description: "The link opens ten minutes early.".to_owned(),
            link: join_link(&site.app, person, meeting),
            state: state(meeting),
        })
    };
    meetings.into_iter().filter_map(entry).collect()
}

/// Rises with every change of the session, and stays above what invites said before the feed was chosen.
fn sequence(told: &Told, meeting: &SessionRow) -> u32 {
    u32::try_from(told.sequence + 1 + meeting.version).unwrap_or_default()
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
    use poem::http::{StatusCode, header};

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

    fn etag(feed: &Feed) -> String {
        feed.version().answer().finish().header("etag").unwrap().to_owned()
    }

    #[test]
    fn what_a_client_has_is_not_sent_again() {
        let feed = feed();
        let fresh = feed.answer(&HeaderMap::new()).unwrap();
        assert_eq!(fresh.header("last-modified"), Some("Fri, 15 Jan 2027 08:00:00 GMT"));
        let etag = etag(&feed);
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
        let before = etag(&feed());
        let mut moved = feed();
        moved.entries[0].starts_at += TimeDelta::hours(1);
        let mut renamed = feed();
        renamed.entries[0].title = "Appointment".into();
        assert!(before != etag(&moved) && before != etag(&renamed) && before == etag(&feed()));
    }
}
