//! Is a seat ever sold twice, and does the line keep its order?

use trellis::store::cohorts;

use crate::{
    people::{Person, ask, enroll, standing},
    story,
    world::{START, World, utc},
};

story! {
    async fn fifty_at_once_for_twelve_seats_are_twelve_and_a_line(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let people: Vec<&'static Person> = (0..50).map(|number| {
            let email = Box::leak(format!("p{number:02}@example.org").into_boxed_str());
            &*Box::leak(Box::new(Person { name: "Sam", email, zone: "Europe/Berlin", track: "hurt", calendar: "feed" }))
        }).collect();
        futures_util::future::join_all(people.iter().map(|person| ask(world, cohort, person))).await;
        world.run().await;
        futures_util::future::join_all(people.iter().map(|person| async {
            let link = world.last_to(person.email).link("/confirm/");
            let claims = world.app.links.read(trellis::links::Purpose::Confirm, link.rsplit('/').next().unwrap(), world.app.clock.now().real).unwrap();
            trellis::actions::confirm_enrollment::confirm_enrollment(&world.app, claims.object.into()).await.unwrap();
        })).await;
        world.run().await;

        let mut counts = std::collections::BTreeMap::new();
        for person in &people {
            *counts.entry(standing(world, cohort, person.email).await).or_insert(0) += 1;
        }
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("enrolled".to_owned(), 12), ("waitlisted".to_owned(), 38)]);
        let row = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
        assert_eq!(row.seats_taken, 12);
    }
}

story! {
    async fn a_free_place_is_offered_in_order_and_moves_on(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        let person = |name, email| Person { name, email, zone: "Europe/Berlin", track: "hurt", calendar: "feed" };
        let (ana, ben, cy) = (person("Ana", "ana@example.org"), person("Ben", "ben@example.org"), person("Cy", "cy@example.org"));
        let first = enroll(world, cohort, &ana).await;
        world.app.clock.advance(chrono::TimeDelta::seconds(1));
        enroll(world, cohort, &ben).await;
        world.app.clock.advance(chrono::TimeDelta::seconds(1));
        enroll(world, cohort, &cy).await;
        assert_eq!(standing(world, cohort, ben.email).await, "waitlisted");

        trellis::actions::leave::leave(&world.app, first, &trellis::actions::leave::By::Participant).await.unwrap();
        world.run().await;
        assert_eq!(standing(world, cohort, ben.email).await, "offered");
        assert_eq!(standing(world, cohort, cy.email).await, "waitlisted");
        assert!(world.last_to(ben.email).text.contains("/offer/"));

        world.pass(chrono::TimeDelta::hours(25)).await;
        assert_eq!(standing(world, cohort, ben.email).await, "offer_expired");
        assert_eq!(standing(world, cohort, cy.email).await, "offered");
    }
}

story! {
    async fn a_late_confirmation_joins_the_line_of_a_closed_group_and_no_group_that_is_over(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        let person = |name, email| Person { name, email, zone: "Europe/Berlin", track: "hurt", calendar: "feed" };
        let (ana, ben) = (person("Ana", "ana@example.org"), person("Ben", "ben@example.org"));
        ask(world, cohort, &ana).await;
        ask(world, cohort, &ben).await;
        world.run().await;
        let confirm = async |email: &str| {
            let link = world.last_to(email).link("/confirm/");
            let token = link.rsplit('/').next().unwrap().to_owned();
            let asked = world.app.links.read(trellis::links::Purpose::Confirm, &token, utc(START)).unwrap();
            trellis::actions::confirm_enrollment::confirm_enrollment(&world.app, asked.object.into()).await
        };
        world.pass(chrono::TimeDelta::hours(2)).await;
        assert_eq!(standing(world, cohort, ana.email).await, "lapsed", "the seat is held for an hour");
        trellis::actions::save_cohort::set_doors(&world.app, (practice.id, cohort), trellis::actions::save_cohort::Doors::Closed, "Nadia").await.unwrap();
        confirm(ana.email).await.unwrap();
        assert_eq!(standing(world, cohort, ana.email).await, "waitlisted", "closed doors sell no seat");
        world.to(utc("2026-12-01 09:00")).await;
        assert!(confirm(ben.email).await.is_err(), "the group is over");
    }
}
