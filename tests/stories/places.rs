//! What do the stories about places share? A coach at the desk, a person with a mailed link, and the count of seats.

use std::collections::BTreeSet;

use trellis::{
    actions::{ask_to_enroll::ask_to_enroll, leave::By, leave::leave},
    domain::{
        asking::Form,
        email_address::EmailAddress,
        enrollment::Standing,
        ids::{CohortId, EnrollmentId},
    },
    store::{
        cohorts,
        enrollments::{self, Enrollment},
        participants,
    },
};

use crate::{
    people::{Person, ask},
    post::Mail,
    visitor::{Answer, Visitor},
    world::{PASSWORD, World, name, zone},
};

pub const fn person(name: &'static str, email: &'static str, zone: &'static str) -> Person {
    Person { name, email, zone, track: "hurt", calendar: "invites" }
}

/// A coach who has signed in.
pub async fn coach(world: &World) -> Visitor {
    let visitor = Visitor::of(world);
    let fields = [("email", "nadia@group.example"), ("password", PASSWORD)];
    assert_eq!(visitor.submit("/coach/sign-in", "/coach/sign-in", &fields).await.status, 303);
    visitor
}

/// Opens a mailed link and presses the button of its page; the button may be gone from it by now.
pub async fn press(world: &World, link: &str) -> Answer {
    let visitor = Visitor::of(world);
    assert!(visitor.get(link).await.status < 500);
    visitor.submit(OTHER_FORM, link, &[]).await
}

/// A page that has a form for everybody.
pub const OTHER_FORM: &str = "/link";

/// A mail's text on one line, as one reads it.
pub fn read(mail: &Mail) -> String {
    mail.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sends the form, and confirms by the link of the mail, all of it in a browser.
pub async fn come(world: &World, cohort: CohortId, who: &Person) -> Answer {
    ask(world, cohort, who).await;
    world.run().await;
    let answer = press(world, &world.last_to(who.email).link("/confirm/")).await;
    world.run().await;
    // So that nobody asks in the same instant as the one before.
    world.app.clock.advance(chrono::TimeDelta::seconds(1));
    answer
}

pub async fn ask_with_note(world: &World, cohort: CohortId, who: &Person, note: &str) {
    let cohort = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
    let form = Form {
        email: EmailAddress::parse(who.email).unwrap(),
        name: name(who.name),
        zone: zone(who.zone),
        track: who.track.to_owned(),
        calendar: who.calendar.parse().unwrap(),
        discretion: None,
        note: note.to_owned(),
        consents: Vec::new(),
        intake: Vec::new(),
        partner: None,
    };
    ask_to_enroll(&world.app, &cohort, &form, None).await.unwrap();
}

pub async fn place(world: &World, cohort: CohortId, email: &str) -> Enrollment {
    let db = world.app.db.reader();
    let row = cohorts::anywhere(db, cohort).await.unwrap().unwrap();
    let email = EmailAddress::parse(email).unwrap();
    let person = participants::with_email(db, row.practice_id, &email).await.unwrap().unwrap();
    enrollments::of_person_in(db, cohort, person.id).await.unwrap().unwrap()
}

pub async fn go(world: &World, cohort: CohortId, email: &str) -> EnrollmentId {
    let id = place(world, cohort, email).await.id;
    leave(&world.app, id, &By::Participant).await.unwrap();
    world.run().await;
    world.app.clock.advance(chrono::TimeDelta::seconds(1));
    id
}

/// The seats that are counted are those that people hold, each with a number of its own; and every step anybody
/// took is drawn.
pub async fn seats_add_up(world: &World, cohort: CohortId) -> i32 {
    let db = world.app.db.reader();
    let row = cohorts::anywhere(db, cohort).await.unwrap().unwrap();
    let everybody = enrollments::of_cohort(db, cohort).await.unwrap();
    let seats: Vec<i32> = everybody.iter().filter_map(|it| it.seat).collect();
    assert_eq!(usize::try_from(row.seats_taken).unwrap(), seats.len(), "counted and held");
    assert_eq!(seats.iter().collect::<BTreeSet<_>>().len(), seats.len(), "a seat twice");
    for enrollment in &everybody {
        let standing = enrollment.standing;
        assert!(enrollment.seat.is_none() || standing.holds_seat(), "{standing} holds a seat");
        // Only a form that was sent when every place was taken holds none.
        let holds = enrollment.seat.is_some() || standing == Standing::Pending;
        assert!(!standing.holds_seat() || holds, "{standing} holds no seat");
        history_holds(world, enrollment).await;
    }
    row.seats_taken
}

async fn history_holds(world: &World, enrollment: &Enrollment) {
    let changes = enrollments::history_of(world.app.db.reader(), enrollment.id).await.unwrap();
    let mut was = String::new();
    for change in &changes {
        assert_eq!(change.was, was, "a step is missing in {changes:?}");
        assert!(!change.actor.is_empty() && !change.reason.is_empty(), "who and why: {change:?}");
        was.clone_from(&change.became);
    }
    assert_eq!(was, enrollment.standing.as_str(), "the last step is where the person stands");
}

/// What somebody became, in order.
pub async fn life(world: &World, cohort: CohortId, email: &str) -> Vec<String> {
    let id = place(world, cohort, email).await.id;
    let changes = enrollments::history_of(world.app.db.reader(), id).await.unwrap();
    changes.into_iter().map(|change| change.became).collect()
}
