//! Somebody's address changes in the middle: does the old calendar empty, and the new one fill?

use chrono::TimeDelta;
use trellis::{
    actions::change_person::correct_address,
    store::{invites, participants},
};

use crate::{
    other_dates::{ANA, BEN, words},
    people::{come_in, enroll, sign_in},
    story,
    visitor::Visitor,
    world::{World, utc},
};

const NEW: &str = "ana@elsewhere.example";

async fn person(world: &World, practice: trellis::domain::ids::PracticeId, email: &str) -> participants::Participant {
    participants::with_email(world.app.db.reader(), practice, &email.parse().unwrap()).await.unwrap().unwrap()
}

async fn takes_no_mail(world: &World, id: trellis::domain::ids::ParticipantId) -> Result<(), trellis::store::Error> {
    let badge = || Some("mail to this address comes back".to_owned());
    trellis::transact!(world.app.db, |tx| participants::set_mail_problem(tx, id, badge()).await)
}

story! {
    async fn a_corrected_address_clears_the_old_calendar_and_fills_the_new_one(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let id = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-20 12:00")).await;
        let before = words(&world.mails_to(ANA.email));
        let ana = person(world, practice.id, ANA.email).await;
        world.forget_mails();
        correct_address(&world.app, practice.id, ana.id, &NEW.parse().unwrap()).await.unwrap();
        world.pass(TimeDelta::minutes(5)).await;
        let (old, new) = (world.mails_to(ANA.email), world.mails_to(NEW));
        let cleared = words(&old);
        assert_eq!(cleared.len(), 4, "two sessions are over: {cleared:?}");
        for (uid, said) in &cleared {
            assert!(before.contains_key(uid), "what was asked for there");
            assert_eq!(said, &["CANCEL 1"]);
        }
        for mail in old.iter().filter(|mail| mail.calendar.is_some()) {
            assert!(mail.property("ATTENDEE").contains(ANA.email), "the old address is the attendee: {}", mail.property("ATTENDEE"));
            assert!(!String::from_utf8_lossy(&mail.raw).contains(NEW), "and does not learn the new one");
        }
        assert!(old.iter().any(|mail| mail.subject.to_lowercase().contains("address")), "the old inbox hears of it");
        let filled = words(&new);
        assert_eq!(filled.len(), 4);
        for (uid, said) in &filled {
            assert!(!before.contains_key(uid), "another attendee, another UID");
            assert_eq!(said, &["REQUEST 0"]);
        }
        assert!(new.iter().filter(|mail| mail.calendar.is_some()).all(|mail| mail.property("ATTENDEE").contains(NEW)));
        // From here on only the new one: a later change follows there alone.
        world.forget_mails();
        world.to(utc("2026-12-10 12:00")).await;
        assert!(world.mails_to(ANA.email).is_empty(), "nothing more goes there");
        assert!(!world.mails_to(NEW).is_empty());
        let told = invites::of_enrollment(world.app.db.reader(), id).await.unwrap();
        assert_eq!(told.iter().filter(|invite| invite.generation < 0).count(), 4);
    }
}

story! {
    async fn an_address_that_takes_no_mail_is_told_nothing(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        let ana = person(world, practice.id, ANA.email).await;
        takes_no_mail(world, ana.id).await.unwrap();
        world.forget_mails();
        correct_address(&world.app, practice.id, ana.id, &NEW.parse().unwrap()).await.unwrap();
        world.pass(TimeDelta::minutes(5)).await;
        assert!(world.mails_to(ANA.email).is_empty());
        assert_eq!(words(&world.mails_to(NEW)).len(), 6);
    }
}

story! {
    async fn a_word_that_waits_for_the_old_address_is_taken_back(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        // Only the first invites have left: the others wait their two seconds.
        let before = words(&world.mails_to(ANA.email));
        let ana = person(world, practice.id, ANA.email).await;
        world.forget_mails();
        correct_address(&world.app, practice.id, ana.id, &NEW.parse().unwrap()).await.unwrap();
        world.pass(TimeDelta::minutes(5)).await;
        let cleared = words(&world.mails_to(ANA.email));
        assert_eq!(cleared.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "a CANCEL only after a REQUEST");
        assert!(cleared.values().all(|said| said == &["CANCEL 1"]), "{cleared:?}");
        assert_eq!(words(&world.mails_to(NEW)).len(), 6);
    }
}

story! {
    async fn people_change_their_own_address_by_the_new_inbox_alone(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let (ana, _) = come_in(world, cohort, &ANA).await;
        enroll(world, cohort, &BEN).await;
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();
        let wrong = ana.submit("/p", "/p/address", &[("new_email", "elsewhere")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains("with an @ sign"), "{}", wrong.body);
        let known = ana.submit("/p", "/p/address", &[("new_email", BEN.email)]).await;
        world.app.clock.advance(TimeDelta::minutes(1));
        let new = ana.submit("/p", "/p/address", &[("new_email", NEW)]).await;
        assert_eq!((known.status, &known.location), (new.status, &new.location), "S3");
        world.run().await;
        assert!(world.mails_to(ANA.email).is_empty(), "nothing has changed yet");
        let mail = world.last_to(NEW);
        assert!(!mail.text.contains("Ana") && !mail.text.contains(ANA.email), "whoever reads it may be a stranger");
        let link = mail.link("/address/");
        let anyone = Visitor::of(world);
        for _ in 0..2 {
            let page = anyone.get(&link).await;
            assert_eq!(page.status, 200);
            assert!(!page.body.contains(NEW) && !page.body.contains("Ana"));
        }
        assert_eq!(person(world, practice.id, ANA.email).await.email.expose(), ANA.email, "S4");
        let older = world.last_to(BEN.email).link("/address/");
        assert_eq!(anyone.submit(&older, &older, &[]).await.status, 410, "the newest wish is the one that counts");
        let done = anyone.submit(&link, &link, &[]).await;
        assert_eq!(done.status, 200, "{}", done.body);
        assert_eq!(anyone.get(&link).await.status, 410, "once");
        assert_eq!(ana.get("/p").await.location.as_deref(), Some("/link"), "S14: old sign-ins end");
        world.pass(TimeDelta::minutes(5)).await;
        assert_eq!(words(&world.mails_to(NEW)).len(), 6);
        assert_eq!(words(&world.mails_to(ANA.email)).len(), 6, "each a CANCEL");
        sign_in(world, &ana, NEW).await;
        assert_eq!(ana.get("/p").await.status, 200);
        // Somebody else's address is refused only to its owner.
        ana.submit("/p", "/p/address", &[("new_email", BEN.email)]).await;
        world.run().await;
        let link = world.last_to(BEN.email).link("/address/");
        assert_eq!(anyone.submit(&link, &link, &[]).await.status, 410);
        assert_eq!(person(world, practice.id, NEW).await.email.expose(), NEW);
    }
}

story! {
    async fn a_feed_or_nothing_needs_no_calendar_mail(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &BEN).await;
        world.pass(TimeDelta::minutes(5)).await;
        let ben = person(world, practice.id, BEN.email).await;
        world.forget_mails();
        correct_address(&world.app, practice.id, ben.id, &NEW.parse().unwrap()).await.unwrap();
        world.pass(TimeDelta::minutes(5)).await;
        assert!(world.mails_to(NEW).is_empty());
        assert_eq!(world.mails_to(BEN.email).len(), 1, "the notice");
    }
}
