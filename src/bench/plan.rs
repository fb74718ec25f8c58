//! How long does it take to plan everything anew, and does a change of one cohort leave the others alone?

use std::time::Instant;

use anyhow::ensure;
use chrono::{Days, TimeDelta};

use super::{
    Report, Setup,
    house::{Group, House, begins},
    number,
};
use crate::{
    actions::{
        change_schedule::{Target, change_schedule, look},
        plan_timetable::plan_timetables,
    },
    clock::Clock,
    domain::{ids::CohortId, plan::Change, schedule::LessonClock, zone::Zone},
    store::{
        self, cohorts,
        timetable::{self, TimetableRow},
    },
    transact,
};

/// Forty zones with and without summer time, and with odd offsets.
const ZONES: [&str; 40] = [
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "America/Anchorage",
    "America/Argentina/Buenos_Aires",
    "America/Bogota",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Phoenix",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Dubai",
    "Asia/Hong_Kong",
    "Asia/Jakarta",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Seoul",
    "Asia/Singapore",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Australia/Perth",
    "Australia/Sydney",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Moscow",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Honolulu",
];

const IN_A_COHORT: usize = 20;
/// So many cohorts are planned in one transaction.
const TOGETHER: usize = 250;

pub async fn plan(setup: &Setup) -> anyhow::Result<()> {
    let cohorts = setup.size.of([50, 500, 5_000]);
    let house = House::open(setup, Clock::fixed(begins()), "127.0.0.1:1").await?;
    let report = Report::new("plan", setup).with("cohorts", cohorts).with("enrollments", cohorts * IN_A_COHORT);
    let began = Instant::now();
    let mut ids = Vec::new();
    for index in 0..cohorts {
        let zone = Zone::parse(ZONES[index % ZONES.len()])?;
        // Every second cohort has its lessons at each person's own hour.
        let clock = if index % 2 == 0 { LessonClock::Cohort } else { LessonClock::Participant };
        let cohort = house.cohort(Group { number: index, zone, capacity: 20, clock, starts_on: None }).await?;
        house.people(cohort, index, IN_A_COHORT).await?;
        ids.push(cohort);
    }
    report.say("seconds to open and seed", began.elapsed().as_secs_f64(), "s");
    for cohort in &ids {
        transact!(house.app.db, |tx| timetable::clear(tx, *cohort).await)?;
    }
    let began = Instant::now();
    for together in ids.chunks(TOGETHER) {
        plan_together(&house, together).await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    report.say("planned from empty in", seconds, "s");
    let written = rows(&house, &ids).await?.iter().map(Vec::len).sum();
    report.say_count("rows", written);
    report.say("rate", number(cohorts) / seconds, "cohorts/s");
    shift(&house, &ids, &report).await
}

async fn plan_together(house: &House, ids: &[CohortId]) -> store::Result<()> {
    let (app, now) = (&house.app, house.app.clock.now());
    transact!(app.db, |tx| {
        let cohorts = cohorts::lock_all(tx, ids).await?;
        plan_timetables(app, tx, &cohorts, now).await
    })
}

/// Moves one cohort by a week: its rows are others then, and nobody else's are.
async fn shift(house: &House, ids: &[CohortId], report: &Report) -> anyhow::Result<()> {
    let (app, moved) = (&house.app, ids[0]);
    let before = rows(house, ids).await?;
    let today = app.clock.now().program.date_naive();
    let to =
        today + Days::new(7) + TimeDelta::days(7 - i64::from(chrono::Datelike::weekday(&today).num_days_from_monday()));
    let target = Target { practice: house.practice.id, cohort: moved, actor: "bench".to_owned() };
    let began = Instant::now();
    let change = Change::MoveStart { to };
    let (_, plan) = look(app, &target, &change).await?;
    change_schedule(app, &target, &change, &plan.fingerprint).await?;
    report.say("one cohort shifted in", began.elapsed().as_secs_f64() * 1_000.0, "ms");
    let after = rows(house, ids).await?;
    let changed = |(was, is): (&Vec<TimetableRow>, &Vec<TimetableRow>)| was != is;
    let touched = before.iter().zip(&after).filter(|pair| changed(*pair)).count();
    ensure!(touched == 1 && before[0] != after[0], "{touched} cohorts were touched");
    report.say_count("cohorts touched", touched);
    Ok(())
}

async fn rows(house: &House, ids: &[CohortId]) -> store::Result<Vec<Vec<TimetableRow>>> {
    let mut all = Vec::new();
    for cohort in ids {
        let mut rows = timetable::of_cohort(house.app.db.reader(), *cohort).await?;
        rows.sort_by_key(|row| row.id.0);
        all.push(rows);
    }
    Ok(all)
}
