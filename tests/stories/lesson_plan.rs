//! Do lessons go out when the coach says, also when that changes while the cohort runs?

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use trellis::{
    actions::change_person::{Settings, save_settings},
    domain::{
        ids::{CohortId, PracticeId, SessionId},
        plan::Change,
        schedule::{LessonClock, LessonTiming},
    },
    store::{cohorts, participants, sessions},
};

use crate::{
    people::{Person, enroll},
    story,
    visitor::{Answer, Visitor},
    world::{PASSWORD, World, name, utc, zone},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Berlin", track: "broke", calendar: "neither" };

/// Signed in anew: nobody stays so over the days that pass.
pub async fn coach(world: &World) -> Visitor {
    let coach = Visitor::of(world);
    let fields = [("email", "nadia@group.example"), ("password", PASSWORD)];
    assert_eq!(coach.submit("/coach/sign-in", "/coach/sign-in", &fields).await.status, 303);
    coach
}

/// What a person got of their course: the subject's end, and when by the cohort's clock.
fn lessons(world: &World, email: &str) -> Vec<(String, String)> {
    let mails = world.mails_to(email).into_iter().filter(|mail| mail.subject.starts_with("Weekly course"));
    mails.map(|mail| (mail.subject.replace("Weekly course, ", ""), berlin(mail.at))).collect()
}

fn berlin(at: DateTime<Utc>) -> String {
    zone("Europe/Berlin").local(at).format("%a %-d %b %H:%M").to_string()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(part, at)| ((*part).to_owned(), (*at).to_owned())).collect()
}

async fn change(world: &World, of: (PracticeId, CohortId), ordinal: i32, change: impl FnOnce(SessionId) -> Change) {
    let sessions = sessions::of_cohort(world.app.db.reader(), of.1).await.unwrap();
    let session = sessions.into_iter().find(|session| session.ordinal == ordinal).unwrap();
    world.change(of, &change(session.id)).await;
}

/// The copy at a position that Ana reads, and the button beside it.
async fn press(world: &World, of: (CohortId, i32), act: &str, fields: &[(&str, &str)]) -> Answer {
    let copies = cohorts::lessons_of(world.app.db.reader(), of.0).await.unwrap();
    let copy = copies.into_iter().find(|copy| copy.position == of.1 && copy.track == "broke").unwrap();
    let page = format!("/coach/cohorts/{}/lessons", of.0);
    coach(world).await.submit(&page, &format!("{page}/{}/{act}", copy.id), fields).await
}

async fn retime(world: &World, cohort: CohortId, rule: &str, late: &str, act: &str) -> Answer {
    let page = format!("/coach/cohorts/{cohort}/lessons");
    let fields = [("lesson_by", "own"), ("lesson_rule", rule), ("lesson_clock", "cohort"), ("late", late), ("do", act)];
    coach(world).await.submit(&page, &page, &fields).await
}

const TEXT: [(&str, &str); 6] = [
    ("title", "An evening to rest"),
    ("subject", "An extra evening"),
    ("discreet_subject", "Weekly course, extra"),
    ("preview", "A short read, and one page to write before we meet again."),
    ("body", "Dear {{ name }},\n\nthis one is short. If it is too much: {{ crisis_line }}."),
    ("check_in", ""),
];

async fn add(world: &World, cohort: CohortId, spot: &str, late: &str) -> Answer {
    let page = format!("/coach/cohorts/{cohort}/lessons/new");
    let mut fields = TEXT.to_vec();
    fields.extend([("spot", spot), ("late", late), ("track", "")]);
    coach(world).await.submit(&page, &page, &fields).await
}

story! {
    async fn a_lesson_timed_by_its_session_moves_with_it_and_is_never_lost(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.rule = LessonTiming::AfterSession { minutes: 30 }).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-14 09:00")).await;
        let moved = |session| Change::MoveSession {
            session,
            date: NaiveDate::from_ymd_opt(2026, 10, 21).unwrap(),
            time: NaiveTime::from_hms_opt(18, 0, 0).unwrap(),
            minutes: 75,
        };
        change(world, (practice.id, cohort), 2, moved).await;
        change(world, (practice.id, cohort), 3, |session| Change::CancelSession { session }).await;
        let page = coach(world).await.get(&format!("/coach/cohorts/{cohort}/lessons")).await.body;
        assert!(page.contains("After each session, 30 minutes later") && page.contains("session end + 30 min"), "{page}");
        world.to(utc("2026-11-03 09:00")).await;
        assert_eq!(
            lessons(world, ANA.email),
            pairs(&[
                ("part 1", "Mon 12 Oct 20:45"),
                ("part 2", "Wed 21 Oct 19:45"),
                ("part 3", "Mon 26 Oct 20:45"),
                ("part 4", "Mon 2 Nov 20:45"),
            ]),
            "the second moved with its session, the third comes although its session does not"
        );
    }
}

story! {
    async fn a_session_moved_past_its_lesson_and_back_loses_and_doubles_nothing(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.rule = LessonTiming::AfterSession { minutes: 0 }).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-20 09:00")).await;
        let to = |day, hour| move |session| Change::MoveSession {
            session,
            date: NaiveDate::from_ymd_opt(2026, 10, day).unwrap(),
            time: NaiveTime::from_hms_opt(hour, 0, 0).unwrap(),
            minutes: 75,
        };
        // The third meeting comes before noon today, after all not, then on its day.
        change(world, (practice.id, cohort), 3, to(20, 12)).await;
        change(world, (practice.id, cohort), 3, to(26, 19)).await;
        world.to(utc("2026-11-01 09:00")).await;
        assert_eq!(
            lessons(world, ANA.email),
            pairs(&[("part 1", "Mon 12 Oct 20:15"), ("part 2", "Mon 19 Oct 20:15"), ("part 3", "Mon 26 Oct 20:15")])
        );
    }
}

story! {
    async fn a_rule_that_comes_after_a_lessons_time_skips_it_unless_told_otherwise(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-14 09:00")).await;
        let looked = retime(world, cohort, "0 7 * * MON,TUE", "skip", "preview").await;
        assert_eq!(looked.status, 200);
        assert!(looked.body.contains("to Tue 13 Oct, 07:00, which is past: it is skipped"), "{}", looked.body);
        let before = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
        assert_eq!(before.lesson_rule, "0 7 * * MON", "a look changes nothing");

        assert_eq!(retime(world, cohort, "0 7 * * MON,TUE", "skip", "apply").await.status, 303);
        world.run().await;
        assert_eq!(lessons(world, ANA.email).len(), 1, "nothing is blasted out");
        let list = coach(world).await.get(&format!("/coach/cohorts/{cohort}/lessons")).await.body;
        assert!(list.contains("Not mailed: its time had passed when the schedule changed"), "{list}");

        // Back to where it was: the second lesson is ahead again, and goes out on its day.
        retime(world, cohort, "0 7 * * MON", "skip", "apply").await;
        world.to(utc("2026-10-19 06:00")).await;
        assert_eq!(lessons(world, ANA.email)[1..], pairs(&[("part 2", "Mon 19 Oct 07:00")]));

        // Once more, and this time it is to come with the next.
        world.to(utc("2026-10-21 09:00")).await;
        retime(world, cohort, "0 7 * * MON,TUE", "with_next", "apply").await;
        world.to(utc("2026-10-26 07:00")).await;
        let mails = world.mails_to(ANA.email);
        let next = mails.last().unwrap();
        assert!(next.text.contains("Also new on your page"), "{}", next.text);
        world.to(utc("2026-11-20 09:00")).await;
        let got = lessons(world, ANA.email);
        let mut parts: Vec<_> = got.iter().map(|(part, _)| part.clone()).collect();
        parts.dedup();
        assert_eq!(parts.len(), got.len(), "{got:?}");
    }
}

story! {
    async fn lessons_are_moved_taken_out_and_put_back_while_the_cohort_runs(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-14 09:00")).await;
        let out = press(world, (cohort, 1), "move", &[("seen", "1"), ("do", "later")]).await;
        assert!(out.location.unwrap().ends_with("done=lesson-out"), "what is out stays");
        let edge = press(world, (cohort, 2), "move", &[("seen", "2"), ("do", "earlier")]).await;
        assert!(edge.location.unwrap().ends_with("done=lesson-edge"), "and nothing takes its place");
        let swapped = press(world, (cohort, 2), "move", &[("seen", "2"), ("do", "later")]).await;
        assert!(swapped.location.unwrap().ends_with("done=lesson-moved"));
        let again = press(world, (cohort, 2), "move", &[("seen", "3"), ("do", "earlier")]).await;
        assert!(again.location.unwrap().ends_with("done=lesson-changed"), "pressing on an old page moves nothing");
        let gone = press(world, (cohort, 1), "out", &[]).await;
        assert!(gone.location.unwrap().ends_with("done=lesson-out"));
        press(world, (cohort, 4), "out", &[]).await;
        world.to(utc("2026-10-30 09:00")).await;
        assert_eq!(
            lessons(world, ANA.email),
            pairs(&[("part 1", "Mon 12 Oct 07:00"), ("part 3", "Mon 19 Oct 07:00"), ("part 2", "Mon 26 Oct 07:00")])
        );
        let list = format!("/coach/cohorts/{cohort}/lessons");
        let shown = coach(world).await.get(&list).await.body;
        assert!(shown.contains("taken out by Nadia Brandt"), "{shown}");
        let removed = trellis::store::cohort_lessons::with_removed(world.app.db.reader(), cohort).await.unwrap();
        let removed = removed.into_iter().find(|copy| copy.reason.starts_with("taken out")).unwrap();
        let back = coach(world).await.submit(&list, &format!("{list}/{}/back", removed.id), &[]).await;
        assert!(back.location.unwrap().ends_with("done=lesson-back"));
        // The other track never lost its fourth, so week 4 stays empty for Ana, and hers comes at the end.
        world.to(utc("2026-11-30 09:00")).await;
        assert_eq!(
            lessons(world, ANA.email)[3..],
            pairs(&[("part 5", "Mon 9 Nov 07:00"), ("part 6", "Mon 16 Nov 07:00"), ("part 4", "Mon 23 Nov 07:00")])
        );
    }
}

story! {
    async fn a_lesson_added_takes_its_date_and_one_added_too_late_is_no_blast(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-14 09:00")).await;
        assert!(add(world, cohort, "2", "skip").await.location.unwrap().ends_with("done=lesson-added"));
        world.to(utc("2026-10-27 09:00")).await;
        assert_eq!(
            lessons(world, ANA.email),
            pairs(&[("part 1", "Mon 12 Oct 07:00"), ("extra", "Mon 19 Oct 07:00"), ("part 2", "Mon 26 Oct 07:00")])
        );

        // Too late, by default: nobody is mailed, and the page says why.
        add(world, cohort, "past", "skip").await;
        world.run().await;
        assert_eq!(lessons(world, ANA.email).len(), 3);
        let list = coach(world).await.get(&format!("/coach/cohorts/{cohort}/lessons")).await.body;
        assert!(list.contains("Not mailed: added after its time"), "{list}");

        // With the next: named in its mail, and no mail of its own.
        add(world, cohort, "past", "with_next").await;
        world.to(utc("2026-11-02 07:00")).await;
        let mails = world.mails_to(ANA.email);
        let next = mails.iter().find(|mail| mail.subject.ends_with("part 3")).unwrap();
        assert!(next.text.contains("Also new on your page") && next.text.contains("An evening to rest"), "{}", next.text);
        assert_eq!(lessons(world, ANA.email).len(), 4);

        // Now: but she had today's, so tomorrow at the same hour.
        add(world, cohort, "past", "now").await;
        world.run().await;
        assert_eq!(lessons(world, ANA.email).len(), 4, "one a day");
        world.to(utc("2026-11-04 09:00")).await;
        assert_eq!(lessons(world, ANA.email)[4..], pairs(&[("extra", "Tue 3 Nov 08:00")]));
        world.to(utc("2026-11-10 09:00")).await;
        assert_eq!(lessons(world, ANA.email)[5..], pairs(&[("part 4", "Mon 9 Nov 07:00")]));
    }
}

story! {
    async fn a_cohorts_own_text_is_edited_until_it_is_out(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        let coach = coach(world).await;
        let copies = cohorts::lessons_of(world.app.db.reader(), cohort).await.unwrap();
        let copy = copies.into_iter().find(|copy| copy.position == 1 && copy.track == "broke").unwrap();
        let page = format!("/coach/cohorts/{cohort}/lessons/{}", copy.id);
        let shown = coach.get(&page).await.body;
        let seen = shown.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let mut fields = TEXT.to_vec();
        fields.push(("seen", &seen));
        let bad: Vec<_> = fields.iter().map(|(key, value)| (*key, if *key == "body" { "{{ nam }}" } else { value })).collect();
        let refused = coach.submit(&page, &page, &bad).await;
        assert!(refused.status == 422 && refused.body.contains("There is no variable"), "{}", refused.status);
        assert_eq!(coach.submit(&page, &page, &fields).await.status, 303);
        world.to(utc("2026-10-12 09:00")).await;
        assert!(world.last_to(ANA.email).subject.ends_with("extra"));
        let late = self::coach(world).await.submit(&page, &page, &fields).await;
        assert_eq!(late.status, 422, "what is out stays, and the text is still there");
        assert!(late.body.contains("An evening to rest"));
        let stranger = Visitor::of(world).get(&page).await;
        assert_eq!(stranger.location.as_deref(), Some("/coach/sign-in"));
    }
}

story! {
    async fn a_zone_changed_over_the_end_of_summer_time_and_back_keeps_each_lesson_once(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.lesson_clock = LessonClock::Participant).await;
        enroll(world, cohort, &ANA).await;
        let db = world.app.db.reader();
        let person = participants::with_email(db, practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
        let go = async |to: &str| {
            let settings = Settings { name: name("Ana"), zone: zone(to), discretion: None };
            save_settings(&world.app, practice.id, person.id, &settings).await.unwrap();
        };
        // Clocks change on Sunday 25 October; she is in New York from the Saturday on, and back on the Monday.
        world.to(utc("2026-10-24 12:00")).await;
        go("America/New_York").await;
        world.to(utc("2026-10-26 06:30")).await;
        assert_eq!(lessons(world, ANA.email).len(), 2, "at 07:30 in Berlin it is the middle of her night");
        go("Europe/Berlin").await;
        world.run().await;
        assert_eq!(lessons(world, ANA.email)[2..], pairs(&[("part 3", "Mon 26 Oct 07:30")]), "it is out there: at once");
        go("America/New_York").await;
        world.to(utc("2026-10-30 12:00")).await;
        assert_eq!(lessons(world, ANA.email).len(), 3, "not once more at seven in New York");
        go("Europe/Berlin").await;
        world.to(utc("2026-11-04 09:00")).await;
        assert_eq!(lessons(world, ANA.email)[3..], pairs(&[("part 4", "Mon 2 Nov 07:00")]));
    }
}

story! {
    async fn whatever_a_coach_does_to_lessons_nobody_gets_one_twice_or_two_a_day(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-12 09:00")).await;
        let mut seed = 20_261_012_u64;
        let mut next = |most: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % most
        };
        for _ in 0..14 {
            let last = cohorts::lessons_of(world.app.db.reader(), cohort).await.unwrap().last().unwrap().position;
            let position = i32::try_from(next(u64::try_from(last).unwrap())).unwrap() + 1;
            let copies = cohorts::lessons_of(world.app.db.reader(), cohort).await.unwrap();
            let is_there = copies.iter().any(|copy| copy.position == position && copy.track == "broke");
            let (seen, late) = (position.to_string(), ["skip", "now", "with_next"][usize::try_from(next(3)).unwrap()]);
            match next(6) {
                0 if is_there => drop(press(world, (cohort, position), "move", &[("seen", &seen), ("do", "later")]).await),
                1 if is_there => drop(press(world, (cohort, position), "out", &[]).await),
                2 if is_there => drop(press(world, (cohort, position), "send", &[("do", "now")]).await),
                3 => drop(add(world, cohort, if next(2) == 0 { "past" } else { "end" }, late).await),
                4 => drop(retime(world, cohort, ["0 7 * * MON,THU", "0 9 * * TUE", "session end + 20 min"][usize::try_from(next(3)).unwrap()], late, "apply").await),
                _ => world.pass(TimeDelta::hours(i64::try_from(next(90)).unwrap())).await,
            }
            world.run().await;
        }
        world.to(utc("2027-01-20 09:00")).await;
        let mut days: BTreeMap<String, usize> = BTreeMap::new();
        for (_, at) in lessons(world, ANA.email) {
            *days.entry(at[..at.len() - 6].to_owned()).or_default() += 1;
        }
        assert!(days.values().all(|count| *count == 1), "{days:?}");
        let mut parts: Vec<_> = lessons(world, ANA.email).into_iter().map(|(part, _)| part).filter(|part| part != "extra").collect();
        let all = parts.len();
        parts.sort();
        parts.dedup();
        assert_eq!(parts.len(), all, "nothing twice");
        assert!(all > 2, "and something came: {all}");
    }
}
