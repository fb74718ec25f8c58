//! Does what is asked all the time find its rows by an index, whatever the size of the tables?
//!
//! Each is asked through the store's own functions; on the way, the database says how it would go about it.

use std::sync::Mutex;

use chrono::TimeDelta;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, TransactionTrait, prelude::async_trait,
};
use trellis::{
    clock::Now,
    domain::{
        delivery::Occasion,
        ids::{CohortId, EnrollmentId, ParticipantId, PracticeId, ProgramId, SessionId, TimetableId},
    },
    store::{
        attempts, cohorts, couples, decisions,
        due::{self, Until},
        enrollments, holds, invites,
        ledger::{self, Claim, Day, Lease, LeaseClock, Over},
        logins, participants, plans,
        sent_forms::{self, ToKeep},
        sessions, silences, stops, subscriptions, suppressions, timetable,
    },
};
use uuid::Uuid;

use crate::world::{Backend, World};

/// A connection that notes how each statement would be worked off, and then does nothing with it.
struct Explaining<'a, C> {
    inner: &'a C,
    /// The statement and its plan, line by line.
    noted: Mutex<Vec<(String, Vec<String>)>>,
}

impl<C: ConnectionTrait> Explaining<'_, C> {
    async fn note(&self, statement: &Statement) -> Result<(), DbErr> {
        let (how, column) = match self.get_database_backend() {
            DbBackend::Postgres => ("EXPLAIN", "QUERY PLAN"),
            _ => ("EXPLAIN QUERY PLAN", "detail"),
        };
        let mut asked = statement.clone();
        asked.sql = format!("{how} {}", statement.sql);
        let rows = self.inner.query_all_raw(asked).await?;
        let lines = rows.iter().map(|row| row.try_get::<String>("", column)).collect::<Result<_, _>>()?;
        self.noted.lock().unwrap().push((statement.sql.clone(), lines));
        Ok(())
    }
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Explaining<'_, C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(&statement).await?;
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.note(&statement).await?;
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(&statement).await?;
        self.inner.query_all_raw(statement).await
    }
}

/// Whole tables are read where a line says so; an index that holds only what is open is as short as that.
fn reads_a_whole_table(line: &str) -> bool {
    let line = line.trim().trim_start_matches("->").trim();
    let short = ["ix_deliveries_turn", "ix_deliveries_in_hand", "ix_timetable_due", "ix_cohorts_to_tell"];
    let by_short_index = short.iter().any(|index| line.contains(index));
    // What stands in the statement itself is no table; several questions at once are asked of one row.
    if line == "SCAN given" || line.contains("CONSTANT ROW") {
        return false;
    }
    (line.starts_with("SCAN ") && !by_short_index) || line.contains("Seq Scan on ")
}

async fn ask_everything(world: &World, db: &impl ConnectionTrait) {
    let at = world.now();
    let now = Now { program: at, real: at };
    let nobody = Uuid::from_u128(7);
    let (practice, cohort, person) = (PracticeId(nobody), CohortId(nobody), ParticipantId(nobody));
    let day = Day { person, program: ProgramId(nobody), hours: at..at + TimeDelta::days(1) };

    // The planner, each second.
    timetable::due(db, at, 200).await.unwrap();
    timetable::next_due(db).await.unwrap();
    cohorts::with_changes_to_tell(db, at).await.unwrap();
    couples::over(db, at).await.unwrap();
    enrollments::to_resume(db, at.date_naive()).await.unwrap();
    enrollments::with_hold_over(db, at).await.unwrap();
    holds::not_reminded(db, at).await.unwrap();
    decisions::numbers_due(db, at).await.unwrap();
    due::for_planner(db, Until { now, resume_on: at.date_naive(), decided_before: at }).await.unwrap();
    due::for_sender(db, now).await.unwrap();

    // Whoever plans, for one cohort and for many.
    for of in [&[cohort][..], &[cohort, CohortId(Uuid::from_u128(8)), CohortId(Uuid::from_u128(9))]] {
        plans::timetables(db, of).await.unwrap();
        plans::sessions(db, of).await.unwrap();
        plans::weeks(db, of).await.unwrap();
        plans::ruled_positions(db, of).await.unwrap();
        plans::zones(db, of).await.unwrap();
        plans::shifted(db, of).await.unwrap();
        cohorts::lock_all(db, of).await.unwrap();
    }
    timetable::replace(db, &[TimetableId(nobody)], Vec::new()).await.unwrap();

    // A sender, for each mail.
    let lease = Lease { token: nobody, lasts: TimeDelta::seconds(90), clock: LeaseClock::Ours(at) };
    let claim = Claim { lease, most: 8, served: Some(practice) };
    ledger::claim(db, &claim, now).await.unwrap();
    ledger::take(db, &claim, (1, practice), now).await.unwrap();
    ledger::sweep(db, &lease, (Over::RanOut(&[lease.token]), &[Occasion::Invite]), now).await.unwrap();
    ledger::reached_since(db, &[person], at).await.unwrap();
    ledger::welcomes_of(db, &[person]).await.unwrap();
    ledger::busy_at(db, &day).await.unwrap();
    silences::find(db).await.unwrap();
    stops::of_people(db, &[person]).await.unwrap();
    suppressions::of_addresses(db, practice, &["nobody".to_owned()]).await.unwrap();
    participants::with_ids(db, practice, &[person]).await.unwrap();
    enrollments::with_ids(db, practice, &[EnrollmentId(nobody)]).await.unwrap();
    sessions::with_ids(db, practice, &[SessionId(nobody)]).await.unwrap();
    cohorts::lessons_of(db, cohort).await.unwrap();
    sessions::of_cohort(db, cohort).await.unwrap();

    // Whoever asks for a page, a feed, a place.
    subscriptions::with_feed(db, "nobody").await.unwrap();
    enrollments::of_participant(db, practice, person).await.unwrap();
    enrollments::of_cohort(db, cohort).await.unwrap();
    enrollments::first_waiting(db, cohort).await.unwrap();
    invites::of_enrollment(db, EnrollmentId(nobody)).await.unwrap();
    logins::with_token(db, "nobody", at).await.unwrap();
    let (some, kept) = (["nobody".to_owned(), "else".to_owned()], |hash: &str| ToKeep {
        hash: hash.to_owned(),
        answer: String::new(),
        at,
    });
    sent_forms::find_all(db, &some).await.unwrap();
    sent_forms::keep_answers(db, &some.each_ref().map(|hash| kept(hash))).await.unwrap();
    cohorts::confirmed_seats(db, cohort).await.unwrap();
    cohorts::take_seat(db, cohort).await.unwrap();
    participants::everywhere_with_email(db, &"nobody@example.org".parse().unwrap()).await.unwrap();
    ledger::count_to(db, &[person], Occasion::ConfirmAddress, at).await.unwrap();
    let theirs = ledger::Filter { participant: Some(person), page_size: 20, ..ledger::Filter::default() };
    ledger::of_practice(db, practice, &theirs).await.unwrap();
    participants::everywhere_with_keys(db, &some).await.unwrap();
    ledger::count_to_each(db, &[person], Occasion::ConfirmAddress, at).await.unwrap();
    cohorts::take_seats(db, cohort, 2).await.unwrap();
    attempts::tries_since(db, "enroll", &["nobody", "else"], at).await.unwrap();
    attempts::count_since(db, attempts::Bucket { name: "enroll", subject_hash: "nobody" }, at).await.unwrap();

    // What comes back by mail.
    ledger::with_hashed_message_id(db, "<nobody@example.org>").await.unwrap();

    // Whoever watches.
    ledger::backlog(db, at).await.unwrap();
    ledger::standstill(db, Some(practice)).await.unwrap();
}

async fn plans(backend: Backend) {
    let world = World::new(backend).await;
    let inner = world.app.db.begin_aside().await.unwrap();
    let tx = inner.tx().begin().await.unwrap();
    if backend == Backend::Postgres {
        // A table with three rows is read as a whole by whoever is clever: what counts is whether it has to be.
        tx.execute_unprepared("SET LOCAL enable_seqscan = off").await.unwrap();
    }
    let asking = Explaining { inner: &tx, noted: Mutex::default() };
    ask_everything(&world, &asking).await;
    let noted = asking.noted.into_inner().unwrap();
    assert!(noted.len() >= 28, "each says something: {}", noted.len());
    let faults: Vec<_> = noted
        .iter()
        .filter(|(_, plan)| plan.iter().any(|line| reads_a_whole_table(line)))
        .map(|(sql, plan)| format!("{sql}\n    {}", plan.join("\n    ")))
        .collect();
    assert!(faults.is_empty(), "{backend:?} reads whole tables:\n{}", faults.join("\n\n"));
    if backend == Backend::Sqlite {
        assert_indexes(&noted);
    }
    // A claim takes the first rows of an index in its own order: it does not sort all that is due.
    let claim = noted.iter().find(|(sql, _)| sql.starts_with("UPDATE") && sql.contains("lease_token")).unwrap();
    let plan = claim.1.join("\n");
    assert!(plan.contains("ix_deliveries_turn"), "{plan}");
    if backend == Backend::Sqlite {
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        // People are found one by one, and not among all of their practice.
        let people = |sql: &str| sql.contains("FROM \"participants\"") && sql.contains(" IN ");
        let of_people = noted.iter().find(|(sql, _)| people(sql)).unwrap().1.join("\n");
        assert!(of_people.contains("(id=?)"), "{of_people}");
        // Whoever is first in line is the first row, however long the line is; what one person got is found by them.
        let first = noted.iter().find(|(sql, _)| sql.contains("\"asked_at\" ASC") && sql.contains("LIMIT")).unwrap();
        assert!(!first.1.join("\n").contains("TEMP B-TREE"), "{first:?}");
        let theirs = noted.iter().filter(|(sql, _)| sql.contains("COALESCE")).collect::<Vec<_>>();
        assert_eq!(theirs.len(), 2, "how many there are, and a page of them");
        assert!(theirs.iter().all(|(_, plan)| plan.join("\n").contains("(participant_id=?)")), "{theirs:?}");
    }
    tx.rollback().await.unwrap();
}

/// Which index answers; PostgreSQL takes any of them as long as nothing is there.
fn assert_indexes(noted: &[(String, Vec<String>)]) {
    let plans = |part: &str| {
        let of_these = noted.iter().filter(|(sql, _)| sql.contains(part));
        of_these.map(|(_, plan)| plan.join("\n")).collect::<Vec<_>>()
    };
    // Whether anything is due is found at the beginning of each index, and nothing is sorted for it.
    let planner = plans("AS \"timetable\"").remove(0);
    let timed = ["ix_timetable_due", "ix_cohorts_to_tell", "ix_enrollments_hold"];
    for index in timed.into_iter().chain(["(respond_by<?)", "(resume_on<?)", "decide_by<?)"]) {
        assert!(planner.contains(index), "{index}: {planner}");
    }
    let sender = plans("AS \"has_mail\"").remove(0);
    assert!(sender.contains("ix_deliveries_turn") && sender.contains("SEARCH settings"), "{sender}");
    assert!(!planner.contains("TEMP B-TREE") && !sender.contains("TEMP B-TREE"), "{planner} {sender}");
    // A plan reads no lesson, and of those who take part only whom it is about.
    let (lessons, shifted) = (plans("\"timing\" ="), plans("shift_days > 0"));
    assert_eq!((lessons.len(), shifted.len()), (2, 2));
    assert!(lessons.iter().all(|plan| plan.contains("COVERING INDEX ix_cohort_lessons_timed")), "{lessons:?}");
    assert!(shifted.iter().all(|plan| plan.contains("ix_enrollments_shifted")), "{shifted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_all_the_time_reads_no_whole_table_on_sqlite() {
    plans(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_all_the_time_reads_no_whole_table_on_postgres() {
    plans(Backend::Postgres).await;
}

#[test]
fn a_plan_that_reads_a_whole_table_is_seen() {
    for line in ["SCAN deliveries", "  ->  Seq Scan on deliveries  (cost=0.00..1.01)", "SCAN cohorts USING INDEX x"] {
        assert!(reads_a_whole_table(line), "{line}");
    }
    for line in ["SEARCH deliveries USING INDEX x (id=?)", "SCAN timetable USING INDEX ix_timetable_due", "  ->  Sort"]
    {
        assert!(!reads_a_whole_table(line), "{line}");
    }
}
