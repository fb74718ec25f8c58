//! Does the coach's desk keep its word: a cohort whole or not at all, who was not there, what a mail in doubt became?

use chrono::TimeDelta;
use trellis::{
    demo::smtp_server::{Action, Script, Step},
    domain::{
        cohort::Admission,
        delivery::State,
        ids::{CohortId, EnrollmentId},
        people::CohortState,
    },
    store::{cohorts, ledger, sessions, timetable},
};

use crate::{
    people::{Person, ask, enroll},
    places::{coach, person, place},
    story,
    world::{Backend, World, utc},
};

const ANA: Person = person("Ana", "ana@example.org", "Europe/Lisbon");
const BEN: Person = person("Ben", "ben@example.org", "Europe/Berlin");

/// What the form of a new cohort sends; what is given here goes before.
fn cohort_form<'a>(program: &'a str, own: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("program", program),
        ("name", "Thursday evenings"),
        ("starts_on", "2027-03-15"),
        ("zone", "Europe/Berlin"),
        ("weekday", "thu"),
        ("time", "19:00"),
        ("minutes", "60"),
        ("capacity", "12"),
        ("lesson_day", "mon"),
        ("lesson_time", "07:00"),
        ("lesson_clock", "cohort"),
        ("late_joiners", "digest"),
        ("discretion", "discreet"),
        ("room_url", "https://room.example/a"),
        ("crisis_line", "116 123"),
        ("admission", "approval"),
        ("offer_hours", "30"),
        ("accept_hours", "50"),
        ("min_participants", "4"),
        ("decide_on", "2027-03-01"),
        ("decide_time", "12:00"),
    ];
    let is_own = |name: &str| own.iter().any(|(own, _)| *own == name);
    own.iter().copied().chain(usual.into_iter().filter(|(name, _)| !is_own(name))).collect()
}

story! {
    async fn a_cohort_is_made_whole_or_not_at_all(world: &World) {
        let practice = world.practice().await;
        let program = world.shipped_program(&practice).await.to_string();
        let (nadia, page, db) = (coach(world).await, "/coach/cohorts/new", world.app.db.reader());

        let late = cohort_form(&program, &[("decide_on", "2026-10-01"), ("do", "open")]);
        let refused = nadia.submit(page, page, &late).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.contains("Thursday evenings") && refused.body.contains("2026-10-01"), "typing is kept");
        assert!(cohorts::of_practice(db, practice.id).await.unwrap().is_empty(), "nothing of it was saved");

        let bare = cohort_form(&program, &[("room_url", ""), ("do", "open")]);
        let drafted = nadia.submit(page, page, &bare).await;
        let draft = cohorts::of_practice(db, practice.id).await.unwrap().remove(0);
        assert_eq!(drafted.location, Some(format!("/coach/cohorts/{}/open?done=not-open", draft.id)));
        assert_eq!((draft.state, draft.admission, draft.min_participants), (CohortState::Draft, Admission::Approval, 4));

        let whole = cohort_form(&program, &[("name", "Friday evenings"), ("do", "open")]);
        let opened = nadia.submit(page, page, &whole).await;
        let all = cohorts::of_practice(db, practice.id).await.unwrap();
        let open = all.iter().find(|cohort| cohort.name.expose() == "Friday evenings").unwrap();
        assert_eq!(opened.location, Some(format!("/coach/cohorts/{}?done=open", open.id)));
        assert_eq!((open.state, open.admission, open.offer_hours), (CohortState::Open, Admission::Approval, 30));
        assert!(!timetable::of_cohort(db, open.id).await.unwrap().is_empty(), "with everything that should happen");
    }
}

/// Notes of one person at a session, by the form of its page.
async fn note(world: &World, cohort: CohortId, session: usize, who: EnrollmentId, mark: &str) {
    let meeting = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(session);
    let (nadia, page) = (coach(world).await, format!("/coach/sessions/{}/attendance", meeting.id));
    let noted = nadia.submit(&page, &page, &[(&format!("mark-{who}"), mark), ("do", "save")]).await;
    assert_eq!(noted.status, 303, "{}", noted.body);
}

story! {
    async fn who_was_absent_twice_in_a_row_stands_on_this_week(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let (ana, ben) = (enroll(world, cohort, &ANA).await, enroll(world, cohort, &BEN).await);
        let week = async || coach(world).await.get("/coach").await.body;
        let missing = "was not there the last two times of Monday evenings";

        world.to(utc("2026-10-12 20:00")).await;
        note(world, cohort, 0, ana, "absent").await;
        note(world, cohort, 0, ben, "absent").await;
        assert!(!week().await.contains("was not there"), "once is no reason");
        world.to(utc("2026-10-19 20:00")).await;
        note(world, cohort, 1, ana, "absent").await;
        note(world, cohort, 1, ben, "excused").await;
        let page = week().await;
        assert!(page.contains(&format!("Ana {missing}.")), "{page}");
        assert!(page.contains(&format!("/coach/people/{}", place(world, cohort, ANA.email).await.participant_id)));
        assert!(!page.contains("Ben was not there"), "who was excused said so");

        world.to(utc("2026-10-26 21:00")).await;
        note(world, cohort, 2, ana, "absent").await;
        assert!(week().await.contains("Ana was not there the last three times of Monday evenings."));
        note(world, cohort, 2, ana, "came").await;
        assert!(!week().await.contains("was not there"), "whoever comes again is no longer missed");
        note(world, cohort, 2, ana, "absent").await;
        world.to(utc("2026-11-10 12:00")).await;
        assert!(!week().await.contains("was not there"), "after two weeks nobody is chased");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coach_says_that_a_mail_in_doubt_arrived_and_it_is_not_sent_again() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        for doubt in ["\"hold\"", "\"resend\""] {
            let seen = std::sync::atomic::AtomicU32::new(0);
            let script = Script::new(move |step| match step {
                Step::Message(_) if seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 => Action::TakeAndDrop,
                _ => Action::Go,
            });
            let world = World::with(backend, script, &[("mail.on_unknown", doubt)]).await;
            let practice = world.practice().await;
            let cohort = world.cohort(&practice, |_| {}).await;
            ask(&world, cohort, &ANA).await;
            world.run().await;
            let row = ledger::everything(world.app.db.reader()).await.unwrap().remove(0);
            assert_eq!((row.state, world.mails_to(ANA.email).len()), (State::Unknown, 1));
            let (nadia, path) = (coach(&world).await, format!("/coach/outbox/{}", row.id));
            let page = nadia.get(&path).await.body;
            assert!(page.contains("It arrived") && page.contains("Send it again"), "{page}");
            assert!(!page.contains("3000"), "no date that nobody means");
            assert!(nadia.get("/coach").await.body.contains("may or may not have arrived"));

            let arrived = format!("{path}/arrived");
            let said = nadia.submit(&path, &arrived, &[]).await;
            assert_eq!(said.location, Some(format!("{path}?done=noted")));
            let page = nadia.get(&path).await.body;
            assert!(page.contains("Nadia Brandt: it arrived") && !page.contains(&arrived), "{page}");
            assert!(!nadia.get("/coach").await.body.contains("may or may not have arrived"));
            let again = nadia.submit(&path, &arrived, &[]).await;
            assert_eq!(again.location, Some(format!("{path}?done=gone")), "it is settled");
            world.pass(TimeDelta::hours(3)).await;
            assert_eq!(world.mails_to(ANA.email).len(), 1, "{doubt}: nothing more went out");
            let after = ledger::everything(world.app.db.reader()).await.unwrap().remove(0);
            assert_eq!((after.state, after.sent_at), (State::Sent, Some(row.changed_at)));
            assert!(after.frozen.is_none(), "what was kept for another try is forgotten");
            world.end().await;
        }
    }
}
