//! Is a seat ever sold twice, and does the line keep its order?

use trellis::store::cohorts;

use crate::{
    people::{Person, ask, enroll, standing},
    story,
    world::World,
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
