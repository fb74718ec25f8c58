//! Lessons that went out before somebody could have them come in one mail, and never what they had.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::LateJoiners,
        delivery::{Occasion, State},
        one_a_day::{Hour, spaced},
        reach::CAME_ALONG,
        schedule::{LessonClock, LessonTiming},
        timetable::LESSON_USEFUL,
    },
    store::{
        self,
        cohorts::{Cohort, CohortLesson},
        database::Tx,
        enrollments::Enrollment,
        ledger::{self, Delivery, Queued, Recipient},
        participants,
    },
};

use super::own_lessons::{Own, own_lessons};

/// Why a lesson's key is kept that never was a mail of its own.
const ON_THE_PAGE: &str = "can be read after sign-in";

/// Why somebody has lessons to catch up on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    Joined,
    Paused,
    Moved,
}

/// What is out and this person never had: in one mail after a pause, else as the cohort has it for those who come
/// late. No reminder of a session that is past is sent after it. The caller holds the cohort's lock.
pub async fn catch_up(
    app: &App,
    tx: &Tx,
    of: (&Cohort, &Enrollment),
    since: Since,
    now: Now,
) -> store::Result<Vec<CohortLesson>> {
    let missed: Vec<Own> =
        still_to_come(tx, of.0, of.1).await?.into_iter().filter(|own| own.is_out(now.program)).collect();
    let lessons: Vec<CohortLesson> = missed.into_iter().map(|own| own.lesson).collect();
    let manner = match since {
        Since::Paused => LateJoiners::Digest,
        Since::Joined | Since::Moved => of.0.late_joiners,
    };
    match manner {
        LateJoiners::Digest => send_together(app, tx, of.1, (&lessons, since), now).await?,
        LateJoiners::Spaced => one_by_one(app, tx, of, &lessons, now).await?,
        LateJoiners::PortalOnly => {
            let kept = lessons.iter().map(|lesson| kept(app, of.1, (lesson, ON_THE_PAGE), now));
            ledger::enqueue(tx, kept.collect()).await?;
        }
    }
    Ok(lessons)
}

/// The oldest first, on days of this person's on which nothing else of the cohort goes out.
async fn one_by_one(
    app: &App,
    tx: &Tx,
    (cohort, enrollment): (&Cohort, &Enrollment),
    missed: &[CohortLesson],
    now: Now,
) -> store::Result<()> {
    let person = participants::holding(tx, enrollment.participant_id).await?;
    let own = person.map_or(cohort.zone, |person| person.zone);
    let timing = LessonTiming::parse(&cohort.lesson_rule).unwrap_or_default();
    let time = timing.time_of_day(cohort.session_time, i64::from(cohort.session_minutes));
    let clock = match cohort.lesson_clock {
        LessonClock::Cohort => cohort.zone,
        LessonClock::Participant => own,
    };
    let planned: BTreeSet<NaiveDate> = own_lessons(tx, cohort, enrollment)
        .await?
        .iter()
        .filter(|lesson| lesson.due_at > now.program)
        .map(|lesson| own.local(lesson.due_at).date())
        .collect();
    let turns = spaced(missed.len(), Hour { time, clock, own }, &planned, now.program);
    let rows = missed.iter().zip(turns).map(|(lesson, due_at)| {
        let mail = Queued {
            subject: enrollment.journey_id.0,
            object: lesson.lesson_id.0,
            due_at,
            useful_until: Some(due_at + LESSON_USEFUL),
            ..about(Occasion::Lesson, enrollment, now)
        };
        mail.row(app.random.id(now.program), now)
    });
    ledger::enqueue(tx, rows.collect()).await?;
    Ok(())
}

/// The person's own lessons whose keys nothing holds.
pub async fn still_to_come(tx: &Tx, cohort: &Cohort, enrollment: &Enrollment) -> store::Result<Vec<Own>> {
    let keys = ledger::lessons_of_journey(tx, enrollment.journey_id).await?;
    let is_taken = |own: &Own| keys.iter().any(|row| row.object_id == own.lesson.lesson_id.0);
    Ok(own_lessons(tx, cohort, enrollment).await?.into_iter().filter(|own| !is_taken(own)).collect())
}

/// One mail; each lesson's key is kept, so that no later release or move sends it again.
pub async fn send_together(
    app: &App,
    tx: &Tx,
    enrollment: &Enrollment,
    (lessons, since): (&[CohortLesson], Since),
    now: Now,
) -> store::Result<()> {
    if lessons.is_empty() {
        return Ok(());
    }
    let (journey, cohort) = (enrollment.journey_id.0, enrollment.cohort_id.0);
    let last = ledger::last_generation(tx, journey, Occasion::CatchUp, cohort).await?;
    let ids: Vec<_> = lessons.iter().map(|lesson| lesson.id).collect();
    let mail = Queued {
        subject: journey,
        object: cohort,
        generation: last.map_or(0, |last| last + 1),
        params: serde_json::json!({ "lessons": ids, "since": since }),
        ..about(Occasion::CatchUp, enrollment, now)
    };
    let mail = mail.row(app.random.id(now.program), now);
    let params = serde_json::json!({ "catch_up": mail.id }).to_string();
    let along = |lesson| Delivery { params: params.clone(), ..kept(app, enrollment, (lesson, CAME_ALONG), now) };
    let mut rows: Vec<Delivery> = lessons.iter().map(along).collect();
    rows.push(mail);
    ledger::enqueue(tx, rows).await?;
    Ok(())
}

fn about(occasion: Occasion, enrollment: &Enrollment, now: Now) -> Queued {
    Queued {
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        ..Queued::now(enrollment.practice_id, occasion, Recipient::Participant(enrollment.participant_id), now)
    }
}

/// Keeps the key of a lesson that is no mail of its own, and says why.
fn kept(app: &App, enrollment: &Enrollment, of: (&CohortLesson, &str), now: Now) -> Delivery {
    let queued = Queued {
        subject: enrollment.journey_id.0,
        object: of.0.lesson_id.0,
        ..about(Occasion::Lesson, enrollment, now)
    };
    let row = queued.row(app.random.id(now.program), now);
    Delivery { state: State::Skipped, reason: Some(of.1.to_owned()), ..row }
}
