//! What a coach writes to several people: does it reach exactly those, by day, once, and only if nobody takes it back?

use chrono::TimeDelta;
use trellis::{
    domain::{cohort::Attendance, discretion::Discretion, email_address::EmailAddress, ids::CohortId},
    store::{announcements, attendances, enrollments, participants, practices},
};

use crate::{
    people::{Person, enroll, sign_in},
    post::header,
    story,
    twice::presses::signed_in_coach,
    visitor::{Answer, Visitor, form_token},
    world::{World, save_mark, save_person, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "neither" };
const BEN: Person =
    Person { name: "Ben", email: "ben@example.org", zone: "America/New_York", track: "hurt", calendar: "neither" };
const DOLMA: Person =
    Person { name: "Dolma", email: "dolma@example.org", zone: "Asia/Kathmandu", track: "hurt", calendar: "neither" };

const NEW: &str = "/coach/announcements/new";

/// Three people in three zones, on a Wednesday without a lesson.
async fn a_group(world: &World) -> CohortId {
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    for person in [&ANA, &BEN, &DOLMA] {
        enroll(world, cohort, person).await;
    }
    world.to(utc("2026-10-14 12:00")).await;
    world.forget_mails();
    cohort
}

/// What a coach types, unless the story says otherwise.
fn typed<'a>(cohort: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("cohorts", cohort),
        ("of", "everyone"),
        ("track", ""),
        ("subject", "An evening about the affair"),
        ("discreet_subject", "A note from Nadia"),
        ("body", "Dear {{ name }},\n\non **Friday** at eight the room is open for everybody."),
        ("wish", "soon"),
    ];
    let unsaid = usual.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    unsaid.chain(more.iter().copied()).collect()
}

/// Writes it and looks at whom it reaches: its page.
async fn write(coach: &Visitor, cohort: CohortId, more: &[(&str, &str)]) -> (String, Answer) {
    let cohort = cohort.to_string();
    let kept = coach.submit(NEW, NEW, &typed(&cohort, more)).await;
    assert_eq!(kept.status, 303, "{}", kept.body);
    let path = kept.location.unwrap();
    let page = coach.get(&path).await;
    assert_eq!(page.status, 200);
    (path, page)
}

fn seen(page: &Answer) -> String {
    let rest = page.body.split("name=\"seen\" value=\"").nth(1).unwrap_or_else(|| panic!("no button: {}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

async fn send(coach: &Visitor, path: &str, page: &Answer) -> String {
    let answer = coach.submit(path, &format!("{path}/send"), &[("seen", &seen(page))]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.location.unwrap()
}

fn reached(world: &World) -> Vec<(String, String)> {
    let mails = world.mails.lock().unwrap();
    let notes = mails.iter().filter(|mail| mail.text.contains("/p/note/"));
    notes.map(|mail| (mail.to.clone(), mail.at.format("%d %H:%M").to_string())).collect()
}

async fn person(world: &World, email: &str) -> participants::Participant {
    let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    let email = EmailAddress::parse(email).unwrap();
    participants::with_email(world.app.db.reader(), practice.id, &email).await.unwrap().unwrap()
}

story! {
    async fn everybody_is_seen_before_and_reached_by_day_on_their_own_clock(world: &World) {
        let cohort = a_group(world).await;
        let coach = signed_in_coach(world).await;
        let (path, page) = write(&coach, cohort, &[("wish", "at"), ("on", "2026-10-16"), ("time", "18:00")]).await;
        for words in ["3 people get", "Ana", "18:00 (Lisbon time, UTC+01:00)", "18:00 (New York time, UTC", "18:00 (Kathmandu time, UTC+05:45)"] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        world.run().await;
        assert!(world.mails.lock().unwrap().is_empty(), "looking sends nothing");
        assert_eq!(send(&coach, &path, &page).await, format!("{path}?done=announced"));
        world.to(utc("2026-10-17 06:00")).await;
        let mut got = reached(world);
        got.sort();
        let at = |who: &str, when: &str| (who.to_owned(), when.to_owned());
        assert_eq!(got, [at(ANA.email, "16 17:00"), at(BEN.email, "16 22:00"), at(DOLMA.email, "16 12:15")]);

        let mail = world.mails_to(ANA.email).into_iter().find(|mail| mail.text.contains("/p/note/")).unwrap();
        assert_eq!(mail.subject, "A note from Nadia", "P1: the discreet subject");
        assert!(mail.text.contains("Dear Ana,") && mail.html.contains("<strong"), "{}", mail.text);
        assert_eq!(header(&mail.raw, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click", "U1");
        assert_eq!(header(&mail.raw, "Precedence"), "bulk", "H8");
        assert!(!String::from_utf8_lossy(&mail.raw).contains("Ben"), "P2");
        // Whoever got it reads it on their page, too; nobody else does.
        let note = mail.link("/p/note/");
        let ana = Visitor::of(world);
        assert_eq!(ana.get(&note).await.status, 303, "a forwarded mail lets nobody in");
        sign_in(world, &ana, ANA.email).await;
        let shown = ana.get(&note).await;
        assert!(shown.body.contains("Dear Ana") && shown.body.contains("A note from Nadia") && !shown.body.contains("affair"), "{}", shown.body);
        assert_eq!(ana.get("/p/note/0199e5f0-0000-7000-8000-000000000000").await.status, 404);
        let page = signed_in_coach(world).await.get(&path).await;
        assert!(page.body.contains("Who got it") && !page.body.contains("/undo"), "{}", page.body);
    }
}

story! {
    async fn for_ten_minutes_it_can_be_taken_back(world: &World) {
        let cohort = a_group(world).await;
        let coach = signed_in_coach(world).await;
        let (path, page) = write(&coach, cohort, &[]).await;
        send(&coach, &path, &page).await;
        world.pass(TimeDelta::minutes(9)).await;
        assert!(reached(world).is_empty(), "nothing leaves before ten minutes are over");
        let waits = coach.get(&path).await.body;
        assert!(waits.contains("On its way") && waits.contains("Who gets it") && !waits.contains("Who got it"), "{waits}");
        let undone = coach.submit(&path, &format!("{path}/undo"), &[]).await;
        assert_eq!(undone.location, Some(format!("{path}?done=announce-undone")));
        world.pass(TimeDelta::days(2)).await;
        assert!(reached(world).is_empty(), "and nothing after");
        let coach = signed_in_coach(world).await;
        assert!(coach.get("/coach/announcements").await.body.contains("Taken back"));
        assert!(coach.get(&path).await.body.contains("Who would have got it"), "nobody got it");

        // What is half gone can be stopped for those whose night it still is.
        world.to(utc("2026-10-17 02:00")).await;
        let coach = signed_in_coach(world).await;
        let (path, page) = write(&coach, cohort, &[]).await;
        send(&coach, &path, &page).await;
        world.pass(TimeDelta::minutes(12)).await;
        assert_eq!(reached(world).len(), 0, "02:12 in UTC is ten in the evening in New York, and 07:57 in Kathmandu");
        world.pass(TimeDelta::minutes(5)).await;
        assert_eq!(reached(world), [(DOLMA.email.to_owned(), "17 02:15".to_owned())], "eight in the morning");
        let undone = coach.submit(&path, &format!("{path}/undo"), &[]).await;
        assert_eq!(undone.location, Some(format!("{path}?done=announce-undone")));
        world.pass(TimeDelta::days(1)).await;
        assert_eq!(reached(world).len(), 1);
        let again = signed_in_coach(world).await.submit(&path, &format!("{path}/undo"), &[]).await;
        assert_eq!(again.location, Some(format!("{path}?done=announce-gone")));
    }
}

story! {
    async fn nobody_gets_two_a_day_and_a_lesson_comes_first(world: &World) {
        let cohort = a_group(world).await;
        let coach = signed_in_coach(world).await;
        // On Monday the second lesson comes: the note waits for Tuesday.
        let (path, page) = write(&coach, cohort, &[("wish", "at"), ("on", "2026-10-19"), ("time", "10:00")]).await;
        assert!(page.body.contains("Tuesday 20 October 2026, 10:00 (Lisbon time"), "{}", page.body);
        send(&coach, &path, &page).await;
        // And the next one for Wednesday.
        let (path, page) = write(&coach, cohort, &[("wish", "at"), ("on", "2026-10-19"), ("time", "10:00")]).await;
        assert!(page.body.contains("Wednesday 21 October 2026, 10:00 (Lisbon time"), "{}", page.body);
        send(&coach, &path, &page).await;
        world.to(utc("2026-10-23 00:00")).await;
        let of_ana: Vec<_> = world.mails_to(ANA.email).into_iter().filter(|mail| header(&mail.raw, "Precedence") == "bulk" && !mail.subject.contains(" at ") && mail.subject != "In one hour").collect();
        let said: Vec<_> = of_ana.iter().map(|mail| (mail.subject.as_str(), mail.at.format("%d %H:%M").to_string())).collect();
        let want = |subject, at: &str| (subject, at.to_owned());
        assert_eq!(said, [want("Weekly course, part 2", "19 05:00"), want("A note from Nadia", "20 09:00"), want("A note from Nadia", "21 09:00")]);
    }
}

story! {
    async fn stopping_announcements_stops_these_and_nothing_else(world: &World) {
        let cohort = a_group(world).await;
        let coach = signed_in_coach(world).await;
        let (path, page) = write(&coach, cohort, &[]).await;
        send(&coach, &path, &page).await;
        world.pass(TimeDelta::minutes(10)).await;
        let link = world.last_to(BEN.email).link("/u/");
        let client = reqwest::Client::new();
        let stopped = client.post(&link).form(&[("List-Unsubscribe", "One-Click")]).send().await.unwrap();
        assert_eq!(stopped.status(), 200);
        assert!(stopped.text().await.unwrap().contains("the announcements"), "U10");
        world.to(utc("2026-10-15 15:00")).await;
        world.forget_mails();
        let coach = signed_in_coach(world).await;
        let (path, page) = write(&coach, cohort, &[]).await;
        assert!(page.body.contains("turned announcements off") && page.body.contains("2 people get"), "{}", page.body);
        send(&coach, &path, &page).await;
        world.to(utc("2026-10-19 20:00")).await;
        assert!(reached(world).iter().all(|(to, _)| to != BEN.email), "{:?}", reached(world));
        assert!(world.mails_to(BEN.email).iter().any(|mail| mail.subject == "Weekly course, part 2"), "lessons still come");
    }
}

story! {
    async fn it_goes_to_those_who_were_meant(world: &World) {
        let cohort = a_group(world).await;
        let db = world.app.db.reader();
        let session = trellis::store::sessions::of_cohort(db, cohort).await.unwrap().remove(0);
        let ben = person(world, BEN.email).await;
        let enrollment = enrollments::of_person_in(db, cohort, ben.id).await.unwrap().unwrap();
        let mark = attendances::Mark {
            id: world.app.random.uuid(world.now()),
            practice_id: enrollment.practice_id,
            enrollment_id: enrollment.id,
            session_id: session.id,
            mark: Attendance::Absent,
            actor: "Nadia".to_owned(),
            marked_at: world.now(),
        };
        save_mark(&world.app, &mark).await.unwrap();
        let coach = signed_in_coach(world).await;
        let absent = format!("absent:{}", session.id);
        assert!(coach.get(NEW).await.body.contains(&absent), "the session can be chosen");
        for (more, names) in [
            (vec![("of", absent.as_str())], vec!["Ben"]),
            (vec![("track", "hurt")], vec!["Ben", "Dolma"]),
            (vec![("track", "broke")], vec!["Ana"]),
            (vec![("of", "quiet")], vec!["Ana", "Ben", "Dolma"]),
            (vec![("of", absent.as_str()), ("track", "broke")], vec![]),
        ] {
            let (_, page) = write(&coach, cohort, &more).await;
            for name in ["Ana", "Ben", "Dolma"] {
                assert_eq!(page.body.contains(&format!(">{name}</a>")), names.contains(&name), "{name} {more:?}");
            }
            assert_eq!(page.body.contains("name=\"seen\""), !names.is_empty(), "nobody: no button");
        }
    }
}

story! {
    async fn who_wants_little_said_gets_a_link_and_nothing_more(world: &World) {
        let cohort = a_group(world).await;
        let dolma = person(world, DOLMA.email).await;
        let careful = participants::Participant { discretion: Some(Discretion::Minimal), ..dolma };
        save_person(&world.app, &careful).await.unwrap();
        let coach = signed_in_coach(world).await;
        let (path, page) = write(&coach, cohort, &[]).await;
        send(&coach, &path, &page).await;
        world.pass(TimeDelta::minutes(10)).await;
        let mail = world.last_to(DOLMA.email);
        assert_eq!(mail.subject, "A note for you");
        assert!(!mail.text.contains("Friday") && !mail.html.contains("Friday"), "{}", mail.text);
        let note = mail.link("/p/note/");
        let visitor = Visitor::of(world);
        sign_in(world, &visitor, DOLMA.email).await;
        assert!(visitor.get(&note).await.body.contains("Friday"), "it is read on the page");
    }
}

story! {
    async fn what_cannot_go_out_is_refused_at_once_and_nothing_typed_is_lost(world: &World) {
        let cohort = a_group(world).await;
        let id = cohort.to_string();
        let coach = signed_in_coach(world).await;
        for (more, said) in [
            (("discreet_subject", "About your affair"), "is a forbidden word"),
            (("body", "The affair is on my mind."), "is a forbidden word"),
            (("body", "Dear {{ nam }}"), "nam"),
            (("subject", ""), "Write a subject"),
            (("cohorts", ""), "Choose at least one cohort"),
            (("wish", "at"), "Enter a date and a time"),
        ] {
            let answer = coach.submit(NEW, NEW, &typed(&id, &[more, ("track", "hurt")])).await;
            assert_eq!(answer.status, 422, "{more:?}");
            assert!(answer.body.contains(said), "{more:?}: {}", answer.body);
            assert!(more.0 == "subject" || answer.body.contains("An evening about the affair"), "typing is kept");
        }
        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        assert!(announcements::of_practice(world.app.db.reader(), practice.id, 9).await.unwrap().is_empty());

        // Pressed twice: one announcement, one mail each. Changed since it was looked at: looked at again.
        let (path, page) = write(&coach, cohort, &[]).await;
        let token = form_token(page.body.split(&format!("{path}/send")).nth(1).unwrap()).unwrap();
        let (seen, action) = (seen(&page), format!("{path}/send"));
        let old = coach.post(&action, &[("form_token", "c29tZSBvdGhlciB0YWIgIQ"), ("seen", "an older list")]).await;
        assert_eq!(old.location, Some(format!("{path}?done=announce-changed")));
        let fields = [("form_token", token.as_str()), ("seen", seen.as_str())];
        let (one, two) = tokio::join!(coach.post(&action, &fields), coach.post(&action, &fields));
        assert_eq!((one.status, one.location), (two.status, two.location));
        let edit = coach.get(&format!("{path}/edit")).await;
        assert_eq!(edit.status, 303, "what was sent stays as it is");
        world.pass(TimeDelta::days(1)).await;
        assert_eq!(reached(world).len(), 3);
    }
}
