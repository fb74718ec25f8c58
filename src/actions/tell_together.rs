//! A mail about an earlier change of schedule has not left yet: what it says is told together with the later one.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    clock::Now,
    domain::{
        delivery::Occasion,
        ids::{CohortId, EnrollmentId, SessionId},
    },
    store::{
        self,
        database::Tx,
        ledger::{self, Delivery},
    },
};

use super::{still_true::changes_of, tell_calendars::Change};

/// Breaks that came, and breaks that went.
pub(super) type Breaks = [Vec<NaiveDate>; 2];

type Times = Option<(DateTime<Utc>, DateTime<Utc>)>;

/// Mails about the cohort's schedule that wait, by the enrollment they are for.
pub(super) async fn unheard(tx: &Tx, cohort: CohortId) -> store::Result<BTreeMap<Uuid, Delivery>> {
    let open = ledger::open_about(tx, Occasion::ScheduleChanged, cohort.0).await?;
    let waiting = open.into_iter().filter(|row| row.doubts == 0 && row.generation >= 0);
    Ok(waiting.map(|row| (row.subject_id, row)).collect())
}

/// Takes back what one person has not heard, and says it with what is new. What is on the wire is left alone.
pub(super) async fn tell_together(
    tx: &Tx,
    (unheard, enrollment): (&BTreeMap<Uuid, Delivery>, EnrollmentId),
    (changes, breaks): (Vec<Change>, &Breaks),
    now: Now,
) -> store::Result<(Vec<Change>, Breaks)> {
    let Some(row) = unheard.get(&enrollment.0) else { return Ok((changes, breaks.clone())) };
    if !ledger::cancel(tx, row.id, "told together with a later change", now.program).await? {
        return Ok((changes, breaks.clone()));
    }
    let params: serde_json::Value = serde_json::from_str(&row.params).unwrap_or_default();
    let earlier: Breaks = serde_json::from_value(params["breaks"].clone()).unwrap_or_default();
    Ok((together(changes_of(row), changes), both(&earlier, breaks)))
}

/// From what was known before both to what is so after both; what is again as it was is not told.
fn together(earlier: Vec<Change>, later: Vec<Change>) -> Vec<Change> {
    let mut told: BTreeMap<SessionId, (Times, Times)> = BTreeMap::new();
    for change in earlier.into_iter().chain(later) {
        told.entry(change.session).and_modify(|both| both.1 = change.is).or_insert((change.was, change.is));
    }
    let differs = told.into_iter().filter(|(_, (was, is))| was != is);
    let mut changes: Vec<Change> = differs.map(|(session, (was, is))| Change { session, was, is }).collect();
    changes.sort_by_key(|change| change.is.or(change.was));
    changes
}

fn both(earlier: &Breaks, later: &Breaks) -> Breaks {
    let without = |days: &[NaiveDate], gone: &[NaiveDate]| -> Vec<NaiveDate> {
        days.iter().filter(|day| !gone.contains(day)).copied().collect()
    };
    let side = |which: usize| {
        let mut days = without(&earlier[which], &later[1 - which]);
        days.extend(without(&later[which], &earlier[1 - which]));
        days.sort_unstable();
        days.dedup();
        days
    };
    [side(0), side(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Times {
        let instant = |hour: i64| DateTime::from_timestamp(hour * 3_600, 0).unwrap();
        Some((instant(hour), instant(hour + 1)))
    }

    #[test]
    fn two_changes_are_told_as_one() {
        let (one, two) = (SessionId::from(Uuid::from_u128(1)), SessionId::from(Uuid::from_u128(2)));
        let change = |session, was, is| Change { session, was, is };
        let told = together(
            vec![change(one, at(10), at(12)), change(two, at(20), None)],
            vec![change(one, at(12), at(14)), change(two, None, at(20))],
        );
        assert_eq!(told, [change(one, at(10), at(14))], "what came back as it was is not told");
    }

    #[test]
    fn a_break_that_came_and_went_is_not_told() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
        assert_eq!(both(&[vec![day(5), day(12)], vec![]], &[vec![], vec![day(5)]]), [vec![day(12)], vec![]]);
    }
}
