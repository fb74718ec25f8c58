//! Whatever the partner is to us, and whatever they answer: does the inviter see the same?

use chrono::TimeDelta;
use trellis::{
    actions::{
        add_person::{NewPerson, WhenFull, add_person},
        leave::{By, leave},
    },
    store::participants,
};

use super::*;
use crate::{
    post::Mail,
    world::{name, utc, zone},
};

/// What the partner was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Unknown,
    Enrolled,
    Removed,
    Withdrawn,
    Elsewhere,
}

/// How the partner answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    No,
}

/// Everything Ana gets in eight days: when, and what, without the parts that are random.
async fn seen_by_ana(world: &World, before: Before, says: Says) -> (Vec<(String, String, String)>, Vec<String>) {
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |new| new.capacity = 4).await;
    prepare(world, cohort, before).await;
    world.to(utc("2026-10-06 09:00")).await;
    world.forget_mails();
    let kept = ben_now(world).await;
    let ana = ana_asks(world, cohort).await;
    assert_eq!(standing(world, cohort, ANA).await, "enrolled", "{before:?}");
    if kept.is_some() {
        assert_eq!(ben_now(world).await, kept, "{before:?}: nothing of his has changed");
    }
    let mut pages = vec![page(&ana, "/p").await, page(&ana, "/p/data").await];
    if says == Says::No && before != Before::Removed {
        world.pass(TimeDelta::hours(1)).await;
        ben_says_no(world).await;
    }
    world.to(utc("2026-10-09 12:00")).await;
    let signed_in = Visitor::of(world);
    signed_in.submit("/link", "/link", &[("email", ANA)]).await;
    world.run().await;
    let link = world.last_to(ANA).link("/p/open/");
    signed_in.submit(&link, &link, &[("email", ANA)]).await;
    pages.push(page(&signed_in, "/p").await);
    world.to(utc("2026-10-11 09:00")).await;
    let mails = world.mails_to(ANA).iter().map(told).collect();
    if kept.is_some() {
        assert_eq!(ben_now(world).await, kept, "{before:?}: not afterwards either");
    }
    (mails, pages)
}

/// The page without what differs from one house to the next.
async fn page(visitor: &Visitor, path: &str) -> String {
    let plain = plain(&visitor.get(path).await.body);
    // What came in the same instant has no order of its own.
    let mut words: Vec<_> = plain.split(' ').collect();
    if path == "/p/data" {
        words.sort_unstable();
    }
    words.join(" ")
}

fn plain(text: &str) -> String {
    let mut plain = String::new();
    // Ids, tokens, codes, ports and links are other ones each time.
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '=')) {
        let is_random = word.contains("localhost")
            || word.contains("/together/")
            || word.contains("enrollment")
            || word.len() >= 26 && word.chars().all(|c| c.is_ascii_alphanumeric() || "-._/:?".contains(c))
            // A sign-in's code comes in two threes.
            || word.len() == 3 && word.chars().all(|c| c.is_ascii_digit())
            || word.contains("2026-10-0");
        if !is_random {
            plain.push_str(word);
            plain.push(' ');
        }
    }
    plain
}

fn told(mail: &Mail) -> (String, String, String) {
    (mail.at.to_string(), mail.subject.clone(), plain(&mail.text))
}

async fn prepare(world: &World, cohort: CohortId, before: Before) {
    let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    match before {
        Before::Unknown => {}
        Before::Enrolled => {
            enroll(world, cohort, &BEN_ALONE).await;
        }
        Before::Removed | Before::Withdrawn => {
            let id = enroll(world, cohort, &BEN_ALONE).await;
            let by = if before == Before::Removed { By::Coach("Nadia".into()) } else { By::Participant };
            leave(&world.app, id, &by).await.unwrap();
        }
        Before::Elsewhere => {
            let other = world.cohort(&practice, |new| new.name = name("Another one")).await;
            let new = NewPerson {
                email: BEN.parse().unwrap(),
                name: name("Benno"),
                zone: zone("Asia/Tokyo"),
                track: "hurt".into(),
            };
            add_person(&world.app, (practice.id, other), &new, WhenFull::Refuse, "Nadia").await.unwrap();
        }
    }
}

/// All we know of Ben, if we know him.
async fn ben_now(world: &World) -> Option<[String; 2]> {
    let db = world.app.db.reader();
    let practice = practices::on_this_installation(db).await.unwrap().remove(0);
    let person = participants::with_email(db, practice.id, &BEN.parse().unwrap()).await.unwrap()?;
    let places = enrollments::of_participant(db, practice.id, person.id).await.unwrap();
    let consents = match places.first() {
        Some(place) => enrollments::consents_of(db, place.id).await.unwrap(),
        None => Vec::new(),
    };
    Some([
        format!("{} {:?} {:?}", person.name.expose(), person.zone, person.discretion),
        format!("{places:?} {consents:?}"),
    ])
}

story! {
    async fn the_inviter_gets_the_same_mails_at_the_same_time_whoever_the_partner_is(world: &World) {
        let usual = Box::pin(seen_by_ana(world, Before::Unknown, Says::Nothing)).await;
        let subjects: Vec<_> = usual.0.iter().map(|(_, subject, _)| subject.as_str()).collect();
        assert_eq!(subjects.iter().filter(|subject| **subject == "How would you like to come?").count(), 1, "{subjects:?}");
        for page in &usual.1 {
            assert!(!page.to_lowercase().contains("ben@") && !page.contains("Ben"), "{page}");
        }
        let backend = world.backend;
        for before in [Before::Enrolled, Before::Removed, Before::Withdrawn, Before::Elsewhere] {
            let other = Box::pin(World::new(backend)).await;
            let seen = Box::pin(seen_by_ana(&other, before, Says::Nothing)).await;
            assert_eq!(seen.0, usual.0, "{before:?}");
            assert_eq!(seen.1, usual.1, "{before:?}");
            other.end().await;
        }
    }
}

story! {
    async fn a_no_looks_like_no_answer(world: &World) {
        let silent = Box::pin(seen_by_ana(world, Before::Unknown, Says::Nothing)).await;
        for before in [Before::Unknown, Before::Enrolled, Before::Elsewhere] {
            let other = Box::pin(World::new(world.backend)).await;
            let refused = Box::pin(seen_by_ana(&other, before, Says::No)).await;
            assert_eq!(refused.0, silent.0, "{before:?}: the same letters at the same time");
            assert_eq!(refused.1.last(), silent.1.last(), "{before:?}: and the same page");
            other.end().await;
        }
    }
}

story! {
    async fn somebody_enrolled_alone_is_linked_only_by_their_own_button(world: &World) {
        let cohort = cohort(world, 12).await;
        enroll(world, cohort, &BEN_ALONE).await;
        let kept = ben_now(world).await;
        ana_asks(world, cohort).await;
        assert_eq!(seats(world, cohort).await, 2, "he has a seat already");
        let asked = world.last_to(BEN);
        assert_eq!(asked.subject, "An invitation for you");
        let link = asked.link("/partner/");
        let visitor = Visitor::of(world);
        let page = visitor.get(&format!("{link}/join")).await.body;
        assert!(page.contains("You are with us already") && !page.contains("name=\"track\""), "{page}");
        let joined = visitor.submit(&format!("{link}/join"), &format!("{link}/join"), &[]).await;
        assert_eq!(joined.location.as_deref(), Some("/p?done=together"));
        assert_eq!(ben_now(world).await, kept, "nothing of his place has changed");
        assert_eq!(seats(world, cohort).await, 2);
        assert!(nadia(world).await.get(&format!("/coach/cohorts/{cohort}")).await.body.contains("Comes with Ben"));
        world.pass(NEVER).await;
        assert!(!world.mails_to(ANA).iter().any(|mail| mail.text.contains("/together/")));
    }
}

story! {
    async fn a_stranger_is_written_to_once_a_day_and_a_message_is_no_name(world: &World) {
        let cohort = cohort(world, 12).await;
        for (number, asker) in ["a1@example.org", "a2@example.org", "a3@example.org"].into_iter().enumerate() {
            let visitor = Visitor::of(world);
            let spam = if number == 0 { "Win at evil.example" } else { "Ana" };
            let fields = [("email", asker), ("name", spam), ("partner_name", "Ben"), ("partner_email", BEN)];
            assert_eq!(send(&visitor, &format!("/enroll/{cohort}"), &fields).await.status, 303);
            world.run().await;
            confirm(world, &visitor, asker).await;
        }
        let asked = world.mails_to(BEN);
        assert_eq!(asked.len(), 1);
        assert!(asked[0].text.contains("somebody would like you") && !asked[0].text.contains("evil"), "{}", asked[0].text);
    }
}

story! {
    async fn a_partner_who_said_no_is_not_asked_again_and_may_think_again(world: &World) {
        let cohort = cohort(world, 2).await;
        ana_asks(world, cohort).await;
        let link = world.last_to(BEN).link("/partner/");
        assert_eq!(ben_says_no(world).await.status, 303);
        assert_eq!(seats(world, cohort).await, 1, "the seat is free for others at once");
        let shown = Visitor::of(world).get(&link).await.body;
        assert!(shown.contains("You said no") && shown.contains("I have changed my mind"), "{shown}");
        world.pass(NEVER).await;
        choose(world, "wait").await;
        assert_eq!(world.mails_to(BEN).len(), 1, "a no is a no");
        let back = ben_joins_by(world, &link).await;
        assert_eq!(back.status, 303, "and may be taken back by the one who said it: {}", back.body);
        assert_eq!(standing(world, cohort, BEN).await, "enrolled");
        assert_eq!(seats(world, cohort).await, 2);
    }
}

/// By the link of the first letter, which still names the couple.
async fn ben_joins_by(world: &World, link: &str) -> Answer {
    assert!(world.last_to(BEN).text.contains(link));
    ben_joins(world).await.1
}
