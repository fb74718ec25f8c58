//! Whatever people and the coach do, in whatever order: are seats never oversold, and is the line served in order?

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use trellis::{
    actions::{
        add_person::{NewPerson, WhenFull, add_person},
        complete_people::complete_people,
        confirm_enrollment::{accept_offer, confirm_enrollment},
        decline_place::decline_place,
        leave::{By, leave},
        offer_by_name::offer_by_name,
        release_due::release_due,
        save_cohort::{CohortSettings, save_cohort},
    },
    domain::{
        enrollment::Standing,
        ids::{CohortId, EnrollmentId},
    },
    store::{cohorts, enrollments, enrollments::Enrollment, practices::Practice},
};

use crate::{
    people::{Person, ask},
    places::{person, seats_add_up},
    world::{Backend, World, name},
};

const PEOPLE: [Person; 6] = [
    person("Ana", "ana@example.org", "Europe/Berlin"),
    person("Ben", "ben@example.org", "Asia/Tokyo"),
    person("Cy", "cy@example.org", "America/New_York"),
    person("Di", "di@example.org", "Europe/Lisbon"),
    person("Eve", "eve@example.org", "Pacific/Auckland"),
    person("Flo", "flo@example.org", "Asia/Kathmandu"),
];

#[derive(Debug, Clone, Copy)]
enum Step {
    Ask(usize),
    Confirm(usize),
    Take(usize),
    Decline(usize),
    Leave(usize),
    Remove(usize),
    Add(usize, WhenFull),
    OfferByName(usize, WhenFull),
    Places(u16),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..PEOPLE.len();
    let when_full = || prop_oneof![Just(WhenFull::Refuse), Just(WhenFull::Override)];
    let step = prop_oneof![
        6 => who().prop_map(Step::Ask),
        6 => who().prop_map(Step::Confirm),
        4 => who().prop_map(Step::Take),
        2 => who().prop_map(Step::Decline),
        3 => who().prop_map(Step::Leave),
        1 => who().prop_map(Step::Remove),
        1 => (who(), when_full()).prop_map(|(who, full)| Step::Add(who, full)),
        1 => (who(), when_full()).prop_map(|(who, full)| Step::OfferByName(who, full)),
        2 => (1_u16..4).prop_map(Step::Places),
        3 => prop_oneof![Just(1), Just(70), Just(1_500)].prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 8..28)
}

/// Where everybody stands, in the order of asking.
async fn all(world: &World, cohort: CohortId) -> Vec<Enrollment> {
    enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap()
}

struct Run<'a> {
    world: &'a World,
    practice: &'a Practice,
    cohort: CohortId,
    /// By the person's number.
    known: BTreeMap<usize, EnrollmentId>,
}

impl Run<'_> {
    async fn take(&mut self, step: Step) {
        let app = &self.world.app;
        let id = |who: usize| self.known.get(&who).copied();
        match step {
            Step::Ask(who) => ask(self.world, self.cohort, &PEOPLE[who]).await,
            Step::Confirm(who) => go(id(who), async |id| confirm_enrollment(app, id).await.is_ok()).await,
            Step::Take(who) => go(id(who), async |id| accept_offer(app, id).await.is_ok()).await,
            Step::Decline(who) => go(id(who), async |id| decline_place(app, id).await.is_ok()).await,
            Step::Leave(who) => go(id(who), async |id| leave(app, id, &By::Participant).await.is_ok()).await,
            Step::Remove(who) => {
                go(id(who), async |id| leave(app, id, &By::Coach("Nadia".to_owned())).await.is_ok()).await;
            }
            Step::OfferByName(who, full) => {
                let practice = self.practice.id;
                go(id(who), async |id| offer_by_name(app, (practice, id), full, "Nadia").await.is_ok()).await;
            }
            Step::Add(who, full) => {
                let new = NewPerson {
                    email: PEOPLE[who].email.parse().unwrap(),
                    name: name(PEOPLE[who].name),
                    zone: crate::world::zone(PEOPLE[who].zone),
                    track: "hurt".to_owned(),
                };
                let _added = add_person(app, (self.practice.id, self.cohort), &new, full, "Nadia").await;
            }
            Step::Places(capacity) => {
                let cohort = cohorts::anywhere(app.db.reader(), self.cohort).await.unwrap().unwrap();
                let settings = CohortSettings {
                    name: cohort.name.clone(),
                    room_url: cohort.room_url.clone(),
                    crisis_line: cohort.crisis_line.clone(),
                    capacity,
                    holiday_country: None,
                    late_joiners: cohort.late_joiners,
                };
                let _saved = save_cohort(app, (self.practice.id, self.cohort), &settings, "Nadia").await;
            }
            Step::Wait(minutes) => {
                app.clock.advance(TimeDelta::minutes(minutes));
                release_due(app).await.unwrap();
                complete_people(app).await.unwrap();
            }
        }
        app.clock.advance(TimeDelta::seconds(1));
        for (who, person) in PEOPLE.iter().enumerate() {
            if !self.known.contains_key(&who)
                && let Some(email) = person.email.parse().ok()
                && let Some(known) =
                    trellis::store::participants::with_email(app.db.reader(), self.practice.id, &email).await.unwrap()
                && let Some(place) = enrollments::of_person_in(app.db.reader(), self.cohort, known.id).await.unwrap()
            {
                self.known.insert(who, place.id);
            }
        }
    }

    /// What must hold after every step, whatever it was.
    async fn check(&self, step: Step, before: &[Enrollment], seats_before: i32) -> i32 {
        let seats = seats_add_up(self.world, self.cohort).await;
        let cohort = cohorts::anywhere(self.world.app.db.reader(), self.cohort).await.unwrap().unwrap();
        let by_name = matches!(step, Step::Add(_, WhenFull::Override) | Step::OfferByName(_, WhenFull::Override));
        assert!(
            seats <= cohort.capacity || by_name || seats <= seats_before,
            "{step:?}: {seats} seats of {}, {seats_before} before",
            cohort.capacity
        );
        let after = all(self.world, self.cohort).await;
        let waiting: Vec<_> = after.iter().filter(|it| it.standing == Standing::Waitlisted).collect();
        assert!(
            waiting.is_empty() || seats >= cohort.capacity,
            "{step:?}: a place is free, and {} wait",
            waiting.len()
        );
        let was = |id: EnrollmentId| before.iter().find(|it| it.id == id).map(|it| it.standing);
        for offered in after.iter().filter(|it| it.standing == Standing::Offered) {
            let is_new = was(offered.id) != Some(Standing::Offered);
            if is_new && !matches!(step, Step::OfferByName(..)) {
                assert!(
                    waiting.iter().all(|waits| (offered.asked_at, offered.id) < (waits.asked_at, waits.id)),
                    "{step:?}: somebody asked before whoever was offered the place"
                );
                assert_eq!(was(offered.id), Some(Standing::Waitlisted), "{step:?}: only who waited is offered a place");
            }
        }
        if let Step::Confirm(who) = step {
            let got_in = after.iter().find(|it| Some(&it.id) == self.known.get(&who));
            let had_seat = before.iter().any(|it| Some(&it.id) == self.known.get(&who) && it.seat.is_some());
            if got_in.is_some_and(|it| it.standing == Standing::Enrolled) && !had_seat {
                let waited = before.iter().filter(|it| it.standing == Standing::Waitlisted).count();
                assert_eq!(waited, 0, "a free place belongs to those who wait");
            }
        }
        seats
    }
}

/// What is refused is refused; what is done must hold.
async fn go(id: Option<EnrollmentId>, act: impl AsyncFn(EnrollmentId) -> bool) {
    if let Some(id) = id {
        let _done = act(id).await;
    }
}

#[test]
fn seats_and_the_line_hold_whatever_happens() {
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let limits = [("limits.enrollments_per_address", "1000")];
    let told = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let script = trellis::demo::smtp_server::Script::well();
            let world = World::with(Backend::Sqlite, script, &limits).await;
            let practice = world.practice().await;
            let cohort = world.cohort(&practice, |new| new.capacity = 2).await;
            let mut run = Run { world: &world, practice: &practice, cohort, known: BTreeMap::new() };
            let mut seats = 0;
            for step in &steps {
                let before = all(&world, cohort).await;
                run.take(*step).await;
                seats = run.check(*step, &before, seats).await;
            }
        });
        Ok(())
    });
    told.unwrap();
}
