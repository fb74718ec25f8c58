//! Who takes part in the stories, and how do they come in? Through the front door.

use trellis::{
    actions::{ask_to_enroll::ask_to_enroll, confirm_enrollment::confirm_enrollment},
    domain::{
        asking::{Agreed, Form},
        email_address::EmailAddress,
        ids::{CohortId, EnrollmentId},
    },
    links::Purpose,
    store::{cohorts, enrollments, participants, programs},
};

use crate::{
    visitor::Visitor,
    world::{World, name, zone},
};

pub struct Person {
    pub name: &'static str,
    pub email: &'static str,
    pub zone: &'static str,
    pub track: &'static str,
    pub calendar: &'static str,
}

/// Sends the form, reads the mail, follows its link, presses the button.
pub async fn enroll(world: &World, cohort: CohortId, person: &Person) -> EnrollmentId {
    ask(world, cohort, person).await;
    world.run().await;
    let link = world.last_to(person.email).link("/confirm/");
    let token = link.rsplit('/').next().unwrap();
    let claims = world.app.links.read(Purpose::Confirm, token, world.app.clock.now().real).unwrap();
    confirm_enrollment(&world.app, claims.object.into()).await.unwrap();
    world.run().await;
    claims.object.into()
}

pub async fn ask(world: &World, cohort: CohortId, person: &Person) {
    let cohort = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
    let program = programs::find(world.app.db.reader(), cohort.practice_id, cohort.program_id).await.unwrap().unwrap();
    let form = Form {
        email: EmailAddress::parse(person.email).unwrap(),
        name: name(person.name),
        zone: zone(person.zone),
        track: person.track.to_owned(),
        calendar: person.calendar.parse().unwrap(),
        discretion: None,
        note: String::new(),
        consents: program.content.0.agreements().map(|(kind, document)| Agreed::to(kind, document)).into(),
        intake: Vec::new(),
        partner: None,
    };
    ask_to_enroll(&world.app, &cohort, &form, None).await.unwrap();
}

/// Where a person stands in a cohort.
pub async fn standing(world: &World, cohort: CohortId, email: &str) -> String {
    let cohort = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
    let email = EmailAddress::parse(email).unwrap();
    let person = participants::with_email(world.app.db.reader(), cohort.practice_id, &email).await.unwrap();
    let Some(person) = person else { return "unknown".to_owned() };
    let enrollment = enrollments::of_person_in(world.app.db.reader(), cohort.id, person.id).await.unwrap();
    enrollment.map_or_else(|| "unknown".to_owned(), |enrollment| enrollment.standing.to_string())
}

/// The same, and then by the mailed link into their own pages.
pub async fn come_in(world: &World, cohort: CohortId, person: &Person) -> (Visitor, EnrollmentId) {
    let id = enroll(world, cohort, person).await;
    let visitor = Visitor::of(world);
    sign_in(world, &visitor, person.email).await;
    (visitor, id)
}

pub async fn sign_in(world: &World, visitor: &Visitor, email: &str) {
    visitor.submit("/link", "/link", &[("email", email)]).await;
    world.run().await;
    let link = world.last_to(email).link("/p/open/");
    visitor.submit(&link, &link, &[]).await;
}
