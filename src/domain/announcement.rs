//! Whom does a coach's announcement go to, when does it reach each of them, and may it be sent as it stands?

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    discretion::ForbiddenWords,
    ids::{CohortId, SessionId},
    lesson::{
        self, Finding,
        check::{line, word},
    },
    offer::{is_night, morning_after},
    zone::Zone,
};

/// How long it can be taken back before the first of it leaves.
pub const UNDO: TimeDelta = TimeDelta::minutes(10);
/// What could not be sent within a day of its time is not sent any more.
pub const USEFUL: TimeDelta = TimeDelta::hours(24);
/// How far ahead a coach may plan one.
pub const FARTHEST: TimeDelta = TimeDelta::days(180);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Nobody gets it yet.
    Draft,
    /// Each of its mails is in the ledger.
    Sent,
    /// Taken back before anything of it left.
    Undone,
}

crate::words!(Stage { Draft = "draft", Sent = "sent", Undone = "undone" });

/// Which of the people in the chosen cohorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    Everyone,
    /// Marked absent at this session.
    AbsentAt(SessionId),
    /// No check-in for two weeks.
    Quiet,
}

/// To whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    pub cohorts: Vec<CohortId>,
    /// A track's key; empty: all tracks.
    pub track: String,
    pub of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Choose who of them gets it")]
pub struct BadOf;

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::AbsentAt(session) => write!(f, "absent:{session}"),
            Self::Quiet => f.write_str("quiet"),
        }
    }
}

impl FromStr for Of {
    type Err = BadOf;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.strip_prefix("absent:")) {
            ("everyone" | "", _) => Ok(Self::Everyone),
            ("quiet", _) => Ok(Self::Quiet),
            (_, Some(id)) => id.parse().map(Self::AbsentAt).map_err(|_| BadOf),
            (_, None) => Err(BadOf),
        }
    }
}

/// When the coach wants it to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// As soon as it can no longer be undone.
    Soon,
    /// At this time of each reader's own clock.
    At(NaiveDateTime),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter a date and a time, such as 2027-03-08 and 18:00")]
pub struct BadWish;

const CLOCK: &str = "%Y-%m-%dT%H:%M";

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Soon => f.write_str("soon"),
            Self::At(local) => local.format(CLOCK).fmt(f),
        }
    }
}

impl FromStr for Wish {
    type Err = BadWish;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "soon" {
            return Ok(Self::Soon);
        }
        NaiveDateTime::parse_from_str(text, CLOCK).map(Self::At).map_err(|_| BadWish)
    }
}

/// When it reaches one reader: never before it can no longer be undone, never in their night, and on no day on
/// which they get a lesson or another announcement (`taken`, days of their own clock).
#[must_use]
pub fn arrives_at(wish: Wish, zone: Zone, now: DateTime<Utc>, taken: &BTreeSet<NaiveDate>) -> DateTime<Utc> {
    let floor = now + UNDO;
    let wanted = match wish {
        Wish::Soon => floor,
        Wish::At(local) => zone.resolve(local).max(floor),
    };
    let by_day = |at| if is_night(at, zone) { morning_after(at, zone) } else { at };
    let mut at = by_day(wanted);
    while taken.contains(&zone.local(at).date()) {
        let local = zone.local(at);
        let next = (local.date() + Days::new(1)).and_time(local.time());
        // A lost hour may push the time on; a whole lost day does, too.
        at = by_day(zone.resolve(next).max(at + TimeDelta::hours(1)));
    }
    at
}

/// What a coach wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What the mail says at the level *open*.
    pub subject: String,
    pub discreet_subject: String,
    /// Markdown with variables.
    pub body: String,
}

/// Everything that keeps it from being sent. What has no findings renders for anybody.
#[must_use]
pub fn check(words: &Words, forbidden: &ForbiddenWords) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (field, text) in [("subject", &words.subject), ("discreet_subject", &words.discreet_subject)] {
        findings.extend(line(text, 1..=120).map(|message| Finding::new(1, field, message)));
    }
    // The subject is for the level *open*, which may name the topic.
    findings
        .extend(word(&words.discreet_subject, forbidden).map(|message| Finding::new(1, "discreet_subject", message)));
    findings.extend(lesson::check_beginning(&words.body, forbidden));
    findings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc()
    }

    fn days(days: &[&str]) -> BTreeSet<NaiveDate> {
        days.iter().map(|day| day.parse().unwrap()).collect()
    }

    #[test]
    fn nobody_is_woken_and_nobody_gets_two_a_day() {
        for (wish, zone, taken, at) in [
            ("soon", "Europe/Berlin", &[][..], "2026-10-14 12:10"),
            // Four in the morning there: it waits for eight.
            ("soon", "America/Los_Angeles", &[], "2026-10-14 15:00"),
            ("soon", "Europe/Berlin", &["2026-10-14"], "2026-10-15 12:10"),
            ("soon", "Europe/Berlin", &["2026-10-14", "2026-10-15"], "2026-10-16 12:10"),
            // The same time on everybody's own clock.
            ("2026-10-16T18:00", "Europe/Berlin", &[], "2026-10-16 16:00"),
            ("2026-10-16T18:00", "America/New_York", &[], "2026-10-16 22:00"),
            ("2026-10-16T23:00", "Europe/Berlin", &[], "2026-10-17 06:00"),
            ("2026-10-16T18:00", "Europe/Berlin", &["2026-10-16"], "2026-10-17 16:00"),
            // What is past is as soon as possible.
            ("2026-10-01T18:00", "Europe/Berlin", &[], "2026-10-14 12:10"),
        ] {
            let zone = Zone::parse(zone).unwrap();
            let found = arrives_at(wish.parse().unwrap(), zone, utc("2026-10-14 12:00"), &days(taken));
            assert_eq!(found, utc(at), "{wish} {zone} {taken:?}");
        }
    }

    #[test]
    fn what_is_seen_from_outside_names_nothing() {
        let forbidden = ForbiddenWords::new(["affair"]);
        let words = |subject: &str, discreet: &str, body: &str| Words {
            subject: subject.into(),
            discreet_subject: discreet.into(),
            body: body.into(),
        };
        assert!(check(&words("After the affair", "A note from Nadia", "Dear {{ name }},"), &forbidden).is_empty());
        for (bad, field) in [
            (words("", "A note", "Hello."), "subject"),
            (words("A note", "The affair", "Hello."), "discreet_subject"),
            (words("A note", "A note", "The affair."), "body"),
            (words("A note", "A note", "{{ nam }}"), "body"),
            (words("A note", "A {{ name }}", "Hello."), "discreet_subject"),
            (words("A\r\nBcc: x@y", "A note", "Hello."), "subject"),
        ] {
            let found = check(&bad, &forbidden);
            assert_eq!(found.iter().map(|finding| finding.field).collect::<Vec<_>>(), [field], "{found:?}");
        }
    }

    #[test]
    fn what_is_chosen_is_read_back() {
        let session = SessionId(uuid::Uuid::from_u128(7));
        for of in [Of::Everyone, Of::Quiet, Of::AbsentAt(session)] {
            assert_eq!(of.to_string().parse(), Ok(of));
        }
        assert!("absent:x".parse::<Of>().is_err() && "tomorrow".parse::<Wish>().is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_always_arrives_by_day(minutes in 0_i64..30_000_000, ahead in 0_i64..20_000, index in 0_usize..400) {
            let zones: Vec<Zone> = Zone::all().collect();
            let zone = zones[index % zones.len()];
            let now = DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
            let wish = Wish::At(zone.local(now + TimeDelta::minutes(ahead)));
            let first = arrives_at(wish, zone, now, &BTreeSet::new());
            let taken = BTreeSet::from([zone.local(first).date()]);
            let second = arrives_at(wish, zone, now, &taken);
            prop_assert!(first >= now + UNDO && second > first);
            prop_assert!(!is_night(first, zone) || zone.local(first).date() != zone.local(first - TimeDelta::hours(1)).date(), "{} {}", zone, first);
            prop_assert!(!taken.contains(&zone.local(second).date()));
        }
    }
}
