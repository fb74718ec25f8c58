//! Does one click stop what it should, for good, and can nothing else use its link?

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use trellis::{
    actions::release_due::release_due,
    domain::category::Category,
    store::{cohorts, enrollments, participants, practices, stops},
};

use crate::{
    people::{Person, enroll, sign_in},
    post::{Mail, header},
    story,
    visitor::Visitor,
    world::{World, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "neither" };
const BEN: Person =
    Person { name: "Ben", email: "ben@example.org", zone: "Europe/Lisbon", track: "hurt", calendar: "neither" };

fn lesson(world: &World, to: &str, part: usize) -> Mail {
    let subject = format!("Weekly course, part {part}");
    world.mails_to(to).into_iter().find(|mail| mail.subject == subject).unwrap_or_else(|| panic!("no {subject}"))
}

/// Ana has had her first lesson: her group, and the lesson's link to stop.
async fn first_lesson(world: &World) -> (trellis::domain::ids::CohortId, String) {
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    enroll(world, cohort, &ANA).await;
    world.to(utc("2026-10-12 06:00")).await;
    (cohort, lesson(world, ANA.email, 1).link("/u/"))
}

async fn one_click(link: &str) -> reqwest::Response {
    reqwest::Client::new().post(link).form(&[("List-Unsubscribe", "One-Click")]).send().await.unwrap()
}

/// What the person has turned off.
async fn stopped(world: &World, cohort: trellis::domain::ids::CohortId) -> Vec<Category> {
    let db = world.app.db.reader();
    let practice = practices::on_this_installation(db).await.unwrap().remove(0);
    let person = participants::with_email(db, practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
    let cohort = cohorts::anywhere(db, cohort).await.unwrap().unwrap();
    stops::of_person(db, person.id, cohort.program_id).await.unwrap()
}

story! {
    async fn u3_what_is_queued_already_is_dropped_at_the_last_moment(world: &World) {
        let (cohort, link) = first_lesson(world).await;
        // The second lesson is released, and not one of its mails has left.
        world.to(utc("2026-10-19 04:59")).await;
        world.app.clock.set(utc("2026-10-19 05:00"));
        assert!(release_due(&world.app).await.unwrap() > 0);
        assert_eq!(one_click(&link).await.status(), 200);
        world.to(utc("2026-10-20 12:00")).await;
        assert!(world.mails_to(ANA.email).iter().all(|mail| mail.subject != "Weekly course, part 2"), "U3, B12");
        assert_eq!(stopped(world, cohort).await, [Category::Lesson], "U10: this category and no other");
    }
}

story! {
    async fn u4_twice_is_once_and_nothing_is_answered(world: &World) {
        let (_, link) = first_lesson(world).await;
        world.forget_mails();
        let audits = async || {
            let practices = trellis::store::practices::on_this_installation(world.app.db.reader()).await.unwrap();
            let all =
                trellis::store::audits::of_practice(world.app.db.reader(), practices[0].id, 1_000).await.unwrap();
            all.len()
        };
        let before = audits().await;
        let mut said = Vec::new();
        for _ in 0..3 {
            let answer = one_click(&link).await;
            let status = answer.status().as_u16();
            said.push((status, answer.text().await.unwrap().contains("We have stopped the weekly emails")));
        }
        assert_eq!(said, [(200, true); 3], "U4");
        assert!(audits().await <= before + 1, "U4: one line in the audit");
        world.run().await;
        assert!(world.mails_to(ANA.email).is_empty(), "U4: no mail answers it");
    }
}

story! {
    async fn u5_looking_changes_nothing(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-12 06:00")).await;
        let mail = lesson(world, ANA.email, 1);
        let client = reqwest::Client::new();
        // A scanner opens every link of the mail, and asks for its head.
        for link in mail.text.split_whitespace().filter(|word| word.starts_with("http")) {
            client.get(link).send().await.unwrap();
            client.head(link).send().await.unwrap();
        }
        assert_eq!(stopped(world, cohort).await, [], "U5");
        let page = client.get(mail.link("/u/")).send().await.unwrap().text().await.unwrap();
        assert_eq!(page.matches("method=\"post\"").count(), 1, "U5: one button, and it posts: {page}");
    }
}

story! {
    async fn u6_it_works_long_after_the_program_and_for_who_has_left(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let enrollment = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-12 06:00")).await;
        let link = lesson(world, ANA.email, 1).link("/u/");
        trellis::actions::leave::leave(&world.app, enrollment, &trellis::actions::leave::By::Participant).await.unwrap();
        world.to(utc("2027-03-01 12:00")).await;
        for _ in 0..2 {
            assert_eq!(one_click(&link).await.status(), 200, "U6: not used up, not expired");
        }
        assert_eq!(stopped(world, cohort).await, [Category::Lesson]);
    }
}

story! {
    async fn u7_u8_u9_the_link_grants_this_and_tells_nothing(world: &World) {
        let (cohort, link) = first_lesson(world).await;
        let client = reqwest::Client::new();
        let page = client.get(&link).send().await.unwrap();
        let of = |name: &str| page.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        assert_eq!((of("cache-control").as_str(), of("referrer-policy").as_str()), ("no-store", "no-referrer"), "U9");
        assert!(of("x-robots-tag").contains("noindex"), "U9");
        assert!(of("set-cookie").is_empty(), "U2, U7: nobody is signed in");
        let text = page.text().await.unwrap();
        for secret in ["Ana", "ana@", "Rebuilding", "rust", "Nadia", "Monday evenings"] {
            assert!(!text.contains(secret), "U7: {secret} in {text}");
        }
        assert!(text.split('"').filter(|word| word.starts_with("http")).all(|word| word.starts_with(&world.base)), "U9: nobody else's");
        for other in ["/confirm/", "/j/", "/leave-group/", "/p/open/"] {
            let other = client.get(link.replace("/u/", other)).send().await.unwrap();
            assert_ne!(other.status(), 200, "U7: for nothing else");
        }
        // A wrong token, in any way: the same answer.
        let token = link.rsplit('/').next().unwrap();
        let mut answers = Vec::new();
        for wrong in [token.to_uppercase(), token.replace("v1.", "v2."), "x".repeat(token.len()), format!("{}A", &token[..token.len() - 1])] {
            let began = Instant::now();
            let answer = one_click(&link.replace(token, &wrong)).await;
            assert!(began.elapsed() < Duration::from_secs(5));
            answers.push((answer.status().as_u16(), answer.text().await.unwrap().len()));
        }
        assert_eq!(answers[0].0, 404, "U7");
        assert!(answers.iter().all(|answer| *answer == answers[0]), "U7: of one size: {answers:?}");
        // Without the words of RFC 8058 nothing happens; the page's own button has others.
        for body in ["", "List-Unsubscribe=", "List-Unsubscribe=one-click-please", "stop=no"] {
            let answer = client.post(&link).header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap();
            assert_eq!(answer.status(), 400, "U8: {body}");
        }
        assert_eq!(stopped(world, cohort).await, [], "U8");
        let by_hand = client.post(&link).form(&[("stop", "yes")]).send().await.unwrap();
        assert_eq!(by_hand.status(), 200, "U8: the human button");
        let text = by_hand.text().await.unwrap();
        for other in ["reminders too", "announcements too", "leave the group"] {
            assert!(text.contains(other), "U10: the page offers {other}");
        }
    }
}

story! {
    async fn h9_h10_a_list_has_one_name_for_all_its_readers(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        for person in [&ANA, &BEN] {
            enroll(world, cohort, person).await;
        }
        world.pass(TimeDelta::days(15)).await;
        for name in ["List-Id", "Feedback-ID"] {
            let of = |mail: &Mail| header(&mail.raw, name);
            let (first, later, others) = (lesson(world, ANA.email, 1), lesson(world, ANA.email, 2), lesson(world, BEN.email, 1));
            assert_eq!(of(&first), of(&later), "{name} is stable");
            assert_eq!(of(&first), of(&others), "{name} tells nobody apart");
        }
        let lessons = lesson(world, ANA.email, 1);
        let feedback = header(&lessons.raw, "Feedback-ID");
        let fields: Vec<&str> = feedback.split(':').collect();
        assert!(fields.len() <= 4 && (5..=15).contains(&fields.last().unwrap().len()), "H10: {feedback}");
        let list = header(&lessons.raw, "List-Id");
        assert!(list.contains(".lists.") && !list.to_lowercase().contains("trust"), "H9: {list}");
        let reminder = world.mails_to(ANA.email).into_iter().find(|mail| mail.subject == "In one hour").unwrap();
        assert_ne!(header(&reminder.raw, "List-Id"), list, "a list of its own");
        assert_ne!(header(&lessons.raw, "List-Unsubscribe"), header(&lesson(world, BEN.email, 1).raw, "List-Unsubscribe"));
    }
}

story! {
    async fn u10_what_a_link_stopped_is_switched_on_again_on_ones_own_page(world: &World) {
        let (cohort, link) = first_lesson(world).await;
        let client = reqwest::Client::new();
        for category in Category::ALL.into_iter().filter(|category| category.subscribed()) {
            let answer = client.post(&link).form(&[("stop", category.as_str())]).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{category:?}");
        }
        assert_eq!(stopped(world, cohort).await.len(), 3, "U10: the page offers the others");
        let ana = Visitor::of(world);
        sign_in(world, &ana, ANA.email).await;
        let page = ana.get("/p").await.body;
        let switches = ["lessons", "reminders", "announcements"];
        for name in switches {
            let switch = page.split("<input ").find(|input| input.contains(&format!("name=\"{name}\"")));
            assert!(switch.is_some_and(|input| !input.split('>').next().unwrap().contains("checked")), "{name} is off");
        }
        let id = enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0).id.to_string();
        let save = async |on: &[&str]| {
            let mut fields = vec![("enrollment", id.as_str()), ("name", "Ana"), ("tz", "Europe/Lisbon"), ("discretion", "discreet")];
            fields.extend(on.iter().map(|name| (*name, "on")));
            assert_eq!(ana.submit("/p", "/p/settings", &fields).await.status, 303);
            stopped(world, cohort).await
        };
        assert_eq!(save(&switches[..]).await, [], "the page that a link leads to promises that they can be switched on again");
        assert_eq!(save(&switches[..2]).await, [Category::Announcement], "and off, without touching the others");
    }
}
