//! What does somebody get who takes part from now on: the welcome, the calendar, and what came before them?

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::{LateJoiners, Timing},
        delivery::{Occasion, State},
        one_a_day::{Hour, spaced},
        schedule::{LessonClock, LessonTiming},
        timetable::LESSON_USEFUL,
        zone::Zone,
    },
    store::{
        self,
        cohorts::{self, Cohort, CohortLesson},
        database::Tx,
        enrollments::Enrollment,
        ledger::{self, Delivery, Queued, Recipient},
        participants,
        timetable::{self, TimetableRow},
    },
};

use super::{plan_timetable::plan_timetable, tell_calendars::tell_calendar};

/// Why a lesson's key is kept that never was a mail of its own.
pub const CAME_WITH: &str = "came with ";
pub const ON_THE_PAGE: &str = "can be read after sign-in";

/// Everything a new participant gets: the welcome, the calendar entries, and what was missed.
pub async fn welcome(app: &App, tx: &Tx, cohort: &Cohort, enrollment: &Enrollment, now: Now) -> store::Result<()> {
    if cohort.lesson_clock == LessonClock::Participant {
        plan_timetable(app, tx, cohort, now).await?;
    }
    let letter = letter(Occasion::Welcome, enrollment, now).row(app.random.id(now.program), now);
    ledger::enqueue(tx, vec![letter]).await?;
    catch_up(app, tx, cohort, enrollment, now).await?;
    tell_calendar(app, tx, enrollment, now).await?;
    Ok(())
}

/// What is out and this person never had, as the cohort has it for those who come late: in one mail, one a day, or on
/// the page alone. Returns how many lessons that are. No reminder of a session that is past is sent after it.
pub async fn catch_up(app: &App, tx: &Tx, cohort: &Cohort, enrollment: &Enrollment, now: Now) -> store::Result<usize> {
    let place = Place::read(tx, cohort, enrollment).await?;
    let missed = missed_lessons(tx, &place, enrollment, now.program).await?;
    if missed.is_empty() {
        return Ok(0);
    }
    match cohort.late_joiners {
        LateJoiners::Digest => digest(app, tx, enrollment, &missed, now).await?,
        LateJoiners::Spaced => one_by_one(app, tx, (cohort, &place), (enrollment, &missed), now).await?,
        LateJoiners::PortalOnly => {
            let kept = missed.iter().map(|lesson| kept(app, enrollment, (lesson, ON_THE_PAGE), now));
            ledger::enqueue(tx, kept.collect()).await?;
        }
    }
    Ok(missed.len())
}

async fn digest(app: &App, tx: &Tx, enrollment: &Enrollment, missed: &[CohortLesson], now: Now) -> store::Result<()> {
    let catch_up = Queued {
        subject: enrollment.journey_id.0,
        object: enrollment.cohort_id.0,
        params: serde_json::json!({ "lessons": missed.iter().map(|lesson| lesson.id).collect::<Vec<_>>() }),
        ..letter(Occasion::CatchUp, enrollment, now)
    };
    let mut rows = vec![catch_up.row(app.random.id(now.program), now)];
    let reason = format!("{CAME_WITH}the catch-up mail");
    rows.extend(missed.iter().map(|lesson| kept(app, enrollment, (lesson, &reason), now)));
    ledger::enqueue(tx, rows).await?;
    Ok(())
}

/// The oldest first, on days of this person's on which nothing else of the cohort goes out.
async fn one_by_one(
    app: &App,
    tx: &Tx,
    of: (&Cohort, &Place),
    whom: (&Enrollment, &[CohortLesson]),
    now: Now,
) -> store::Result<()> {
    let ((cohort, place), (enrollment, missed)) = (of, whom);
    let own = place.zone;
    let timing = LessonTiming::parse(&cohort.lesson_rule).unwrap_or_default();
    let time = timing.time_of_day(cohort.session_time, i64::from(cohort.session_minutes));
    let clock = match cohort.lesson_clock {
        LessonClock::Cohort => cohort.zone,
        LessonClock::Participant => own,
    };
    let planned: BTreeSet<NaiveDate> =
        place.rows.iter().filter(|row| row.due_at > now.program).map(|row| own.local(row.due_at).date()).collect();
    let turns = spaced(missed.len(), Hour { time, clock, own }, &planned, now.program);
    let rows: Vec<Delivery> = missed
        .iter()
        .zip(turns)
        .map(|(lesson, due_at)| {
            let mail = Queued {
                subject: enrollment.journey_id.0,
                object: lesson.lesson_id.0,
                generation: 0,
                due_at,
                useful_until: Some(due_at + LESSON_USEFUL),
                ..letter(Occasion::Lesson, enrollment, now)
            };
            mail.row(app.random.id(now.program), now)
        })
        .collect();
    // Somebody who comes back has the keys already.
    ledger::put_back(tx, &rows).await?;
    ledger::enqueue(tx, rows).await?;
    Ok(())
}

fn letter(occasion: Occasion, enrollment: &Enrollment, now: Now) -> Queued {
    Queued {
        subject: enrollment.id.0,
        object: enrollment.id.0,
        generation: i32::try_from(now.real.timestamp() / 60).unwrap_or(i32::MAX),
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        ..Queued::now(enrollment.practice_id, occasion, Recipient::Participant(enrollment.participant_id), now)
    }
}

/// What times lessons for one person in a cohort.
struct Place {
    zone: Zone,
    /// Of this person's clock and track, lessons only.
    rows: Vec<TimetableRow>,
    /// Of their track.
    lessons: Vec<CohortLesson>,
}

impl Place {
    async fn read(tx: &Tx, cohort: &Cohort, enrollment: &Enrollment) -> store::Result<Self> {
        let person = participants::holding(tx, enrollment.participant_id).await?;
        let zone = person.map_or(cohort.zone, |person| person.zone);
        let mut lessons = cohorts::lessons_of(tx, cohort.id).await?;
        lessons.retain(|lesson| lesson.track.is_empty() || lesson.track == enrollment.track);
        let mut rows = timetable::of_cohort(tx, cohort.id).await?;
        rows.retain(|row| {
            row.work == "lesson"
                && (row.zone.is_empty() || row.zone == zone.name())
                && lessons.iter().any(|lesson| lesson.position == row.position)
        });
        Ok(Self { zone, rows, lessons })
    }
}

/// The lessons of this person's track that went out before they came, and that they did not have elsewhere.
async fn missed_lessons(
    tx: &Tx,
    place: &Place,
    enrollment: &Enrollment,
    now: DateTime<Utc>,
) -> store::Result<Vec<CohortLesson>> {
    let is_out = |row: &TimetableRow| row.due_at <= now || row.released_at.is_some();
    let is_last = place.rows.iter().all(is_out);
    let was_sent = |lesson: &&CohortLesson| match lesson.timing {
        Timing::Rule => place.rows.iter().any(|row| row.position == lesson.position && is_out(row)),
        Timing::Now => true,
        // It comes with the next one, as long as there is one.
        Timing::WithNext => is_last,
        Timing::Skipped | Timing::Removed => false,
    };
    let mut missed = Vec::new();
    for lesson in place.lessons.iter().filter(was_sent) {
        let known = ledger::about(tx, Occasion::Lesson, lesson.lesson_id.0).await?;
        if !known.iter().any(|row| row.subject_id == enrollment.journey_id.0 && is_had(row)) {
            missed.push(lesson.clone());
        }
    }
    Ok(missed)
}

/// Whether a person had this lesson, or is about to.
fn is_had(row: &Delivery) -> bool {
    match row.state {
        State::Held
        | State::Queued
        | State::Claimed
        | State::Sending
        | State::Sent
        | State::Deferred
        | State::Unknown
        | State::Complained => true,
        State::Skipped => row.reason.as_deref().is_some_and(|why| why.starts_with(CAME_WITH) || why == ON_THE_PAGE),
        State::Bounced | State::Failed | State::Missed | State::Canceled => false,
    }
}

/// Keeps the key, so that no later release or move sends the lesson again.
fn kept(app: &App, enrollment: &Enrollment, of: (&CohortLesson, &str), now: Now) -> Delivery {
    let (lesson, reason) = of;
    let queued = Queued {
        subject: enrollment.journey_id.0,
        object: lesson.lesson_id.0,
        generation: 0,
        ..letter(Occasion::Lesson, enrollment, now)
    };
    Delivery { state: State::Skipped, reason: Some(reason.to_owned()), ..queued.row(app.random.id(now.program), now) }
}
