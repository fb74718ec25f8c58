//! A participant changes their zone: when do their lessons come now?
//!
//! Only where lessons keep each person's own clock, and only what nobody has claimed yet.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Timing,
        delivery::Occasion,
        enrollment::Standing,
        schedule::{LessonClock, LessonTiming},
        zone::Zone,
    },
    store::{
        self,
        cohorts::{self, Cohort, CohortLesson},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Delivery, Queued, Recipient},
        participants::Participant,
        timetable::{self, TimetableRow},
    },
};

use super::plan_timetable::plan_timetable;

/// What a lesson has at least that the new clocks show as past.
const STILL_USEFUL: TimeDelta = TimeDelta::hours(24);

/// Cohorts whose lessons keep each person's own clock plan anew; a lesson that is out in the new zone comes at once.
pub(super) async fn follow_to_zone(
    app: &App,
    tx: &Tx,
    person: &Participant,
    before: Zone,
    now: Now,
) -> store::Result<()> {
    for enrollment in enrollments::of_participant(tx, person.practice_id, person.id).await? {
        let Some(cohort) = cohorts::anywhere(tx, enrollment.cohort_id).await? else { continue };
        let has_own_clock = LessonTiming::parse(&cohort.lesson_rule).is_ok_and(|timing| timing.rule().is_some());
        if cohort.lesson_clock != LessonClock::Participant
            || !has_own_clock
            || enrollment.standing != Standing::Enrolled
        {
            continue;
        }
        cohorts::lock(tx, cohort.id).await?;
        // Those of the old zone go with the last who lives there.
        let mut planned = timetable::of_cohort(tx, cohort.id).await?;
        planned.retain(|row| row.work == "lesson" && row.zone == before.name());
        plan_timetable(app, tx, &cohort, now).await?;
        // Whose lessons come later by their own days was seen to with the plan.
        if enrollment.shift_days > 0 {
            continue;
        }
        let mut rows = timetable::of_cohort(tx, cohort.id).await?;
        rows.retain(|row| row.work == "lesson" && row.zone == person.zone.name());
        let mut lessons = cohorts::lessons_of(tx, cohort.id).await?;
        lessons.retain(|lesson| lesson.track.is_empty() || lesson.track == enrollment.track);
        let there = There { person, before, planned, rows, lessons };
        there.retime(tx, &cohort, &enrollment, now).await?;
        let come = there.already_out(&enrollment, now);
        ledger::enqueue(tx, come.into_iter().map(|mail| mail.row(app.random.id(now.program), now)).collect()).await?;
    }
    Ok(())
}

/// What times lessons in the new zone, and did in the old.
struct There<'a> {
    person: &'a Participant,
    before: Zone,
    planned: Vec<TimetableRow>,
    rows: Vec<TimetableRow>,
    lessons: Vec<CohortLesson>,
}

impl There<'_> {
    /// What waits unclaimed follows: to the time that is planned there, or to the same hour on the new clocks.
    async fn retime(&self, tx: &Tx, cohort: &Cohort, enrollment: &Enrollment, now: Now) -> store::Result<()> {
        for waiting in ledger::waiting_lessons(tx, (cohort.id, enrollment.id)).await? {
            let (due_at, until) = self.new_time(&waiting);
            let until = until.map(|until| until.max(now.program.max(due_at) + STILL_USEFUL));
            ledger::retime(tx, waiting.id, due_at, until).await?;
        }
        Ok(())
    }

    fn new_time(&self, waiting: &Delivery) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
        let lesson = self.lessons.iter().find(|lesson| lesson.lesson_id.0 == waiting.object_id);
        let at = |rows: &[TimetableRow]| {
            rows.iter().find(|row| lesson.is_some_and(|lesson| lesson.position == row.position)).cloned()
        };
        match (at(&self.planned), at(&self.rows)) {
            (Some(old), Some(new)) if old.due_at == waiting.due_at => (new.due_at, Some(new.useful_until)),
            _ => {
                let moved = |at: DateTime<Utc>| self.person.zone.resolve(self.before.local(at));
                (moved(waiting.due_at), waiting.useful_until.map(moved))
            }
        }
    }

    /// What is out there and was still to come here, or still helps. Who had it keeps its key, so nobody gets it twice.
    fn already_out(&self, enrollment: &Enrollment, now: Now) -> Vec<Queued> {
        let was_ahead = |position| self.planned.iter().any(|row| row.position == position && row.due_at > now.program);
        let out = self
            .rows
            .iter()
            .filter(|row| row.due_at <= now.program && (row.useful_until > now.program || was_ahead(row.position)));
        let lessons = |row: &TimetableRow| {
            let position = row.position;
            self.lessons.iter().filter(move |lesson| lesson.position == position && lesson.timing == Timing::Rule)
        };
        out.flat_map(|row| lessons(row).map(move |lesson| (row, lesson)))
            .map(|(row, lesson)| Queued {
                subject: enrollment.journey_id.0,
                object: lesson.lesson_id.0,
                enrollment: Some(enrollment.id),
                cohort: Some(enrollment.cohort_id),
                useful_until: Some(row.useful_until.max(now.program + STILL_USEFUL)),
                ..Queued::now(
                    enrollment.practice_id,
                    Occasion::Lesson,
                    Recipient::Participant(enrollment.participant_id),
                    now,
                )
            })
            .collect()
    }
}
