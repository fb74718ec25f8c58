//! Two hundred people want twenty places at once: is each place sold once, and does the line keep its order?

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use futures_util::future::join_all;
use trellis::{
    demo::smtp_server::Script,
    domain::{enrollment::Standing, ids::CohortId},
    links::{Claims, Purpose},
    store::{
        cohorts,
        enrollments::{self, Enrollment},
    },
    web::csrf::FormToken,
};

use crate::{
    twice::presses::filled_in,
    visitor::Visitor,
    world::{Backend, World},
};

const PEOPLE: usize = 200;
const PLACES: usize = 20;
const LEAVING: usize = 6;

fn rounds() -> usize {
    crate::scale::of(2, 50)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_for_twenty_places_on_sqlite() {
    rush(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_for_twenty_places_on_postgres() {
    rush(Backend::Postgres).await;
}

async fn rush(backend: Backend) {
    let limits = [("limits.enrollments_per_client", "1000000")];
    let world = World::with(backend, Script::well(), &limits).await;
    let practice = world.practice().await;
    let ticking = AtomicBool::new(true);
    let started = Instant::now();
    let told = async {
        for round in 0..rounds() {
            let cohort = world.cohort(&practice, |new| new.capacity = u16::try_from(PLACES).unwrap()).await;
            one_round(&world, cohort, round).await;
        }
        ticking.store(false, Ordering::Relaxed);
    };
    // The clock of a story stands still; a line needs one that goes.
    let clock = async {
        while ticking.load(Ordering::Relaxed) {
            world.app.clock.advance(TimeDelta::milliseconds(1));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::join!(told, clock);
    eprintln!("{backend:?}: {} rounds of {PEOPLE} people in {:?}", rounds(), started.elapsed());
}

/// Posts a form with a token of its own; every answer counts.
async fn press(world: &World, visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> (u16, String, Option<String>) {
    let token = FormToken::new(world.app.random.bytes());
    let mut fields = fields.to_vec();
    fields.push(("form_token", token.as_str()));
    let answer = visitor.post(path, &fields).await;
    assert!(answer.status < 500, "{path}: {}", answer.body);
    let cookie = answer.headers.get("set-cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
    (answer.status, answer.location.unwrap_or_default(), cookie)
}

fn link(world: &World, purpose: Purpose, of: &Enrollment) -> String {
    let expires_at = world.app.clock.now().real + TimeDelta::days(7);
    let claims = Claims { person: of.participant_id.0, object: of.id.0, detail: 0, epoch: 0, expires_at };
    world.app.links.signed(purpose, &claims)
}

async fn everybody(world: &World, cohort: CohortId) -> Vec<Enrollment> {
    let mut all = enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap();
    all.sort_by_key(|enrollment| (enrollment.asked_at, enrollment.id.0));
    all
}

fn who(all: &[Enrollment], wanted: Standing) -> Vec<Enrollment> {
    all.iter().filter(|enrollment| enrollment.standing == wanted).cloned().collect()
}

/// Exactly the places there are, each once.
async fn places_are_sold_once(world: &World, cohort: CohortId) {
    let all = everybody(world, cohort).await;
    let seats: Vec<i32> = all.iter().filter_map(|enrollment| enrollment.seat).collect();
    // Who has still to confirm holds a seat only where one was free.
    let holds =
        |one: &&Enrollment| one.standing.holds_seat() && (one.standing != Standing::Pending || one.seat.is_some());
    let holding = all.iter().filter(holds).count();
    let numbers: BTreeSet<i32> = seats.iter().copied().collect();
    let row = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
    assert_eq!((seats.len(), holding, numbers.len()), (PLACES, PLACES, PLACES), "each place once");
    assert_eq!(usize::try_from(row.seats_taken).unwrap(), PLACES);
    assert!(numbers.iter().all(|seat| (1..=i32::try_from(PLACES).unwrap()).contains(seat)));
}

/// Nobody in `behind` asked before somebody in `ahead`.
fn in_order(ahead: &[Enrollment], behind: &[Enrollment]) {
    let (last, first) = (ahead.iter().map(|one| one.asked_at).max(), behind.iter().map(|one| one.asked_at).min());
    assert!(last <= first.or(last), "the line is served in order: {last:?} {first:?}");
}

async fn one_round(world: &World, cohort: CohortId, round: usize) {
    let visitor = Visitor::of(world);
    let form = format!("/enroll/{cohort}");
    let fields = filled_in(&visitor, &form, "").await;
    let asking = (0..PEOPLE).map(|person| {
        let email = format!("p{person}-{round}@example.org");
        let mut fields: Vec<_> = fields.iter().filter(|(name, _)| *name != "email").cloned().collect();
        fields.push(("email", email));
        let (visitor, form) = (&visitor, form.as_str());
        async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            press(world, visitor, form, &fields).await
        }
    });
    for (status, location, _) in join_all(asking).await {
        assert_eq!((status, location), (303, format!("{form}/sent")), "no answer is lost");
    }
    places_are_sold_once(world, cohort).await;
    let all = everybody(world, cohort).await;
    assert_eq!(all.len(), PEOPLE, "nobody is lost");
    let (held, line): (Vec<_>, Vec<_>) = all.into_iter().partition(|enrollment| enrollment.seat.is_some());
    in_order(&held, &line);

    // All confirm at once.
    let confirming = held.iter().chain(&line).map(|enrollment| {
        let (path, visitor) = (link(world, Purpose::Confirm, enrollment), Visitor::of(world));
        async move { press(world, &visitor, &path, &[]).await }
    });
    let cookies: Vec<String> = join_all(confirming)
        .await
        .into_iter()
        .map(|(status, location, cookie)| {
            assert!(status == 303 && location.starts_with("/p?done="), "{status} {location}");
            cookie.expect("whoever confirms is signed in").split(';').next().unwrap().to_owned()
        })
        .collect();
    places_are_sold_once(world, cohort).await;
    let all = everybody(world, cohort).await;
    assert_eq!((who(&all, Standing::Enrolled).len(), who(&all, Standing::Waitlisted).len()), (PLACES, PEOPLE - PLACES));
    in_order(&who(&all, Standing::Enrolled), &who(&all, Standing::Waitlisted));

    // Some leave at once, while others press their old links again.
    let leaving = held.iter().zip(&cookies).take(LEAVING).map(|(enrollment, cookie)| leave(world, enrollment, cookie));
    let again = line.iter().take(LEAVING).map(|enrollment| {
        let (path, visitor) = (link(world, Purpose::Confirm, enrollment), Visitor::of(world));
        async move { press(world, &visitor, &path, &[]).await }
    });
    tokio::join!(join_all(leaving), join_all(again));
    places_are_sold_once(world, cohort).await;
    let all = everybody(world, cohort).await;
    let offered = who(&all, Standing::Offered);
    assert_eq!(offered.len(), LEAVING, "who is next is asked at once");
    in_order(&offered, &who(&all, Standing::Waitlisted));

    // Of those, every second one declines while the others accept.
    let deciding = offered.iter().enumerate().map(|(index, enrollment)| {
        let path = link(world, Purpose::Offer, enrollment);
        let path = if index % 2 == 0 { path } else { format!("{path}/decline") };
        let visitor = Visitor::of(world);
        async move { press(world, &visitor, &path, &[]).await }
    });
    for (status, ..) in join_all(deciding).await {
        assert_eq!(status, 303);
    }
    places_are_sold_once(world, cohort).await;
    let all = everybody(world, cohort).await;
    let declined = LEAVING / 2;
    assert_eq!(who(&all, Standing::Enrolled).len(), PLACES - declined);
    assert_eq!(who(&all, Standing::Offered).len(), declined);
    in_order(&who(&all, Standing::Offered), &who(&all, Standing::Waitlisted));
}

async fn leave(world: &World, enrollment: &Enrollment, cookie: &str) {
    let (id, token) = (enrollment.id.to_string(), FormToken::new(world.app.random.bytes()));
    let left = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
        .post(format!("{}/p/leave", world.base))
        .header("origin", &world.base)
        .header("cookie", cookie)
        .form(&[("enrollment", id.as_str()), ("form_token", token.as_str())])
        .send()
        .await
        .unwrap();
    assert_eq!((left.status().as_u16(), left.headers()["location"].to_str().unwrap()), (303, "/left"));
}
