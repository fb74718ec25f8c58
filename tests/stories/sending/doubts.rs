//! What becomes of mail that may have arrived? What was decided for its kind.

use chrono::TimeDelta;
use trellis::{
    actions::{change_person::correct_address, confirm_enrollment::confirm_enrollment, send_deliveries::sweep},
    demo::smtp_server::{Action, Script, Step},
    domain::delivery::{A_PERSON_DECIDES, Occasion, State},
    links::Purpose,
    store::{
        ledger::{self, Begun, Claim, Delivery, Frozen, Kept, Lease, LeaseClock},
        participants,
    },
};

use crate::{
    people::{Person, ask, enroll},
    post::read,
    world::{Backend, World, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };
const BEN: Person = Person { name: "Ben", email: "ben@example.org", ..ANA };

const WELCOME: &str = "Your place is confirmed";
const SECOND: &str = "20261019T170000Z";

async fn row(world: &World, occasion: Occasion) -> Delivery {
    let rows = ledger::everything(world.app.db.reader()).await.unwrap();
    rows.into_iter().find(|row| row.occasion == occasion && row.doubts > 0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_mail_has_a_policy_of_its_own() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let script = Script::new(|step| match step {
            Step::Message(mail) => {
                let mail = read(utc("2026-01-01 00:00"), mail);
                let falls_silent = mail.subject == WELCOME || mail.property("DTSTART") == SECOND;
                if falls_silent { Action::TakeAndDrop } else { Action::Go }
            }
            _ => Action::Go,
        });
        let words = "{ otherwise = \"resend\", invite = \"hold\" }";
        let world = World::with(backend, script, &[("mail.on_unknown", words)]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(&world, cohort, &ANA).await;
        for _ in 0..15 {
            world.pass(TimeDelta::minutes(1)).await;
        }
        let mails = world.mails_to(ANA.email);
        let welcome: Vec<_> = mails.iter().filter(|mail| mail.subject == WELCOME).collect();
        assert_eq!(welcome.len(), 2, "sent once more, and no third time");
        assert_eq!(welcome[0].raw, welcome[1].raw);
        assert_eq!(mails.iter().filter(|mail| mail.calendar.is_some()).count(), 6, "each once");
        for occasion in [Occasion::Welcome, Occasion::Invite] {
            let row = row(&world, occasion).await;
            assert_eq!((row.state, row.next_try_at), (State::Unknown, A_PERSON_DECIDES), "a person decides");
        }
    }
}

const NEW: &str = "ana@elsewhere.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_doubt_in_one_mailbox_is_written_anew_for_another() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let script = Script::new(|step| match step {
            Step::Message(mail) => {
                let mail = read(utc("2026-01-01 00:00"), mail);
                let falls_silent = mail.subject == WELCOME && mail.to == ANA.email;
                if falls_silent { Action::TakeAndDrop } else { Action::Go }
            }
            _ => Action::Go,
        });
        let world = World::with(backend, script, &[]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(&world, cohort, &ANA).await;
        assert_eq!(row(&world, Occasion::Welcome).await.state, State::Unknown);
        let email = ANA.email.parse().unwrap();
        let ana = participants::with_email(world.app.db.reader(), practice.id, &email).await.unwrap().unwrap();
        correct_address(&world.app, practice.id, ana.id, &NEW.parse().unwrap()).await.unwrap();
        for _ in 0..15 {
            world.pass(TimeDelta::minutes(1)).await;
        }
        let welcomes =
            |to: &str| world.mails_to(to).into_iter().filter(|mail| mail.subject == WELCOME).collect::<Vec<_>>();
        assert_eq!(welcomes(ANA.email).len(), 1, "not once more to where it may be already");
        let [welcome] = &welcomes(NEW)[..] else { panic!("once to the new address") };
        assert!(!String::from_utf8_lossy(&welcome.raw).contains(ANA.email), "and it does not name the old one");
    }
}

/// Claims what is due and writes down that it is on the wire; then whoever did that is gone.
async fn begin_and_vanish(world: &World) -> trellis::store::Result<()> {
    let now = world.app.clock.now();
    let token = world.app.random.uuid(now.real);
    let lease = Lease { token, lasts: TimeDelta::seconds(90), clock: LeaseClock::Ours(now.real) };
    let claim = Claim { lease, most: 8, served: None };
    let written = String::new;
    let frozen = std::sync::Arc::new(Frozen {
        message: b"Subject: x\r\n\r\n".to_vec(),
        message_id: written(),
        subject: written(),
        kept: Kept::Whole { body: written() },
        sent_to: written(),
        frozen_for: written(),
    });
    let rows = trellis::transact!(world.app.db, |tx| {
        let rows = ledger::claim(tx, &claim, now).await?;
        for row in &rows {
            assert!(ledger::start_sending(tx, &Begun { row: row.into(), frozen: frozen.clone(), lease }).await?);
        }
        Ok::<_, trellis::store::Error>(rows)
    })?;
    assert!(!rows.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_left_in_doubt_keeps_the_policy_of_its_kind() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let words = "{ security = \"hold\", welcome = \"resend\", invite = \"hold\" }";
        let world = World::with(backend, Script::well(), &[("mail.on_unknown", words)]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(&world, cohort, &ANA).await;
        world.run().await;
        let link = world.last_to(ANA.email).link("/confirm/");
        let token = link.rsplit('/').next().unwrap();
        let claims = world.app.links.read(Purpose::Confirm, token, world.app.clock.now().real).unwrap();
        confirm_enrollment(&world.app, claims.object.into()).await.unwrap();
        ask(&world, cohort, &BEN).await;
        begin_and_vanish(&world).await.unwrap();
        begin_and_vanish(&world).await.unwrap();
        world.app.clock.set(world.now() + TimeDelta::minutes(2));
        sweep(&world.app).await.unwrap();
        let again_at = |row: Delivery| (row.state, row.next_try_at);
        assert_eq!(again_at(row(&world, Occasion::ConfirmAddress).await), (State::Unknown, A_PERSON_DECIDES));
        assert_eq!(again_at(row(&world, Occasion::Welcome).await), (State::Unknown, world.app.clock.now().real));
        assert_eq!(again_at(row(&world, Occasion::Invite).await), (State::Unknown, A_PERSON_DECIDES));
    }
}
