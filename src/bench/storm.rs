//! A thousand people press the button for twelve places in the same second, and some leave while others come: is each
//! place given once, in order, and how long does the last of them wait?

mod watch;

use anyhow::{Context, ensure};
use chrono::TimeDelta;

use self::watch::Watch;
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

const PLACES: usize = 12;
/// So many of those who have a place leave, and as many are offered one.
const LEAVING: usize = 6;
/// So many of those in line leave it.
const GIVING_UP: usize = 4;

pub async fn storm(setup: &Setup) -> anyhow::Result<()> {
    let people = setup.size.of([200, 500, 1_000]);
    // Nobody sends meanwhile: the mail waits in the ledger.
    let mut house = House::open(setup, Clock::System, "127.0.0.1:1").await?;
    let capacity = u16::try_from(PLACES)?;
    let group = Group { number: 1, zone: berlin()?, capacity, clock: LessonClock::Cohort, starts_on: None };
    let cohort = house.cohort(group).await?;
    house.serve()?;
    let report = Report::new("storm", setup).with("clients", people);
    let watch = Watch::begin(house.app.clone(), cohort);
    let storm = Storm { setup, house: &house, cohort, report };

    let first = storm.ask(0..people, Vec::new()).await?;
    storm.say("ask", &first)?;
    let everybody = storm.settled(people).await?;

    // All confirm at once: twelve have their place for good, and the others are in line.
    let confirming = everybody.iter().map(|enrollment| vec![storm.press(Purpose::Confirm, "", enrollment)]);
    storm.say("confirm", &storm.round(confirming.collect())?)?;
    let everybody = storm.settled(people).await?;
    let (enrolled, line) = (of(&everybody, Standing::Enrolled), of(&everybody, Standing::Waitlisted));
    ensure!(enrolled.len() == PLACES && line.len() == people - PLACES, "{} in, {} wait", enrolled.len(), line.len());
    storm.report.say_count("places given", enrolled.len());
    storm.report.say_count("in line", line.len());

    storm.leave_and_come(people, &enrolled, &line).await?;
    storm.decide(people).await?;
    let most = watch.end()?;
    ensure!(most == PLACES, "for a moment {most} places were held");
    storm.report.say_count("places held at most", most);
    Ok(())
}

struct Storm<'a> {
    setup: &'a Setup,
    house: &'a House,
    cohort: CohortId,
    report: Report,
}

impl Storm<'_> {
    /// Each presses once, and every tenth once more: the same form, which must not count again. Others do what
    /// else they have in mind at the same time.
    async fn ask(&self, people: std::ops::Range<usize>, others: Vec<Vec<Ask>>) -> anyhow::Result<Answers> {
        let forms = forms(self.house, self.cohort, people).await?;
        let asking = forms.into_iter().enumerate().map(|(index, form)| vec![form; if index % 10 == 0 { 2 } else { 1 }]);
        self.round(asking.chain(others).collect())
    }

    /// Half of those who have a place leave it, each twice, and so do some who wait; others in line press their old
    /// links again, and new people ask. Each freed place is offered to whoever asked first of those still there.
    async fn leave_and_come(&self, people: usize, enrolled: &[Enrollment], line: &[Enrollment]) -> anyhow::Result<()> {
        let more = people / 4;
        let leaving = enrolled.iter().take(LEAVING).chain(line.iter().take(GIVING_UP));
        let leaving = leaving.map(|enrollment| vec![self.press(Purpose::Leave, "", enrollment); 2]);
        let staying = &line[GIVING_UP..];
        let again = staying.iter().take(more).map(|enrollment| vec![self.press(Purpose::Confirm, "", enrollment)]);
        let answers = self.ask(people..people + more, leaving.chain(again).collect()).await?;
        self.say("leave and come", &answers)?;

        let everybody = self.settled(people + more).await?;
        // Who was offered a place a moment before they left has declined it.
        let gone = [Standing::Withdrawn, Standing::Declined].map(|standing| of(&everybody, standing)).concat();
        let offered = of(&everybody, Standing::Offered);
        ensure!(gone.len() == LEAVING + GIVING_UP, "{} left", gone.len());
        ensure!(same(&offered, &staying[..LEAVING]), "the places that came free were not offered in order");
        self.report.say_count("left", gone.len());
        self.report.say_count("places offered", offered.len());
        Ok(())
    }

    /// Of those who are offered a place every second one takes it, twice, while the others decline; and those who
    /// came late confirm. What is declined goes on to the next in line, and to nobody who came later.
    async fn decide(&self, people: usize) -> anyhow::Result<()> {
        let all = people + people / 4;
        let before = self.settled(all).await?;
        let (offered, line) = (of(&before, Standing::Offered), of(&before, Standing::Waitlisted));
        let deciding = offered.iter().enumerate().map(|(index, enrollment)| {
            let rest = if index % 2 == 0 { "" } else { "/decline" };
            vec![self.press(Purpose::Offer, rest, enrollment); 2]
        });
        let late = of(&before, Standing::Pending);
        let late = late.iter().map(|enrollment| vec![self.press(Purpose::Confirm, "", enrollment)]);
        self.say("take or decline", &self.round(deciding.chain(late).collect())?)?;

        let after = self.settled(all).await?;
        let (enrolled, offered) = (of(&after, Standing::Enrolled), of(&after, Standing::Offered));
        let declined = LEAVING / 2;
        ensure!(enrolled.len() == PLACES - declined, "{} take part", enrolled.len());
        ensure!(same(&offered, &line[..declined]), "the places that were declined were not offered in order");
        self.report.say_count("places taken", enrolled.len());
        self.report.say_count("places offered again", offered.len());
        Ok(())
    }

    fn round(&self, connections: Vec<Vec<Ask>>) -> anyhow::Result<Answers> {
        let plan = Plan { address: self.house.address.clone(), rounds: vec![connections] };
        Clients::start(&plan, self.setup.folder())?.round()
    }

    /// Every answer is the page that says what happens now.
    fn say(&self, step: &str, answers: &Answers) -> anyhow::Result<()> {
        let report = self.report.with("step", step);
        ensure!(answers.with(303) == answers.all(), "not everybody was answered well: {:?}", answers.statuses);
        report.say_count("answers", answers.all());
        report.say("rate", number(answers.all()) / answers.seconds, "answers/s");
        report.say("median", answers.median_ms, "ms");
        report.say("99th of a hundred", answers.ninety_ninth_ms, "ms");
        report.say("processor of the clients", answers.processor, "s");
        Ok(())
    }

    /// The form behind a mailed link.
    fn press(&self, purpose: Purpose, rest: &str, of: &Enrollment) -> Ask {
        let expires_at = self.house.app.clock.now().real + TimeDelta::days(7);
        let claims = Claims { person: of.participant_id.0, object: of.id.0, detail: 0, epoch: 0, expires_at };
        let link = self.house.app.links.signed(purpose, &claims);
        post(self.house, &format!("{link}{rest}"), &[])
    }

    /// Nobody is lost, each place is held once, and by those who asked first.
    async fn settled(&self, people: usize) -> anyhow::Result<Vec<Enrollment>> {
        let (db, cohort) = (self.house.app.db.reader(), self.cohort);
        let mut all = enrollments::of_cohort(db, cohort).await?;
        all.sort_by_key(|enrollment| (enrollment.asked_at, enrollment.id.0));
        ensure!(all.len() == people, "{} of {people} are there", all.len());
        let mut seats: Vec<i32> = all.iter().filter_map(|enrollment| enrollment.seat).collect();
        seats.sort_unstable();
        ensure!(seats == (1..=i32::try_from(PLACES)?).collect::<Vec<_>>(), "the places given are {seats:?}");
        let row = cohorts::anywhere(db, cohort).await?.context("the cohort")?;
        ensure!(usize::try_from(row.seats_taken)? == PLACES, "{} places are counted", row.seats_taken);
        let last = all.iter().filter(|one| one.seat.is_some()).map(|one| one.asked_at).max();
        let waits = |one: &&Enrollment| matches!(one.standing, Standing::Pending | Standing::Waitlisted);
        let first = all.iter().filter(waits).filter(|one| one.seat.is_none()).map(|one| one.asked_at).min();
        ensure!(last <= first, "the line is not in order: {last:?} and {first:?}");
        Ok(all)
    }
}

/// Those who stand there, in the order in which they asked.
fn of(all: &[Enrollment], standing: Standing) -> Vec<Enrollment> {
    all.iter().filter(|enrollment| enrollment.standing == standing).cloned().collect()
}

fn same(these: &[Enrollment], those: &[Enrollment]) -> bool {
    these.iter().map(|one| one.id).eq(those.iter().map(|one| one.id))
}

async fn forms(house: &House, cohort: CohortId, people: std::ops::Range<usize>) -> anyhow::Result<Vec<Ask>> {
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
    Ok(people.map(form).collect())
}

fn post(house: &House, path: &str, fields: &[(&str, &str)]) -> Ask {
    let token = FormToken::new(house.app.random.bytes());
    let fields = fields.iter().copied().chain([("form_token", token.as_str())]);
    let body: Vec<_> = fields.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let [a, b, c] = house.app.random.bytes::<3>();
    let (base, form) = (&house.base, "application/x-www-form-urlencoded");
    Ask {
        method: "POST".to_owned(),
        path: path.trim_start_matches(&house.base).to_owned(),
        head: format!("Origin: {base}\r\nX-Forwarded-For: 10.{a}.{b}.{c}\r\nContent-Type: {form}\r\n"),
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
