//! Whatever somebody does with their place, in any order: is no lesson lost or doubled, and does every calendar stay
//! true?

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use trellis::{
    actions::{
        leave::{By, leave},
        move_enrollment::move_enrollment,
        pause::{Wish, pause},
        resume::resume,
    },
    domain::{
        enrollment::{Resuming, Standing},
        ids::{CohortId, EnrollmentId},
        schedule::LessonClock,
    },
    store::{cohorts, enrollments, participants, practices::Practice},
};

use crate::{
    other_dates::{ANA, later},
    people::{ask, enroll},
    world::{Backend, World, utc},
};

/// What Ana does next.
#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Pause {
        days: Option<u64>,
        how: Resuming,
    },
    Resume(Resuming),
    Move(usize),
    Leave,
    EnrollAgain(usize),
    /// Within the minute in which mail is due and none has left.
    DueAndMore(Box<Step>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let how = || prop_oneof![Just(Resuming::Rejoin), Just(Resuming::Shift)];
    let own = prop_oneof![
        2 => (prop::option::of(1_u64..30), how()).prop_map(|(days, how)| Step::Pause { days, how }),
        3 => how().prop_map(Step::Resume),
        2 => (0_usize..3).prop_map(Step::Move),
        1 => Just(Step::Leave),
        1 => (0_usize..3).prop_map(Step::EnrollAgain),
    ];
    let step = prop_oneof![
        4 => (1_i64..300).prop_map(Step::Wait),
        5 => own.clone(),
        2 => own.prop_map(|step| Step::DueAndMore(Box::new(step))),
    ];
    prop::collection::vec(step, 4..14)
}

struct Life {
    world: World,
    practice: Practice,
    cohorts: Vec<CohortId>,
}

impl Life {
    async fn begin() -> Self {
        let world = World::new(Backend::Sqlite).await;
        let practice = world.practice().await;
        let first = world.cohort(&practice, |_| {}).await;
        let second = later(&world, &practice, first, 1, |_| {}).await;
        let third = later(&world, &practice, first, 4, |new| new.lesson_clock = LessonClock::Participant).await;
        enroll(&world, first, &ANA).await;
        Self { world, practice, cohorts: vec![first, second, third] }
    }

    /// Where she takes part, if anywhere.
    async fn place(&self) -> Option<(EnrollmentId, Standing)> {
        let db = self.world.app.db.reader();
        let ana = participants::with_email(db, self.practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
        let all = enrollments::of_participant(db, self.practice.id, ana.id).await.unwrap();
        let mut here = all.into_iter().filter(|row| matches!(row.standing, Standing::Enrolled | Standing::Paused));
        here.next().map(|row| (row.id, row.standing))
    }

    async fn take(&self, step: &Step) {
        let (app, by) = (&self.world.app, By::Participant);
        let here = self.place().await;
        match (step, here) {
            (Step::Wait(hours), _) => self.world.pass(TimeDelta::hours(*hours)).await,
            (Step::DueAndMore(step), _) => {
                if let Some(at) = self.world.next_instant().await.filter(|at| *at > self.world.now()) {
                    self.world.app.clock.set(at);
                    trellis::actions::release_due::release_due(app).await.unwrap();
                }
                Box::pin(self.take(step)).await;
            }
            (Step::Pause { days, how }, Some((id, _))) => {
                let today = crate::world::zone(ANA.zone).local(self.world.now()).date();
                let wish = Wish { resume_on: days.map(|days| today + Days::new(days)), resume_as: *how };
                drop(pause(app, id, wish).await);
            }
            (Step::Resume(how), Some((id, _))) => drop(resume(app, id, *how).await),
            (Step::Move(to), Some((id, _))) => drop(move_enrollment(app, id, self.cohorts[*to], &by).await),
            (Step::Leave, Some((id, _))) => drop(leave(app, id, &by).await),
            // Nobody is in two groups of one program in this life.
            (Step::EnrollAgain(to), None) => {
                ask(&self.world, self.cohorts[*to], &ANA).await;
                self.world.run().await;
                let row = self.pending().await;
                if let Some(id) = row {
                    drop(trellis::actions::confirm_enrollment::confirm_enrollment(app, id).await);
                }
            }
            (Step::EnrollAgain(_), Some(_))
            | (Step::Pause { .. } | Step::Resume(_) | Step::Move(_) | Step::Leave, None) => {}
        }
    }

    async fn pending(&self) -> Option<EnrollmentId> {
        let db = self.world.app.db.reader();
        let ana = participants::with_email(db, self.practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
        let all = enrollments::of_participant(db, self.practice.id, ana.id).await.unwrap();
        all.into_iter().find(|row| row.standing == Standing::Pending).map(|row| row.id)
    }

    async fn seats_are_true(&self) -> Result<(), TestCaseError> {
        let db = self.world.app.db.reader();
        for cohort in &self.cohorts {
            let row = cohorts::anywhere(db, *cohort).await.unwrap().unwrap();
            let held = enrollments::of_cohort(db, *cohort).await.unwrap();
            let seats = held.iter().filter(|row| row.seat.is_some()).count();
            prop_assert_eq!(usize::try_from(row.seats_taken).unwrap(), seats);
            prop_assert!(held.iter().all(|row| row.seat.is_none() || row.standing.holds_seat()));
        }
        Ok(())
    }

    fn lessons_came_once(&self) -> Result<BTreeMap<u32, usize>, TestCaseError> {
        let mut came: BTreeMap<u32, usize> = BTreeMap::new();
        for mail in self.world.mails_to(ANA.email) {
            if let Some(part) = mail.subject.strip_prefix("Weekly course, part ") {
                *came.entry(part.parse().unwrap()).or_default() += 1;
            } else if mail.subject.starts_with("What ") {
                for part in mail.text.split("/p/lesson/").skip(1) {
                    let part: String = part.chars().take_while(char::is_ascii_digit).collect();
                    *came.entry(part.parse().unwrap()).or_default() += 1;
                }
            }
        }
        prop_assert!(came.values().all(|times| *times == 1), "twice: {:?}", came);
        Ok(came)
    }

    fn calendars_were_told_in_order(&self) -> Result<(), TestCaseError> {
        let mut said: BTreeMap<String, Vec<(String, i32)>> = BTreeMap::new();
        for mail in self.world.mails_to(ANA.email).iter().filter(|mail| mail.calendar.is_some()) {
            let word = (mail.property("METHOD"), mail.property("SEQUENCE").parse().unwrap());
            said.entry(mail.property("UID")).or_default().push(word);
        }
        for words in said.values() {
            prop_assert_eq!(words[0].0.as_str(), "REQUEST", "a CANCEL only after a REQUEST: {:?}", words);
            prop_assert!(words.windows(2).all(|pair| pair[0].1 < pair[1].1), "SEQUENCE rises: {:?}", words);
            let after = words.iter().skip_while(|word| word.0 != "CANCEL").skip(1).count();
            prop_assert_eq!(after, 0, "a UID that was canceled is over: {:?}", words);
        }
        Ok(())
    }
}

async fn live(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let life = Life::begin().await;
    for step in &steps {
        life.take(step).await;
        life.seats_are_true().await?;
    }
    // Until everything is over, half a year's pauses too.
    life.world.to(utc("2027-07-30 12:00")).await;
    life.seats_are_true().await?;
    let came = life.lessons_came_once()?;
    life.calendars_were_told_in_order()?;
    if let Some((_, Standing::Enrolled)) = life.place().await {
        prop_assert_eq!(came.keys().copied().collect::<Vec<_>>(), (1..=6).collect::<Vec<_>>(), "who stays gets all");
    }
    life.world.end().await;
    Ok(())
}

#[test]
fn any_way_through_a_program_repeats_and_loses_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { cases: 12, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let mut runner = TestRunner::new(config);
    runner.run(&steps(), |steps| runtime.block_on(live(steps))).unwrap();
}
