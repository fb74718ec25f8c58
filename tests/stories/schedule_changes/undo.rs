//! Is a change taken back in time as if it had never been?

#[allow(clippy::wildcard_imports, reason = "the stories are told at the same desk")]
use super::*;

story! {
    async fn undone_within_ten_minutes_nobody_hears_anything(world: &World) {
        let desk = Desk::of(world, &[&ANA, &BEN]).await;
        let (before, told_before) = (rows_of(world, &desk).await, sequences(world, &desk).await);
        desk.change("start", &[("to", "2026-10-19")]).await;
        assert_eq!(starts_on(world, &desk).await, "2026-10-19");
        world.pass(TimeDelta::minutes(9)).await;
        assert!(desk.undo().await.ends_with("done=undone"));
        assert_eq!(rows_of(world, &desk).await, before);
        assert_eq!(starts_on(world, &desk).await, "2026-10-12");
        let page = desk.page().await;
        assert!(!page.contains("A change waits."), "{page}");
        world.pass(TimeDelta::hours(1)).await;
        assert!(world.mails.lock().unwrap().is_empty(), "nobody hears of what did not happen");
        assert_eq!(sequences(world, &desk).await, told_before);
        world.to(utc("2026-10-12 06:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)), [("Weekly course, part 1".to_owned(), "10-12 05:00".to_owned())]);
    }
}

story! {
    async fn several_changes_are_undone_the_last_one_first(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        let first = rows_of(world, &desk).await;
        desk.change("break", &[("week", "3")]).await;
        let second = rows_of(world, &desk).await;
        world.pass(TimeDelta::minutes(6)).await;
        let title = [("title", "One evening more"), ("date", "2026-10-31"), ("time", "11:00"), ("minutes", "60")];
        desk.change("add", &title).await;
        world.pass(TimeDelta::minutes(6)).await;
        assert!(world.mails.lock().unwrap().is_empty(), "the second change starts the wait anew for both");
        assert_eq!(waits(world, &desk).await, 2);
        let page = desk.page().await;
        assert_eq!(page.matches(">Undo<").count(), 1, "only the last can be undone: {page}");
        assert!(page.contains("You added a session on Saturday 31 October 2026, 11:00 (Berlin time)."), "{page}");
        assert!(page.contains("Undo the later change first"), "{page}");

        let earlier = schedule_changes::told_from(world.app.db.reader(), desk.cohort, world.now()).await.unwrap().pop().unwrap();
        let (path, id) = (format!("{}/undo", desk.schedule()), earlier.id.to_string());
        let answer = desk.visitor().await.submit(&desk.schedule(), &path, &[("change", &id)]).await;
        assert!(answer.location.unwrap().ends_with("done=undo-not-last"));
        let last = value_of(&page, "change").unwrap();
        assert!(desk.undo().await.ends_with("done=undone"));
        assert_eq!(rows_of(world, &desk).await, second, "the session that was added is forgotten");
        let answer = desk.visitor().await.submit(&desk.schedule(), &path, &[("change", &last)]).await;
        assert!(answer.location.unwrap().ends_with("done=undone-before"), "pressed twice, it is undone once");
        assert!(desk.undo().await.ends_with("done=undone"));
        assert_eq!(rows_of(world, &desk).await, first);
        world.pass(TimeDelta::hours(1)).await;
        assert!(world.mails.lock().unwrap().is_empty());
    }
}

story! {
    async fn what_is_told_cannot_be_undone(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        desk.change("break", &[("week", "3")]).await;
        let change = value_of(&desk.page().await, "change").unwrap();
        world.pass(TimeDelta::minutes(11)).await;
        let after = rows_of(world, &desk).await;
        let path = format!("{}/undo", desk.schedule());
        let answer = desk.visitor().await.submit(&desk.schedule(), &path, &[("change", &change)]).await;
        assert!(answer.location.as_deref().unwrap().ends_with("done=undo-told"), "{answer:?}");
        assert!(desk.visitor().await.get(&answer.location.unwrap()).await.body.contains("People have been told already"));
        assert_eq!(rows_of(world, &desk).await, after);
        let answer = desk.visitor().await.submit(&desk.schedule(), &path, &[("change", "7")]).await;
        assert_eq!(answer.status, 404, "what is no change is not there");
    }
}

story! {
    async fn a_session_less_than_a_day_away_is_told_at_once_and_the_page_says_why_there_is_no_undo(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        world.to(utc("2026-10-15 06:00")).await;
        world.forget_mails();
        let id = desk.session(1).await.id;
        let fields = [("date", "2026-10-15"), ("time", "20:00"), ("minutes", "75")];
        let plan = desk.change_at(&format!("/coach/sessions/{id}/move"), &fields).await;
        for part in [
            "At once, because a session is less than a day away",
            "The mail to 1 person and what calendars are told; no lesson and no reminder",
            "1 follow the new times, 1 would lie in the past and are not sent",
        ] {
            assert!(plan.contains(part), "{part} in {plan}");
        }
        world.run().await;
        world.pass(TimeDelta::minutes(1)).await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(told(&mails), [("REQUEST".to_owned(), "1".to_owned(), "20261015T180000Z".to_owned())]);
        assert_eq!((words(&mails).len(), mails.len()), (1, 2), "no reminder of the day before is replayed");
        let page = desk.page().await;
        assert!(page.contains("People were told at once, because a session was less than a day away"), "{page}");
        assert!(!page.contains(">Undo<"), "{page}");
    }
}

story! {
    async fn who_enrolls_while_a_change_waits_is_set_right_when_it_is_undone(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        let title = [("title", "One evening more"), ("date", "2026-10-31"), ("time", "11:00"), ("minutes", "60")];
        desk.change("add", &title).await;
        enroll(world, desk.cohort, &Person { calendar: "invites", ..BEN }).await;
        world.pass(TimeDelta::minutes(2)).await;
        assert_eq!(told(&world.mails_to(BEN.email)).len(), 7, "Ben knows of seven sessions");
        world.forget_mails();
        assert!(desk.undo().await.ends_with("done=undone"));
        world.pass(TimeDelta::minutes(30)).await;
        let to_ben = world.mails_to(BEN.email);
        assert_eq!(told(&to_ben), [("CANCEL".to_owned(), "1".to_owned(), "20261031T100000Z".to_owned())]);
        assert_eq!(words(&to_ben).len(), 1, "and he is told in words");
        assert!(world.mails_to(ANA.email).is_empty(), "Ana never heard of it");
    }
}

story! {
    async fn a_lesson_that_came_due_while_a_change_stood_goes_out_when_it_is_undone(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        world.to(utc("2026-10-26 05:55")).await;
        world.forget_mails();
        desk.change("break", &[("week", "3")]).await;
        world.pass(TimeDelta::minutes(7)).await;
        assert!(world.mails.lock().unwrap().is_empty(), "it is a break now");
        assert!(desk.undo().await.ends_with("done=undone"));
        world.run().await;
        assert_eq!(lessons(&world.mails_to(ANA.email)), [("Weekly course, part 3".to_owned(), "10-26 06:02".to_owned())]);
        world.to(utc("2026-11-03 06:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)).len(), 2, "and part 4 a week later");
    }
}
