//! People, their mail, and the coach's own access.

use poem::http::StatusCode;

use super::{PASSWORD, Study, settle};
use trellis::{
    actions::{
        coach_note::note_coaches,
        compose::{compose, facts::facts},
    },
    domain::delivery::{Occasion, State},
};

told! {
    async fn a_wrong_password_says_nothing_more_and_too_many_say_when(world: &Study) {
        let form = [("email", "nadia@example.org"), ("password", "not this one at all")];
        let (status, _, known) = world.post("/coach/sign-in", &form).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(known.contains("The address or the password is not right") && known.contains("nadia@example.org"));
        assert!(!known.contains("not this one"), "a password is never shown again");
        let (_, _, unknown) = world.post("/coach/sign-in", &[("email", "nobody@example.org"), ("password", "x")]).await;
        assert!(unknown.contains("The address or the password is not right"));
        for _ in 0..4 {
            world.post("/coach/sign-in", &form).await;
        }
        let (status, _, html) = world.post("/coach/sign-in", &form).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert!(html.contains("Wait 15 minutes"), "{html}");
    }
}

told! {
    async fn what_bounced_is_sent_again_once_and_a_copy_goes_out_once(world: &Study) {
        let cohort = world.open_cohort().await;
        let person = world.add(cohort, "Priya").await;
        let welcome = world.mails(Occasion::Welcome).await.remove(0);
        settle(&world.app, &welcome, State::Bounced).await;
        assert!(world.page("/coach").await.contains("A mail to Priya came back"));
        let path = format!("/coach/outbox/{}", welcome.id);
        let (status, _, html) = world.post(&format!("{path}/address"), &[("email", "no address")]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains("with an @ sign") && html.contains("no address"), "{html}");
        let (_, to, _) = world.post(&format!("{path}/address"), &[("email", "priya@example.com")]).await;
        assert!(to.ends_with("done=corrected"), "{to}");
        assert_eq!(world.mails(Occasion::Welcome).await[0].state, State::Queued);
        settle(&world.app, &welcome, State::Sent).await;
        let page = world.page(&path).await;
        let seen = page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        for done in ["copy", "gone"] {
            let (_, to, _) = world.post(&format!("{path}/copy"), &[("seen", &seen)]).await;
            assert!(to.ends_with(&format!("done={done}")), "{to}");
        }
        assert_eq!(world.mails(Occasion::Welcome).await.len(), 2);
        assert!(world.page(&format!("/coach/people/{person}")).await.contains("priya@example.com"));
    }
}

told! {
    async fn removing_asks_first_and_a_full_cohort_takes_nobody_unseen(world: &Study) {
        let cohort = world.open_cohort().await;
        let sam = world.add(cohort, "Sam").await;
        world.add(cohort, "Ada").await;
        let form = [("name", "Leo"), ("email", "leo@example.net"), ("zone", "Asia/Katmandu")];
        let path = format!("/coach/cohorts/{cohort}/add");
        let (status, _, html) = world.post(&path, &form).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains("Tick the box to add this person over the limit") && html.contains("leo@example.net"));
        let (status, ..) = world.post(&path, &[&form[..], &[("over", "yes")]].concat()).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let page = world.page(&format!("/coach/people/{sam}")).await;
        let remove = page.split("/places/").nth(1).unwrap().split('/').next().unwrap();
        let path = format!("/coach/people/{sam}/places/{remove}/remove");
        assert!(world.page(&path).await.contains("Remove Sam from Thursday evenings?"));
        assert!(world.page(&format!("/coach/people/{sam}")).await.contains("Enrolled"), "looking changes nothing");
        assert_eq!(world.post(&path, &[]).await.0, StatusCode::SEE_OTHER);
        assert!(world.page(&format!("/coach/people/{sam}")).await.contains("Removed"));
        assert!(world.page(&format!("/coach/cohorts/{cohort}")).await.contains("No longer here"));
    }
}

told! {
    async fn a_test_mail_counts_only_once_its_button_is_pressed(world: &Study) {
        let settings = world.page("/coach/settings").await;
        assert!(settings.contains("Wednesday 10 February 2027"), "arrived before");
        let form = [
            ("name", "Nadia"),
            ("neutral_name", "N."),
            ("first_name", "Nadia"),
            ("zone", "Europe/Dublin"),
            ("sender_email", "new@example.org"),
            ("reply_email", "nadia@example.org"),
            ("postal_address", "Dublin"),
            ("crisis_line", ""),
            ("brand_color", "red"),
        ];
        let (status, _, html) = world.post("/coach/settings", &form).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains("six digits") && html.contains("new@example.org"));
        let right: Vec<_> = form.into_iter().filter(|(name, _)| *name != "brand_color").collect();
        assert_eq!(world.post("/coach/settings", &right).await.0, StatusCode::SEE_OTHER);
        assert!(world.page("/coach/settings").await.contains("Not yet"), "a new sender has yet to be tested");
        world.post("/coach/settings/test", &[]).await;
        let mail = world.mails(Occasion::TestMail).await.remove(0);
        let facts = facts(&world.app, &mail, world.app.clock.now()).await.unwrap();
        let composed = compose(&world.app, &mail, &facts, world.app.clock.now()).await.unwrap();
        let link =
            trellis::mail::stencil::text_of(&composed.frozen.message).unwrap().split_whitespace().find(|word| word.contains("/coach/arrived/")).unwrap().to_owned();
        let path = link.split_once("8080").unwrap().1.to_owned();
        assert!(world.page(&path).await.contains("Yes, it arrived"));
        assert!(world.page("/coach/settings").await.contains("Not yet"), "looking changes nothing");
        assert_eq!(world.post(&path, &[]).await.0, StatusCode::OK);
        assert!(!world.page("/coach/settings").await.contains("Not yet"));
        assert_eq!(world.get("/coach/arrived/v1.x.y").await.0, StatusCode::GONE);
    }
}

told! {
    async fn a_new_password_signs_other_browsers_out(world: &Study) {
        let (status, _, html) = world
            .post("/coach/settings/password", &[("old_password", "wrong"), ("new_password", "another garden wall")])
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains("not your present password"));
        let (_, _, html) =
            world.post("/coach/settings/password", &[("old_password", PASSWORD), ("new_password", "short")]).await;
        assert!(html.contains("Use at least 12 characters") && !html.contains("\"short\""));
        let form = [("old_password", PASSWORD), ("new_password", "another garden wall")];
        assert_eq!(world.post("/coach/settings/password", &form).await.0, StatusCode::SEE_OTHER);
        assert_eq!(world.get("/coach").await.0, StatusCode::SEE_OTHER, "the old cookie is dead");
    }
}

told! {
    async fn the_daily_note_comes_once_after_seven_and_only_with_something_to_say(world: &Study) {
        assert_eq!(note_coaches(&world.app).await.unwrap(), 0, "nothing needs anybody");
        world.app.clock.set("2027-02-11T06:59:00Z".parse().unwrap());
        let cohort = world.open_cohort().await;
        world.add(cohort, "Priya").await;
        let welcome = world.mails(Occasion::Welcome).await.remove(0);
        settle(&world.app, &welcome, State::Failed).await;
        assert_eq!(note_coaches(&world.app).await.unwrap(), 0, "before seven in Dublin");
        world.app.clock.set("2027-02-11T07:00:00Z".parse().unwrap());
        assert_eq!(note_coaches(&world.app).await.unwrap(), 1);
        assert_eq!(note_coaches(&world.app).await.unwrap(), 0);
        world.app.clock.set("2027-02-12T07:30:00Z".parse().unwrap());
        assert_eq!(note_coaches(&world.app).await.unwrap(), 1, "and the next day again");
        assert_eq!(world.mails(Occasion::CoachNote).await.len(), 2);
    }
}
