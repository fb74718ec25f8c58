//! Does leaving by a mailed link take one button, and does coming back lose and repeat nothing?

use chrono::TimeDelta;
use trellis::actions::leave::{By, leave};

use crate::{
    other_dates::{ANA, BEN, lessons, words},
    people::{enroll, standing},
    story,
    visitor::Visitor,
    world::{World, utc},
};

story! {
    async fn leaving_and_enrolling_again_brings_the_calendar_back_and_repeats_nothing(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let id = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-20 12:00")).await;
        leave(&world.app, id, &By::Participant).await.unwrap();
        world.to(utc("2026-10-27 12:00")).await;
        let before = words(&world.mails_to(ANA.email));
        world.forget_mails();
        assert_eq!(enroll(world, cohort, &ANA).await, id);
        world.pass(TimeDelta::minutes(5)).await;
        let mails = world.mails_to(ANA.email);
        let words = words(&mails);
        assert_eq!(words.len(), 3, "the three sessions to come: {words:?}");
        for (uid, said) in &words {
            assert!(!before.contains_key(uid), "what a calendar removed comes back under another UID");
            assert_eq!(said, &["REQUEST 0"]);
        }
        let catch_up = mails.iter().find(|mail| mail.subject == "What came before you joined").expect("part 3 went out meanwhile");
        assert!(catch_up.text.contains("/p/lesson/3") && !catch_up.text.contains("/p/lesson/2"), "{}", catch_up.text);
        world.to(utc("2026-12-10 12:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)), ["Weekly course, part 4", "Weekly course, part 5", "Weekly course, part 6"]);
        let told = world.mails_to("nadia@group.example");
        assert!(told.iter().all(|mail| !mail.text.contains("back from a pause")));
    }
}

story! {
    async fn a_mailed_link_leaves_with_one_button_and_the_coach_hears_no_reason(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        enroll(world, cohort, &ANA).await;
        enroll(world, cohort, &BEN).await;
        let link = world.mails_to(ANA.email).into_iter().find(|mail| mail.subject.contains("confirmed")).unwrap().link("/leaving/");
        let anyone = Visitor::of(world);
        assert_eq!(anyone.get(&link).await.status, 200);
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled", "S4");
        assert_eq!(anyone.submit(&link, &link, &[]).await.location.as_deref(), Some("/left"));
        assert_eq!(standing(world, cohort, ANA.email).await, "withdrawn");
        assert_eq!(anyone.submit("/link", &link, &[]).await.location.as_deref(), Some("/left"), "twice is once");
        assert!(anyone.get(&link).await.body.contains("nothing to leave"));
        world.pass(TimeDelta::minutes(30)).await;
        assert_eq!(standing(world, cohort, BEN.email).await, "offered", "the seat moved on");
        let told = world.mails_to("nadia@group.example");
        assert_eq!(told.len(), 1);
        assert!(told[0].text.contains("Ana has left."), "{}", told[0].text);
        let _ = practice;
    }
}
