//! Two days before it is decided whether a cohort takes place, its coaches are told how many come.

use chrono::TimeDelta;

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{delivery::Occasion, people::Role},
    store::{
        self, coaches,
        cohorts::{self, Cohort},
        decisions,
        ledger::{Queued, Recipient},
    },
};

use super::{place_letters::write_another, release_due::told_apart};

/// How long before they decide.
pub(super) const BEFORE: TimeDelta = TimeDelta::hours(48);

/// Returns about how many cohorts coaches were told.
pub async fn tell_numbers(app: &App, now: Now) -> store::Result<usize> {
    let mut told = 0;
    for cohort in decisions::numbers_due(app.db.reader(), now.program + BEFORE).await? {
        told += usize::from(told_apart("the numbers of a cohort", tell_one(app, &cohort, now).await));
    }
    Ok(told)
}

async fn tell_one(app: &App, cohort: &Cohort, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| {
        cohorts::lock(tx, cohort.id).await?;
        if !decisions::mark_numbers_told(tx, cohort.id, now.program).await? {
            return Ok(false);
        }
        for coach in coaches::of_practice(tx, cohort.practice_id).await? {
            if coach.role == Role::Assistant {
                continue;
            }
            let letter = Queued {
                object: cohort.id.0,
                cohort: Some(cohort.id),
                ..Queued::now(cohort.practice_id, Occasion::CohortNumbers, Recipient::Coach(coach.id), now)
            };
            write_another(app, tx, letter, now).await?;
        }
        Ok(true)
    })
}
