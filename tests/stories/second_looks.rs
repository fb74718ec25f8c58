//! Do the corners hold that a second reading found? Passwords by mail, corrected addresses, what a coach may not override.

use trellis::{
    actions::{
        add_person::{NewPerson, WhenFull, add_person},
        change_person::{correct_address, stop},
        resend::send_anyway,
    },
    demo::smtp_server::{Action, Script, Step},
    domain::{
        category::Category,
        delivery::{Occasion, State},
        enrollment::CalendarChoice,
    },
    store::{enrollments, ledger, participants, practices},
};

use crate::{
    people::{Person, ask, enroll},
    story,
    visitor::Visitor,
    world::{Backend, PASSWORD, World, name, utc, zone},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };

story! {
    async fn a_password_is_set_anew_by_mail_once_and_its_link_is_kept_by_nobody(world: &World) {
        world.practice().await;
        let old = Visitor::of(world);
        let sign_in = async |visitor: &Visitor, password: &str| {
            let fields = [("email", "nadia@group.example"), ("password", password)];
            visitor.submit("/coach/sign-in", "/coach/sign-in", &fields).await.status
        };
        assert_eq!(sign_in(&old, PASSWORD).await, 303);
        let asking = Visitor::of(world);
        let known = asking.submit("/coach/forgot", "/coach/forgot", &[("email", "nadia@group.example")]).await;
        let unknown = asking.submit("/coach/forgot", "/coach/forgot", &[("email", "nobody@group.example")]).await;
        assert_eq!((known.status, &known.location), (unknown.status, &unknown.location), "S3");
        world.run().await;
        let link = world.last_to("nadia@group.example").link("/coach/reset/");
        let token = link.rsplit('/').next().unwrap();
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        let row = rows.iter().find(|row| row.occasion == Occasion::PasswordReset).unwrap();
        assert!(!row.params.contains(token) && !row.body.as_deref().unwrap_or_default().contains(token), "kept by nobody");

        let short = asking.submit(&link, &link, &[("password", "short")]).await;
        assert_eq!(short.status, 422, "{}", short.body);
        let fresh = "seven quiet garden walls";
        assert!(asking.submit(&link, &link, &[("password", fresh)]).await.status < 400);
        assert_ne!(sign_in(&Visitor::of(world), PASSWORD).await, 303, "the old one is over");
        assert_eq!(old.get("/coach").await.location.as_deref(), Some("/coach/sign-in"), "S14: old sign-ins end");
        assert_eq!(sign_in(&Visitor::of(world), fresh).await, 303);
        let again = asking.submit(&link, &link, &[("password", "another quiet garden wall")]).await;
        assert!(again.status >= 400, "once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_address_gets_nothing_stale() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let script = Script::new(|step| match step {
            Step::RcptTo("ana@example.org") => Action::Say("550 5.1.1 No such user".to_owned()),
            _ => Action::Go,
        });
        let world = World::with(backend, script, &[]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let new = NewPerson {
            email: ANA.email.parse().unwrap(),
            name: name("Ana"),
            zone: zone(ANA.zone),
            track: "broke".into(),
        };
        add_person(&world.app, (practice.id, cohort), &new, WhenFull::Refuse, "Nadia").await.unwrap();
        world.to(utc("2026-10-21 09:00")).await;
        assert!(world.mails_to(ANA.email).is_empty());
        let person = participants::with_email(world.app.db.reader(), practice.id, &new.email).await.unwrap().unwrap();
        correct_address(&world.app, practice.id, person.id, &"ana@new.example".parse().unwrap()).await.unwrap();
        world.run().await;
        let subjects: Vec<_> = world.mails_to("ana@new.example").into_iter().map(|mail| mail.subject).collect();
        assert_eq!(
            subjects,
            ["Your place is confirmed", "Weekly course, part 2"],
            "no reminder of what is over, no lesson of last week"
        );
        world.end().await;
    }
}

story! {
    async fn send_anyway_does_not_override_what_a_person_stopped(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        let db = world.app.db.reader();
        let person = participants::with_email(db, practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
        let program = trellis::store::cohorts::anywhere(db, cohort).await.unwrap().unwrap().program_id;
        stop(&world.app, person.id, program, Category::Lesson).await.unwrap();
        world.to(utc("2026-10-12 09:00")).await;
        world.forget_mails();
        let rows = ledger::everything(db).await.unwrap();
        let row = rows.iter().find(|row| row.occasion == Occasion::Lesson).unwrap();
        assert_eq!(row.state, State::Skipped);
        send_anyway(&world.app, (practice.id, row.id), "Nadia").await.unwrap();
        world.run().await;
        assert!(world.mails_to(ANA.email).is_empty(), "S10: for good");
    }
}

story! {
    async fn adding_somebody_who_asked_keeps_what_they_chose(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(world, cohort, &ANA).await;
        let new = NewPerson { email: ANA.email.parse().unwrap(), name: name("Ana"), zone: zone(ANA.zone), track: String::new() };
        let id = add_person(&world.app, (practice.id, cohort), &new, WhenFull::Refuse, "Nadia").await.unwrap();
        let practice = practices::find(world.app.db.reader(), practice.id).await.unwrap().unwrap();
        let enrollment = enrollments::find(world.app.db.reader(), practice.id, id).await.unwrap().unwrap();
        assert_eq!((enrollment.calendar, enrollment.track.as_str()), (CalendarChoice::Invites, "broke"));
        world.pass(chrono::TimeDelta::minutes(5)).await;
    }
}
