//! Does a list of people come in whole or not at all, and does what goes out open in a spreadsheet and run nothing?

use std::time::{Duration, Instant};

use trellis::{
    actions::add_person::{NewPerson, WhenFull, add_person},
    domain::ids::CohortId,
    store::{audits, cohorts, enrollments, sessions},
};

use crate::{
    people::standing,
    story,
    twice::presses::{footprint, signed_in_coach},
    visitor::{Answer, Visitor, form_token},
    world::{World, name, utc, zone},
};

/// Sends a list as a file, with further fields.
async fn send_file(visitor: &Visitor, path: &str, file: &[u8], fields: &[(&str, &str)]) -> Answer {
    let token = form_token(&visitor.get(path).await.body).expect("a form");
    let mut fields = fields.to_vec();
    fields.push(("form_token", &token));
    visitor.post_file(path, ("file", file), &fields).await
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split(from)
        .nth(1)
        .and_then(|rest| rest.split(to).next())
        .unwrap_or_else(|| panic!("no {from} in {text:.2000}"))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// Presses the button under the report, exactly as the page holds it.
async fn bring_in(visitor: &Visitor, path: &str, report: &Answer, more: &[(&str, &str)]) -> Answer {
    assert_eq!(report.status, 200, "{}", report.body);
    let form = between(&report.body, "name=\"checked\"", "</form>");
    let (checked, text) =
        (between(form, "value=\"", "\""), unescaped(between(form, "tabindex=\"-1\">\n", "</textarea>")));
    let token = form_token(&report.body).unwrap();
    let text = text.replace('\n', "\r\n");
    let mut fields = vec![("form_token", token.as_str()), ("checked", checked), ("text", &text), ("do", "apply")];
    fields.extend(more);
    visitor.post_file(path, ("file", b""), &fields).await
}

async fn a_cohort(world: &World, capacity: u16) -> CohortId {
    let practice = world.practice().await;
    world.cohort(&practice, |new| new.capacity = capacity).await
}

async fn add(world: &World, cohort: CohortId, who: &str, email: &str) {
    let row = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
    let new =
        NewPerson { email: email.parse().unwrap(), name: name(who), zone: zone("Europe/Lisbon"), track: "hurt".into() };
    add_person(&world.app, (row.practice_id, cohort), &new, WhenFull::Refuse, "Nadia").await.unwrap();
}

story! {
    async fn a_list_is_looked_through_and_then_comes_in_whole(world: &World) {
        let cohort = a_cohort(world, 12).await;
        let other = { let practice = trellis::store::practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0); world.cohort(&practice, |_| {}).await };
        add(world, cohort, "Cy", "cy@example.org").await;
        add(world, other, "Benjamin", "ben@example.org").await;
        world.run().await;
        world.forget_mails();
        let (coach, path) = (signed_in_coach(world).await, format!("/coach/cohorts/{cohort}/import"));
        let before = footprint(world).await;
        let list = "\u{FEFF}Email;Name;Time zone;Track;Paid\r\nana@example.org;Ana;Asia/Katmandu;I was hurt;yes\r\nBEN@example.org;Ben;;;\r\ncy@example.org;Cy;;;\r\n";
        let report = send_file(&coach, &path, list.as_bytes(), &[("do", "look")]).await;
        for words in ["2 people would come in", "You know this address as Benjamin", "Takes part already, as Cy", "Columns that are not used: Paid", "1 person without a track"] {
            assert!(report.body.contains(words), "{words}: {}", report.body);
        }
        assert_eq!(footprint(world).await, before, "looking changes nothing");

        let done = bring_in(&coach, &path, &report, &[]).await;
        assert_eq!((done.status, done.location), (303, Some(format!("/coach/cohorts/{cohort}?done=imported"))), "{}", done.body);
        for email in ["ana@example.org", "ben@example.org", "cy@example.org"] {
            assert_eq!(standing(world, cohort, email).await, "enrolled", "{email}");
        }
        let row = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
        let all = enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap();
        let mut seats: Vec<_> = all.iter().filter_map(|one| one.seat).collect();
        seats.sort_unstable();
        assert_eq!((row.seats_taken, seats), (3, vec![1, 2, 3]));
        for one in &all {
            let history = enrollments::history_of(world.app.db.reader(), one.id).await.unwrap();
            assert_eq!(history.len(), 1, "its history begins");
        }
        world.run().await;
        assert_eq!(world.mails_to("ana@example.org").len(), 1, "a welcome");
        assert!(world.mails_to("ana@example.org")[0].text.contains("Ana"));
        assert_eq!(world.mails_to("ben@example.org").len(), 1);
        assert!(world.mails_to("cy@example.org").is_empty(), "who was there already hears nothing");
        let noted = audits::of_practice(world.app.db.reader(), row.practice_id, 100).await.unwrap();
        assert!(noted.iter().any(|audit| audit.act == "list of people brought in" && audit.detail.starts_with("2 people")));
    }
}

story! {
    async fn one_wrong_line_and_nobody_comes_in(world: &World) {
        let cohort = a_cohort(world, 3).await;
        let (coach, path) = (signed_in_coach(world).await, format!("/coach/cohorts/{cohort}/import"));
        let before = footprint(world).await;
        let list = "name,email\nAna,ana@example.org\nBen,ben\nAna again,Ana@example.org\n";
        let report = send_file(&coach, &path, list.as_bytes(), &[("do", "look")]).await;
        for words in ["2 lines need a look", "Line 3", "with an @ sign", "Line 4", "stands on line 2", "Ana,ana@example.org"] {
            assert!(report.body.contains(words), "{words}: {}", report.body);
        }
        assert!(!report.body.contains("value=\"apply\""), "there is no button to bring it in");
        // Somebody presses one all the same.
        let print = between(&send_file(&coach, &path, b"name,email\nAna,ana@example.org", &[]).await.body, "name=\"checked\" value=\"", "\"").to_owned();
        for fields in [[("do", "apply"), ("checked", print.as_str())], [("do", "apply"), ("checked", "")]] {
            let answer = send_file(&coach, &path, list.as_bytes(), &fields).await;
            assert_eq!(answer.status, 422);
        }
        // Too many for the places.
        let many = "name,email\nA,a@example.org\nB,b@example.org\nC,c@example.org\nD,d@example.org\n";
        let report = send_file(&coach, &path, many.as_bytes(), &[]).await;
        assert!(report.body.contains("1 person too many for the free places"), "{}", report.body);
        let refused = bring_in(&coach, &path, &report, &[]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("fewer free places than people"));
        assert_eq!(footprint(world).await, before, "nobody came in");
        let done = bring_in(&coach, &path, &refused_as_report(refused), &[("over", "yes")]).await;
        assert_eq!(done.status, 303, "{}", done.body);
        let row = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
        assert_eq!(row.seats_taken, 4);
        let noted = audits::of_practice(world.app.db.reader(), row.practice_id, 100).await.unwrap();
        assert!(noted.iter().any(|audit| audit.act == "list of people brought in over the limit" && audit.detail == "4 people, 1 over the limit" && audit.actor == "Nadia Brandt"));
        world.run().await;
    }
}

/// The page that refuses holds the list as the report did.
fn refused_as_report(answer: Answer) -> Answer {
    Answer { status: 200, ..answer }
}

story! {
    async fn five_thousand_people_come_in_within_seconds_and_hostile_files_are_refused(world: &World) {
        let cohort = a_cohort(world, 1_000).await;
        let (coach, path) = (signed_in_coach(world).await, format!("/coach/cohorts/{cohort}/import"));
        let before = footprint(world).await;
        let (huge, wide) = (format!("name,email\n{},a@b.example", "x".repeat(1_000_000)), format!("name,email{}\nA,a@b.example", ",c".repeat(98)));
        let hostile: [(&[u8], &str); 9] = [
            (b"name,email\nA\0,a@b.example", "Line 2 has a character"),
            (b"name,email\nJ\xf8rn,a@b.example", "not encoded as UTF-8"),
            (b"PK\x03\x04\x14\x00\x06\x00", "has a character that no list"),
            (huge.as_bytes(), "far too long"),
            (wide.as_bytes(), "more than 50 columns"),
            (b"name,email\n\"A\r\nBcc: x@y.example\",a@b.example", "line break"),
            (b"name,email\n\"=HYPERLINK(\"\"http://x\"\")\",a@b.example", "begins like a formula"),
            (b"name,email\nA,\"a@b.example\r\nBcc: c@d.example\"", "mail does not carry"),
            (b"", "There is nothing in this list"),
        ];
        for (file, words) in hostile {
            let answer = send_file(&coach, &path, file, &[("do", "look")]).await;
            assert!(answer.status < 500, "{words}");
            assert!(answer.body.contains(words), "{words}: {}", answer.body);
        }
        let flood = send_file(&coach, &path, &vec![b'x'; 6 * 1024 * 1024], &[]).await;
        assert_eq!(flood.status, 413);
        assert_eq!(footprint(world).await, before);

        let list = (0..5_000).fold("name,email,zone\n".to_owned(), |list, n| list + &format!("Sam {n},sam{n}@example.org,Europe/Berlin\n"));
        let started = Instant::now();
        let report = send_file(&coach, &path, list.as_bytes(), &[("do", "look")]).await;
        let looked = started.elapsed();
        assert!(report.body.contains("5000 people would come in") && report.body.contains("4000 people too many"), "{:.3000}", report.body);
        let started = Instant::now();
        let done = bring_in(&coach, &path, &report, &[("over", "yes")]).await;
        let brought = started.elapsed();
        assert_eq!(done.status, 303, "{:.3000}", done.body);
        eprintln!("5,000 people: looked through in {looked:?}, brought in in {brought:?}");
        assert!(brought < Duration::from_secs(30), "set-based, also without optimization");
        assert_eq!(enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().len(), 5_000);
        // 5,000 welcomes wait; this story is not about sending them.
        let tx = world.app.db.begin_aside().await.unwrap();
        trellis::store::Connection::execute_unprepared(tx.tx(), "UPDATE deliveries SET state = 'canceled'").await.unwrap();
        world.app.db.end(tx, Ok::<_, trellis::store::Error>(()), 9).await.unwrap().unwrap();
    }
}

story! {
    async fn attendance_is_noted_seen_and_downloaded_and_no_cell_runs(world: &World) {
        let cohort = a_cohort(world, 12).await;
        add(world, cohort, "Ana", "ana@example.org").await;
        add(world, cohort, "=1+1", "ben@example.org").await;
        let meetings = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap();
        let (coach, page) = (signed_in_coach(world).await, format!("/coach/sessions/{}/attendance", meetings[0].id));
        let all = enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap();
        let field = |index: usize| format!("mark-{}", all[index].id);
        let early = coach.submit(&page, &page, &[(&field(0), "came")]).await;
        assert_eq!(early.status, 409, "nobody came to what has not begun");
        assert_eq!(coach.submit(&page, &page, &[(&field(0), "excused")]).await.status, 303);
        world.to(utc("2026-10-12 18:30")).await;
        let coach = signed_in_coach(world).await;
        assert!(coach.get(&page).await.body.contains("value=\"excused\" checked"));
        assert_eq!(coach.submit(&page, &page, &[(&field(0), "absent"), (&field(1), ""), ("do", "all")]).await.status, 303);
        let shown = coach.get(&format!("/coach/cohorts/{cohort}/attendance")).await.body;
        assert!(shown.contains("Absent") && shown.contains("Came"), "{shown}");
        assert!(coach.get(&format!("/coach/cohorts/{cohort}")).await.body.contains("Came 0, absent 1, excused 0, of 6 sessions"));

        let file = coach.get(&format!("/coach/cohorts/{cohort}/attendance.csv")).await;
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(file.headers["content-disposition"], "attachment; filename=\"attendance.csv\"");
        assert!(file.body.starts_with('\u{FEFF}') && file.body.contains("'=1+1,ben@example.org,Came,"), "{}", file.body);
        let roster = coach.get(&format!("/coach/cohorts/{cohort}/roster.csv")).await;
        assert!(roster.body.starts_with("\u{FEFF}Name,Email,Zone,Track,Standing,Since\r\n'=1+1,ben@example.org,Europe/Lisbon,"), "{}", roster.body);
        let row = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
        let noted = audits::of_practice(world.app.db.reader(), row.practice_id, 100).await.unwrap();
        let acts: Vec<&str> = noted.iter().map(|audit| audit.act.as_str()).collect();
        assert!(acts.contains(&"attendance downloaded") && acts.contains(&"roster downloaded"), "{acts:?}");
        // A file of ours comes back in.
        let again = send_file(&coach, &format!("/coach/cohorts/{cohort}/import"), roster.body.as_bytes(), &[]).await;
        assert!(again.body.contains("begins like a formula"), "{}", again.body);
        for stranger in [page.as_str(), &format!("/coach/cohorts/{cohort}/roster.csv"), &format!("/coach/cohorts/{cohort}/import")] {
            assert_eq!(Visitor::of(world).get(stranger).await.location.as_deref(), Some("/coach/sign-in"));
        }
    }
}
