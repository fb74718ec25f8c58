//! A coach changes when the lessons of a running cohort go out. What is out stays; the rest takes its new dates.

use crate::transact;
use crate::{
    app::App,
    domain::{
        cohort::Late,
        schedule::{LessonClock, LessonTiming},
    },
    store::cohorts::{self, Cohort},
};

use super::{
    change_lessons::{Refused, Target, locked, note},
    plan_timetable::retime,
};

/// The n-th firing, or session, is the n-th lesson's, counted from the start as before. A lesson that has thereby missed
/// its time becomes what `late` says.
pub async fn time_lessons(
    app: &App,
    target: &Target,
    to: (&LessonTiming, LessonClock),
    late: Late,
) -> Result<(), Refused> {
    let now = app.clock.now();
    let (timing, lesson_clock) = to;
    transact!(app.db, |tx| {
        let (cohort, _) = locked(tx, target).await?;
        let cohort = Cohort { lesson_rule: timing.expression(), lesson_clock, changed_at: now.program, ..cohort };
        cohorts::save(tx, cohort.clone()).await?;
        retime(app, tx, &cohort, late, now).await?;
        note(app, tx, target, ("lessons timed anew", &timing.expression()), now).await?;
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}
