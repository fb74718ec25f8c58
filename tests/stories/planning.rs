//! Are many timetables that are planned together what each would be alone?

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use trellis::{
    actions::{
        follow_time_zones::{self, follow_time_zones},
        plan_timetable::{plan_timetable, plan_timetables},
    },
    domain::{
        ids::{CohortId, PracticeId, TimetableId},
        plan::Change,
        schedule::{LessonClock, LessonTiming},
    },
    store::{
        self, cohorts,
        sessions::{self, SessionRow},
        settings,
        timetable::{self, TimetableRow},
    },
    transact,
};

use crate::{
    people::{Person, enroll},
    story,
    world::{World, utc, zone},
};

/// For the whole installation, so under no practice's id.
const OURS: PracticeId = PracticeId(uuid::Uuid::nil());

const PEOPLE: [Person; 3] = [
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "neither" },
    Person { name: "Ben", email: "ben@example.org", zone: "Asia/Kathmandu", track: "hurt", calendar: "neither" },
    Person { name: "Chandra", email: "chandra@example.org", zone: "Asia/Kathmandu", track: "broke", calendar: "feed" },
];

/// By the cohort's clock, by each person's, after the sessions; with people and without.
async fn several(world: &World) -> Vec<CohortId> {
    let practice = world.practice().await;
    let by_cohort = world.cohort(&practice, |new| new.zone = zone("America/New_York")).await;
    let by_each = world.cohort(&practice, |new| new.lesson_clock = LessonClock::Participant).await;
    let after = world.cohort(&practice, |new| new.rule = LessonTiming::AfterSession { minutes: 30 }).await;
    let empty = world.cohort(&practice, |new| new.lesson_clock = LessonClock::Participant).await;
    for (cohort, people) in [(by_cohort, &PEOPLE[..1]), (by_each, &PEOPLE[1..]), (after, &PEOPLE[..1])] {
        for person in people {
            enroll(world, cohort, person).await;
        }
    }
    vec![by_cohort, by_each, after, empty]
}

async fn rows(world: &World, of: &[CohortId]) -> BTreeMap<TimetableId, TimetableRow> {
    let mut all = BTreeMap::new();
    for cohort in of {
        let rows = timetable::of_cohort(world.app.db.reader(), *cohort).await.unwrap();
        all.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    all
}

type Said = (CohortId, String, String, String, i32, DateTime<Utc>, DateTime<Utc>, bool);

/// What a row says, whatever it is called.
fn said(rows: &BTreeMap<TimetableId, TimetableRow>) -> Vec<Said> {
    let one = |row: &TimetableRow| {
        let what = (row.cohort_id, row.work.clone(), row.object.clone(), row.zone.clone(), row.position);
        (what.0, what.1, what.2, what.3, what.4, row.due_at, row.useful_until, row.released_at.is_some())
    };
    let mut all: Vec<_> = rows.values().map(one).collect();
    all.sort();
    all
}

async fn clear(world: &World, of: &[CohortId]) {
    clear_all(world, of).await.unwrap();
}

async fn clear_all(world: &World, of: &[CohortId]) -> store::Result<()> {
    for cohort in of {
        transact!(world.app.db, |tx| timetable::clear(tx, *cohort).await)?;
    }
    Ok(())
}

async fn together(world: &World, of: &[CohortId]) {
    plan(world, of).await.unwrap();
}

async fn plan(world: &World, of: &[CohortId]) -> store::Result<()> {
    let (app, now) = (&world.app, world.app.clock.now());
    transact!(app.db, |tx| {
        let cohorts = cohorts::lock_all(tx, of).await?;
        plan_timetables(app, tx, &cohorts, now).await
    })
}

async fn one_by_one(world: &World, of: &[CohortId]) {
    for id in of {
        plan_one(world, *id).await.unwrap();
    }
}

async fn plan_one(world: &World, id: CohortId) -> store::Result<()> {
    let (app, now) = (&world.app, world.app.clock.now());
    transact!(app.db, |tx| {
        cohorts::lock(tx, id).await?;
        let cohort = cohorts::anywhere(tx, id).await?.unwrap();
        plan_timetable(app, tx, &cohort, now).await
    })
}

async fn put(world: &World, row: &TimetableRow) -> store::Result<()> {
    transact!(world.app.db, |tx| timetable::replace(tx, &[], vec![row.clone()]).await)
}

story! {
    async fn many_planned_together_are_as_each_planned_alone(world: &World) {
        let cohorts = several(world).await;
        let opened = said(&rows(world, &cohorts).await);
        for (when, at) in [("before the start", "2026-10-09 09:00"), ("on the way", "2026-10-20 12:00")] {
            world.to(utc(at)).await;
            let was = said(&rows(world, &cohorts).await);
            clear(world, &cohorts).await;
            one_by_one(world, &cohorts).await;
            let alone = said(&rows(world, &cohorts).await);
            clear(world, &cohorts).await;
            together(world, &cohorts).await;
            assert_eq!(said(&rows(world, &cohorts).await), alone, "{when}");
            // What is out stays, and what is to come is what it was.
            assert_eq!(alone, was, "{when}");
            assert_eq!(alone.len(), opened.len(), "{when}");
        }
        let zones: Vec<_> = opened.iter().filter(|row| row.0 == cohorts[1]).map(|row| row.3.as_str()).collect();
        assert!(zones.contains(&"Asia/Kathmandu") && zones.contains(&"Europe/Berlin"), "{zones:?}");
        assert!(!zones.contains(&"Europe/Lisbon"), "nobody lives there in this cohort: {zones:?}");
    }
}

story! {
    async fn a_plan_that_changes_nothing_leaves_every_row_as_it_is(world: &World) {
        let cohorts = several(world).await;
        world.to(utc("2026-10-20 12:00")).await;
        let before = rows(world, &cohorts).await;
        together(world, &cohorts).await;
        assert_eq!(rows(world, &cohorts).await, before, "the same rows under the same names");
        let (db, moved) = (world.app.db.reader(), cohorts[3]);
        let practice = cohorts::anywhere(db, moved).await.unwrap().unwrap().practice_id;
        let session = sessions::of_cohort(db, moved).await.unwrap().pop().unwrap();
        let date = session.local_date.succ_opt().unwrap();
        let change = Change::MoveSession { session: session.id, date, time: session.local_time, minutes: 75 };
        world.change((practice, moved), &change).await;
        let after = rows(world, &cohorts).await;
        let gone: Vec<_> = before.values().filter(|row| !after.contains_key(&row.id)).collect();
        let come: Vec<_> = after.values().filter(|row| !before.contains_key(&row.id)).collect();
        assert_eq!((gone.len(), come.len()), (2, 2), "the two reminders of what moved, and no other row of any cohort");
        assert!(gone.iter().chain(&come).all(|row| row.session_id == Some(session.id)), "{gone:?} {come:?}");
        let stays = |row: &&TimetableRow| before.get(&row.id).is_none_or(|was| was == *row);
        assert!(after.values().all(|row| stays(&row)), "and what stays is as it was");
    }
}

story! {
    async fn two_who_plan_the_same_cohorts_at_once_write_each_row_once(world: &World) {
        let cohorts = several(world).await;
        let was = said(&rows(world, &cohorts).await);
        let backwards: Vec<_> = cohorts.iter().rev().copied().collect();
        for _ in 0..5 {
            clear(world, &cohorts).await;
            let (one, other, third) =
                tokio::join!(plan(world, &cohorts), plan(world, &backwards), plan(world, &cohorts[1..3]));
            assert!(one.is_ok() && other.is_ok() && third.is_ok(), "{one:?} {other:?} {third:?}");
            assert_eq!(said(&rows(world, &cohorts).await), was);
        }
    }
}

story! {
    async fn a_look_sees_what_another_process_wrote(world: &World) {
        let cohorts = several(world).await;
        world.to(utc("2026-10-20 12:00")).await;
        world.forget_mails();
        world.run().await;
        assert!(world.mails_to(PEOPLE[0].email).is_empty(), "nothing is due");
        // Not through anything that this process would hear of.
        let row = rows(world, &cohorts).await.into_values().find(|row| row.work == "reminder_day" && row.cohort_id == cohorts[0]);
        let row = TimetableRow {
            id: TimetableId::from(uuid::Uuid::from_u128(7)),
            object: "session/of another process/1".to_owned(),
            due_at: world.now(),
            useful_until: world.now() + TimeDelta::hours(1),
            released_at: None,
            ..row.unwrap()
        };
        put(world, &row).await.unwrap();
        world.run().await;
        assert_eq!(timetable::due(world.app.db.reader(), world.now(), 10).await.unwrap(), [], "it was taken up");
    }
}

async fn set_zones(world: &World, version: &str) -> store::Result<()> {
    let (app, now) = (&world.app, world.app.clock.now());
    let id = app.random.uuid(now.real);
    transact!(app.db, |tx| settings::set(tx, id, (OURS, follow_time_zones::NAME), version, now.real).await)
}

/// As if the clocks had been an hour ahead when this was computed.
async fn by_older_data(world: &World, session: &SessionRow) -> store::Result<()> {
    let (app, hour) = (&world.app, TimeDelta::hours(1));
    let (starts_at, ends_at) = (session.starts_at - hour, session.ends_at - hour);
    let session = SessionRow { starts_at, ends_at, ..session.clone() };
    transact!(app.db, |tx| sessions::save(tx, session.clone()).await)
}

story! {
    async fn new_time_zone_data_moves_what_is_to_come_and_those_it_concerns_hear_of_it(world: &World) {
        let practice = world.practice().await;
        let moved = world.cohort(&practice, |_| {}).await;
        let other = world.cohort(&practice, |new| new.zone = zone("America/New_York")).await;
        let db = world.app.db.reader();
        // The last two sessions of one cohort were planned by older data, and so were their reminders.
        let planned = sessions::of_cohort(db, moved).await.unwrap();
        for session in &planned[4..] {
            by_older_data(world, session).await.unwrap();
        }
        clear(world, &[moved]).await;
        one_by_one(world, &[moved]).await;
        enroll(world, moved, &Person { calendar: "invites", ..PEOPLE[0] }).await;
        enroll(world, other, &Person { calendar: "invites", ..PEOPLE[1] }).await;
        world.to(utc("2026-10-20 12:00")).await;
        let before = rows(world, &[other]).await;
        world.forget_mails();

        set_zones(world, "2099z").await.unwrap();
        assert_eq!(follow_time_zones(&world.app).await.unwrap(), 0, "a newer version was here: it knows better");
        set_zones(world, "2001a").await.unwrap();
        assert_eq!(follow_time_zones(&world.app).await.unwrap(), 2);
        assert_eq!(follow_time_zones(&world.app).await.unwrap(), 0, "once for each version");
        let now = sessions::of_cohort(db, moved).await.unwrap();
        let times = |all: &[SessionRow]| all.iter().map(|row| (row.starts_at, row.ends_at)).collect::<Vec<_>>();
        assert_eq!(times(&now), times(&planned), "as they would have been planned today");
        let reminders = rows(world, &[moved]).await.into_values().filter(|row| row.work == "reminder_hour");
        let mut reminders: Vec<_> = reminders.map(|row| row.due_at).collect();
        reminders.sort_unstable();
        assert_eq!(reminders[4..], [planned[4].starts_at, planned[5].starts_at].map(|at| at - TimeDelta::hours(1)));
        assert_eq!(rows(world, &[other]).await, before, "where nothing moved no row is touched");

        world.run().await;
        assert!(world.mails_to(PEOPLE[0].email).is_empty(), "they hear of it after the wait, together");
        world.pass(TimeDelta::minutes(11)).await;
        let mails = world.mails_to(PEOPLE[0].email);
        assert_eq!(mails.len(), 3, "one that says so, and the two entries: {:?}", mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>());
        assert!(world.mails_to(PEOPLE[1].email).is_empty(), "nothing moved for the others");
    }
}
