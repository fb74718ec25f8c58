//! How many calendars can ask how often, and what does a public page cost?

use std::path::Path;

use anyhow::{Context, ensure};

use super::{
    Report, Setup,
    clients::{Answers, Ask, Clients, Plan},
    cost,
    house::{Group, House, begins, berlin},
    number,
};
use crate::{
    actions::tell_calendars::tell_calendar,
    clock::Clock,
    domain::schedule::LessonClock,
    store::{self, enrollments, programs},
    transact,
};

const CONNECTIONS: usize = 32;
const IN_A_COHORT: usize = 500;

pub async fn feeds(setup: &Setup) -> anyhow::Result<()> {
    let people = setup.size.of([1_000, 4_000, 10_000]);
    let mut house = House::open(setup, Clock::fixed(begins()), "127.0.0.1:1").await?;
    let mut tokens = Vec::new();
    for group in 0..people / IN_A_COHORT {
        let group =
            Group { number: group, zone: berlin()?, capacity: 500, clock: LessonClock::Cohort, starts_on: None };
        tokens.extend(calendars(&house, group, IN_A_COHORT).await?);
    }
    let program = programs::find(house.app.db.reader(), house.practice.id, house.program).await?;
    let page = format!("/g/{}", program.context("the program")?.code);
    house.serve()?;
    let feed = |token: &String| format!("/c/{token}.ics");
    let cold: Vec<_> = tokens.iter().map(|token| get(feed(token), "")).collect();
    // Nine of ten calendars have what there is already.
    let again = tokens
        .iter()
        .enumerate()
        .map(|(index, token)| get(feed(token), if index % 10 == 0 { "" } else { "If-None-Match: {etag}\r\n" }));
    let known = tokens.iter().map(|token| get(feed(token), "If-None-Match: {etag}\r\n"));
    let pages = (0..people).map(|_| get(page.clone(), ""));
    let rounds = vec![dealt(cold), dealt(again.collect()), dealt(known.collect()), dealt(pages.collect())];
    let plan = Plan { address: house.address.clone(), rounds };
    let mut clients = Clients::start(&plan, Path::new(setup.folder()))?;
    let report = Report::new("feeds", setup).with("connections", CONNECTIONS);
    for (what, known) in [("cold", 0), ("nine of ten known", people - people / 10), ("known", people), ("page", 0)] {
        let before = cost::processor(None)?;
        let answers = clients.round()?;
        let spent = (cost::processor(None)? - before).as_secs_f64();
        ensure!(answers.with(304) == known && answers.with(200) == people - known, "{what}: {:?}", answers.statuses);
        ensure!(what != "cold" || answers.bytes > 1_500 * people, "the calendars are empty");
        tell(&report.with("what", what), &answers, spent);
    }
    Ok(())
}

/// A cohort of people whose calendars hold something: what each asks for it with.
pub(super) async fn calendars(house: &House, group: Group, people: usize) -> anyhow::Result<Vec<String>> {
    let cohort = house.cohort(group).await?;
    house.people(cohort, group.number, people).await?;
    let all = enrollments::of_cohort(house.app.db.reader(), cohort).await?;
    let (app, now) = (&house.app, house.app.clock.now());
    // A feed shows what the person's own calendar is to hold.
    transact!(app.db, |tx| {
        for place in &all {
            tell_calendar(app, tx, place, now).await?;
        }
        Ok::<_, store::Error>(())
    })?;
    Ok(all.iter().map(|place| app.links.feed_token(place.participant_id.0, 0)).collect())
}

fn tell(report: &Report, answers: &Answers, spent: f64) {
    let all = number(answers.all());
    report.say("rate", all / answers.seconds, "answers/s");
    report.say("processor", spent * 1_000.0 / all, "ms/answer");
    report.say("processor of the clients", answers.processor * 1_000.0 / all, "ms/answer");
    report.say("median", answers.median_ms, "ms");
    report.say("99th of a hundred", answers.ninety_ninth_ms, "ms");
    report.say("size", number(answers.bytes) / all / 1_000.0, "kB/answer");
}

pub(super) fn get(path: String, head: &str) -> Ask {
    Ask { method: "GET".to_owned(), path, head: head.to_owned(), body: String::new() }
}

/// The same share for each connection.
fn dealt(asks: Vec<Ask>) -> Vec<Vec<Ask>> {
    let share = asks.len().div_ceil(CONNECTIONS).max(1);
    asks.chunks(share).map(<[Ask]>::to_vec).collect()
}
