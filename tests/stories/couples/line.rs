//! Two wait for two places: who gets which, and in which order?

use chrono::TimeDelta;
use trellis::actions::leave::{By, leave};

use super::*;

const DEE: Person =
    Person { name: "Dee", email: "dee@example.org", zone: "Europe/Berlin", track: "hurt", calendar: "feed" };
const EVE: Person =
    Person { name: "Eve", email: "eve@example.org", zone: "Europe/Berlin", track: "hurt", calendar: "feed" };

/// Two places, one of them taken: Ana and Ben wait.
async fn one_place_left(world: &World) -> (CohortId, trellis::domain::ids::EnrollmentId) {
    let cohort = cohort(world, 2).await;
    let cy = enroll(world, cohort, &CY).await;
    world.app.clock.advance(TimeDelta::seconds(1));
    ana_asks(world, cohort).await;
    world.app.clock.advance(TimeDelta::seconds(1));
    (cohort, cy)
}

story! {
    async fn with_one_place_left_both_wait_and_are_offered_both_at_once(world: &World) {
        let (cohort, cy) = one_place_left(world).await;
        assert_eq!(standing(world, cohort, ANA).await, "waitlisted");
        let told = world.last_to(ANA);
        assert_eq!(told.subject, "You are on the waitlist");
        assert!(told.text.contains("there are not two places"), "{}", told.text);
        assert_eq!(seats(world, cohort).await, 1);
        ben_joins(world).await;
        assert_eq!(standing(world, cohort, BEN).await, "waitlisted", "not into the place that is one too few");
        assert!(world.last_to(BEN).text.contains("there are not two places"));

        // One place helps somebody who comes alone; the couple lets it pass.
        enroll(world, cohort, &DEE).await;
        assert_eq!(standing(world, cohort, DEE.email).await, "enrolled");
        enroll(world, cohort, &EVE).await;
        assert_eq!(standing(world, cohort, EVE.email).await, "waitlisted");
        leave(&world.app, cy, &By::Participant).await.unwrap();
        world.run().await;
        assert_eq!(standing(world, cohort, EVE.email).await, "offered", "one place: the first who needs one");
        let eve = world.last_to(EVE.email).link("/offer/");
        Visitor::of(world).submit(&eve, &format!("{eve}/decline"), &[]).await;
        assert_eq!(standing(world, cohort, ANA).await, "waitlisted");
        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let dee = participants::with_email(world.app.db.reader(), practice.id, &DEE.email.parse().unwrap()).await.unwrap().unwrap();
        let dee = enrollments::of_person_in(world.app.db.reader(), cohort, dee.id).await.unwrap().unwrap();
        leave(&world.app, dee.id, &By::Participant).await.unwrap();
        world.run().await;
        assert_eq!((standing(world, cohort, ANA).await, standing(world, cohort, BEN).await), ("offered".into(), "offered".into()), "two places: both");
        assert_eq!(seats(world, cohort).await, 2);

        // Each answers their own offer.
        let offer = world.last_to(BEN).link("/offer/");
        Visitor::of(world).submit(&offer, &offer, &[]).await;
        world.pass(TimeDelta::hours(30)).await;
        assert_eq!((standing(world, cohort, ANA).await, standing(world, cohort, BEN).await), ("offer_expired".into(), "enrolled".into()));
    }
}

story! {
    async fn who_does_not_want_to_wait_for_two_waits_for_one(world: &World) {
        let (cohort, _) = one_place_left(world).await;
        assert_eq!(choose(world, "alone").await.status, 303);
        assert_eq!(standing(world, cohort, ANA).await, "offered", "the place that was one too few for two");
        let offer = world.last_to(ANA).link("/offer/");
        Visitor::of(world).submit(&offer, &offer, &[]).await;
        assert_eq!(standing(world, cohort, ANA).await, "enrolled");
        let answer = ben_joins(world).await.1;
        assert_eq!(answer.status, 303, "he was asked, and may still say yes: {}", answer.body);
        assert_eq!(standing(world, cohort, BEN).await, "waitlisted");
        world.pass(NEVER).await;
        assert!(!world.last_to(ANA).text.contains("has not joined"), "she comes in any case, and is not asked");
    }
}

story! {
    async fn when_the_partner_does_not_join_the_other_waits_for_one(world: &World) {
        let (cohort, _) = one_place_left(world).await;
        world.pass(NEVER).await;
        assert_eq!(standing(world, cohort, ANA).await, "offered");
        assert!(world.mails_to(ANA).iter().any(|mail| mail.text.contains("has not joined")));
    }
}

story! {
    async fn two_places_that_come_free_are_held_for_a_partner_who_has_not_answered(world: &World) {
        let cohort = cohort(world, 2).await;
        let cy = enroll(world, cohort, &CY).await;
        let dee = enroll(world, cohort, &DEE).await;
        ana_asks(world, cohort).await;
        assert_eq!(standing(world, cohort, ANA).await, "waitlisted");
        leave(&world.app, cy, &By::Participant).await.unwrap();
        assert_eq!(standing(world, cohort, ANA).await, "waitlisted");
        leave(&world.app, dee, &By::Participant).await.unwrap();
        world.run().await;
        assert_eq!((standing(world, cohort, ANA).await.as_str(), seats(world, cohort).await), ("offered", 2));
        enroll(world, cohort, &EVE).await;
        assert_eq!(standing(world, cohort, EVE.email).await, "waitlisted", "his place is held");
        ben_joins(world).await;
        assert_eq!(standing(world, cohort, BEN).await, "enrolled");
        assert_eq!(seats(world, cohort).await, 2);
    }
}

story! {
    async fn who_waits_alone_keeps_their_place_in_the_line_when_they_are_asked(world: &World) {
        let cohort = cohort(world, 1).await;
        let cy = enroll(world, cohort, &CY).await;
        world.app.clock.advance(TimeDelta::seconds(1));
        enroll(world, cohort, &BEN_ALONE).await;
        world.app.clock.advance(TimeDelta::seconds(1));
        ana_asks(world, cohort).await;
        assert!(world.last_to(ANA).text.contains("there are not two places"));
        let link = world.last_to(BEN).link("/partner/");
        Visitor::of(world).submit(&format!("{link}/join"), &format!("{link}/join"), &[]).await;
        leave(&world.app, cy, &By::Participant).await.unwrap();
        world.run().await;
        assert_eq!((standing(world, cohort, BEN).await, standing(world, cohort, ANA).await), ("offered".into(), "waitlisted".into()));
    }
}
