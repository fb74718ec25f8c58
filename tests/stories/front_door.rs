//! What does the site answer to the hurried, the distressed and the hostile?

use chrono::TimeDelta;
use trellis::store::{enrollments, participants, practices};

use crate::{
    people::{Person, enroll, standing},
    story,
    visitor::{Visitor, form_token},
    world::{World, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "feed" };

async fn cohort(world: &World) -> trellis::domain::ids::CohortId {
    let practice = world.practice().await;
    world.cohort(&practice, |_| {}).await
}

pub const NOT_SENT: &str = "(not sent)";

/// The form as somebody fills it in, with some answers of their own.
pub async fn send(visitor: &Visitor, path: &str, own: &[(&str, &str)]) -> crate::visitor::Answer {
    let page = visitor.get(path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let token = form_token(&page.body).expect("a form");
    let wordings = page
        .body
        .split("name=\"wordings\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    let mut fields = vec![
        ("name", "Ana"),
        ("email", "ana@example.org"),
        ("tz", "Europe/Lisbon"),
        ("track", "broke"),
        ("calendar", "feed"),
        ("discretion", "discreet"),
        ("note", ""),
        ("agree", "yes"),
        ("stored", "yes"),
        ("wordings", &wordings),
        ("form_token", &token),
    ];
    fields.retain(|(name, _)| !own.iter().any(|(other, _)| other == name));
    // A box that is not ticked is not sent at all.
    fields.extend(own.iter().filter(|(_, value)| *value != NOT_SENT));
    visitor.post(path, &fields).await
}

async fn people_known(world: &World) -> usize {
    let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    let cohort = trellis::store::cohorts::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
    enrollments::of_cohort(world.app.db.reader(), cohort.id).await.unwrap().len()
}

story! {
    async fn a_place_is_found_confirmed_and_opened_without_a_line_of_script(world: &World) {
        let cohort = cohort(world).await;
        let visitor = Visitor::of(world);
        let path = format!("/enroll/{cohort}");
        let sent = send(&visitor, &path, &[]).await;
        assert_eq!((sent.status, sent.location.as_deref()), (303, Some(&*format!("{path}/sent"))), "{}", sent.body);
        world.run().await;
        let link = world.last_to(ANA.email).link("/confirm/");

        // A mail scanner opens the link, three times and by HEAD: nothing happens.
        for _ in 0..3 {
            assert_eq!(visitor.get(&link).await.status, 200);
        }
        assert_eq!(standing(world, cohort, ANA.email).await, "pending");
        let page = visitor.get(&link).await.body;
        assert!(!page.contains("Ana") && !page.to_lowercase().contains("trust"), "a page before the button names nobody");

        let confirmed = visitor.submit(&link, &link, &[]).await;
        assert_eq!(confirmed.status, 303, "{}", confirmed.body);
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled");
        let mine = visitor.get(confirmed.location.as_deref().unwrap()).await;
        assert_eq!(mine.status, 200);
        assert!(mine.body.contains("Hello Ana"), "{}", mine.body);
        assert!(!mine.body.split("</title>").next().unwrap().to_lowercase().contains("rebuilding"), "S9: no topic in a title");
        assert_eq!(mine.headers["cache-control"], "no-store");
        assert_eq!(Visitor::of(world).get("/p").await.location.as_deref(), Some("/link"), "nobody else gets in");
    }
}

story! {
    async fn bad_input_is_answered_at_its_field_and_nothing_is_saved(world: &World) {
        let cohort = cohort(world).await;
        let visitor = Visitor::of(world);
        let path = format!("/enroll/{cohort}");
        let long = "x".repeat(10_000);
        for (field, value, words) in [
            ("name", "Ann\r\nBcc: x@y", "line break"),
            ("name", long.as_str(), "at most 120 characters"),
            ("name", "\u{202E}nna", "control character"),
            ("name", "", "Enter a name"),
            ("email", "ana.example.org", "with an @ sign"),
            ("email", "a\r\nBcc: b@example.org", "before the @ sign"),
            ("email", long.as_str(), "too long"),
            ("tz", "Mars/Olympus", "zone"),
            ("tz", "EST", "zone"),
        ] {
            let answer = send(&visitor, &path, &[(field, value)]).await;
            assert_eq!(answer.status, 422, "{field}: {value:.40}");
            assert!(answer.body.contains(&format!("href=\"#{field}\"")), "the summary leads to {field}");
            assert!(answer.body.contains(words), "{field} {value:.40}: {words}");
            let other = if field == "name" { "ana@example.org" } else { "value=\"Ana\"" };
            assert!(answer.body.contains(other), "what was typed elsewhere is kept");
        }
        for missing in ["agree", "stored", "calendar"] {
            let answer = send(&visitor, &path, &[(missing, NOT_SENT)]).await;
            assert_eq!(answer.status, 422, "{missing}");
        }
        assert_eq!(people_known(world).await, 0, "nothing is saved by halves");

        // Names of every script are people's names.
        for (number, name) in ["أحمد", "🌱 Sam", "O'Neil; Dr.", "李小龍"].into_iter().enumerate() {
            let email = format!("p{number}@example.org");
            let answer = send(&visitor, &path, &[("name", name), ("email", &email)]).await;
            assert_eq!(answer.status, 303, "{name}");
        }
        assert_eq!(people_known(world).await, 4);
    }
}

story! {
    async fn nobody_learns_whether_an_address_is_known(world: &World) {
        let cohort = cohort(world).await;
        enroll(world, cohort, &ANA).await;
        let path = format!("/enroll/{cohort}");
        let mut answers = Vec::new();
        for email in ["ana@example.org", "new@example.org"] {
            let visitor = Visitor::of(world);
            let sent = send(&visitor, &path, &[("email", email)]).await;
            let names: Vec<String> = sent.headers.keys().map(ToString::to_string).collect();
            let shown = visitor.get(sent.location.as_deref().unwrap()).await;
            let body = shown.body.replace(&form_token(&shown.body).unwrap_or_default(), "");
            answers.push((sent.status, sent.location, sent.body, names, body));
        }
        assert_eq!(answers[0], answers[1]);
        let mut links = Vec::new();
        for email in ["ana@example.org", "stranger@example.org"] {
            let visitor = Visitor::of(world);
            let sent = visitor.submit("/link", "/link", &[("email", email)]).await;
            links.push((sent.status, sent.location, sent.body));
        }
        assert_eq!(links[0], links[1]);
        world.run().await;
        let mailed = world.mails_to("ana@example.org");
        assert!(mailed.iter().any(|mail| mail.text.contains("/p/open/")), "the owner gets the link");
        assert!(world.mails_to("stranger@example.org").is_empty());
    }
}

story! {
    async fn a_mailed_link_or_code_signs_in_once(world: &World) {
        let cohort = cohort(world).await;
        enroll(world, cohort, &ANA).await;
        let visitor = Visitor::of(world);
        visitor.submit("/link", "/link", &[("email", ANA.email)]).await;
        world.run().await;
        let mail = world.last_to(ANA.email);
        let link = mail.link("/p/open/");
        assert_eq!(visitor.get(&link).await.status, 200, "opening it does not spend it");
        let code = mail.text.split_whitespace().collect::<Vec<_>>().windows(2)
            .find(|pair| pair.iter().all(|word| word.len() == 3 && word.chars().all(|c| c.is_ascii_digit())))
            .map(|pair| pair.concat()).expect("six digits in the mail");
        let wrong = visitor.submit("/link/sent", "/link/code", &[("code", "000000")]).await;
        assert_ne!(wrong.status, 303, "a wrong code does not sign in");
        let stranger = Visitor::of(world);
        let elsewhere = stranger.submit("/link/sent", "/link/code", &[("code", &code)]).await;
        assert_ne!(elsewhere.status, 303, "a code works only where it was asked for");
        let signed = visitor.submit("/link/sent", "/link/code", &[("code", &code)]).await;
        assert_eq!(signed.status, 303, "{}", signed.body);
        assert_eq!(visitor.get("/p").await.status, 200);
        let again = Visitor::of(world).submit(&link, &link, &[("email", ANA.email)]).await;
        assert_ne!(again.location.as_deref(), Some("/p"), "used once, it is spent");
    }
}

story! {
    async fn one_click_stops_lessons_at_once_and_only_lessons(world: &World) {
        let cohort = cohort(world).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-12 12:00")).await;
        let lesson = world.mails_to(ANA.email).into_iter().find(|mail| mail.subject == "Weekly course, part 1").unwrap();
        let link = lesson.link("/u/");
        let mailbox = reqwest::Client::new();
        let page = mailbox.get(&link).send().await.unwrap();
        assert_eq!(page.status(), 200);
        let page = page.text().await.unwrap();
        assert!(!page.contains("Ana") && !page.contains("ana@example.org"), "U7");
        let empty = mailbox.post(&link).header("content-type", "application/x-www-form-urlencoded").body("").send().await.unwrap();
        assert_eq!(empty.status(), 400, "U8");
        for _ in 0..2 {
            let answer = mailbox.post(&link).form(&[("List-Unsubscribe", "One-Click")]).send().await.unwrap();
            assert_eq!(answer.status(), 200, "U2, U4: no redirect, no cookie, no origin");
            assert_eq!(answer.headers()["cache-control"], "no-store", "U9");
        }
        let boundary = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
        let multipart = mailbox.post(&link).header("content-type", "multipart/form-data; boundary=b").body(boundary).send().await.unwrap();
        assert_eq!(multipart.status(), 200, "U2");
        let forged = mailbox.post(format!("{link}x")).form(&[("List-Unsubscribe", "One-Click")]).send().await.unwrap();
        assert_eq!(forged.status(), 404, "U7");

        world.forget_mails();
        world.to(utc("2026-10-26 20:00")).await;
        let subjects: Vec<String> = world.mails_to(ANA.email).into_iter().map(|mail| mail.subject).collect();
        assert!(!subjects.iter().any(|subject| subject.starts_with("Weekly course")), "{subjects:?}");
        assert!(subjects.iter().any(|subject| subject == "In one hour"), "reminders still come: {subjects:?}");
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled", "U10");
    }
}

story! {
    async fn a_private_feed_is_cached_true_and_forgotten_after_leaving(world: &World) {
        let cohort = cohort(world).await;
        let enrollment = enroll(world, cohort, &ANA).await;
        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let person = participants::with_email(world.app.db.reader(), practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
        let path = world.app.links.feed(person.id.0, 0);
        let visitor = Visitor::of(world);
        let feed = visitor.get(&path).await;
        assert_eq!(feed.status, 200);
        assert_eq!(feed.headers["content-type"], "text/calendar; charset=utf-8");
        assert_eq!(feed.body.matches("BEGIN:VEVENT").count(), 6);
        assert!(!feed.body.contains("ATTENDEE"), "F6");
        assert!(!feed.body.to_lowercase().contains("trust"), "P1");
        let etag = feed.headers["etag"].to_str().unwrap().to_owned();
        let again = visitor.get_with(&path, ("if-none-match", &etag)).await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "F3");
        assert_eq!(visitor.get(&path).await.body, feed.body, "F3: no change, the same bytes");
        assert_eq!(visitor.get(&path.replace("/c/", "/c/a")).await.status, 404, "F1");

        trellis::actions::leave::leave(&world.app, enrollment, &trellis::actions::leave::By::Participant).await.unwrap();
        let empty = visitor.get_with(&path, ("if-none-match", &etag)).await;
        assert_eq!(empty.status, 200);
        assert_eq!(empty.body.matches("BEGIN:VEVENT").count(), 0, "F10: nothing to come");
        world.pass(TimeDelta::days(31)).await;
        assert_eq!(visitor.get(&path).await.status, 404, "F10");
    }
}

story! {
    async fn the_door_opens_ten_minutes_early_and_leads_to_the_room(world: &World) {
        let cohort = cohort(world).await;
        enroll(world, cohort, &ANA).await;
        let session = trellis::store::sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0);
        let visitor = Visitor::of(world);
        let sign_in = async || {
            visitor.submit("/link", "/link", &[("email", ANA.email)]).await;
            world.run().await;
            let link = world.last_to(ANA.email).link("/p/open/");
            visitor.submit(&link, &link, &[]).await;
        };
        let room = format!("/p/join/{}/room", session.id);
        world.to(utc("2026-10-12 16:45")).await;
        sign_in().await;
        assert_ne!(visitor.get(&room).await.location.as_deref(), Some("https://meet.example/room"), "too early");
        world.to(utc("2026-10-12 16:51")).await;
        assert_eq!(visitor.get(&room).await.location.as_deref(), Some("https://meet.example/room"));
        assert_ne!(Visitor::of(world).get(&room).await.location.as_deref(), Some("https://meet.example/room"), "S5: not for a stranger");
    }
}

story! {
    async fn every_answer_is_guarded(world: &World) {
        cohort(world).await;
        let visitor = Visitor::of(world);
        for path in ["/", "/link", "/nowhere", "/p", "/coach", "/coach/sign-in", "/confirm/forged", "/u/forged", "/c/forged.ics", "/enroll/forged"] {
            let answer = visitor.get(path).await;
            assert!(answer.status < 500, "{path}: {}", answer.status);
            let policy = answer.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "S16 {path}: {policy}");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
            assert!(answer.headers.contains_key("referrer-policy"), "{path}");
            assert!(!answer.body.contains("<script>") && !answer.body.contains(" style="), "{path}");
        }
        let foreign = reqwest::Client::new().post(format!("{}/link", world.base)).header("origin", "https://evil.example").form(&[("email", "a@b.example")]).send().await.unwrap();
        assert_eq!(foreign.status(), 403, "a form from elsewhere");
    }
}

story! {
    async fn leaving_takes_one_button_and_no_reason(world: &World) {
        let cohort = cohort(world).await;
        let visitor = Visitor::of(world);
        let path = format!("/enroll/{cohort}");
        send(&visitor, &path, &[("calendar", "invites")]).await;
        world.run().await;
        let link = world.last_to(ANA.email).link("/confirm/");
        visitor.submit(&link, &link, &[]).await;
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();

        let asked = visitor.get("/p/leave").await;
        assert_eq!(asked.status, 200);
        assert!(!asked.body.contains("reason\""), "nobody has to explain");
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled", "looking at the page is not leaving");
        let left = visitor.submit("/p/leave", "/p/leave", &[]).await;
        assert_eq!(left.status, 303, "{}", left.body);
        assert_eq!(standing(world, cohort, ANA.email).await, "withdrawn");
        assert_eq!(visitor.get("/p").await.location.as_deref(), Some("/link"), "S11: the sign-in is over");
        world.pass(TimeDelta::minutes(5)).await;
        let cancels = world.mails_to(ANA.email).into_iter().filter(|mail| mail.property("METHOD") == "CANCEL").count();
        assert_eq!(cancels, 6, "the calendar is cleared");
    }
}

story! {
    async fn the_coach_has_a_private_feed_of_all_sessions(world: &World) {
        cohort(world).await;
        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let coach = trellis::store::coaches::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
        let feed = Visitor::of(world).get(&world.app.links.feed(coach.id.0, 0)).await;
        assert_eq!(feed.status, 200);
        assert_eq!(feed.body.matches("BEGIN:VEVENT").count(), 6);
        assert!(feed.body.contains("Monday evenings"), "the coach's own calendar may say which group: {}", feed.body);
    }
}
