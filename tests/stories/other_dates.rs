//! Does somebody who goes on with other dates lose nothing, get nothing twice, and clear their old calendar?

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, TimeDelta, Weekday};
use trellis::{
    actions::{
        leave::By,
        move_enrollment::move_enrollment,
        open_cohort::{NewCohort, create_cohort, open_cohort},
    },
    domain::{
        cohort::LateJoiners,
        discretion::Discretion,
        ids::CohortId,
        schedule::{LessonClock, LessonTiming},
    },
    store::{cohorts, practices::Practice},
};

use crate::{
    people::{Person, enroll, standing},
    post::Mail,
    story,
    world::{World, name, utc, zone},
};

pub const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };

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
        assert_eq!((standing(world, first, ANA.email).await, standing(world, second, ANA.email).await), ("transferred".into(), "enrolled".into()));
        assert_eq!((seats(world, first).await, seats(world, second).await), (0, 1));
    }
}
