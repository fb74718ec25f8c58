//! A rehearsal's mail is looked at: by person and by week, with the names and clocks of the people it went to.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use crate::{
    app::App,
    domain::{calendar::reader::ReadEvent, civil, email_address::EmailAddress, zone::Zone},
    store::{self, coaches, cohorts, participants, practices},
};

use super::rehearse;

/// Which part of the mail is wanted; empty is all of it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub address: Option<String>,
    /// The Monday of a week, on the rehearsal's own clock.
    pub week: Option<NaiveDate>,
    /// Only what is older than this number.
    pub before: Option<u32>,
}

/// One page of the list, and what it can be filtered by.
#[derive(Debug, Clone)]
pub struct Shelf {
    pub zone: Zone,
    pub lines: Vec<Line>,
    /// There is more: ask for what is before this number.
    pub older: Option<u32>,
    pub newest: u32,
    pub people: Vec<Reader>,
    pub weeks: Vec<WeekOfMail>,
}

#[derive(Debug, Clone)]
pub struct Line {
    pub seq: u32,
    pub subject: String,
    pub to: Reader,
    pub received_at: DateTime<Utc>,
    pub has_calendar: bool,
}

/// Whom mail went to, as far as we know them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reader {
    pub name: String,
    pub address: String,
    pub zone: Option<Zone>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeekOfMail {
    pub monday: NaiveDate,
    pub label: String,
}

/// One message, opened.
#[derive(Debug, Clone)]
pub struct Letter {
    pub line: Line,
    pub from: String,
    pub return_path: String,
    pub html: String,
    pub text: String,
    pub source: String,
    pub events: Vec<ReadEvent>,
    /// The cohort's clock.
    pub zone: Zone,
}

#[derive(Debug, thiserror::Error)]
pub enum CannotRead {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the folder of mail cannot be read: {0}")]
    Folder(#[from] io::Error),
}

const PAGE: usize = 40;

/// `None` outside a rehearsal.
pub async fn list(app: &App, filter: &Filter) -> Result<Option<Shelf>, CannotRead> {
    let Some(mailbox) = &app.mailbox else { return Ok(None) };
    let zone = rehearse::zone(app).await?;
    let all = mailbox.list();
    let addresses: BTreeSet<String> = all.iter().flat_map(|kept| kept.to.iter().cloned()).collect();
    let readers = readers(app, addresses).await?;
    let mondays: BTreeSet<NaiveDate> = all.iter().map(|kept| monday(kept.received_at, zone)).collect();
    let wanted = all.iter().filter(|kept| {
        filter.address.as_ref().is_none_or(|address| kept.to.contains(address))
            && filter.week.is_none_or(|week| monday(kept.received_at, zone) == week)
            && filter.before.is_none_or(|before| kept.seq < before)
    });
    let mut lines: Vec<Line> = wanted
        .take(PAGE + 1)
        .map(|kept| Line {
            seq: kept.seq,
            subject: kept.subject.clone(),
            to: reader_of(&readers, &kept.to),
            received_at: kept.received_at,
            has_calendar: kept.has_calendar,
        })
        .collect();
    let older = (lines.len() > PAGE).then(|| lines[PAGE - 1].seq);
    lines.truncate(PAGE);
    let mut people: Vec<Reader> = readers.into_values().collect();
    people.sort();
    let (newest, weeks) = (mailbox.newest(), weeks(app, mondays).await?);
    Ok(Some(Shelf { zone, lines, older, newest, people, weeks }))
}

/// `None` outside a rehearsal, and when there is no such message.
pub async fn open(app: &App, seq: u32) -> Result<Option<Letter>, CannotRead> {
    let Some(mailbox) = &app.mailbox else { return Ok(None) };
    let Some(opened) = mailbox.read(seq)? else { return Ok(None) };
    let kept = opened.kept;
    let readers = readers(app, kept.to.iter().cloned().collect()).await?;
    let to = reader_of(&readers, &kept.to);
    let line =
        Line { seq, subject: kept.subject.clone(), to, received_at: kept.received_at, has_calendar: kept.has_calendar };
    Ok(Some(Letter {
        line,
        from: kept.from.clone(),
        return_path: kept.return_path.clone(),
        html: opened.html,
        text: opened.text,
        source: opened.source,
        events: opened.events,
        zone: rehearse::zone(app).await?,
    }))
}

fn reader_of(readers: &BTreeMap<String, Reader>, to: &[String]) -> Reader {
    let address = to.first().cloned().unwrap_or_default();
    let stranger = || Reader { name: address.clone(), address: address.clone(), zone: None };
    readers.get(&address).cloned().unwrap_or_else(stranger)
}

async fn readers(app: &App, addresses: BTreeSet<String>) -> store::Result<BTreeMap<String, Reader>> {
    let db = app.db.reader();
    let mut readers = BTreeMap::new();
    for address in addresses {
        let Ok(email) = EmailAddress::parse(&address) else { continue };
        let person = participants::everywhere_with_email(db, &email).await?.into_iter().next();
        let known = match person {
            Some(person) => Some((person.name, person.zone)),
            None => coaches::with_email(db, &email).await?.map(|coach| (coach.name, coach.zone)),
        };
        if let Some((name, zone)) = known {
            readers.insert(address.clone(), Reader { name: name.expose().to_owned(), address, zone: Some(zone) });
        }
    }
    Ok(readers)
}

fn monday(at: DateTime<Utc>, zone: Zone) -> NaiveDate {
    let date = zone.local(at).date();
    date - TimeDelta::days(i64::from(date.weekday().num_days_from_monday()))
}

/// The newest first; those of a cohort say which week of it they are.
async fn weeks(app: &App, mondays: BTreeSet<NaiveDate>) -> store::Result<Vec<WeekOfMail>> {
    let db = app.db.reader();
    let mut numbers = BTreeMap::new();
    for practice in practices::on_this_installation(db).await? {
        for cohort in cohorts::of_practice(db, practice.id).await? {
            for week in cohorts::weeks_of(db, cohort.id).await? {
                numbers.entry(week.first_day).or_insert(week.number);
            }
        }
    }
    let label = |monday: &NaiveDate| match numbers.get(monday) {
        Some(number) => format!("Week {number}, from {}", civil::short_date(*monday)),
        None => format!("From {}", civil::short_date(*monday)),
    };
    Ok(mondays.iter().rev().map(|monday| WeekOfMail { monday: *monday, label: label(monday) }).collect())
}
