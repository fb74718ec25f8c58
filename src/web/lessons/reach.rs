//! Which cohorts does the text of a lesson still reach, and in which has it gone out?

use crate::{
    actions::lesson_state::{CopyState, Lessons},
    domain::{civil, ids::ProgramId},
    store::{
        cohorts::{self, Cohort},
        programs::LessonRow,
        sessions,
    },
    web::{error::PageError, guard::SignedCoach, labels::Choice, site::Site},
};

#[derive(Debug, Default)]
pub(super) struct Reach {
    pub(super) cohorts: Vec<Choice>,
    /// Their names.
    pub(super) out_in: Vec<String>,
}

/// Cohorts with a copy: those in which a new text would still be read, with the date.
pub(super) async fn of_lesson(site: &Site, signed: &SignedCoach, row: &LessonRow) -> Result<Reach, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let mut reach = Reach::default();
    for cohort in cohorts::of_program(db, signed.practice.id, row.program_id).await? {
        let lessons = Lessons::of_cohort(db, cohort.id).await?;
        let Some(copy) = lessons.copies.iter().find(|copy| copy.lesson_id == row.id) else { continue };
        let state = lessons.state(copy, now);
        if state.is_out() {
            reach.out_in.push(cohort.name.expose().to_owned());
        } else {
            reach.cohorts.push(Choice::new(cohort.id, cohort.name.expose()).with(&when(&cohort, state)));
        }
    }
    Ok(reach)
}

/// Cohorts that a new lesson of this week could join: those that are not over.
pub(super) async fn of_new(site: &Site, signed: &SignedCoach, of: (ProgramId, u16)) -> Result<Reach, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let (program, week) = of;
    let mut reach = Reach::default();
    for cohort in cohorts::of_program(db, signed.practice.id, program).await? {
        let ends_at = sessions::last_end(db, cohort.id).await?;
        if ends_at.is_some_and(|ends_at| ends_at <= now) {
            continue;
        }
        let last_out = Lessons::of_cohort(db, cohort.id).await?.last_out(now);
        let detail =
            if i32::from(week) <= last_out { "Its week is past there" } else { "Its week is still to come there" };
        reach.cohorts.push(Choice::new(cohort.id, cohort.name.expose()).with(detail));
    }
    Ok(reach)
}

fn when(cohort: &Cohort, state: CopyState) -> String {
    let on = |at| civil::short_date(cohort.zone.local(at).date());
    match state {
        CopyState::Due(Some(at)) => format!("Goes out on {}", on(at)),
        CopyState::WithNext(Some(at)) => format!("Comes with the next one on {}", on(at)),
        CopyState::Due(None) | CopyState::WithNext(None) => "Its date is not set yet".to_owned(),
        CopyState::Skipped => "Skipped: it is read on the page only".to_owned(),
        CopyState::Out(_) | CopyState::Removed => String::new(),
    }
}
