//! What goes out in a week, when and to how many, and what became of it?

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Week;
use crate::{
    clock::Now,
    domain::{
        cohort::Timing,
        delivery::{Occasion, State},
        enrollment::Standing,
        ids::CohortId,
        zone::Zone,
    },
    store::{
        cohorts::{self, Cohort, CohortLesson},
        enrollments,
        ledger::{self, Tally},
        participants,
        timetable::{self, TimetableRow},
    },
    web::{desk, error::PageError, site::Site},
};

/// One line: a lesson or a reminder to one cohort.
#[derive(Debug, Serialize)]
pub(super) struct Going {
    #[serde(skip)]
    pub(super) due_at: DateTime<Utc>,
    /// `done`, `now` for the next one, or empty.
    pub(super) state: &'static str,
    pub(super) title: String,
    /// For the strip of days.
    pub(super) short: String,
    pub(super) when: String,
    pub(super) cohort: String,
    pub(super) path: String,
    /// Of what has not gone out.
    pub(super) to: u64,
    pub(super) sent: u64,
    pub(super) waiting: u64,
    pub(super) lost: u64,
}

impl Going {
    /// How many emails it is, sent or to come.
    pub(super) fn count(&self) -> u64 {
        if self.state == "done" { self.sent + self.waiting + self.lost } else { self.to }
    }
}

pub(super) async fn going_out(site: &Site, live: &[&Cohort], week: Week, now: Now) -> Result<Vec<Going>, PageError> {
    let db = site.db.reader();
    let Some(practice) = live.first().map(|cohort| cohort.practice_id) else { return Ok(Vec::new()) };
    let rows = timetable::of_practice_between(db, practice, week.from(), week.to()).await?;
    let tallies = ledger::tally_between(db, practice, week.from(), week.to()).await?;
    let mut about: BTreeMap<CohortId, About> = BTreeMap::new();
    let mut lines = Vec::new();
    for row in rows {
        let Some(cohort) = live.iter().find(|cohort| cohort.id == row.cohort_id) else { continue };
        let known = match about.entry(cohort.id) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(About::read(site, cohort).await?),
        };
        let line = line(&row, cohort, known, &tallies, (week.zone, now));
        // Released when the cohort was opened late: nobody got it, and it is no news.
        if row.released_at.is_none() || line.count() > 0 {
            lines.push(line);
        }
    }
    if let Some(next) = lines.iter_mut().find(|line| line.state.is_empty()) {
        next.state = "now";
    }
    Ok(lines)
}

/// What a line says of its cohort.
struct About {
    lessons: Vec<CohortLesson>,
    /// The zone and track of everyone enrolled.
    people: Vec<(Zone, String)>,
}

impl About {
    async fn read(site: &Site, cohort: &Cohort) -> Result<Self, PageError> {
        let db = site.db.reader();
        let enrolled: Vec<_> = enrollments::of_cohort(db, cohort.id)
            .await?
            .into_iter()
            .filter(|enrollment| enrollment.standing == Standing::Enrolled)
            .collect();
        let ids: Vec<_> = enrolled.iter().map(|enrollment| enrollment.participant_id).collect();
        let people = participants::with_ids(db, cohort.practice_id, &ids).await?;
        let zones: BTreeMap<_, _> = people.iter().map(|person| (person.id, person.zone)).collect();
        let person = |enrollment: &enrollments::Enrollment| {
            Some((*zones.get(&enrollment.participant_id)?, enrollment.track.clone()))
        };
        Ok(Self {
            lessons: cohorts::lessons_of(db, cohort.id).await?,
            people: enrolled.iter().filter_map(person).collect(),
        })
    }

    fn reached(&self, row: &TimetableRow) -> u64 {
        let tracks: Vec<&str> = self.lessons_at(row).map(|lesson| lesson.track.as_str()).collect();
        let has_lesson =
            |track: &str| row.work != "lesson" || tracks.iter().any(|known| known.is_empty() || *known == track);
        let here = |zone: &Zone| row.zone.is_empty() || row.zone == zone.name();
        let count = self.people.iter().filter(|(zone, track)| here(zone) && has_lesson(track)).count();
        u64::try_from(count).unwrap_or_default()
    }

    fn lessons_at<'a>(&'a self, row: &'a TimetableRow) -> impl Iterator<Item = &'a CohortLesson> {
        self.lessons.iter().filter(|lesson| lesson.position == row.position && lesson.timing == Timing::Rule)
    }
}

fn line(row: &TimetableRow, cohort: &Cohort, about: &About, tallies: &[Tally], reader: (Zone, Now)) -> Going {
    let (zone, now) = reader;
    let (occasion, title, short) = words(row, about);
    let count = |states: &[State]| -> u64 {
        let same = |tally: &&Tally| {
            tally.cohort == row.cohort_id
                && tally.occasion == occasion
                && tally.due_at == row.due_at
                && states.contains(&tally.state)
        };
        tallies.iter().filter(same).map(|tally| tally.count).sum()
    };
    let elsewhere = if row.zone.is_empty() { String::new() } else { row.zone.replace('_', " ") };
    Going {
        due_at: row.due_at,
        state: if row.released_at.is_some() { "done" } else { "" },
        title: if elsewhere.is_empty() { title } else { format!("{title} ({elsewhere})") },
        short,
        when: desk::brief(row.due_at, zone, now.program),
        cohort: cohort.name.expose().to_owned(),
        path: format!("/coach/outbox?cohort={}", cohort.id),
        to: about.reached(row),
        sent: count(&[State::Sent]),
        waiting: count(&[State::Queued, State::Claimed, State::Sending, State::Deferred]),
        lost: count(&ledger::LOST),
    }
}

fn words(row: &TimetableRow, about: &About) -> (Occasion, String, String) {
    match row.work.as_str() {
        "lesson" => {
            let mut titles: Vec<String> = about.lessons_at(row).map(|lesson| lesson.content.0.title.clone()).collect();
            titles.dedup();
            let title = format!("Lesson {}, {}", row.position, titles.join(" / "));
            (Occasion::Lesson, title, format!("Lesson {}", row.position))
        }
        "reminder_day" => (Occasion::ReminderDay, "Day-before reminder".to_owned(), "Reminder".to_owned()),
        _ => (Occasion::ReminderHour, "One-hour reminder".to_owned(), "Reminder".to_owned()),
    }
}
