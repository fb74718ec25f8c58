//! What does somebody get who takes part from now on: the welcome, the calendar, and what came before them?

use crate::{
    app::App,
    clock::Now,
    domain::{delivery::Occasion, schedule::LessonClock},
    store::{self, cohorts::Cohort, database::Tx, enrollments::Enrollment},
};

use super::{
    catch_up::{Since, catch_up},
    place_letters::{about_place, write_another},
    plan_timetable::plan_timetable,
    tell_calendars::tell_calendar,
};

/// Everything a new participant gets: the welcome, the calendar entries, and what was missed.
pub async fn welcome(app: &App, tx: &Tx, cohort: &Cohort, enrollment: &Enrollment, now: Now) -> store::Result<()> {
    if cohort.lesson_clock == LessonClock::Participant {
        plan_timetable(app, tx, cohort, now).await?;
    }
    write_another(app, tx, about_place(Occasion::Welcome, enrollment, now), now).await?;
    catch_up(app, tx, (cohort, enrollment), Since::Joined, now).await?;
    tell_calendar(app, tx, enrollment, now).await?;
    Ok(())
}
