//! Invented cohorts and people in great number, straight into the tables.

use anyhow::Context;
use chrono::{Datelike, Days, NaiveTime, Weekday};

use super::program::the_practice;
use crate::{
    actions::open_cohort::{NewCohort, create_cohort, open_cohort},
    actions::seed::{Seeded, seed as fill},
    app::App,
    domain::{
        cohort::LateJoiners,
        discretion::Discretion,
        name::Name,
        schedule::{LessonClock, LessonTiming},
        zone::Zone,
    },
    store::{practices, programs},
};

pub(super) async fn seed(app: &App, cohorts: usize, people: usize) -> anyhow::Result<()> {
    let practice = the_practice(app, None).await?;
    let program = programs::of_practice(app.db.reader(), practice.id).await?.into_iter().next();
    let program = program.context("there is no program yet: import one first, with `trellis import DIR`")?;
    let now = app.clock.now();
    transact_ready(app, &practice, now).await?;
    let practice = the_practice(app, Some(practice.name.expose())).await?;
    let zones = ["Europe/Berlin", "Europe/Lisbon", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];
    let monday =
        now.program.date_naive() + Days::new(u64::from(7 - now.program.date_naive().weekday().num_days_from_monday()));
    let mut made = 0;
    for number in 0..cohorts {
        let new = NewCohort {
            program: program.id,
            name: Name::parse(&format!("Seeded {}", number + 1))?,
            zone: Zone::parse(zones[number % zones.len()])?,
            starts_on: monday,
            weekday: Weekday::Mon,
            time: NaiveTime::from_hms_opt(19, 0, 0).context("a time of day")?,
            minutes: 75,
            breaks: Vec::new(),
            capacity: u16::try_from(people).context("at most 65,535 people a cohort")?,
            rule: LessonTiming::default(),
            lesson_clock: LessonClock::Cohort,
            discretion: Discretion::Discreet,
            holiday_country: None,
            late_joiners: LateJoiners::Digest,
            room_url: "https://meet.example/seeded".to_owned(),
            crisis_line: "Seeded line, 000".to_owned(),
        };
        let id = create_cohort(app, &practice, &new, "seed").await?;
        open_cohort(app, &practice, id, "seed").await?;
        let tracks: Vec<String> = program.content.0.tracks.iter().map(|track| track.key.clone()).collect();
        let seeded = Seeded { practice: practice.id, cohort: id, program: program.id, number, people, tracks };
        made += fill(app, &seeded).await?;
    }
    println!("Seeded {cohorts} cohorts with {made} enrollments.");
    Ok(())
}

/// A seeded practice is one that may open cohorts.
async fn transact_ready(app: &App, practice: &practices::Practice, now: crate::clock::Now) -> anyhow::Result<()> {
    let mut ready = practice.clone();
    ready.mail_tested_at = ready.mail_tested_at.or(Some(now.real));
    if ready.postal_address.is_empty() {
        "1 Seeded Street".clone_into(&mut ready.postal_address);
    }
    crate::transact!(app.db, |tx| practices::save(tx, ready.clone()).await)?;
    Ok(())
}
