//! Many send their form in the same moment and are written in one go: is each as if it had come alone?

use std::collections::BTreeSet;

use futures_util::future::join_all;
use trellis::{
    actions::ask_to_enroll::{Refused, ask_to_enroll},
    domain::{
        asking::{Agreed, Form},
        enrollment::Standing,
        ids::CohortId,
    },
    store::{cohorts, enrollments, participants, programs},
};

use crate::{
    people::{Person, enroll},
    story,
    world::{World, name, zone},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "feed" };

async fn form(world: &World, cohort: CohortId, email: &str) -> Form {
    let db = world.app.db.reader();
    let cohort = cohorts::anywhere(db, cohort).await.unwrap().unwrap();
    let program = programs::find(db, cohort.practice_id, cohort.program_id).await.unwrap().unwrap();
    Form {
        email: email.parse().unwrap(),
        name: name("Sam"),
        zone: zone("Europe/Berlin"),
        track: "hurt".to_owned(),
        calendar: "feed".parse().unwrap(),
        discretion: None,
        note: String::new(),
        consents: program.content.0.agreements().map(|(kind, document)| Agreed::to(kind, document)).into(),
        intake: Vec::new(),
        partner: None,
    }
}

/// All at once, in this order; `client` sends them.
async fn all(world: &World, cohort: CohortId, forms: &[Form], client: Option<&str>) -> Vec<Result<(), Refused>> {
    let row = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
    join_all(forms.iter().map(|form| ask_to_enroll(&world.app, &row, form, client))).await
}

async fn forms(world: &World, cohort: CohortId, emails: &[&str]) -> Vec<Form> {
    join_all(emails.iter().map(|email| form(world, cohort, email))).await
}

story! {
    async fn one_address_counts_once_and_whoever_is_known_hears_how_things_stand(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 3).await;
        enroll(world, cohort, &ANA).await;
        world.forget_mails();
        world.app.clock.advance(chrono::TimeDelta::minutes(1));
        let emails = ["ben@example.org", "cleo@example.org", "cleo@example.org", ANA.email, "dora@example.org", "eve@example.org"];
        let asked = all(world, cohort, &forms(world, cohort, &emails).await, None).await;
        assert!(asked.iter().all(Result::is_ok), "{asked:?}");
        world.run().await;

        let db = world.app.db.reader();
        let places = enrollments::of_cohort(db, cohort).await.unwrap();
        assert_eq!(places.len(), 5, "Ana, Ben, Cleo, Dora, Eve");
        let mut seated = BTreeSet::new();
        for place in &places {
            let person = participants::holding(db, place.participant_id).await.unwrap().unwrap();
            assert_eq!(enrollments::consents_of(db, place.id).await.unwrap().len(), 2);
            assert_eq!(enrollments::history_of(db, place.id).await.unwrap().first().unwrap().became, "pending");
            assert_eq!(place.standing == Standing::Enrolled, person.email.expose() == ANA.email);
            if place.seat.is_some() {
                seated.insert(person.email.expose().to_owned());
            }
        }
        assert_eq!(seated.into_iter().collect::<Vec<_>>(), [ANA.email, "ben@example.org", "cleo@example.org"], "who came first");
        assert_eq!(cohorts::anywhere(db, cohort).await.unwrap().unwrap().seats_taken, 3, "none is held for nobody");
        for email in ["ben@example.org", "cleo@example.org", "dora@example.org", "eve@example.org"] {
            assert_eq!(world.mails_to(email).len(), 1, "{email}");
            assert!(world.last_to(email).text.contains("/confirm/"));
        }
        assert!(world.mails_to(ANA.email).iter().all(|mail| !mail.text.contains("/confirm/")));
    }
}

story! {
    async fn one_client_is_stopped_in_the_middle_of_what_it_sends_at_once(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let emails: Vec<String> = (0..30).map(|number| format!("p{number}@example.org")).collect();
        let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
        let forms = forms(world, cohort, &emails).await;
        let most = usize::try_from(world.app.config.limits.enrollments_per_client).unwrap();
        let asked = all(world, cohort, &forms, Some("192.0.2.7")).await;
        let stopped = asked.iter().filter(|outcome| matches!(outcome, Err(Refused::TooOften(_)))).count();
        assert_eq!(stopped, forms.len() - most, "{asked:?}");
        let there = async || enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().len();
        assert_eq!(there().await, most);
        // Another client is another matter.
        let last = forms.last().unwrap().clone();
        assert!(all(world, cohort, &[last], Some("192.0.2.8")).await[0].is_ok());
        assert_eq!(there().await, most + 1);
    }
}

story! {
    async fn what_the_database_does_not_take_spoils_nothing_for_the_others(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let emails = ["ben@example.org", "cleo@example.org", "dora@example.org", "eve@example.org"];
        let mut forms = forms(world, cohort, &emails).await;
        // PostgreSQL keeps no such text; SQLite does.
        "nobody types this: \0".clone_into(&mut forms[2].note);
        let asked = all(world, cohort, &forms, None).await;
        let lost = usize::from(world.app.db.is_shared());
        assert_eq!(asked.iter().filter(|outcome| outcome.is_err()).count(), lost, "{asked:?}");
        assert_eq!(asked[2].is_err(), lost == 1);
        assert_eq!(enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().len(), 4 - lost);
    }
}
