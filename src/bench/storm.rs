//! A thousand people press the button for twelve places in the same second: is each place given once, in order, and
//! how long does the last of them wait?

use anyhow::{Context, ensure};
use chrono::TimeDelta;

use super::{
    Report, Setup,
    clients::{Answers, Ask, Clients, Plan},
    house::{Group, House, berlin},
    number,
};
use crate::{
    clock::Clock,
    domain::{enrollment::Standing, ids::CohortId, schedule::LessonClock},
    links::{Claims, Purpose},
    store::{
        cohorts,
        enrollments::{self, Enrollment},
        programs,
    },
    web::csrf::FormToken,
};

const PLACES: u16 = 12;

pub async fn storm(setup: &Setup) -> anyhow::Result<()> {
    let people = setup.size.of([200, 500, 1_000]);
    // Nobody sends meanwhile: the mail waits in the ledger.
    let mut house = House::open(setup, Clock::System, "127.0.0.1:1").await?;
    let group = Group { number: 1, zone: berlin()?, capacity: PLACES, clock: LessonClock::Cohort, starts_on: None };
    let cohort = house.cohort(group).await?;
    house.serve()?;
    let report = Report::new("storm", setup).with("clients", people);

    // Each presses once, and every tenth once more: the same form, which must not count again.
    let forms = forms(&house, cohort, people).await?;
    let asking = forms.into_iter().enumerate().map(|(index, form)| {
        let times = if index % 10 == 0 { 2 } else { 1 };
        vec![form; times]
    });
    let answers = round(setup, &house, asking.collect())?;
    tell(&report.with("step", "ask"), &answers)?;
    let everybody = settled(&house, cohort, people).await?;

    // All confirm at once: twelve have their place for good, and the others are in line.
    let confirming = everybody.iter().map(|enrollment| vec![post(&house, &link(&house, enrollment), &[])]);
    let answers = round(setup, &house, confirming.collect())?;
    tell(&report.with("step", "confirm"), &answers)?;
    let everybody = settled(&house, cohort, people).await?;
    let are = |standing| everybody.iter().filter(|enrollment| enrollment.standing == standing).count();
    let (enrolled, waiting) = (are(Standing::Enrolled), are(Standing::Waitlisted));
    ensure!(enrolled == usize::from(PLACES) && waiting == people - enrolled, "{enrolled} in, {waiting} waiting");
    report.say_count("places given", enrolled);
    report.say_count("in line", waiting);
    Ok(())
}

fn round(setup: &Setup, house: &House, connections: Vec<Vec<Ask>>) -> anyhow::Result<Answers> {
    let plan = Plan { address: house.address.clone(), rounds: vec![connections] };
    Clients::start(&plan, setup.folder())?.round()
}

/// Every answer is the page that says what happens now.
fn tell(report: &Report, answers: &Answers) -> anyhow::Result<()> {
    ensure!(answers.with(303) == answers.all(), "not everybody was answered well: {:?}", answers.statuses);
    report.say_count("answers", answers.all());
    report.say("rate", number(answers.all()) / answers.seconds, "answers/s");
    report.say("median", answers.median_ms, "ms");
    report.say("99th of a hundred", answers.ninety_ninth_ms, "ms");
    report.say("processor of the clients", answers.processor, "s");
    Ok(())
}

async fn forms(house: &House, cohort: CohortId, people: usize) -> anyhow::Result<Vec<Ask>> {
    let program = programs::find(house.app.db.reader(), house.practice.id, house.program).await?;
    let program = program.context("the program")?.content.0;
    let wordings = format!("{}.{}", program.agreement.version, program.consent.version);
    let path = format!("/enroll/{cohort}");
    let form = |person: usize| {
        let email = format!("storm-{person}@example.org");
        let fields = [
            ("name", "Ana"),
            ("email", &email),
            ("tz", "Europe/Lisbon"),
            ("track", "broke"),
            ("calendar", "feed"),
            ("discretion", "discreet"),
            ("note", ""),
            ("agree", "yes"),
            ("stored", "yes"),
            ("wordings", &wordings),
        ];
        post(house, &path, &fields)
    };
    Ok((0..people).map(form).collect())
}

fn post(house: &House, path: &str, fields: &[(&str, &str)]) -> Ask {
    let token = FormToken::new(house.app.random.bytes());
    let fields = fields.iter().copied().chain([("form_token", token.as_str())]);
    let body: Vec<_> = fields.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    Ask {
        method: "POST".to_owned(),
        path: path.trim_start_matches(&house.base).to_owned(),
        head: format!("Origin: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n", house.base),
        body: body.join("&"),
    }
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn link(house: &House, of: &Enrollment) -> String {
    let expires_at = house.app.clock.now().real + TimeDelta::days(7);
    let claims = Claims { person: of.participant_id.0, object: of.id.0, detail: 0, epoch: 0, expires_at };
    house.app.links.signed(Purpose::Confirm, &claims)
}

/// Nobody is lost, each place is held once, and by those who asked first.
async fn settled(house: &House, cohort: CohortId, people: usize) -> anyhow::Result<Vec<Enrollment>> {
    let db = house.app.db.reader();
    let mut all = enrollments::of_cohort(db, cohort).await?;
    all.sort_by_key(|enrollment| (enrollment.asked_at, enrollment.id.0));
    ensure!(all.len() == people, "{} of {people} are there", all.len());
    let mut seats: Vec<i32> = all.iter().filter_map(|enrollment| enrollment.seat).collect();
    seats.sort_unstable();
    ensure!(seats == (1..=i32::from(PLACES)).collect::<Vec<_>>(), "the places given are {seats:?}");
    let row = cohorts::anywhere(db, cohort).await?.context("the cohort")?;
    ensure!(row.seats_taken == i32::from(PLACES), "{} places are counted", row.seats_taken);
    let last = all.iter().filter(|one| one.seat.is_some()).map(|one| one.asked_at).max();
    let first = all.iter().filter(|one| one.seat.is_none()).map(|one| one.asked_at).min();
    ensure!(last <= first, "the line is not in order: {last:?} and {first:?}");
    Ok(all)
}
