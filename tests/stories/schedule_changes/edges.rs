//! Do starts, weeks and single sessions move, come and go as a coach would expect?

#[allow(clippy::wildcard_imports, reason = "the stories are told at the same desk")]
use super::*;

type Fields = Vec<(&'static str, &'static str)>;

fn request(sequence: &str, start: &str) -> (String, String, String) {
    ("REQUEST".to_owned(), sequence.to_owned(), start.to_owned())
}

story! {
    async fn the_start_moves_after_the_first_lesson_went_out(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        world.to(utc("2026-10-12 12:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)).len(), 1);
        world.forget_mails();
        let plan = desk.change("start", &[("to", "2026-10-26")]).await;
        assert!(plan.contains("6 entries updated in one calendar"), "{plan}");
        world.pass(TimeDelta::minutes(15)).await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(
            told(&mails),
            ["20261029", "20261105", "20261112", "20261119", "20261126", "20261203"]
                .map(|day| request("1", &format!("{day}T180000Z")))
        );
        assert_eq!(words(&mails).len(), 1);
        world.to(utc("2026-12-05 12:00")).await;
        let parts = lessons(&world.mails_to(ANA.email));
        let at: Vec<_> = parts.iter().map(|(_, at)| at.as_str()).collect();
        assert_eq!(at, ["11-02 06:00", "11-09 06:00", "11-16 06:00", "11-23 06:00", "11-30 06:00"]);
        assert_eq!(parts[0].0, "Weekly course, part 2", "the first is not sent again");
    }
}

story! {
    async fn the_start_moves_sooner_and_no_lesson_is_lost_or_blasted(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        world.to(utc("2026-10-06 12:00")).await;
        let plan = desk.change("start", &[("to", "2026-10-05")]).await;
        for part in [
            "Lessons whose time would be over",
            "each waits for the next free time",
            "Monday 5 October 2026, 07:00 (UTC+02:00)",
            "goes out after the last session.",
        ] {
            assert!(plan.contains(part), "{part} in {plan}");
        }
        world.pass(TimeDelta::hours(1)).await;
        assert!(lessons(&world.mails_to(ANA.email)).is_empty(), "nothing is blasted");
        world.to(utc("2026-11-20 12:00")).await;
        let parts: Vec<_> = lessons(&world.mails_to(ANA.email)).into_iter().map(|(subject, _)| subject).collect();
        let all: Vec<_> = (1..=6).map(|part| format!("Weekly course, part {part}")).collect();
        assert_eq!(parts, all, "each once, in order");
    }
}

story! {
    async fn weeks_are_taken_off_and_added_again(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        let first = invites::of_cohort(world.app.db.reader(), desk.cohort).await.unwrap();
        let plan = desk.change("shorten", &[("weeks", "1")]).await;
        assert!(plan.contains("Sessions that are canceled") && plan.contains("1 entry taken out in one calendar"), "{plan}");
        assert!(plan.contains("goes out after the last session."), "lesson 6 has no session any more: {plan}");
        world.pass(TimeDelta::minutes(15)).await;
        assert_eq!(
            told(&world.mails_to(ANA.email)),
            [("CANCEL".to_owned(), "1".to_owned(), "20261119T180000Z".to_owned())]
        );
        world.forget_mails();
        let plan = desk.change("extend", &[("weeks", "2")]).await;
        assert!(plan.contains("Sessions that come back") && plan.contains("New sessions"), "{plan}");
        assert!(plan.contains("7. Session 7") && plan.contains("2 new entries in one calendar"), "{plan}");
        world.pass(TimeDelta::minutes(15)).await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(told(&mails), [request("0", "20261119T180000Z"), request("0", "20261126T180000Z")]);
        for mail in mails.iter().filter(|mail| mail.calendar.is_some()) {
            assert!(!first.iter().any(|invite| invite.uid == mail.property("UID")), "what comes back has a UID of its own");
        }
        let [mail] = words(&mails)[..] else { panic!("one mail") };
        assert!(mail.text.contains("BACK AGAIN") && mail.text.contains("NEW"), "{}", mail.text);
        assert_eq!(rows_of(world, &desk).await.len(), 7, "no row is made twice");
    }
}

story! {
    async fn a_session_moved_and_moved_back_is_one_entry_with_a_rising_sequence(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        let path = format!("/coach/sessions/{}/move", desk.session(2).await.id);
        let there = [("date", "2026-10-23"), ("time", "20:00"), ("minutes", "75")];
        let back = [("date", "2026-10-22"), ("time", "19:00"), ("minutes", "75")];
        desk.change_at(&path, &there).await;
        world.pass(TimeDelta::minutes(15)).await;
        desk.change_at(&path, &back).await;
        world.pass(TimeDelta::minutes(15)).await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(told(&mails), [request("2", "20261022T170000Z"), request("1", "20261023T180000Z")]);
        let uids: Vec<_> = mails.iter().filter(|mail| mail.calendar.is_some()).map(|mail| mail.property("UID")).collect();
        assert_eq!(uids[0], uids[1]);
        assert_eq!(words(&mails).len(), 2);
    }
}

story! {
    async fn a_session_added_besides_has_no_week_and_its_title_stays_out_of_mail(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        let fields = [("title", "After the affair"), ("date", "2026-10-31"), ("time", "11:00"), ("minutes", "60")];
        desk.change("add", &fields).await;
        world.pass(TimeDelta::minutes(15)).await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(told(&mails), [request("0", "20261031T100000Z")]);
        let [mail] = words(&mails)[..] else { panic!("one mail: {mails:?}") };
        assert!(mail.text.contains("Extra session"), "{}", mail.text);
        for mail in &mails {
            assert!(!String::from_utf8_lossy(&mail.raw).to_lowercase().contains("affair"), "S9");
        }
        world.to(utc("2026-10-31 10:30")).await;
        let hour = world.last_to(ANA.email);
        assert_eq!(hour.subject, "In one hour", "it has its reminders");
    }
}

story! {
    async fn what_cannot_be_is_refused_at_its_field_and_nothing_is_saved(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        world.to(utc("2026-10-20 12:00")).await;
        let before = rows_of(world, &desk).await;
        let moved = format!("/coach/sessions/{}", desk.session(3).await.id);
        let over = format!("/coach/sessions/{}", desk.session(1).await.id);
        let at = |kind: &str| format!("{}/{kind}", desk.schedule());
        let slot = |zone| [("from_week", "2"), ("weekday", "mon"), ("time", "19:00"), ("minutes", "75"), ("zone", zone)];
        let cases: Vec<(String, Fields, &str)> = vec![
            (at("start"), vec![("to", "2026-11-02")], "The first session has begun"),
            (at("start"), vec![("to", "2026-02-30")], "There is no such date"),
            (at("break"), vec![("week", "1")], "is over or its session has begun"),
            (at("break"), vec![("week", "99")], "There is no week 99"),
            (at("break"), vec![("week", "soon")], "Choose the week that becomes a break"),
            (at("unbreak"), vec![("week", "4")], "is not a break"),
            (at("weekday"), slot("Europe/Berlin").to_vec(), "which is in the past"),
            (at("weekday"), slot("Mars/Olympus").to_vec(), "is not a time zone we know"),
            (at("extend"), vec![("weeks", "104")], "lasts at most 104 weeks"),
            (at("extend"), vec![("weeks", "-1")], "Enter how many weeks to add"),
            (at("shorten"), vec![("weeks", "6")], "keeps at least one week"),
            (at("add"), vec![("title", "More"), ("date", "2026-10-01"), ("time", "10:00"), ("minutes", "60")], "in the past"),
            (at("add"), vec![("title", ""), ("date", "2026-11-01"), ("time", "10:00"), ("minutes", "60")], "Enter a name"),
            (format!("{moved}/move"), vec![("date", "2026-10-29"), ("time", "19:00"), ("minutes", "75")], "how the schedule is already"),
            (format!("{moved}/move"), vec![("date", "2026-10-29"), ("time", "19:00"), ("minutes", "4")], "between 5 and 600"),
            (format!("{over}/cancel"), vec![], "This session is over"),
            (format!("{moved}/restore"), vec![], "how the schedule is already"),
        ];
        for (path, fields, words) in cases {
            for act in ["preview", "apply"] {
                let fields = [&fields[..], &[("do", act), ("plan", "00")]].concat();
                let answer = desk.visitor().await.submit(&desk.schedule(), &path, &fields).await;
                assert_eq!(answer.status, 422, "{path} {fields:?}: {}", errors(&answer.body));
                assert!(answer.body.contains(words), "{words} at {path}: {}", errors(&answer.body));
                assert!(answer.body.contains("<title>Error: "), "{path}");
            }
        }
        assert_eq!(rows_of(world, &desk).await, before);
        world.to(utc("2026-10-23 12:00")).await;
        for (kind, fields) in [("shorten", vec![("weeks", "5")]), ("weekday", slot("Europe/Berlin").to_vec())] {
            let answer = desk.look(&at(kind), &fields).await;
            assert_eq!(answer.status, 422, "{kind}");
            assert!(answer.body.contains("Week 2 is over or its session has begun"), "{}", errors(&answer.body));
        }
        for path in [at("nothing"), at("undo"), format!("{moved}/explode")] {
            let status = desk.visitor().await.get(&path).await.status;
            assert!(matches!(status, 404 | 405), "{path}: {status}");
        }
    }
}

story! {
    async fn a_draft_changes_without_a_word_to_anybody(world: &World) {
        let desk = Desk::of(world, &[]).await;
        let practice = trellis::store::practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let cohort = world.draft(&practice, |_| {}).await;
        let desk = Desk { cohort, ..desk };
        let plan = desk.change("break", &[("week", "2")]).await;
        assert!(plan.contains("Nobody: the cohort is a draft"), "{plan}");
        assert!(trellis::store::timetable::of_cohort(world.app.db.reader(), cohort).await.unwrap().is_empty());
        assert!(desk.undo().await.ends_with("done=undone"));
        assert_eq!(rows_of(world, &desk).await[5].2, utc("2026-11-16 18:00"));
    }
}

story! {
    async fn what_should_be_looked_at_again_is_said_and_nothing_is_changed_because_of_it(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        let db = world.app.db.reader();
        let cohort = cohorts::find(db, desk.practice, desk.cohort).await.unwrap().unwrap();
        let windows = cohorts::Cohort {
            holiday_country: "DE".to_owned(),
            enroll_until_on: cohort.starts_on.pred_opt(),
            ..cohort
        };
        let email = ANA.email.parse().unwrap();
        let ana = trellis::store::participants::with_email(db, desk.practice, &email).await.unwrap().unwrap();
        let unreachable = trellis::store::participants::Participant { mail_problem: Some("no such mailbox".to_owned()), ..ana };
        keep(world, windows, unreachable).await.unwrap();

        let christmas = [("title", "One more"), ("date", "2026-12-25"), ("time", "11:00"), ("minutes", "60")];
        let plan = desk.change("add", &christmas).await;
        assert!(plan.contains("One more would be on Friday 25 December 2026, which is Christmas Day in Germany."), "{plan}");
        assert!(plan.contains("<dt>Mail does not reach</dt><dd>Ana</dd>"), "{plan}");
        let plan = desk.change("start", &[("to", "2026-10-19")]).await;
        assert!(plan.contains("These dates do not move with the start: enrollment closes Sunday 11 October 2026."), "{plan}");
        assert_eq!(rows_of(world, &desk).await.len(), 7, "a warning forbids nothing");
    }
}

async fn keep(
    world: &World,
    cohort: cohorts::Cohort,
    person: trellis::store::participants::Participant,
) -> Result<(), trellis::store::Error> {
    trellis::transact!(world.app.db, |tx| {
        cohorts::save(tx, cohort.clone()).await?;
        trellis::store::participants::save(tx, person.clone()).await
    })
}
