//! Programs and lessons are refused with their line, and never fail when they are sent.

use poem::http::StatusCode;

use super::{PASSWORD, Study};
use trellis::{
    actions::{
        compose::{compose, facts::facts},
        release_due::release_due,
        sign_in::sign_in_coach,
    },
    domain::delivery::Occasion,
    store::{cohorts, programs},
};

told! {
    async fn a_lesson_is_refused_with_its_line_and_reaches_only_the_cohorts_that_were_ticked(world: &Study) {
        let (ticked, left) = (world.open_cohort().await, world.open_cohort().await);
        let db = world.app.db.reader();
        let row = programs::lessons_of(db, world.program).await.unwrap().remove(1);
        let path = format!("/coach/programs/{}/lessons/{}", world.program, row.id);
        let page = world.page(&path).await;
        assert!(page.contains("Apply to these cohorts: 2 unsent lessons change"), "{page}");
        let seen = page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let ticked_id = ticked.to_string();
        let with = |body: &'static str| {
            vec![
                ("title", "Theme"),
                ("subject", "Week 2"),
                ("discreet_subject", "Part 2"),
                ("preview", "A short read, and one page to write before we meet."),
                ("check_in", "How?\nWhy?"),
                ("body", body),
            ]
        };
        for (body, said) in [
            ("Dear {{ nam }},", "Line 1: There is no variable `nam`; did you mean {{ name }}?"),
            ("Hello.\n\nThe affair is over.", "is a forbidden word of this program"),
            ("Hello.\n\n![x](https://example.org/x.png)", "Line 3: "),
            ("", "This is empty"),
        ] {
            let (status, _, html) = world.post(&path, &[&with(body)[..], &[("seen", &seen)]].concat()).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert!(html.replace("&#39;", "'").replace("&quot;", "\"").contains(said), "{said} in {html}");
        }
        let fields = [&with("Dear {{ name }},\n\nnew words.")[..], &[("seen", &seen), ("also", &ticked_id)]].concat();
        let (status, to, _) = world.post(&path, &fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(to.ends_with("?done=lesson"), "{to}");
        let copy = async |cohort| cohorts::lessons_of(db, cohort).await.unwrap().remove(1).content.0.body;
        assert!(copy(ticked).await.contains("new words"));
        assert!(!copy(left).await.contains("new words"));
        let (status, _, html) = world.post(&path, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a stale page writes nothing over");
        assert!(html.contains("Somebody changed this lesson"));
        world.app.clock.set("2027-03-23T12:00:00Z".parse().unwrap());
        release_due(&world.app).await.unwrap();
        let signed_in = sign_in_coach(&world.app, "nadia@example.org", PASSWORD, "test").await.unwrap();
        let world = world.signed_in_with(&signed_in.token);
        let page = world.page(&path).await;
        assert!(!page.contains("Apply to these cohorts"), "it has gone out");
        assert!(page.contains("it has gone out there and stays as it was sent"), "{page}");
    }
}

told! {
    async fn a_lesson_can_be_seen_and_tried_at_each_level(world: &Study) {
        let row = programs::lessons_of(world.app.db.reader(), world.program).await.unwrap().remove(0);
        let path = format!("/coach/programs/{}/lessons/{}", world.program, row.id);
        let shown = world.page(&format!("{path}/preview?level=discreet")).await;
        assert!(shown.contains("Dear Sam,") && shown.contains("N. Brandt"), "{shown}");
        let typed = [
            ("week", "1"),
            ("title", "T"),
            ("subject", "S"),
            ("discreet_subject", "D"),
            ("body", "Hello <b>{{ name }}</b> {{ oops }}"),
        ];
        let (status, _, html) = world.post(&format!("/coach/programs/{}/preview", world.program), &typed).await;
        assert_eq!(status, StatusCode::OK);
        assert!(html.contains("There is no variable") && !html.contains("<b>"), "{html}");
        let (_, to, _) = world.post_with(&format!("{path}/test"), &[("level", "discreet")], "AAAAAAAAAAAAAAAAAAAAAA").await;
        world.post_with(&format!("{path}/test"), &[("level", "discreet")], "AAAAAAAAAAAAAAAAAAAAAA").await;
        assert!(to.ends_with("done=test-lesson"));
        let mails = world.mails(Occasion::TestLesson).await;
        assert_eq!(mails.len(), 1, "one form, one mail");
        let facts = facts(&world.app, &mails[0], world.app.clock.now()).await.unwrap();
        let composed = compose(&world.app, &mails[0], &facts, world.app.clock.now()).await.unwrap();
        assert_eq!(composed.frozen.subject, "Part 1");
        let text = trellis::mail::stencil::text_of(&composed.frozen.message).unwrap();
        assert!(text.contains("Dear Nadia"), "{text}");
    }
}

told! {
    async fn a_program_is_written_on_the_web_and_says_what_it_lacks(world: &Study) {
        let form = |title: &'static str, weeks: &'static str| {
            vec![
                ("title", title),
                ("eyebrow", ""),
                ("lead", "Two weeks."),
                ("weeks", weeks),
                ("session_minutes", "60"),
                ("capacity", "8"),
                ("discretion", "discreet"),
                ("calendar_title", "Group session"),
                ("forbidden_words", "divorce\nseparation"),
                ("tracks", "first: The first\nsecond: The second"),
            ]
        };
        for (title, weeks, field) in
            [("", "2", "title"), ("Mending", "2", "title"), ("New", "0", "weeks"), ("New", "many", "weeks")]
        {
            let (status, _, html) = world.post("/coach/programs/new", &form(title, weeks)).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{title} {weeks}");
            assert!(html.contains(&format!("id=\"{field}-error\"")), "{title} {weeks}: {html}");
        }
        let (_, to, _) = world.post("/coach/programs/new", &form("Parting well", "2")).await;
        let page = world.page(&to).await;
        assert!(page.contains("4 missing") && page.contains("The second"), "{page}");
        let new = format!("{}/lessons/new?week=2&track=first", to.split('?').next().unwrap());
        assert!(world.page(&new).await.contains("New lesson, week 2"));
        assert_eq!(world.get(&new.replace("week=2", "week=3")).await.0, StatusCode::NOT_FOUND);
        let edit = format!("{}/edit", to.split('?').next().unwrap());
        assert!(world.page(&edit).await.contains("week_2_session_title"));
    }
}
