//! Is a form that is sent twenty times at once, or again after a crash, done once and answered alike?

mod life;
pub mod presses;

use chrono::TimeDelta;
use trellis::{
    actions::send_deliveries::forget,
    store::{Connection, enrollments, sessions},
    web::{
        csrf::FormToken,
        routes,
        table::{Access, Origin},
    },
};

use self::presses::{Hand, filled_in, footprint, signed_in_coach};
use crate::{
    people::{Person, enroll, standing},
    story,
    visitor::{Visitor, form_token},
    world::{Backend, PASSWORD, World},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };
const TIMES: usize = 20;

/// One press in one world and twenty at once in its twin must leave the same behind.
async fn twins(tell: impl AsyncFn(&World, usize) -> Vec<(&'static str, String)>) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (once, often) = (World::new(backend).await, World::new(backend).await);
        let (left, right) = (tell(&once, 1).await, tell(&often, TIMES).await);
        assert!(!left.is_empty());
        for (one, twenty) in left.iter().zip(&right) {
            assert_eq!(one, twenty, "{backend:?}");
        }
        once.end().await;
        often.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coach_presses_twenty_times_and_everything_is_done_once() {
    twins(async |world, times| {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let program =
            trellis::store::programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0).id;
        let mut hand = Hand::new(world, signed_in_coach(world).await, times);
        let meetings = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap();
        let at = |index: usize, verb: &str| format!("/coach/sessions/{}/{verb}", meetings[index].id);
        let (base, new) = (format!("/coach/cohorts/{cohort}"), "/coach/cohorts/new");
        let program = program.to_string();

        hand.press(
            "a cohort",
            (new, new),
            &[
                ("program", &program),
                ("name", "Thursdays"),
                ("starts_on", "2027-03-15"),
                ("zone", "Europe/Berlin"),
                ("weekday", "thu"),
                ("time", "19:00"),
                ("minutes", "60"),
                ("breaks", ""),
                ("capacity", "12"),
                ("lesson_day", "mon"),
                ("lesson_time", "07:00"),
                ("lesson_rule", ""),
                ("lesson_clock", "cohort"),
                ("discretion", "discreet"),
                ("room_url", "https://room.example/a"),
                ("crisis_line", "116 123"),
                ("do", "open"),
            ],
        )
        .await;
        let add = format!("{base}/add");
        hand.press(
            "a person",
            (&add, &add),
            &[("name", "Ana"), ("email", ANA.email), ("zone", ANA.zone), ("track", "broke")],
        )
        .await;
        let path = at(1, "move");
        let new_time = [("date", "2026-10-21"), ("time", "18:00"), ("minutes", "75")];
        let plan = hand.visitor.submit(&path, &path, &[&new_time[..], &[("do", "preview")]].concat()).await;
        hand.press_shown("a move", (&plan.body, &path), &[("do", "apply")]).await;
        let path = at(2, "cancel");
        let plan = hand.visitor.get(&path).await;
        hand.press_shown("a cancellation", (&plan.body, &path), &[("do", "apply")]).await;
        hand.press("a test mail", ("/coach/settings", "/coach/settings/test"), &[]).await;
        hand.press("a new feed", ("/coach/settings", "/coach/settings/feed"), &[]).await;
        let settings = format!("{base}/settings");
        hand.press(
            "settings",
            (&settings, &settings),
            &[
                ("name", "Evenings"),
                ("room_url", "https://room.example/b"),
                ("crisis_line", "116 123"),
                ("capacity", "9"),
            ],
        )
        .await;
        let person = enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0);
        let remove = format!("/coach/people/{}/places/{}/remove", person.participant_id, person.id);
        hand.press("a removal", (&remove, &remove), &[]).await;
        hand.press(
            "a wrong password",
            ("/coach/settings", "/coach/settings/password"),
            &[("old", "not this one at all"), ("new", "seven quiet garden walls")],
        )
        .await;
        hand.press("a sign-out", ("/coach", "/coach/sign-out"), &[]).await;
        hand.left
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_participant_presses_twenty_times_and_everything_is_done_once() {
    twins(async |world, times| {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        let form = format!("/enroll/{cohort}");
        let mut hand = Hand::new(world, Visitor::of(world), times);
        let fields = filled_in(&hand.visitor, &form, ANA.email).await;
        hand.press(
            "the form",
            (&form, &form),
            &fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(),
        )
        .await;
        world.run().await;
        let link = world.last_to(ANA.email).link("/confirm/");
        let confirmed = hand.press("the confirmation", (&link, &link), &[]).await;
        assert!(confirmed.headers.contains_key("set-cookie"), "every one of them is signed in");
        assert_eq!(hand.visitor.get("/p").await.status, 200);
        world.to(trellis_monday()).await;
        let id = enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0).id.to_string();
        hand.sign_in(ANA.email).await;
        hand.press(
            "settings",
            ("/p", "/p/settings"),
            &[
                ("enrollment", &id),
                ("name", "Anna"),
                ("tz", "Asia/Kathmandu"),
                ("discretion", "minimal"),
                ("reminders", "on"),
            ],
        )
        .await;
        hand.press("the calendar", ("/p", "/p/calendar"), &[("enrollment", &id), ("entries", "invites")]).await;
        hand.press("a new feed", ("/p", "/p/calendar/rotate"), &[("enrollment", &id)]).await;
        hand.press("the check-in", ("/p", "/p/check-in/1"), &[("enrollment", &id), ("answer-1", "Steady")]).await;
        let leave = format!("/p/leave?enrollment={id}");
        hand.press("leaving", (&leave, "/p/leave"), &[("enrollment", &id)]).await;
        hand.left
    })
    .await;
}

/// The first Monday of the cohort, after its lesson.
fn trellis_monday() -> chrono::DateTime<chrono::Utc> {
    crate::world::utc("2026-10-12 12:00")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_signed_in_presses_twenty_times_and_everything_is_done_once() {
    twins(async |world, times| {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        let ben = Person { name: "Ben", email: "ben@example.org", ..ANA };
        let first = enroll(world, cohort, &ANA).await;
        world.app.clock.advance(TimeDelta::seconds(1));
        enroll(world, cohort, &ben).await;
        let mut hand = Hand::new(world, Visitor::of(world), times);
        hand.press("find my link", ("/link", "/link"), &[("email", ANA.email)]).await;
        hand.press("a wrong code", ("/link/sent", "/link/code"), &[("code", "000000")]).await;
        hand.press(
            "a wrong password",
            ("/coach/sign-in", "/coach/sign-in"),
            &[("email", "nadia@group.example"), ("password", "no")],
        )
        .await;
        hand.press(
            "a password",
            ("/coach/sign-in", "/coach/sign-in"),
            &[("email", "nadia@group.example"), ("password", PASSWORD)],
        )
        .await;
        hand.press("forgotten", ("/coach/forgot", "/coach/forgot"), &[("email", "nadia@group.example")]).await;
        world.run().await;
        let reset = world.last_to("nadia@group.example").link("/coach/reset/");
        hand.press("a new password", (&reset, &reset), &[("password", "seven quiet garden walls")]).await;
        trellis::actions::leave::leave(&world.app, first, &trellis::actions::leave::By::Participant).await.unwrap();
        world.run().await;
        let offer = world.last_to(ben.email).link("/offer/");
        hand.press("the offer", (&offer, &offer), &[]).await;
        assert_eq!(standing(world, cohort, ben.email).await, "enrolled");
        hand.left
    })
    .await;
}

story! {
    async fn a_crash_between_commit_and_answer_changes_nothing_and_the_answer_is_true(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let visitor = signed_in_coach(world).await;
        let add = format!("/coach/cohorts/{cohort}/add");
        let token = form_token(&visitor.get(&add).await.body).unwrap();
        let fields = [("name", "Ana"), ("email", ANA.email), ("zone", ANA.zone), ("track", "broke"), ("form_token", &token)];
        let first = visitor.post(&add, &fields).await;
        assert_eq!(first.status, 303, "{}", first.body);
        let before = footprint(world).await;
        // The answer was never kept, as if the process had stopped right after the commit.
        sql(world, "UPDATE sent_forms SET answer = '', answered_at = NULL").await;
        world.app.clock.advance(TimeDelta::minutes(1));
        for _ in 0..2 {
            let again = visitor.post(&add, &fields).await;
            assert_eq!(again.status, 200);
            assert!(again.body.contains("It counted once") && again.body.contains("href=\"/coach\""), "{}", again.body);
        }
        assert_eq!(footprint(world).await, before);
    }
}

story! {
    async fn an_answer_is_kept_sealed_for_a_day_and_a_sign_in_is_said_again_for_a_minute_only(world: &World) {
        world.practice().await;
        let visitor = Visitor::of(world);
        let token = form_token(&visitor.get("/coach/sign-in").await.body).unwrap();
        let fields = [("email", "nadia@group.example"), ("password", PASSWORD), ("form_token", &token)];
        let signed = visitor.post("/coach/sign-in", &fields).await;
        let cookie = signed.headers["set-cookie"].to_str().unwrap().to_owned();
        let again = Visitor::of(world).post("/coach/sign-in", &fields).await;
        assert_eq!(again.headers["set-cookie"], cookie, "two presses, one sign-in");
        world.app.clock.advance(TimeDelta::minutes(2));
        let late = Visitor::of(world).post("/coach/sign-in", &fields).await;
        assert_eq!((late.status, &late.location), (signed.status, &signed.location));
        assert!(!late.headers.contains_key("set-cookie"), "not for whoever comes later");
        let other = visitor.post("/coach/sign-in", &[("email", "nadia@group.example"), ("password", "wrong"), ("form_token", &token)]).await;
        assert_eq!(other.status, 422, "other content is another form: it is not told what the first one was told");

        let kept = sql(world, "DELETE FROM sent_forms WHERE answer LIKE '%Set-Cookie%' OR answer LIKE '%/coach%' OR token_hash LIKE '%nadia%'").await;
        assert_eq!(kept, 0, "nothing in it can be read");
        world.app.clock.advance(TimeDelta::hours(25));
        forget(&world.app).await.unwrap();
        assert_eq!(sql(world, "DELETE FROM sent_forms").await, 0, "forgotten after a day");
    }
}

/// What a database administrator sees; returns how many rows it was about.
async fn sql(world: &World, statement: &str) -> u64 {
    let tx = world.app.db.begin_aside().await.unwrap();
    let changed = tx.tx().execute_unprepared(statement).await.unwrap().rows_affected();
    world.app.db.end(tx, Ok::<_, trellis::store::Error>(()), 9).await.unwrap().unwrap();
    changed
}

story! {
    async fn a_form_of_somebody_else_or_of_another_page_is_another_form(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        let (one, two) = (signed_in_coach(world).await, signed_in_coach(world).await);
        let token = form_token(&one.get("/coach/settings").await.body).unwrap();
        let rotations = async || trellis::store::coaches::of_practice(world.app.db.reader(), practice.id).await.unwrap()[0].feed_rotation;
        for (visitor, expected) in [(&one, 1), (&one, 1), (&two, 2)] {
            assert_eq!(visitor.post("/coach/settings/feed", &[("form_token", &token)]).await.status, 303);
            assert_eq!(rotations().await, expected);
        }
        let mails = world.mails.lock().unwrap().len();
        assert_eq!(one.post("/coach/settings/test", &[("form_token", &token)]).await.status, 303);
        world.run().await;
        assert_eq!(world.mails.lock().unwrap().len(), mails + 1, "the same token on another address");
    }
}

/// Every address that takes a form of ours asks for its token, before anything else; no other is exempt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_without_its_token_is_refused_everywhere() {
    let world = World::new(Backend::Sqlite).await;
    let practice = world.practice().await;
    world.cohort(&practice, |_| {}).await;
    let (before, coach) = (footprint(&world).await, signed_in_coach(&world).await);
    let table = routes::table();
    let posts: Vec<_> = table.lines().iter().filter(|line| line.method == "POST").collect();
    assert!(posts.len() > 30);
    let exempt: Vec<_> = posts.iter().filter(|line| line.origin == Origin::Anywhere).map(|line| line.path).collect();
    assert_eq!(
        exempt,
        ["/u/:token", "/hooks/mail"],
        "RFC 8058, mail that another machine hands over, and nothing else"
    );
    for line in posts.iter().filter(|line| line.origin == Origin::OwnForms) {
        let path = line
            .path
            .split('/')
            .map(|part| if part.starts_with(':') { "x" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        for fields in [&[("name", "Ana")][..], &[("form_token", "x")], &[("form_token", "")]] {
            let answer = coach.post(&path, fields).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.body);
            assert!(answer.body.contains("A part of the form was missing. Nothing was changed."), "{path}");
        }
        let token = FormToken::new([9; 16]);
        if matches!(line.who, Access::Coach | Access::Participant) {
            let stranger = Visitor::of(&world).post(&path, &[("form_token", token.as_str())]).await;
            assert_eq!(stranger.status, 303, "{path}: with a token, the guard has the word");
        }
    }
    let mut after = footprint(&world).await;
    after.insert("coach logins".into(), before["coach logins"]);
    assert_eq!(after, before);
}
