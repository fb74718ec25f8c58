//! Does somebody who goes on with other dates lose nothing, get nothing twice, and clear their old calendar?

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, TimeDelta, Weekday};
use trellis::{
    actions::{
        leave::By,
        move_enrollment::move_enrollment,
        open_cohort::{NewCohort, create_cohort, open_cohort},
        release_due::release_due,
        save_windows::{Windows, save_windows},
    },
    domain::{
        cohort::LateJoiners,
        discretion::Discretion,
        ids::{CohortId, EnrollmentId},
        schedule::{LessonClock, LessonTiming},
    },
    store::{
        audits, cohorts,
        enrollments::{self, Consent, Enrollment},
        ledger,
        practices::Practice,
    },
    transact,
};

use crate::{
    people::{Person, come_in, enroll, sign_in, standing},
    post::Mail,
    story,
    visitor::Visitor,
    world::{World, name, utc, zone},
};

pub const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };
pub const BEN: Person =
    Person { name: "Ben", email: "ben@example.org", zone: "Europe/Berlin", track: "hurt", calendar: "feed" };

/// A second cohort of the same program: Tuesdays at 18:00 in Lisbon, so many weeks after the first.
pub async fn later(
    world: &World,
    practice: &Practice,
    of: CohortId,
    weeks: u64,
    change: impl FnOnce(&mut NewCohort),
) -> CohortId {
    let first = cohorts::anywhere(world.app.db.reader(), of).await.unwrap().unwrap();
    let mut new = NewCohort {
        program: first.program_id,
        name: name("Tuesday evenings"),
        zone: zone("Europe/Lisbon"),
        starts_on: NaiveDate::from_ymd_opt(2026, 10, 12).unwrap() + Days::new(7 * weeks),
        weekday: Weekday::Tue,
        time: chrono::NaiveTime::from_hms_opt(18, 0, 0).unwrap(),
        minutes: 75,
        breaks: vec![],
        capacity: 12,
        rule: LessonTiming::default(),
        holiday_country: None,
        late_joiners: LateJoiners::Digest,
        lesson_clock: LessonClock::Cohort,
        discretion: Discretion::Discreet,
        room_url: "https://meet.example/other".to_owned(),
        crisis_line: "Samaritans, 116 123 (day and night)".to_owned(),
    };
    change(&mut new);
    let id = create_cohort(&world.app, practice, &new, "Nadia").await.unwrap();
    open_cohort(&world.app, practice, id, "Nadia").await.unwrap();
    id
}

/// Subjects of lesson mails, in the order they came, without the invites, reminders and letters.
pub fn lessons(mails: &[Mail]) -> Vec<String> {
    let lessons = mails.iter().filter(|mail| mail.subject.starts_with("Weekly course, part"));
    lessons.map(|mail| mail.subject.clone()).collect()
}

pub fn words(mails: &[Mail]) -> BTreeMap<String, Vec<String>> {
    let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in mails.iter().filter(|mail| mail.calendar.is_some()) {
        words.entry(mail.property("UID")).or_default().push(format!(
            "{} {}",
            mail.property("METHOD"),
            mail.property("SEQUENCE")
        ));
    }
    words
}

async fn seats(world: &World, cohort: CohortId) -> i32 {
    cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap().seats_taken
}

story! {
    async fn overlapping_dates_swap_the_calendar_and_repeat_no_lesson(world: &World) {
        let practice = world.practice().await;
        let first = world.cohort(&practice, |_| {}).await;
        let second = later(world, &practice, first, 1, |_| {}).await;
        let id = enroll(world, first, &ANA).await;
        world.to(utc("2026-10-21 12:00")).await;
        let (sent, before) = (lessons(&world.mails_to(ANA.email)), words(&world.mails_to(ANA.email)));
        assert_eq!(sent, ["Weekly course, part 1", "Weekly course, part 2"]);
        world.forget_mails();
        move_enrollment(&world.app, id, second, &By::Participant).await.unwrap();
        world.pass(TimeDelta::minutes(5)).await;
        let mails = world.mails_to(ANA.email);
        let letters: Vec<_> = mails.iter().filter(|mail| mail.calendar.is_none()).map(|mail| mail.subject.as_str()).collect();
        assert_eq!(letters, ["Your new dates"], "one letter says it all, and nothing is there to catch up on");
        for date in ["Tue 27 Oct 2026, 18:00–19:15 (Lisbon time, UTC+00:00)", "Tue 24 Nov 2026"] {
            assert!(mails.iter().any(|mail| mail.calendar.is_none() && mail.text.contains(date)), "{date}");
        }
        let words = words(&mails);
        for (uid, said) in &words {
            match before.get(uid) {
                Some(_) => assert_eq!(said, &["CANCEL 1"], "what was in the calendar is taken out"),
                None => assert_eq!(said, &["REQUEST 0"], "what is new is asked for"),
            }
        }
        let canceled = words.keys().filter(|uid| before.contains_key(*uid)).count();
        assert_eq!((canceled, words.len()), (4, 9), "two old sessions are over, and one of the new ones");

        world.forget_mails();
        world.to(utc("2026-12-10 12:00")).await;
        let parts = |from: i32| (from..=6).map(|part| format!("Weekly course, part {part}")).collect::<Vec<_>>();
        assert_eq!(lessons(&world.mails_to(ANA.email)), parts(3), "no lesson twice, and none is lost");
        let reminders = world.mails_to(ANA.email).iter().filter(|mail| mail.subject == "In one hour").count();
        assert_eq!(reminders, 5, "of the new dates only");
        assert_eq!((standing(world, first, ANA.email).await, standing(world, second, ANA.email).await), ("transferred".into(), "completed".into()));
        assert_eq!((seats(world, first).await, seats(world, second).await), (0, 0));
    }
}

story! {
    async fn what_was_queued_and_never_left_comes_with_the_new_dates(world: &World) {
        let practice = world.practice().await;
        let first = world.cohort(&practice, |_| {}).await;
        let second = later(world, &practice, first, 1, |_| {}).await;
        let id = enroll(world, first, &ANA).await;
        world.to(utc("2026-10-12 04:59")).await;
        // Due and released, but nothing has been sent when she moves.
        world.app.clock.set(utc("2026-10-12 05:00"));
        release_due(&world.app).await.unwrap();
        let journey = enrollments::holding(world.app.db.reader(), id).await.unwrap().unwrap().journey_id;
        assert_eq!(ledger::lessons_of_journey(world.app.db.reader(), journey).await.unwrap().len(), 1);
        world.forget_mails();
        move_enrollment(&world.app, id, second, &By::Participant).await.unwrap();
        world.to(utc("2026-12-10 12:00")).await;
        let parts: Vec<_> = (1..=6).map(|part| format!("Weekly course, part {part}")).collect();
        assert_eq!(lessons(&world.mails_to(ANA.email)), parts, "each once, the first in its new week");
        let first_lesson = world.mails_to(ANA.email).into_iter().find(|mail| mail.subject == parts[0]).unwrap();
        assert_eq!(first_lesson.at, utc("2026-10-19 06:00"), "Monday at seven in Lisbon");
    }
}

story! {
    async fn moving_into_a_group_that_has_begun_catches_up_without_what_was_had(world: &World) {
        let practice = world.practice().await;
        let first = world.cohort(&practice, |new| new.starts_on = new.starts_on + Days::new(14)).await;
        let second = later(world, &practice, first, 0, |_| {}).await;
        let id = enroll(world, first, &ANA).await;
        world.to(utc("2026-10-26 12:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)), ["Weekly course, part 1"]);
        world.forget_mails();
        move_enrollment(&world.app, id, second, &By::Participant).await.unwrap();
        world.pass(TimeDelta::days(1)).await;
        let mails = world.mails_to(ANA.email);
        let catch_up = mails.iter().find(|mail| mail.subject == "What the others have had so far").expect("one mail");
        assert!(catch_up.text.contains("/p/lesson/2") && catch_up.text.contains("/p/lesson/3"), "{}", catch_up.text);
        assert!(!catch_up.text.contains("/p/lesson/1"), "what she had does not come again");
        world.to(utc("2026-12-20 12:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)), ["Weekly course, part 4", "Weekly course, part 5", "Weekly course, part 6"]);
        // There and back, she stands where she stood, and her calendar has the first dates under new entries.
        let mails = world.mails_to(ANA.email);
        assert_eq!(mails.iter().filter(|mail| mail.subject.starts_with("What the others")).count(), 1);
    }
}

story! {
    async fn there_and_back_again_the_calendar_has_new_entries_and_the_seats_are_right(world: &World) {
        let practice = world.practice().await;
        let first = world.cohort(&practice, |_| {}).await;
        let second = later(world, &practice, first, 1, |_| {}).await;
        let id = enroll(world, first, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        let away = move_enrollment(&world.app, id, second, &By::Participant).await.unwrap();
        world.pass(TimeDelta::minutes(5)).await;
        let again = move_enrollment(&world.app, id, second, &By::Participant).await.unwrap();
        assert_eq!(again.id, away.id, "moving twice is moving once");
        world.forget_mails();
        let back = move_enrollment(&world.app, away.id, first, &By::Participant).await.unwrap();
        assert_eq!(back.id, id, "the same place as before");
        world.pass(TimeDelta::minutes(5)).await;
        let words = words(&world.mails_to(ANA.email));
        let said = |word: &str| words.values().filter(|said| said.as_slice() == [word]).count();
        assert_eq!((said("CANCEL 1"), said("REQUEST 0")), (6, 6), "{words:?}");
        assert_eq!((seats(world, first).await, seats(world, second).await), (1, 0));
    }
}

story! {
    async fn only_free_places_that_nobody_waits_for_and_only_within_the_window(world: &World) {
        let practice = world.practice().await;
        let first = world.cohort(&practice, |new| new.capacity = 1).await;
        let full = later(world, &practice, first, 1, |new| new.capacity = 1).await;
        let free = later(world, &practice, first, 2, |_| {}).await;
        let (ana, id) = come_in(world, first, &ANA).await;
        enroll(world, full, &BEN).await;
        enroll(world, first, &Person { name: "Cy", email: "cy@example.org", ..BEN }).await;
        let listed = ana.get("/p/dates").await.body;
        assert!(listed.contains(&free.to_string()) && !listed.contains(&full.to_string()), "{listed}");
        assert!(listed.contains("Tue 27 Oct 2026, 18:00–19:15"), "in her own zone: {listed}");
        let refused = ana.submit("/p/dates", &format!("/p/dates/{full}"), &[]).await;
        assert_eq!(refused.status, 409, "{}", refused.body);
        assert_eq!(standing(world, first, ANA.email).await, "enrolled", "nobody loses a place by asking");

        let windows = Windows { move_until_on: Some("2026-10-05".parse().unwrap()), pause_until_on: None };
        save_windows(&world.app, (practice.id, first), windows, "Nadia").await.unwrap();
        let page = ana.get("/p/dates").await.body;
        assert!(page.contains("until Monday 5 October 2026 (Berlin time)"), "she sees the same date: {page}");
        world.to(utc("2026-10-05 22:01")).await;
        sign_in(world, &ana, ANA.email).await;
        assert!(!ana.get("/p/dates").await.body.contains(&free.to_string()), "the day is over in Berlin");
        let late = ana.submit("/p/pause", &format!("/p/dates/{free}"), &[]).await;
        assert_eq!(late.status, 409, "{}", late.body);
        // A coach moves anybody by name, over the limit too; it is written down.
        move_enrollment(&world.app, id, full, &By::Coach("Nadia".into())).await.unwrap();
        let audits = audits::of_practice(world.app.db.reader(), practice.id, 20).await.unwrap();
        assert!(audits.iter().any(|audit| audit.act == "person moved over the limit" && audit.actor == "Nadia"));
        assert_eq!(seats(world, full).await, 2);
        assert_eq!(standing(world, first, "cy@example.org").await, "offered", "her seat moved on");
    }
}

story! {
    async fn a_mailed_link_moves_with_one_button_and_the_coach_hears_of_it_once(world: &World) {
        let practice = world.practice().await;
        let first = world.cohort(&practice, |_| {}).await;
        let second = later(world, &practice, first, 1, |_| {}).await;
        let id = enroll(world, first, &ANA).await;
        let link = world.mails_to(ANA.email).into_iter().find(|mail| mail.subject.contains("confirmed")).unwrap().link("/dates/");
        let (anyone, path) = (Visitor::of(world), link.strip_prefix(&world.base).unwrap().to_owned());
        let page = anyone.get(&path).await;
        assert_eq!(page.status, 200);
        for private in ["Ana", "ana@example.org", "Monday evenings", "Tuesday evenings", "Trust"] {
            assert!(!page.body.contains(private), "a link shows only what its act needs: {private}");
        }
        let sure = format!("{path}/{second}");
        for _ in 0..3 {
            assert_eq!(anyone.get(&sure).await.status, 200, "S4: looking changes nothing");
        }
        assert_eq!(standing(world, first, ANA.email).await, "enrolled");
        assert_eq!(anyone.get(&format!("{path}x")).await.status, 404, "S5: altered");
        assert_eq!(anyone.get(&path.replace("/dates/", "/leaving/")).await.status, 404, "S5: another purpose");
        world.forget_mails();
        let moved = anyone.submit(&sure, &sure, &[]).await;
        assert_eq!(moved.status, 200, "{}", moved.body);
        assert_eq!(anyone.get("/p").await.location.as_deref(), Some("/link"), "a link is not a sign-in");
        assert_eq!(standing(world, second, ANA.email).await, "enrolled");
        world.pass(TimeDelta::minutes(30)).await;
        let told = world.mails_to("nadia@group.example");
        assert_eq!(told.len(), 1, "one mail");
        assert!(told[0].text.contains("Ana went on with other dates: Tuesday evenings."), "{}", told[0].text);
        let gone = enrollments::holding(world.app.db.reader(), id).await.unwrap().unwrap();
        assert!(gone.moved_to.is_some());
    }
}

async fn agree_and_write(world: &World, id: EnrollmentId) -> Result<bool, trellis::store::Error> {
    transact!(world.app.db, |tx| {
        let ana = enrollments::holding(tx, id).await?.unwrap();
        for version in [1, 2] {
            let consent = Consent {
                id: world.app.random.uuid(world.now()),
                practice_id: ana.practice_id,
                enrollment_id: id,
                kind: "agreement".to_owned(),
                version,
                wording: "What is said here stays here.".to_owned(),
                agreed_at: world.now(),
            };
            enrollments::consent(tx, consent).await?;
        }
        let noted = Enrollment { note: "Please call me Annie.".to_owned(), ..ana.clone() };
        enrollments::save(tx, ana.standing, noted).await
    })
}

story! {
    async fn what_was_agreed_and_written_comes_along(world: &World) {
        let practice = world.practice().await;
        let first = world.cohort(&practice, |_| {}).await;
        let second = later(world, &practice, first, 1, |_| {}).await;
        let id = enroll(world, first, &ANA).await;
        agree_and_write(world, id).await.unwrap();
        let moved = move_enrollment(&world.app, id, second, &By::Participant).await.unwrap();
        let db = world.app.db.reader();
        let versions: Vec<_> = enrollments::consents_of(db, moved.id).await.unwrap().into_iter().filter(|consent| consent.kind == "agreement").map(|consent| consent.version).collect();
        assert_eq!(versions, [1, 2]);
        let before = enrollments::holding(db, id).await.unwrap().unwrap();
        assert_eq!((moved.note.as_str(), &moved.track, moved.calendar, moved.journey_id), ("Please call me Annie.", &before.track, before.calendar, before.journey_id));
    }
}
