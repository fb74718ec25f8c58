//! Which rows of a timetable go, and which come in their place? What stays the same is left alone.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{super::own_lessons::follow_shifted, basis::Basis};
use crate::{
    app::App,
    clock::Now,
    domain::{
        ids::TimetableId,
        timetable::{Due, Work, history::History},
    },
    store::{
        self,
        database::Tx,
        timetable::{self, TimetableRow},
    },
};

/// What a cohort's new timetable is computed from.
pub(super) struct Plan<'a> {
    pub basis: Basis<'a>,
    pub history: History,
    /// Firings up to this instant are over: they are written as released, and nobody gets them from here.
    pub since: DateTime<Utc>,
}

/// Makes the rows of all of them what they should be, together.
pub(super) async fn write(app: &App, tx: &Tx, plans: &[Plan<'_>], now: Now) -> store::Result<()> {
    let Some(first) = plans.first() else { return Ok(()) };
    let mut changes = Changes { app, now, kin: first.basis.cohort.id.0, gone: Vec::new(), come: Vec::new() };
    for plan in plans {
        changes.add(plan);
    }
    timetable::replace(tx, &changes.gone, changes.come).await?;
    let cohorts: Vec<_> = plans.iter().map(|plan| plan.basis.cohort).collect();
    follow_shifted(app, tx, &cohorts, now).await
}

struct Changes<'a> {
    app: &'a App,
    now: Now,
    /// Rows that are written together lie together.
    kin: Uuid,
    gone: Vec<TimetableId>,
    come: Vec<TimetableRow>,
}

/// What makes a row unique in its cohort: work, object, zone.
type Key<'a> = (&'a str, &'a str, &'a str);

impl Changes<'_> {
    fn add(&mut self, plan: &Plan<'_>) {
        let was: HashMap<Key<'_>, &TimetableRow> = plan.basis.rows.iter().map(|row| (key(row), row)).collect();
        let mut same = HashSet::new();
        for due in plan.basis.dues(&plan.history) {
            let row = self.row(plan, &due);
            match was.get(&key(&row)) {
                Some(was) if self.stays(was) => {}
                Some(was) if is_same(was, &row) => {
                    same.insert(was.id);
                }
                Some(_) | None => self.come.push(self.named(row)),
            }
        }
        let gone = plan.basis.rows.iter().filter(|row| !self.stays(row) && !same.contains(&row.id));
        let gone: Vec<_> = gone.map(|row| row.id).collect();
        self.gone.extend(gone);
    }

    /// What was released stays as it is, and so does what is due and only waits for the planner to look: a change of
    /// plan must not swallow it.
    fn stays(&self, row: &TimetableRow) -> bool {
        row.released_at.is_some() || row.due_at <= self.now.program
    }

    /// Without an id of its own yet: most rows are there already.
    fn row(&self, plan: &Plan<'_>, due: &Due) -> TimetableRow {
        let cohort = plan.basis.cohort;
        TimetableRow {
            id: TimetableId(Uuid::nil()),
            practice_id: cohort.practice_id,
            cohort_id: cohort.id,
            work: due.work.as_str().to_owned(),
            object: object(due.work, &plan.basis),
            zone: due.zone.map(|zone| zone.name().to_owned()).unwrap_or_default(),
            position: due.work.position().map(i32::from).unwrap_or_default(),
            session_id: due.work.session(),
            due_at: due.due_at,
            useful_until: due.useful_until,
            released_at: (due.due_at <= plan.since).then_some(self.now.program),
        }
    }

    fn named(&self, row: TimetableRow) -> TimetableRow {
        TimetableRow { id: self.app.random.kin_id(self.now.program, self.kin), ..row }
    }
}

fn key(row: &TimetableRow) -> Key<'_> {
    (&row.work, &row.object, &row.zone)
}

fn is_same(was: &TimetableRow, is: &TimetableRow) -> bool {
    let what = |row: &TimetableRow| (row.position, row.session_id, row.due_at, row.useful_until, row.released_at);
    what(was) == what(is)
}

/// What the row is about. A session that moved is reminded of anew, so its version is part of it.
fn object(work: Work, basis: &Basis<'_>) -> String {
    match work {
        Work::Lesson { position } => format!("lesson/{position}"),
        Work::ReminderDay { session } | Work::ReminderHour { session } => {
            let version = basis.sessions.iter().find(|row| row.id == session).map_or(0, |row| row.version);
            format!("session/{session}/{version}")
        }
    }
}
