//! What was sent, what was not, and what can be done about it?

use poem::{Response, handler, web::Data};
use serde::Serialize;

use crate::{
    domain::{
        delivery::{Occasion, State},
        ids::{CohortId, ParticipantId},
    },
    store::{
        cohorts,
        ledger::{self, Delivery, Filter},
        participants,
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        form::Entered,
        guard::SignedCoach,
        labels::{self, Choice, Label},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

use self::message::Message;

pub(crate) mod message;
mod without_keys;

/// Messages a page.
const PAGE: u64 = 25;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    id: String,
    to: String,
    what: String,
    kind: &'static str,
    state: Label,
    when: String,
    is_current: bool,
}

#[derive(Debug, Serialize)]
struct Count {
    text: &'static str,
    number: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct OutboxPage {
    form: Entered,
    counts: Vec<Count>,
    statuses: Vec<Choice>,
    kinds: Vec<Choice>,
    cohorts: Vec<Choice>,
    person: String,
    rows: Vec<Row>,
    total: u64,
    /// The query that keeps the filter, without the page.
    query: String,
    page: u64,
    has_next: bool,
    clock: String,
    open: Option<Message>,
}

impl Page for OutboxPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "outbox/outbox.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |id: &str, state| Row {
            id: id.to_owned(),
            to: "Priya".to_owned(),
            what: "Week 4: Grief and anger".to_owned(),
            kind: labels::occasion(Occasion::Lesson),
            state: labels::delivery(state),
            when: "Mon 08:01".to_owned(),
            is_current: id == "1",
        };
        let page = |rows: Vec<Row>, open| Self {
            form: Entered::blank(),
            counts: vec![Count { text: "Queued", number: 22 }, Count { text: "Sent", number: 20 }],
            statuses: statuses(),
            kinds: kinds(),
            cohorts: vec![Choice::new("7", "Thursday evenings")],
            person: String::new(),
            total: 42,
            rows,
            query: "status=lost".to_owned(),
            page: 1,
            has_next: true,
            clock: "Dublin".to_owned(),
            open,
        };
        let rows = || vec![row("1", State::Bounced), row("2", State::Sent)];
        let messages = Message::samples().into_iter().map(|(name, message)| (name, page(rows(), Some(message))));
        let lists = [("list", page(rows(), None)), ("nothing", page(vec![], None))];
        lists.into_iter().chain(messages).collect()
    }
}

pub(crate) fn add(table: Table) -> Table {
    message::add(table.get("/coach/outbox", Access::Coach, show))
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, asked: Asked) -> Result<Response, PageError> {
    let chrome = desk::after(site, &signed, Here::Outbox, &asked).await?;
    let page = page(site, &signed, &asked, None).await?;
    site.pages.render(&chrome, &page)
}

/// What a coach asks of many states at once.
fn wanted_states(word: &str) -> Vec<State> {
    match word {
        "lost" => ledger::LOST.to_vec(),
        "waiting" => vec![State::Queued, State::Claimed, State::Sending, State::Deferred],
        "queued" => vec![State::Queued, State::Claimed],
        word => word.parse().ok().into_iter().collect(),
    }
}

fn statuses() -> Vec<Choice> {
    let groups =
        [Choice::new("", "Any status"), Choice::new("lost", "Did not arrive"), Choice::new("waiting", "On the way")];
    let states = State::ALL.iter().filter(|state| **state != State::Claimed);
    groups.into_iter().chain(states.map(|state| Choice::new(state, labels::delivery(*state).text))).collect()
}

fn kinds() -> Vec<Choice> {
    let all = Occasion::ALL.iter().map(|occasion| Choice::new(occasion, labels::occasion(*occasion)));
    std::iter::once(Choice::new("", "Any kind")).chain(all).collect()
}

/// The list as it was asked for, with a message beside it if one is open. Unknown words filter nothing.
pub(super) async fn page(
    site: &Site,
    signed: &SignedCoach,
    asked: &Asked,
    open: Option<Message>,
) -> Result<OutboxPage, PageError> {
    let (db, practice, now) = (site.db.reader(), signed.practice.id, site.clock.now().program);
    let cohorts = cohorts::of_practice(db, practice).await?;
    let cohort: Option<CohortId> =
        asked.text("cohort").parse().ok().filter(|id| cohorts.iter().any(|cohort| cohort.id == *id));
    let person: Option<ParticipantId> = asked.text("person").parse().ok();
    let page: u64 = asked.text("page").parse().unwrap_or(1).clamp(1, 100_000);
    let filter = Filter {
        cohort,
        participant: person,
        occasion: asked.text("kind").parse().ok(),
        states: wanted_states(asked.text("status")),
        page: page - 1,
        page_size: PAGE,
    };
    let (rows, total) = ledger::of_practice(db, practice, &filter).await?;
    let current = open.as_ref().map(|message| message.id.clone());
    let rows = named(site, signed, rows, current.as_deref()).await?;
    let since = now - chrono::TimeDelta::days(7);
    let all = std::iter::once(Choice::new("", "All cohorts"));
    Ok(OutboxPage {
        form: entered(asked),
        counts: counts(&ledger::count_by_state(db, practice, since).await?),
        statuses: statuses(),
        kinds: kinds(),
        cohorts: all.chain(cohorts.iter().map(|cohort| Choice::new(cohort.id, cohort.name.expose()))).collect(),
        person: person.map(|person| person.to_string()).unwrap_or_default(),
        has_next: page * PAGE < total,
        rows,
        total,
        query: query(asked),
        page,
        clock: signed.coach.zone.city(),
        open,
    })
}

const FILTERS: [&str; 4] = ["status", "kind", "cohort", "person"];

fn entered(asked: &Asked) -> Entered {
    FILTERS.iter().fold(Entered::blank(), |form, name| form.with(name, asked.text(name)))
}

/// Only what a filter can be: words and ids, so nothing needs escaping.
fn query(asked: &Asked) -> String {
    let plain =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let pairs = FILTERS.iter().map(|name| (name, asked.text(name))).filter(|(_, text)| plain(text));
    pairs.map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join("&")
}

fn counts(by_state: &[(State, u64)]) -> Vec<Count> {
    let sum =
        |states: &[State]| by_state.iter().filter(|(state, _)| states.contains(state)).map(|(_, count)| count).sum();
    [
        ("Waiting", &[State::Queued, State::Claimed, State::Sending][..]),
        ("Retrying", &[State::Deferred]),
        ("Sent", &[State::Sent]),
        ("Bounced", &[State::Bounced, State::Complained]),
        ("Failed or missed", &[State::Failed, State::Missed, State::Held, State::Unknown]),
    ]
    .into_iter()
    .map(|(text, states)| Count { text, number: sum(states) })
    .collect()
}

async fn named(
    site: &Site,
    signed: &SignedCoach,
    rows: Vec<Delivery>,
    current: Option<&str>,
) -> Result<Vec<Row>, PageError> {
    let ids: Vec<ParticipantId> = rows.iter().filter_map(|row| row.participant_id).collect();
    let people = participants::with_ids(site.db.reader(), signed.practice.id, &ids).await?;
    let now = site.clock.now().program;
    let row = |row: Delivery| {
        let person = people.iter().find(|person| Some(person.id) == row.participant_id);
        let kind = labels::occasion(row.occasion);
        Row {
            is_current: current == Some(row.id.to_string().as_str()),
            id: row.id.to_string(),
            to: person.map_or_else(|| "You".to_owned(), |person| person.name.expose().to_owned()),
            what: row.subject.unwrap_or_else(|| kind.to_owned()),
            kind,
            state: labels::delivery(row.state),
            when: desk::brief(row.sent_at.unwrap_or(row.due_at), signed.coach.zone, now),
        }
    };
    Ok(rows.into_iter().map(row).collect())
}
