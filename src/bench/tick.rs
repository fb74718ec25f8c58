//! What does a look at what is due cost, when there is much that is not?

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Report, Setup,
    house::{Group, House, begins, berlin},
    median_and_99th, millis,
};
use crate::{
    actions::{
        release_due::release_due,
        send_deliveries::{Hands, Round, send_deliveries},
    },
    clock::Clock,
    domain::{
        delivery::{Occasion, State},
        ids::CohortId,
        schedule::LessonClock,
    },
    store::{
        ledger::{self, Delivery, Queued, Recipient},
        timetable::{self, TimetableRow},
    },
    transact,
};

const LOOKS: usize = 100;
const CHUNK: usize = 10_000;

pub async fn tick(setup: &Setup) -> anyhow::Result<()> {
    let sizes: &[usize] = setup.size.of([&[1_000, 10_000][..], &[10_000, 100_000], &[10_000, 1_000_000]]);
    let house = House::open(setup, Clock::fixed(begins()), "127.0.0.1:1").await?;
    let report = Report::new("tick", setup);
    let mut filled = Filled { rows: 0, cohorts: 0 };
    let mut first = None;
    for rows in sizes {
        while filled.rows < *rows {
            fill(&house, &mut filled).await?;
        }
        let report = report.with("rows", filled.rows);
        let looks = looks(&house).await?;
        report.say("nothing due, median", looks.0, "ms");
        report.say("nothing due, 99th of a hundred", looks.1, "ms");
        let before = *first.get_or_insert(looks.0);
        report.say("growth since the fewest rows", looks.0 / before, "times");
    }
    let report = report.with("rows", filled.rows);
    for (due, after) in [(1, TimeDelta::hours(1)), (1_000, TimeDelta::hours(2))] {
        due_at(&house, due, begins() + after).await?;
        house.app.clock.set(begins() + after);
        let began = Instant::now();
        let mut released = 0;
        while released < due {
            released += release_due(&house.app).await?;
        }
        report.with("due", due).say("released in", millis(began.elapsed()), "ms");
    }
    Ok(())
}

struct Filled {
    rows: usize,
    cohorts: usize,
}

/// As many rows more in each of the three large tables: people who take part, a timetable that is to come, and
/// mail that was sent.
async fn fill(house: &House, filled: &mut Filled) -> anyhow::Result<()> {
    let rows = CHUNK.min((filled.rows * 9).max(1_000));
    let group = Group {
        number: filled.cohorts,
        zone: berlin()?,
        capacity: 65_000,
        clock: LessonClock::Cohort,
        starts_on: None,
    };
    let cohort = house.cohort(group).await?;
    house.people(cohort, filled.cohorts, rows).await?;
    let (app, now) = (&house.app, house.app.clock.now());
    let ahead = (0..rows).map(|number| row(house, cohort, number, begins() + TimeDelta::days(400))).collect::<Vec<_>>();
    let sent = (0..rows).map(|_| {
        let person = Recipient::Participant(app.random.id(now.real));
        let row = Queued::now(house.practice.id, Occasion::Welcome, person, now).row(app.random.id(now.real), now);
        Delivery { state: State::Sent, sent_at: Some(now.program), cohort_id: Some(cohort), ..row }
    });
    let sent: Vec<_> = sent.collect();
    transact!(app.db, |tx| {
        timetable::replace(tx, &[], ahead.clone()).await?;
        ledger::enqueue(tx, sent.clone()).await
    })?;
    filled.rows += rows;
    filled.cohorts += 1;
    Ok(())
}

fn row(house: &House, cohort: CohortId, number: usize, due_at: DateTime<Utc>) -> TimetableRow {
    TimetableRow {
        id: house.app.random.id(due_at),
        practice_id: house.practice.id,
        cohort_id: cohort,
        work: "reminder_day".to_owned(),
        object: format!("bench/{due_at}/{number}"),
        zone: String::new(),
        position: 0,
        session_id: None,
        due_at,
        useful_until: due_at + TimeDelta::hours(1),
        released_at: None,
    }
}

/// Puts rows into the timetable that are due then.
async fn due_at(house: &House, rows: usize, at: DateTime<Utc>) -> anyhow::Result<()> {
    let group = Group { number: 0, zone: berlin()?, capacity: 1, clock: LessonClock::Cohort, starts_on: None };
    let cohort = house.cohort(group).await?;
    let rows: Vec<_> = (0..rows).map(|number| row(house, cohort, number, at)).collect();
    transact!(house.app.db, |tx| timetable::replace(tx, &[], rows.clone()).await)?;
    Ok(())
}

/// What the planner and one sender do at every tick.
async fn looks(house: &House) -> anyhow::Result<(f64, f64)> {
    let mut sender = house.app.mailer.sender();
    let mut times = Vec::new();
    for _ in 0..LOOKS {
        let began = Instant::now();
        let released = release_due(&house.app).await?;
        let round = send_deliveries(&house.app, &Hands::default(), &mut sender).await?;
        times.push(millis(began.elapsed()));
        anyhow::ensure!(released == 0 && round == Round::Idle, "something was due");
    }
    Ok(median_and_99th(times))
}
