//! Cohorts are shown before they are saved, open only when whole, and move only after a look.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use poem::http::StatusCode;

use super::{PASSWORD, Study, new_practice};
use trellis::{
    actions::{release_due::release_due, sign_in::sign_in_coach},
    domain::delivery::Occasion,
    store::{cohorts, programs, sessions},
};

/// What the form of a new cohort sends, with some of it changed.
fn cohort_form<'a>(program: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = BTreeMap::from([
        ("program", program),
        ("name", "Thursday evenings"),
        ("starts_on", "2027-03-15"),
        ("zone", "Europe/Berlin"),
        ("weekday", "thu"),
        ("time", "19:00"),
        ("minutes", "60"),
        ("breaks", "2"),
        ("capacity", "12"),
        ("lesson_day", "mon"),
        ("lesson_time", "07:00"),
        ("lesson_rule", ""),
        ("lesson_clock", "cohort"),
        ("discretion", "discreet"),
        ("room_url", "https://room.example/a"),
        ("crisis_line", "116 123"),
    ]);
    form.extend(changes.iter().copied());
    form.into_iter().collect()
}

told! {
    async fn a_new_cohort_shows_its_schedule_before_anything_is_saved(world: &Study) {
        let program = world.program.to_string();
        let mut form = cohort_form(&program, &[]);
        form.push(("do", "preview"));
        let (status, _, html) = world.post("/coach/cohorts/new", &form).await;
        assert_eq!(status, StatusCode::OK);
        for part in [
            "3 sessions in 4 weeks",
            "Thursday 18 March 2027, 19:00 (UTC+01:00)",
            "Clocks changed: now UTC+02:00",
            "Thursday 1 April 2027, 19:00 (UTC+02:00)",
            "Lesson 1, Theme 1: Monday 15 March 2027, 07:00 (UTC+01:00)",
            "Break: no session, no lesson",
            "0 7 * * MON",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(cohorts::of_practice(world.app.db.reader(), world.practice.id).await.unwrap().is_empty());
    }
}

told! {
    async fn public_holidays_are_warned_of_and_change_no_date(world: &Study) {
        let program = world.program.to_string();
        let mut form = cohort_form(&program, &[("holiday_country", "DE")]);
        form.push(("do", "preview"));
        let (_, _, html) = world.post("/coach/cohorts/new", &form).await;
        for part in [
            "Mon 29 Mar is Easter Monday, a public holiday in Germany",
            "1 lesson falls on a public holiday in Germany. No date is changed because of it.",
            "Lesson 2, Theme 2: Monday 29 March 2027, 07:00 (UTC+02:00)",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        let (_, _, none) = world.post("/coach/cohorts/new", &cohort_form(&program, &[("do", "preview")])).await;
        assert!(!none.contains("public holiday in Germany"), "never without being asked for");
        let (status, _, _) = world.post("/coach/cohorts/new", &cohort_form(&program, &[("holiday_country", "XX")])).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

told! {
    async fn lessons_may_follow_the_sessions(world: &Study) {
        let program = world.program.to_string();
        let by_session = [("lesson_by", "session"), ("lesson_after", "30"), ("do", "preview")];
        let (_, _, html) = world.post("/coach/cohorts/new", &cohort_form(&program, &by_session)).await;
        for part in ["Lesson 1, Theme 1: Thursday 18 March 2027, 20:30", "session end + 30 min", "After each session, 30 minutes later"] {
            assert!(html.contains(part), "{part} in {html}");
        }
        for (changes, message) in [
            ([("lesson_by", "session"), ("lesson_after", "10081")], "Enter how many minutes after the session"),
            ([("lesson_by", "weekday"), ("lesson_rule", "0 7 * * TUE")], "for this to count, or leave it empty"),
            ([("lesson_by", "own"), ("lesson_rule", "")], "Write the five fields"),
            ([("lesson_by", "own"), ("lesson_rule", "session end + 8 days")], "at most seven days"),
        ] {
            let (status, _, html) = world.post("/coach/cohorts/new", &cohort_form(&program, &changes)).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{message}");
            assert!(html.contains(message), "{message} in {html}");
        }
    }
}

told! {
    async fn whatever_is_wrong_with_a_cohort_is_said_at_its_field_and_nothing_is_saved(world: &Study) {
        let program = world.program.to_string();
        let long = "x".repeat(10_000);
        for (field, value, said) in [
            ("starts_on", "2026-02-30", "There is no such date"),
            ("starts_on", "9999-01-01", "Start dates lie between"),
            ("zone", "Europe/Atlantis", "is not a time zone we know"),
            ("lesson_rule", "0 7 * * 1", "Write weekdays by name"),
            ("lesson_rule", "0 7,19 * * MON", "fires 2 times on one day"),
            ("minutes", "0", "between 5 and 600 minutes"),
            ("minutes", "long", "Enter the length in minutes"),
            ("capacity", "0", "from 1 to 1000"),
            ("capacity", "1001", "from 1 to 1000"),
            ("breaks", "9", "cannot be a break"),
            ("breaks", "first", "Write the numbers of the weeks"),
            ("room_url", "http://room.example", "beginning with https://"),
            ("room_url", "javascript:alert(1)", "beginning with https://"),
            ("name", "Ann\r\nBcc: x@y", "one line of ordinary characters"),
            ("name", &long, "at most 120 characters"),
            ("time", "25:00", "Enter a time of day"),
            ("weekday", "someday", "Choose the weekday"),
            ("program", "00000000-0000-0000-0000-000000000000", "Choose one of your programs"),
            ("discretion", "loud", "Choose how discreet"),
        ] {
            let mut form = cohort_form(&program, &[(field, value)]);
            form.push(("do", "open"));
            let (status, _, html) = world.post("/coach/cohorts/new", &form).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={value}");
            let error =
                html.split(&format!("id=\"{field}-error\"")).nth(1).unwrap_or_else(|| panic!("{field}={value}: no error"));
            assert!(error.split("</p>").next().unwrap().contains(said), "{field}={value}: {}", &error[..200]);
            assert!(html.contains("<title>Error: "), "{field}");
        }
        assert!(cohorts::of_practice(world.app.db.reader(), world.practice.id).await.unwrap().is_empty());
    }
}

told! {
    async fn a_cohort_opens_only_when_nothing_is_missing_and_a_form_counts_once(world: &Study) {
        let program = world.program.to_string();
        let mut form = cohort_form(&program, &[("room_url", "")]);
        form.push(("do", "open"));
        let (status, to, _) = world.post_with("/coach/cohorts/new", &form, "AAAAAAAAAAAAAAAAAAAAAA").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let page = world.page(&to).await;
        assert!(page.contains("The room is missing") && page.contains("Add it"), "{page}");
        let (_, again, _) = world.post_with("/coach/cohorts/new", &form, "AAAAAAAAAAAAAAAAAAAAAA").await;
        assert_eq!(again, to, "the answer it had the first time");
        let made = cohorts::of_practice(world.app.db.reader(), world.practice.id).await.unwrap();
        assert_eq!(made.len(), 1);
        let base = format!("/coach/cohorts/{}", made[0].id);
        let settings =
            [("name", "Evenings"), ("room_url", "https://room.example/b"), ("crisis_line", "116 123"), ("capacity", "12")];
        assert_eq!(world.post(&format!("{base}/settings"), &settings).await.0, StatusCode::SEE_OTHER);
        let (_, to, _) = world.post(&format!("{base}/open"), &[]).await;
        assert_eq!(to, format!("{base}?done=open"));
        assert!(world.page(&to).await.contains("The cohort is open."));
    }
}

/// What the plan on a page was computed from.
fn plan_of(html: &str) -> String {
    let rest = html.split("name=\"plan\" value=\"").nth(1).unwrap_or_else(|| panic!("no plan in {html}"));
    rest.split('"').next().unwrap().to_owned()
}

told! {
    async fn a_session_moves_after_a_look_and_a_stale_page_cannot_move_it(world: &Study) {
        let cohort = world.open_cohort().await;
        world.add(cohort, "Sam").await;
        let session = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0);
        let path = format!("/coach/sessions/{}/move", session.id);
        let form = [("date", "2027-03-19"), ("time", "20:00"), ("minutes", "60")];
        let (status, _, html) = world.post(&path, &[&form[..], &[("do", "preview")]].concat()).await;
        assert_eq!(status, StatusCode::OK);
        for part in [
            "Thursday 18 March 2027, 19:00–20:00",
            "Friday 19 March 2027, 20:00–21:00",
            "UTC+01:00",
            "1 person",
            "In ten minutes",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        let seen = plan_of(&html);
        let (status, to, _) = world.post(&path, &[&form[..], &[("do", "apply"), ("plan", &seen)]].concat()).await;
        assert_eq!(
            (status, to.as_str()),
            (StatusCode::SEE_OTHER, format!("/coach/cohorts/{cohort}/schedule?done=moved").as_str())
        );
        assert!(world.page(&to).await.contains("A change waits."));
        let stale = [("date", "2027-03-20"), ("time", "21:30"), ("minutes", "60"), ("plan", &seen), ("do", "apply")];
        let (status, _, html) = world.post(&path, &stale).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(
            html.contains("changed this since you looked") && html.contains("2027-03-20") && html.contains("21:30"),
            "{html}"
        );
        for (field, value) in [("date", "2026-02-30"), ("date", "2020-01-01"), ("time", "7 pm"), ("minutes", "5000")] {
            let mut typed: BTreeMap<_, _> = form.into_iter().collect();
            typed.insert(field, value);
            let typed: Vec<_> = typed.into_iter().collect();
            assert_eq!(world.post(&path, &typed).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{field}={value}");
        }
        let base = format!("/coach/sessions/{}", session.id);
        for (verb, done) in [("cancel", "done=canceled"), ("restore", "done=restored")] {
            let seen = plan_of(&world.page(&format!("{base}/{verb}")).await);
            let (_, to, _) = world.post(&format!("{base}/{verb}"), &[("plan", &seen), ("do", "apply")]).await;
            assert!(to.ends_with(done), "{to}");
        }
        world.app.clock.advance(TimeDelta::minutes(11));
        release_due(&world.app).await.unwrap();
        assert_eq!(world.mails(Occasion::ScheduleChanged).await.len(), 1, "three changes, one mail");
    }
}

told! {
    async fn another_practice_sees_nothing_of_ours(world: &Study) {
        let cohort = world.open_cohort().await;
        let person = world.add(cohort, "Sam").await;
        let session = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0);
        let lesson = programs::lessons_of(world.app.db.reader(), world.program).await.unwrap().remove(0);
        let mail = world.mails(Occasion::Welcome).await.remove(0);
        new_practice(&world.app, "other").await;
        let other = sign_in_coach(&world.app, "other@example.org", PASSWORD, "test").await.unwrap();
        let world = world.signed_in_with(&other.token);
        let (_, missing) = world.get("/coach/people/00000000-0000-0000-0000-000000000000").await;
        let program = world.program;
        for path in [
            format!("/coach/cohorts/{cohort}"),
            format!("/coach/cohorts/{cohort}/schedule"),
            format!("/coach/cohorts/{cohort}/schedule/break"),
            format!("/coach/cohorts/{cohort}/schedule/extend"),
            format!("/coach/cohorts/{cohort}/settings"),
            format!("/coach/cohorts/{cohort}/waitlist"),
            format!("/coach/cohorts/{cohort}/open"),
            format!("/coach/cohorts/{cohort}/add"),
            format!("/coach/people/{person}"),
            format!("/coach/sessions/{}/move", session.id),
            format!("/coach/sessions/{}/cancel", session.id),
            format!("/coach/outbox/{}", mail.id),
            format!("/coach/programs/{program}"),
            format!("/coach/programs/{program}/edit"),
            format!("/coach/programs/{program}/lessons/{}", lesson.id),
            format!("/coach/programs/{program}/lessons/{}/preview", lesson.id),
        ] {
            let (status, html) = world.get(&path).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(html.len(), missing.len(), "{path} reads like what is missing");
        }
        for path in [
            format!("/coach/cohorts/{cohort}/settings"),
            format!("/coach/cohorts/{cohort}/doors"),
            format!("/coach/cohorts/{cohort}/open"),
            format!("/coach/sessions/{}/cancel", session.id),
            format!("/coach/cohorts/{cohort}/schedule/extend?weeks=1"),
            format!("/coach/cohorts/{cohort}/schedule/undo"),
            format!("/coach/outbox/{}/again", mail.id),
            format!("/coach/outbox/{}/arrived", mail.id),
            format!("/coach/outbox/{}/copy", mail.id),
            format!("/coach/people/{person}/address"),
            format!("/coach/programs/{program}/lessons/{}", lesson.id),
        ] {
            assert_eq!(world.post(&path, &[("version", "0")]).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        assert!(!world.page("/coach/outbox").await.contains("Sam"));
        let stranger = Study { cookie: String::new(), ..world };
        assert_eq!(stranger.get("/coach").await.0, StatusCode::SEE_OTHER);
    }
}
