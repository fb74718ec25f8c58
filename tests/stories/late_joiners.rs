//! What does somebody get who comes late, and is it ever more than one lesson a day?

use trellis::{
    actions::resend::send_again,
    domain::{
        cohort::LateJoiners,
        delivery::{Occasion, State},
    },
    store::ledger::{self, Filter},
};

use crate::{
    people::{Person, enroll},
    story,
    visitor::Visitor,
    world::{World, utc, zone},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Berlin", track: "broke", calendar: "neither" };

fn got(world: &World) -> Vec<String> {
    let mails = world.mails_to(ANA.email).into_iter();
    let lessons =
        mails.filter(|mail| mail.subject.starts_with("Weekly course") || mail.subject.contains("before you joined"));
    lessons
        .map(|mail| {
            let at = zone("Europe/Berlin").local(mail.at).format("%a %-d %b %H:%M");
            format!("{}: {at}", mail.subject.replace("Weekly course, ", ""))
        })
        .collect()
}

async fn rows(world: &World, occasion: Occasion) -> Vec<ledger::Delivery> {
    let practice = trellis::store::practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    let filter = Filter { occasion: Some(occasion), page_size: 100, ..Filter::default() };
    ledger::of_practice(world.app.db.reader(), practice.id, &filter).await.unwrap().0
}

story! {
    async fn one_a_day_from_the_oldest_beside_the_regular_ones(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.late_joiners = LateJoiners::Spaced).await;
        // A Saturday: three are out, the fourth comes on Monday.
        world.to(utc("2026-10-31 09:00")).await;
        enroll(world, cohort, &ANA).await;
        assert!(got(world).is_empty(), "no burst, and no list");
        world.to(utc("2026-11-10 09:00")).await;
        assert_eq!(
            got(world),
            [
                "part 1: Sun 1 Nov 07:00",
                "part 4: Mon 2 Nov 07:00",
                "part 2: Tue 3 Nov 07:00",
                "part 3: Wed 4 Nov 07:00",
                "part 5: Mon 9 Nov 07:00",
            ]
        );
        assert!(rows(world, Occasion::ReminderDay).await.iter().all(|row| row.due_at > utc("2026-10-31 09:00")), "no past reminder");
    }
}

story! {
    async fn who_leaves_in_between_gets_no_more(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.late_joiners = LateJoiners::Spaced).await;
        world.to(utc("2026-10-31 09:00")).await;
        let id = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-11-01 09:00")).await;
        trellis::actions::leave::leave(&world.app, id, &trellis::actions::leave::By::Participant).await.unwrap();
        world.to(utc("2026-11-20 09:00")).await;
        assert_eq!(got(world), ["part 1: Sun 1 Nov 07:00"]);
    }
}

story! {
    async fn on_the_page_alone_is_on_the_page_alone(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.late_joiners = LateJoiners::PortalOnly).await;
        world.to(utc("2026-10-21 10:00")).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-27 09:00")).await;
        assert_eq!(got(world), ["part 3: Mon 26 Oct 07:00"], "from here on like everyone else");
        let kept: Vec<_> = rows(world, Occasion::Lesson).await.into_iter().filter(|row| row.state == State::Skipped).collect();
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|row| row.reason.as_deref() == Some("can be read after sign-in")));
        let ana = Visitor::of(world);
        ana.submit("/link", "/link", &[("email", ANA.email)]).await;
        world.run().await;
        let code = world.last_to(ANA.email).code();
        assert_eq!(ana.submit("/link/sent", "/link/code", &[("code", &code)]).await.status, 303);
        for week in [1, 2, 3] {
            assert_eq!(ana.get(&format!("/p/lesson/{week}")).await.status, 200, "week {week}");
        }
    }
}

story! {
    async fn a_catch_up_mail_and_the_lesson_of_the_day_are_a_day_apart(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        // At 06:30 in Berlin, half an hour before the second lesson.
        world.to(utc("2026-10-19 04:30")).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-19 12:00")).await;
        assert_eq!(got(world), ["What came before you joined: Mon 19 Oct 06:30"]);
        let waiting = rows(world, Occasion::Lesson).await.into_iter().find(|row| row.state == State::Queued).unwrap();
        assert_eq!(waiting.reason.as_deref(), Some("waits for the next day: one lesson a day and person"));
        assert_eq!((waiting.due_at, waiting.tries), (utc("2026-10-20 05:00"), 0), "the claim is unspent");
        world.to(utc("2026-10-27 12:00")).await;
        assert_eq!(got(world)[1..], ["part 2: Tue 20 Oct 07:00", "part 3: Mon 26 Oct 07:00"]);

        // What a coach sends again waits for nothing, and takes nobody's turn.
        world.to(utc("2026-11-02 05:30")).await;
        let third = rows(world, Occasion::Lesson).await.into_iter().find(|row| row.due_at == utc("2026-10-26 06:00")).unwrap();
        send_again(&world.app, (practice.id, third.id), 0, "Nadia").await.unwrap();
        world.to(utc("2026-11-02 07:00")).await;
        assert_eq!(got(world)[3..], ["part 3: Mon 2 Nov 06:30", "part 4: Mon 2 Nov 07:00"]);
    }
}

story! {
    async fn daily_lessons_that_had_to_wait_come_in_order_and_none_is_lost(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| {
            new.rule = trellis::domain::schedule::LessonTiming::parse("0 7 * * *").unwrap();
        }).await;
        world.to(utc("2026-10-14 04:30")).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-25 09:00")).await;
        assert_eq!(
            got(world),
            [
                "What came before you joined: Wed 14 Oct 06:30",
                "part 3: Thu 15 Oct 07:00",
                "part 4: Fri 16 Oct 07:00",
                "part 5: Sat 17 Oct 07:00",
                "part 6: Sun 18 Oct 07:00",
            ]
        );
    }
}
