//! Do calendars get what they can use, and no more: feeds, links by hand, and invites a few at a time?

use chrono::TimeDelta;
use trellis::{
    domain::{calendar::reader::read, ids::CohortId, plan::Change},
    store::{cohorts, participants, practices, programs, sessions},
};

use crate::{
    people::{Person, come_in, enroll},
    post::Mail,
    story,
    visitor::Visitor,
    world::{World, save_program, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };
const FEED: Person = Person { calendar: "feed", ..ANA };
const NEITHER: Person = Person { calendar: "neither", ..ANA };

fn invites(world: &World, method: &str) -> Vec<Mail> {
    world.mails_to(ANA.email).into_iter().filter(|mail| mail.property("METHOD") == method).collect()
}

/// What a browser makes of a page's attributes.
fn plain(html: &str) -> String {
    html.replace("&#x2f;", "/").replace("&#x3d;", "=").replace("&amp;", "&")
}

/// The cohort's program, with another rule for its invites.
async fn a_few_at_a_time(world: &World, cohort: CohortId, ahead: u16) {
    let db = world.app.db.reader();
    let cohort = cohorts::anywhere(db, cohort).await.unwrap().unwrap();
    let program = programs::find(db, cohort.practice_id, cohort.program_id).await.unwrap().unwrap();
    let mut changed = program;
    changed.content.0.invites_ahead = ahead;
    save_program(&world.app, &changed).await.unwrap();
}

async fn feed_path(world: &World) -> String {
    let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    let email = ANA.email.parse().unwrap();
    let person = participants::with_email(world.app.db.reader(), practice.id, &email).await.unwrap().unwrap();
    world.app.links.feed(person.id.0, 0)
}

story! {
    async fn c31_all_invites_come_at_once_two_seconds_apart(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        let from = world.now();
        world.pass(TimeDelta::minutes(1)).await;
        let times: Vec<i64> = invites(world, "REQUEST").iter().map(|mail| (mail.at - from).num_seconds()).collect();
        assert_eq!(times, [0, 2, 4, 6, 8, 10]);
    }
}

story! {
    async fn c31_or_the_next_two_and_then_one_a_week(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        a_few_at_a_time(world, cohort, 2).await;
        enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(1)).await;
        let days = |mails: &[Mail]| mails.iter().map(|mail| mail.property("DTSTART")[..8].to_owned()).collect::<Vec<_>>();
        assert_eq!(days(&invites(world, "REQUEST")), ["20261012", "20261019"]);
        // A change of what is not in the calendar yet reaches it with the invite, once.
        let session = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(3).id;
        let (date, time) = ("2026-11-03".parse().unwrap(), "19:00:00".parse().unwrap());
        world.change((practice.id, cohort), &Change::MoveSession { session, date, time, minutes: 75 }).await;
        world.pass(TimeDelta::minutes(15)).await;
        assert_eq!(invites(world, "REQUEST").len(), 2, "C30: nothing of a session that no calendar has");
        for (at, count) in [("2026-10-12 15:59", 2), ("2026-10-12 16:01", 3), ("2026-10-19 16:01", 4), ("2026-11-17 20:00", 6)] {
            world.to(utc(at)).await;
            assert_eq!(invites(world, "REQUEST").len(), count, "{at}");
        }
        let all = invites(world, "REQUEST");
        assert!(all.iter().all(|mail| mail.property("SEQUENCE") == "0"), "each for the first time");
        assert_eq!(days(&all), ["20261012", "20261019", "20261026", "20261103", "20261109", "20261116"]);
        assert!(invites(world, "CANCEL").is_empty());
    }
}

story! {
    async fn c26_c30_who_leaves_is_canceled_only_what_they_had(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        a_few_at_a_time(world, cohort, 2).await;
        let enrollment = enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(1)).await;
        trellis::actions::leave::leave(&world.app, enrollment, &trellis::actions::leave::By::Participant).await.unwrap();
        world.to(utc("2026-10-20 12:00")).await;
        let uids = |mails: &[Mail]| mails.iter().map(|mail| mail.property("UID")).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(invites(world, "CANCEL").len(), 2);
        assert_eq!(uids(&invites(world, "CANCEL")), uids(&invites(world, "REQUEST")), "CANCEL only where a REQUEST went");
    }
}

story! {
    async fn f1_to_f5_f9_a_feed_is_a_file_that_any_client_can_keep(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &FEED).await;
        world.pass(TimeDelta::minutes(5)).await;
        let path = feed_path(world).await;
        let token = path.rsplit('/').next().unwrap().trim_end_matches(".ics");
        assert!(token.len() >= 22, "F1: at least 128 bits in base64: {token}");
        let (client, address) = (reqwest::Client::new(), if path.starts_with("http") { path.clone() } else { format!("{}{path}", world.base) });
        let feed = client.get(&address).send().await.unwrap();
        let of = |name: &str| feed.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        assert_eq!((feed.status().as_u16(), of("content-type").as_str()), (200, "text/calendar; charset=utf-8"), "F2");
        assert_eq!((of("content-disposition"), of("set-cookie")), (String::new(), String::new()), "F2");
        assert_eq!((of("cache-control").as_str(), of("referrer-policy").as_str()), ("private, max-age=900", "no-referrer"), "F4");
        assert!(of("x-robots-tag").contains("noindex"), "F4");
        let (etag, changed) = (of("etag"), of("last-modified"));
        let text = feed.text().await.unwrap();
        let head = client.head(&address).send().await.unwrap();
        assert_eq!((head.status().as_u16(), head.headers()["etag"].to_str().unwrap()), (200, etag.as_str()), "F2: HEAD");
        assert!(head.text().await.unwrap().is_empty());
        // Hours later, with nothing changed: the same bytes, and nothing at all for who has them.
        world.pass(TimeDelta::hours(5)).await;
        assert_eq!(client.get(&address).send().await.unwrap().text().await.unwrap(), text, "F3");
        for (name, value) in [("if-none-match", &etag), ("if-modified-since", &changed)] {
            let again = client.get(&address).header(name, value).send().await.unwrap();
            assert_eq!(again.status().as_u16(), 304, "F3: {name}");
            assert_eq!(again.headers()["etag"].to_str().unwrap(), etag);
            assert!(again.bytes().await.unwrap().is_empty());
        }
        for line in ["METHOD:PUBLISH", "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H", "X-WR-TIMEZONE:UTC"] {
            assert!(text.contains(&format!("{line}\r\n")), "F5: {line}");
        }
        assert!(text.contains("\r\nX-WR-CALNAME:") && text.contains("\r\nNAME:") && !text.contains("SOURCE"), "F5");
        assert!(!text.contains("ATTENDEE"), "F6");
        let events = read(&text).unwrap();
        let uids: std::collections::BTreeSet<&str> = events.iter().map(|event| event.uid.as_str()).collect();
        assert_eq!((events.len(), uids.len()), (6, 6), "F9: an id for each session");
        assert_eq!(text.matches("\r\nLAST-MODIFIED:").count(), 6, "F9");
        // A wrong token, and one of somebody whose token was replaced.
        assert_eq!(client.get(address.replace("/c/", "/c/A")).send().await.unwrap().status().as_u16(), 404, "F1");
        let changes_nothing = client.post(&address).send().await.unwrap();
        assert!(!changes_nothing.status().is_success());
    }
}

story! {
    async fn f1_a_new_address_ends_the_old_one(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let (visitor, _) = come_in(world, cohort, &FEED).await;
        let path = feed_path(world).await;
        let page = plain(&visitor.get("/p").await.body);
        assert!(page.contains("webcal://") && page.contains(&path), "F1: offered both ways");
        assert!(page.contains("up to a day"), "F8: how often Google looks");
        assert_eq!(visitor.get(&path).await.status, 200);
        assert_eq!(visitor.submit("/p", "/p/calendar/rotate", &[]).await.status, 303);
        assert_eq!(visitor.get(&path).await.status, 404, "F1: replaced with one press");
        assert!(!plain(&visitor.get("/p").await.body).contains(&path));
        assert_eq!(visitor.submit("/p", "/p/calendar", &[("entries", "invites")]).await.status, 303);
        assert!(!visitor.get("/p").await.body.contains("webcal://"), "F8: never beside invites");
    }
}

story! {
    async fn f7_what_is_canceled_stays_for_a_month_and_what_is_past_until_the_end(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &FEED).await;
        let path = feed_path(world).await;
        let visitor = Visitor::of(world);
        let session = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(5).id;
        world.change((practice.id, cohort), &Change::CancelSession { session }).await;
        let before = visitor.get(&path).await;
        assert_eq!(before.body.matches("STATUS:CANCELLED").count(), 1, "F7");
        let etag = before.headers["etag"].to_str().unwrap().to_owned();
        world.to(utc("2026-11-03 12:00")).await;
        let feed = visitor.get(&path).await.body;
        assert_eq!((feed.matches("BEGIN:VEVENT").count(), feed.matches("STATUS:CANCELLED").count()), (6, 1), "F7");
        world.to(utc("2026-11-06 12:00")).await;
        let after = visitor.get_with(&path, ("if-none-match", &etag)).await;
        assert_eq!(after.status, 200, "F3: another calendar by now");
        assert_eq!((after.body.matches("BEGIN:VEVENT").count(), after.body.matches("STATUS:CANCELLED").count()), (5, 0), "F7");
    }
}

story! {
    async fn l1_l2_l3_an_entry_by_hand_says_little_and_only_who_has_no_invites_is_offered_it(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let (visitor, _) = come_in(world, cohort, &NEITHER).await;
        let page = plain(&visitor.get("/p").await.body);
        let links: Vec<&str> = page.split('"').filter(|word| word.starts_with("https://calendar.google") || word.starts_with("https://outlook.")).collect();
        assert_eq!(links.len(), 3, "Google, Outlook.com, Microsoft 365: {page}");
        for link in &links {
            assert!(link.len() < 2_000, "L1");
            assert!(!link.contains(['+', ' ', '<']) && !link.contains("%25"), "L1: encoded once: {link}");
            assert!(link.contains("Group%20session") && !link.to_lowercase().contains("trust"), "L1: neutral: {link}");
            assert!(link.contains("%2Fj%2F") && !link.contains("meet.example"), "the join page, never the room: {link}");
        }
        assert!(links[0].contains("dates=20261012T170000Z%2F20261012T181500Z"), "L1: UTC: {}", links[0]);
        assert!(links[1].contains("startdt=2026-10-12T17%3A00%3A00Z") && links[1].contains("rru=addevent"), "L1: {}", links[1]);
        assert!(links[2].starts_with("https://outlook.office.com/calendar/0/deeplink/compose?path=%2Fcalendar%2Faction%2Fcompose"));
        assert!(page.contains("/p/calendar.ics"), "L2: never the only way");
        assert_eq!(visitor.submit("/p", "/p/calendar", &[("entries", "invites")]).await.status, 303);
        let page = visitor.get("/p").await.body;
        assert!(!page.contains("calendar.google") && !page.contains("outlook."), "L3: never beside invites");
    }
}

story! {
    async fn one_tap_in_a_reminder_tells_who_cannot_come(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let enrollment = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-12 06:00")).await;
        let reminder = world.mails_to(ANA.email).into_iter().find(|mail| mail.text.contains("/rsvp/")).expect("a day before");
        let link = reminder.link("/rsvp/");
        let said = async || {
            let all = trellis::store::invites::of_enrollment(world.app.db.reader(), enrollment).await.unwrap();
            all.into_iter().map(|invite| invite.rsvp).filter(|rsvp| !rsvp.is_empty()).collect::<Vec<_>>()
        };
        let visitor = Visitor::of(world);
        let page = visitor.get(&link).await;
        assert_eq!(page.status, 200);
        for secret in ["Ana", "rust", "Nadia Brandt Coaching", "Monday evenings", "meet.example"] {
            assert!(!page.body.contains(secret), "H18: {secret} in {}", page.body);
        }
        assert_eq!(said().await, Vec::<String>::new(), "S4: looking says nothing");
        assert_eq!(visitor.submit(&link, &link, &[("answer", "declined")]).await.status, 303);
        assert_eq!(said().await, ["declined"], "this session and no other");
        assert!(visitor.get(&link).await.body.contains("You cannot come"));
        assert_eq!(visitor.get("/p").await.status, 303, "it is no sign-in");
        visitor.submit(&link, &link, &[("answer", "comes")]).await;
        assert_ne!(said().await, ["declined"], "and it can be taken back");
        assert!(!visitor.get(&link.replace("/rsvp/", "/leaving/")).await.body.contains("Emails stop"), "for nothing else");
        world.to(utc("2026-10-12 20:00")).await;
        assert!(visitor.get(&link).await.body.contains("over or canceled"));
    }
}

story! {
    async fn c22_the_link_in_a_shared_calendar_admits_no_stranger(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-12 16:55")).await;
        let invite = invites(world, "REQUEST").remove(0);
        let link = invite.property("LOCATION");
        let stranger = Visitor::of(world);
        let knocked = stranger.get(&link).await;
        assert_eq!(knocked.status, 200);
        for secret in ["meet.example", "Ana", "ana@", "Nadia Brandt Coaching", "rust"] {
            assert!(!knocked.body.contains(secret), "C22: {secret} in {}", knocked.body);
        }
        // It is about this session: with another's id in it, or altered, it leads nowhere.
        let mut altered = link.clone();
        let last = altered.pop().unwrap();
        altered.push(if last == 'A' { 'Q' } else { 'A' });
        assert_eq!(stranger.get(&altered).await.status, 404);
        assert_ne!(link, invites(world, "REQUEST").remove(1).property("LOCATION"), "each session has a link of its own");
        assert_eq!(stranger.get(&link.replace("/j/", "/u/")).await.status, 404, "another purpose");
        assert!(knocked.body.contains("To join, open your own page first"), "{}", knocked.body);
        world.to(utc("2026-10-12 20:00")).await;
        let over = stranger.get(&link).await.body;
        assert!(over.contains("This session is over") && !over.contains("To join"), "{over}");
    }
}
