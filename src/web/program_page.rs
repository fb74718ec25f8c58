//! What may anybody see of a program, and when does it start?

use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

mod written;

pub(super) use written::{Wish, Written};

use crate::{
    clock::Now,
    domain::{civil, cohort::Admission, markdown, opening::Opening, program::Program, zone::Zone},
    store::{
        cohorts::{self, Cohort},
        practices::{self, Practice},
        programs::{self, ProgramRow},
        sessions,
    },
    web::{
        chrome::{self, Tone},
        cohort_dates::CohortDates,
        enrollments::opening,
        error::PageError,
        guard::see_other,
        headers::Robots,
        notices::{Act, Look, Notice},
        page::Page,
        site::Site,
        table::{Access, Table},
        visitor::{self, Choice},
    },
};

pub(crate) fn add(table: Table) -> Table {
    table.get("/", Access::Anyone, home).get("/g/:code", Access::Anyone, show)
}

/// The front door of the installation: it lists nothing.
#[handler]
async fn home(Data(site): Data<&Site>) -> Result<Response, PageError> {
    Notice::new("Welcome", "If you take part in a group here, your private link is the key. There is no password.")
        .detail("We can send you a new link at any time.")
        .act(Act::link("Find my link", "/link", Look::Go))
        .act(Act::link("Coach sign in", "/coach/sign-in", Look::Quiet))
        .show(site, &visitor::neutral(site, None))
}

/// A program's public page. *Continue* leads on to the chosen cohort's form.
#[handler]
async fn show(Data(site): Data<&Site>, Path(code): Path<String>, request: &Request) -> Result<Response, PageError> {
    let asked = visitor::query(request)?;
    let (wish, now) = (Wish::of(code, &asked), site.clock.now());
    let stamp = site.db.stamp(&written::SOURCES).await;
    if let Some(response) = written::again(site, &wish, stamp) {
        return Ok(response);
    }
    let (code, db) = (&wish.code, site.db.reader());
    let program = programs::published_as(db, code).await?.ok_or(PageError::NotFound)?;
    let practice = practices::find(db, program.practice_id).await?.ok_or(PageError::NotFound)?;
    let page = read(site, (&program, &practice), &wish, now).await?;
    let chosen = page.cohorts.iter().find(|card| card.chosen);
    if let (true, Some(chosen)) = (wish.goes_on, chosen) {
        return Ok(see_other(&page.form_of(chosen)));
    }
    let robots = if program.slug.as_deref() == Some(code) { Robots::Welcome } else { Robots::KeepOut };
    let response = site.pages.render(&visitor::branded(site, &practice, format!("/g/{code}"), robots), &page)?;
    let is_there = wish.cohort.is_empty() || chosen.is_some_and(|card| card.id == wish.cohort);
    if is_there { written::keep(site, wish, (stamp, now), response).await } else { Ok(response) }
}

async fn read(
    site: &Site,
    (program, practice): (&ProgramRow, &Practice),
    wish: &Wish,
    now: Now,
) -> Result<ProgramPage, PageError> {
    let open = cohorts::open_of_program(site.db.reader(), program.id).await?;
    let zone = wish.zone.or_else(|| open.first().map(|cohort| cohort.zone)).unwrap_or(practice.zone);
    let mut cards = Vec::new();
    for cohort in &open {
        cards.extend(card(site, cohort, zone, now).await?);
    }
    choose(&mut cards, &wish.cohort);
    let zones = visitor::zones(now.real);
    Ok(ProgramPage::new(
        program,
        practice,
        wish.code.clone(),
        Clock { zone, wished: wish.zone.is_some(), zones },
        cards,
    ))
}

/// The wished one, else the next that has a place. What has begun stands below what has not.
fn choose(cards: &mut [Card], wanted: &str) {
    cards.sort_by_key(|card| card.begun);
    let wished = cards.iter().position(|card| card.id == wanted);
    let free = cards.iter().position(|card| !card.places.full && card.closed.is_none());
    if let Some(card) = cards.get_mut(wished.or(free).unwrap_or_default()) {
        card.chosen = true;
    }
}

async fn card(site: &Site, cohort: &Cohort, zone: Zone, now: Now) -> Result<Option<Card>, PageError> {
    let db = site.db.reader();
    let meetings = sessions::of_cohort(db, cohort.id).await?;
    let weeks = cohorts::weeks_of(db, cohort.id).await?;
    let now = now.program;
    let Some(dates) = CohortDates::of(&meetings, &weeks, [zone, cohort.zone], now) else { return Ok(None) };
    let places = Places::of(cohort.capacity, cohorts::confirmed_seats(db, cohort.id).await?).by(cohort.admission);
    let begun = meetings.iter().any(|meeting| meeting.starts_at <= now);
    let closed = match opening(site, cohort) {
        Opening::Open => None,
        Opening::OpensOn(day) => Some(format!("Opens on {}", civil::short_date(day))),
        Opening::ClosedSince(day) => Some(format!("Closed since {}", civil::short_date(day))),
    };
    Ok(Some(Card { id: cohort.id.to_string(), dates, places, begun, closed, chosen: false }))
}

/// How many places a stranger may know of: those that no confirmed person has.
#[derive(Debug, Clone, Serialize)]
pub struct Places {
    pub text: String,
    pub tone: Option<Tone>,
    pub full: bool,
    /// The coach reads each application, so that nobody can tell who gets one.
    pub applies: bool,
}

impl Places {
    #[must_use]
    pub fn of(capacity: i32, confirmed: u64) -> Self {
        let left = i64::from(capacity) - i64::try_from(confirmed).unwrap_or(i64::MAX);
        let few = left * 3 < i64::from(capacity);
        let (text, tone) = match left {
            i64::MIN..=0 => ("Full, waitlist open".to_owned(), None),
            1 if few => ("1 place left".to_owned(), Some(Tone::Warn)),
            _ if few => (format!("{left} places left"), Some(Tone::Warn)),
            _ => ("Open".to_owned(), Some(Tone::Ok)),
        };
        Self { text, tone, full: left <= 0, applies: false }
    }

    /// As the cohort takes people.
    #[must_use]
    pub fn by(self, admission: Admission) -> Self {
        match admission {
            Admission::Open => self,
            Admission::Approval => {
                Self { text: "By application".to_owned(), tone: Some(Tone::Info), full: false, applies: true }
            }
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Card {
    id: String,
    dates: CohortDates,
    places: Places,
    /// Started already; it can still be joined.
    begun: bool,
    /// From or since which day nobody can ask for a place; none while they can.
    closed: Option<String>,
    chosen: bool,
}

struct Clock {
    zone: Zone,
    /// Named by the visitor, so the device is not asked.
    wished: bool,
    zones: Vec<Choice>,
}

#[derive(Debug, Serialize)]
struct Theme {
    number: u16,
    title: String,
    description: String,
}

#[derive(Debug, Serialize)]
struct Answer {
    question: String,
    html: String,
}

/// The page that names the topic; none after it does.
#[derive(Debug, Serialize)]
pub struct ProgramPage {
    code: String,
    practice: String,
    title: String,
    eyebrow: String,
    lead: String,
    description_html: String,
    sessions: String,
    minutes: u16,
    most: String,
    themes: Vec<Theme>,
    faq: Vec<Answer>,
    cohorts: Vec<Card>,
    zone: String,
    city: String,
    wished: bool,
    zones: Vec<Choice>,
}

impl ProgramPage {
    fn new(row: &ProgramRow, practice: &Practice, code: String, clock: Clock, cohorts: Vec<Card>) -> Self {
        let program = &row.content.0;
        Self {
            code,
            practice: practice.name.expose().to_owned(),
            title: program.title.clone(),
            eyebrow: program.eyebrow.clone(),
            lead: program.lead.clone(),
            description_html: html(&program.description),
            sessions: visitor::number_first(usize::from(program.weeks)),
            minutes: program.session_minutes,
            most: visitor::number_first(usize::from(program.capacity)),
            themes: themes(program),
            faq: program
                .faq
                .iter()
                .map(|asked| Answer { question: asked.question.clone(), html: html(&asked.answer) })
                .collect(),
            cohorts,
            zone: clock.zone.name().to_owned(),
            city: clock.zone.city(),
            wished: clock.wished,
            zones: clock.zones,
        }
    }

    fn form_of(&self, card: &Card) -> String {
        format!("/enroll/{}?tz={}", card.id, self.zone)
    }
}

fn themes(program: &Program) -> Vec<Theme> {
    let theme = |week: &crate::domain::program::WeekOutline| Theme {
        number: week.number,
        title: week.title.clone(),
        description: week.description.clone(),
    };
    program.outline.iter().map(theme).collect()
}

/// Checked when the program was saved; a fault that slipped through shows nothing rather than raw text.
#[must_use]
pub fn html(source: &str) -> String {
    markdown::render(source, &[]).map(|rendered| rendered.html).unwrap_or_default()
}

impl Page for ProgramPage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "program_page/program.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let sample = |cohorts| Self {
            code: "7f3kq".into(),
            practice: "Nadia Brandt".into(),
            title: "Finding your footing".into(),
            eyebrow: "Six-week group program, online".into(),
            lead: "We go slowly, and nobody is asked to share more than they want to.".into(),
            description_html: html("For **you**."),
            sessions: "Six".into(),
            minutes: 75,
            most: "Twelve".into(),
            themes: vec![Theme { number: 1, title: "Where we are".into(), description: "Putting words to it.".into() }],
            faq: vec![Answer { question: "Who will know?".into(), html: html("Nobody.") }],
            cohorts,
            zone: "Europe/Berlin".into(),
            city: "Berlin".into(),
            wished: false,
            zones: vec![Choice { value: "Europe/Berlin".into(), text: "Berlin (Europe), 11:41 now".into() }],
        };
        let card = |id: &str, confirmed, chosen| Card {
            id: id.into(),
            dates: sample_dates(),
            places: Places::of(12, confirmed),
            begun: false,
            closed: (id == "b").then(|| "Opens on Mon 1 Mar".to_owned()),
            chosen,
        };
        vec![
            ("three dates", sample(vec![card("a", 9, true), card("b", 2, false), card("c", 12, false)])),
            ("no dates", sample(vec![])),
        ]
    }
}

/// For samples here and on the form.
#[must_use]
pub(crate) fn sample_dates() -> CohortDates {
    CohortDates {
        first: "Monday 8 March".into(),
        first_iso: "2027-03-08T19:00:00Z".into(),
        last: "19 April".into(),
        weekly: "Mondays, 20:00–21:15".into(),
        clock: "Berlin time, UTC+01:00".into(),
        beside: Some("19:00 in Dublin".into()),
        breaks: Some("No session in the week of 29 March".into()),
        sessions: vec!["Monday 8 March 2027, 20:00–21:15 (Berlin time, UTC+01:00)".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_places_are_said_only_under_a_third() {
        let said = |capacity, confirmed| Places::of(capacity, confirmed).text;
        assert_eq!(said(12, 8), "Open");
        assert_eq!(said(12, 9), "3 places left");
        assert_eq!(said(12, 11), "1 place left");
        assert_eq!(said(12, 12), "Full, waitlist open");
        assert_eq!(said(12, 14), "Full, waitlist open");
        assert_eq!(said(1, 0), "Open");
    }
}
