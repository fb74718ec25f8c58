//! Does a coach see the whole plan before the schedule changes, and does everybody hear of it once?

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use trellis::{
    domain::{
        ids::{CohortId, PracticeId},
        session::SessionState,
    },
    store::{cohorts, invites, schedule_changes, sessions},
};

use crate::{
    people::{Person, enroll},
    post::Mail,
    story,
    visitor::{Answer, Visitor},
    world::{PASSWORD, World, utc},
};

mod edges;
mod undo;

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };
const BEN: Person =
    Person { name: "Ben", email: "ben@example.org", zone: "America/New_York", track: "hurt", calendar: "feed" };
const DOLMA: Person =
    Person { name: "Dolma", email: "dolma@example.org", zone: "Asia/Kathmandu", track: "hurt", calendar: "neither" };

/// Nadia at her desk, with a cohort that meets on Thursdays.
struct Desk<'a> {
    world: &'a World,
    practice: PracticeId,
    cohort: CohortId,
}

impl<'a> Desk<'a> {
    async fn of(world: &'a World, people: &[&Person]) -> Self {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.weekday = Weekday::Thu).await;
        for person in people {
            enroll(world, cohort, person).await;
        }
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();
        Self { world, practice: practice.id, cohort }
    }

    fn schedule(&self) -> String {
        format!("/coach/cohorts/{}/schedule", self.cohort)
    }

    /// Signs in, as often as the clock was moved.
    async fn visitor(&self) -> Visitor {
        let visitor = Visitor::of(self.world);
        let fields = [("email", "nadia@group.example"), ("password", PASSWORD)];
        assert_eq!(visitor.submit("/coach/sign-in", "/coach/sign-in", &fields).await.status, 303);
        visitor
    }

    async fn page(&self) -> String {
        self.visitor().await.get(&self.schedule()).await.body
    }

    async fn look(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.visitor().await.submit(path, path, &[fields, &[("do", "preview")]].concat()).await
    }

    async fn apply(&self, path: &str, fields: &[(&str, &str)], seen: &str) -> Answer {
        self.visitor().await.submit(path, path, &[fields, &[("do", "apply"), ("plan", seen)]].concat()).await
    }

    /// Looks first, then applies; returns the page with the plan.
    async fn change(&self, kind: &str, fields: &[(&str, &str)]) -> String {
        let path = format!("{}/{kind}", self.schedule());
        self.change_at(&path, fields).await
    }

    async fn change_at(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let looked = self.look(path, fields).await;
        assert_eq!(looked.status, 200, "{path}: {}", errors(&looked.body));
        let applied = self.apply(path, fields, &plan_of(&looked.body)).await;
        assert_eq!(applied.status, 303, "{path}: {}", applied.body);
        looked.body
    }

    async fn session(&self, ordinal: i32) -> sessions::SessionRow {
        let rows = sessions::of_cohort(self.world.app.db.reader(), self.cohort).await.unwrap();
        rows.into_iter().find(|row| row.ordinal == ordinal).unwrap()
    }

    async fn undo(&self) -> String {
        let page = self.page().await;
        let change = value_of(&page, "change").unwrap_or_else(|| panic!("nothing to undo in {page}"));
        let path = format!("{}/undo", self.schedule());
        let answer = self.visitor().await.submit(&self.schedule(), &path, &[("change", &change)]).await;
        answer.location.unwrap_or_default()
    }
}

fn value_of(html: &str, name: &str) -> Option<String> {
    let rest = html.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
    Some(rest.split('"').next()?.to_owned())
}

fn plan_of(html: &str) -> String {
    value_of(html, "plan").unwrap_or_else(|| panic!("no plan in {html}"))
}

fn errors(html: &str) -> String {
    html.split("error-summary").nth(1).map_or_else(|| html.to_owned(), |rest| rest.chars().take(600).collect())
}

/// Method, SEQUENCE and start of what calendars were told.
fn told(mails: &[Mail]) -> Vec<(String, String, String)> {
    let mut told: Vec<_> = mails
        .iter()
        .filter(|mail| mail.calendar.is_some())
        .map(|mail| (mail.property("DTSTART"), mail.property("METHOD"), mail.property("SEQUENCE")))
        .collect();
    told.sort();
    told.into_iter().map(|(start, method, sequence)| (method, sequence, start)).collect()
}

fn words(mails: &[Mail]) -> Vec<&Mail> {
    mails.iter().filter(|mail| mail.subject == "The schedule has changed").collect()
}

fn lessons(mails: &[Mail]) -> Vec<(String, String)> {
    let lessons = mails.iter().filter(|mail| mail.subject.starts_with("Weekly course"));
    lessons.map(|mail| (mail.subject.clone(), mail.at.format("%m-%d %H:%M").to_string())).collect()
}

story! {
    async fn a_break_inserted_after_its_lesson_went_out(world: &World) {
        let desk = Desk::of(world, &[&ANA, &BEN, &DOLMA]).await;
        world.to(utc("2026-10-27 12:00")).await;
        world.forget_mails();

        let form = desk.visitor().await.get(&format!("{}/break", desk.schedule())).await.body;
        assert!(form.contains("Week 3, Mon 26 Oct: session 3 on Thu 29 Oct"), "{form}");
        assert!(!form.contains("Week 2, from"), "a week that is over is not offered");
        let plan = desk.change("break", &[("week", "3")]).await;
        for part in [
            "Insert this break?",
            "Was Thursday 29 October 2026, 19:00–20:15 (Berlin time, UTC+01:00); 18:00–19:15 in Dublin",
            "Becomes Thursday 5 November 2026, 19:00–20:15 (Berlin time, UTC+01:00)",
            "Monday 2 November 2026, 07:00 (UTC+01:00)",
            "Becomes Monday 9 November 2026, 07:00 (UTC+01:00)",
            "Lessons that went out, and stay as they are",
            "3 people, one plain mail each",
            "4 entries updated in one calendar",
            "<dt>By feed, without an invite</dt><dd>Ben</dd>",
            "<dt>Neither feed nor invite</dt><dd>Dolma</dd>",
            "8 follow the new times",
            "<dt>What goes out now</dt><dd>Nothing</dd>",
            "2 sessions are over or under way and stay as they are",
            "In ten minutes",
        ] {
            assert!(plan.contains(part), "{part} in {plan}");
        }
        let page = desk.page().await;
        for part in ["A change waits.", "You made the week of Monday 26 October 2026 a break.", "Undo", "Dublin time, UTC+00:00"] {
            assert!(page.contains(part), "{part} in {page}");
        }
        world.pass(TimeDelta::minutes(9)).await;
        assert!(world.mails.lock().unwrap().is_empty(), "nobody is told before ten minutes are over");
        world.pass(TimeDelta::minutes(6)).await;

        let request = |day: &str| ("REQUEST".to_owned(), "1".to_owned(), format!("{day}T180000Z"));
        assert_eq!(told(&world.mails_to(ANA.email)), ["20261105", "20261112", "20261119", "20261126"].map(request));
        for person in [ANA, BEN, DOLMA] {
            let mails = world.mails_to(person.email);
            let [mail] = words(&mails)[..] else { panic!("one plain mail for {}: {mails:?}", person.name) };
            assert!(mail.text.contains("There is no session and no lesson in the week of Monday 26 October 2026."), "{}", mail.text);
            assert_eq!(mail.text.matches("  before").count(), 4, "four sessions move: {}", mail.text);
        }
        let dolma = world.last_to(DOLMA.email);
        assert!(dolma.text.contains("Kathmandu time, UTC+05:45") && dolma.text.contains("Week 3"), "{}", dolma.text);
        assert!(!desk.page().await.contains("A change waits."));

        world.to(utc("2026-12-05 12:00")).await;
        let part = |number: u8, at: &str| (format!("Weekly course, part {number}"), at.to_owned());
        assert_eq!(
            lessons(&world.mails_to(ANA.email)),
            [part(4, "11-09 06:00"), part(5, "11-16 06:00"), part(6, "11-23 06:00")],
            "what was out stays out, and each of the others comes once, before its session"
        );
        let reminders = world.mails_to(ANA.email).iter().filter(|mail| mail.subject == "In one hour").count();
        assert_eq!(reminders, 4, "one for each session that moved, at its new time");
    }
}

story! {
    async fn a_plan_that_is_no_longer_true_is_not_applied(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        let path = format!("{}/weekday", desk.schedule());
        let typed =
            [("from_week", "2"), ("weekday", "tue"), ("time", "18:00"), ("minutes", "60"), ("zone", "Europe/Lisbon")];
        let refused = async |seen: &str, why: &str| {
            let answer = desk.apply(&path, &typed, seen).await;
            assert_eq!(answer.status, 409, "{why}");
            assert!(answer.body.contains("changed this since you looked"), "{why}: {}", answer.body);
            assert!(answer.body.contains("name=\"time\" value=\"18:00\""), "what was typed is kept");
            assert_eq!(desk.session(2).await.zone.name(), "Europe/Berlin", "nothing was applied");
            plan_of(&answer.body)
        };
        let seen = plan_of(&desk.look(&path, &typed).await.body);
        enroll(world, desk.cohort, &BEN).await;
        let seen = refused(&seen, "somebody enrolled").await;
        world.to(utc("2026-10-12 06:00")).await;
        let seen = refused(&seen, "a lesson went out").await;
        let id = desk.session(4).await.id;
        desk.change_at(&format!("/coach/sessions/{id}/cancel"), &[]).await;
        let seen = refused(&seen, "another change was made").await;
        let answer = desk.apply(&path, &[&typed[..], &[("time", "18:00")]].concat(), "0a").await;
        assert_eq!(answer.status, 409, "a plan nobody made");
        let other = [("from_week", "3"), ("weekday", "tue"), ("time", "18:00"), ("minutes", "60"), ("zone", "Europe/Lisbon")];
        assert_eq!(desk.apply(&path, &other, &seen).await.status, 409, "another form than was looked at");
        let applied = desk.apply(&path, &typed, &seen).await;
        assert_eq!(applied.status, 303, "{}", applied.body);
        assert_eq!(desk.session(2).await.zone.name(), "Europe/Lisbon");
        assert_eq!(desk.apply(&path, &typed, &seen).await.status, 422, "and once: it is so already");
    }
}

story! {
    async fn a_plan_pressed_twenty_times_is_applied_once(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        let path = format!("{}/extend", desk.schedule());
        let seen = plan_of(&desk.look(&path, &[("weeks", "1")]).await.body);
        let visitor = desk.visitor().await;
        let token = crate::visitor::form_token(&visitor.get(&path).await.body).unwrap();
        let fields = [("weeks", "1"), ("do", "apply"), ("plan", &seen), ("form_token", &token)];
        let answers = futures_join(20, || visitor.post(&path, &fields)).await;
        assert!(answers.iter().all(|answer| answer.status < 500), "no 5xx");
        assert!(answers.iter().any(|answer| answer.status == 303), "it is applied");
        let rows = sessions::of_cohort(world.app.db.reader(), desk.cohort).await.unwrap();
        assert_eq!(rows.len(), 7);
        world.pass(TimeDelta::minutes(15)).await;
        assert_eq!(told(&world.mails_to(ANA.email)).len(), 1);
    }
}

/// All at once.
async fn futures_join<F: Future<Output = Answer>>(count: usize, make: impl Fn() -> F) -> Vec<Answer> {
    let mut running: Vec<_> = (0..count).map(|_| Box::pin(make())).collect();
    let mut answers = Vec::new();
    std::future::poll_fn(|context| {
        running.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    answers
}

story! {
    async fn the_zone_changes_over_the_end_of_summer_time_and_back(world: &World) {
        let desk = Desk::of(world, &[&ANA]).await;
        world.to(utc("2026-10-13 12:00")).await;
        world.forget_mails();
        let to = |zone| [("from_week", "2"), ("weekday", "thu"), ("time", "19:00"), ("minutes", "75"), ("zone", zone)];
        let plan = desk.change("weekday", &to("America/New_York")).await;
        for part in [
            "Thursday 22 October 2026, 19:00–20:15 (Berlin time, UTC+02:00)",
            "Thursday 22 October 2026, 19:00–20:15 (New York time, UTC-04:00)",
            "Thursday 5 November 2026, 19:00–20:15 (New York time, UTC-05:00)",
            "Becomes Monday 19 October 2026, 07:00 (UTC-04:00)",
        ] {
            assert!(plan.contains(part), "{part} in {plan}");
        }
        world.pass(TimeDelta::minutes(15)).await;
        let at = |sequence: &str, start: &str| ("REQUEST".to_owned(), sequence.to_owned(), start.to_owned());
        let mails = world.mails_to(ANA.email);
        assert_eq!(
            told(&mails),
            [
                at("1", "20261022T230000Z"),
                at("1", "20261029T230000Z"),
                at("1", "20261106T000000Z"),
                at("1", "20261113T000000Z"),
                at("1", "20261120T000000Z"),
            ],
            "seven in the evening in New York, before and after its own change of clocks"
        );
        let uids: Vec<_> = mails.iter().filter(|mail| mail.calendar.is_some()).map(|mail| mail.property("UID")).collect();
        world.forget_mails();
        desk.change("weekday", &to("Europe/Berlin")).await;
        world.pass(TimeDelta::minutes(15)).await;
        let back = world.mails_to(ANA.email);
        assert_eq!(
            told(&back),
            [
                at("2", "20261022T170000Z"),
                at("2", "20261029T180000Z"),
                at("2", "20261105T180000Z"),
                at("2", "20261112T180000Z"),
                at("2", "20261119T180000Z"),
            ]
        );
        let same: Vec<_> = back.iter().filter(|mail| mail.calendar.is_some()).map(|mail| mail.property("UID")).collect();
        assert_eq!(same, uids, "one entry each, from first to last");
        world.forget_mails();
        desk.change("weekday", &to("America/New_York")).await;
        world.pass(TimeDelta::minutes(5)).await;
        desk.change("weekday", &to("Europe/Berlin")).await;
        world.pass(TimeDelta::minutes(30)).await;
        assert!(world.mails_to(ANA.email).is_empty(), "there and back within ten minutes: nothing happened");
        world.to(utc("2026-11-25 12:00")).await;
        let parts: Vec<_> = lessons(&world.mails_to(ANA.email)).into_iter().map(|(_, at)| at).collect();
        assert_eq!(parts, ["10-19 05:00", "10-26 06:00", "11-02 06:00", "11-09 06:00", "11-16 06:00"]);
    }
}

async fn rows_of(world: &World, desk: &Desk<'_>) -> Vec<(i32, SessionState, DateTime<Utc>)> {
    let rows = sessions::of_cohort(world.app.db.reader(), desk.cohort).await.unwrap();
    rows.into_iter().map(|row| (row.ordinal, row.state, row.starts_at)).collect()
}

/// What people were told can only be more: SEQUENCE never falls, and a UID is never used again.
async fn sequences(world: &World, desk: &Desk<'_>) -> Vec<(String, i32)> {
    let known = invites::of_cohort(world.app.db.reader(), desk.cohort).await.unwrap();
    known.into_iter().map(|invite| (invite.uid, invite.sequence)).collect()
}

async fn waits(world: &World, desk: &Desk<'_>) -> usize {
    schedule_changes::told_from(world.app.db.reader(), desk.cohort, world.now() + TimeDelta::seconds(1))
        .await
        .unwrap()
        .len()
}

async fn starts_on(world: &World, desk: &Desk<'_>) -> String {
    let cohort = cohorts::find(world.app.db.reader(), desk.practice, desk.cohort).await.unwrap().unwrap();
    cohort.starts_on.to_string()
}
