//! What did everybody get? The rehearsal's mailbox: each mail as HTML, text and source, its calendar as a card.

use chrono::{DateTime, NaiveDate, Utc};
use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use crate::{
    actions::read_mailbox::{self, CannotRead, Filter, Letter, Line, Shelf},
    domain::{civil, zone::Zone},
    store::{practices, programs},
    web::{
        chrome::{self, Link},
        error::PageError,
        fields::Fields,
        mail_frame::{Scheme, framed},
        page::Page,
        rehearsal::{self, ClockBar},
        site::Site,
        table::{Access, Table},
    },
};

mod card;

use card::Card;

pub(crate) fn add(table: Table) -> Table {
    let table = table.get("/mailbox", Access::Anyone, list).get("/mailbox/:id", Access::Anyone, message).get(
        "/mailbox/:id/html",
        Access::Anyone,
        html,
    );
    rehearsal::add(table)
}

/// The list, and the message that is open beside it.
#[derive(Debug, Serialize)]
pub struct MailboxPage {
    clock: ClockBar,
    /// This very page, to come back to.
    here: String,
    /// What is chosen, for links: empty or beginning with `&`.
    chosen: String,
    people: Vec<Choice>,
    weeks: Vec<Choice>,
    rows: Vec<Row>,
    /// The page with older messages.
    older: Option<String>,
    opened: Option<OpenedMail>,
    program: Option<String>,
}

#[derive(Debug, Serialize)]
struct Choice {
    value: String,
    text: String,
    is_chosen: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    seq: u32,
    subject: String,
    to: String,
    received: String,
    has_calendar: bool,
    is_open: bool,
}

#[derive(Debug, Serialize)]
struct OpenedMail {
    seq: u32,
    subject: String,
    from: String,
    to: String,
    return_path: String,
    received: String,
    /// `html`, `text`, `source` or `calendar`.
    view: &'static str,
    text: String,
    source: String,
    cards: Vec<Card>,
}

const VIEWS: [&str; 4] = ["html", "text", "source", "calendar"];

impl Page for MailboxPage {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "mailbox/mailbox.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |seq, subject: &str| Row {
            seq,
            subject: subject.into(),
            to: "Ana Sousa".into(),
            received: "Mon 7 Dec, 07:00".into(),
            has_calendar: seq == 41,
            is_open: seq == 41,
        };
        let page = |view: Option<&'static str>| Self {
            clock: ClockBar::sample(),
            here: "/mailbox".into(),
            chosen: String::new(),
            people: vec![Choice {
                value: "ana@lisbon.example".into(),
                text: "Ana Sousa, Lisbon".into(),
                is_chosen: false,
            }],
            weeks: vec![Choice { value: "2026-12-07".into(), text: "Week 1, from Mon 7 Dec".into(), is_chosen: true }],
            rows: vec![row(42, "Weekly course, part 1"), row(41, "Group session")],
            older: Some("/mailbox?before=41".into()),
            opened: view.map(sample_mail),
            program: Some("/g/7f3kq".into()),
        };
        let empty = Self { people: vec![], weeks: vec![], rows: vec![], older: None, program: None, ..page(None) };
        let views = VIEWS.into_iter().map(|view| (view, page(Some(view))));
        views.chain([("list", page(None)), ("empty", empty)]).collect()
    }
}

fn sample_mail(view: &'static str) -> OpenedMail {
    OpenedMail {
        seq: 41,
        subject: "Group session".into(),
        from: "N. Brandt <nadia@brandt.example>".into(),
        to: "Ana Sousa <ana@lisbon.example>".into(),
        return_path: "nadia@brandt.example".into(),
        received: "Monday 7 December 2026, 07:00 (Berlin time, UTC+01:00); 06:00 in Lisbon".into(),
        view,
        text: "Dear Ana,".into(),
        source: "From: N. Brandt <nadia@brandt.example>\n\nDear Ana,".into(),
        cards: vec![Card::sample()],
    }
}

impl From<CannotRead> for PageError {
    fn from(error: CannotRead) -> Self {
        Self::Internal(error.into())
    }
}

#[handler]
async fn list(Data(site): Data<&Site>, request: &Request) -> Result<Response, PageError> {
    show(site, request, None).await
}

#[handler]
async fn message(Data(site): Data<&Site>, Path(id): Path<String>, request: &Request) -> Result<Response, PageError> {
    show(site, request, Some(letter(site, &id).await?)).await
}

/// The mail itself, for the frame: its links open in a page of their own.
#[handler]
async fn html(Data(site): Data<&Site>, Path(id): Path<String>) -> Result<Response, PageError> {
    Ok(framed(&letter(site, &id).await?.html, Scheme::Own))
}

async fn letter(site: &Site, id: &str) -> Result<Letter, PageError> {
    let seq: u32 = id.parse().map_err(|_| PageError::NotFound)?;
    read_mailbox::open(&site.app, seq).await?.ok_or(PageError::NotFound)
}

async fn show(site: &Site, request: &Request, letter: Option<Letter>) -> Result<Response, PageError> {
    let query = Fields::parse(request.uri().query().unwrap_or_default().as_bytes())?;
    let filter = filter(&query);
    let shelf = read_mailbox::list(&site.app, &filter).await?.ok_or(PageError::NotFound)?;
    let page = MailboxPage {
        clock: ClockBar::read(&site.app).await.map_err(anyhow::Error::from)?,
        here: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
        chosen: chosen(&filter),
        people: people(&shelf, &filter),
        weeks: weeks(&shelf, &filter),
        rows: shelf.lines.iter().map(|line| row(line, shelf.zone, letter.as_ref())).collect(),
        older: shelf.older.map(|before| format!("/mailbox?before={before}{}", chosen(&filter))),
        opened: letter.map(|letter| opened(letter, query.text("view"))),
        program: program(site).await.map_err(anyhow::Error::from)?,
    };
    let brand = Link { href: "/mailbox".into(), text: "Trellis rehearsal".into() };
    let foot = "A rehearsal: invented people, a fast clock, and no mail that leaves this machine.".to_owned();
    let chrome = chrome::Public { brand, foot, form_token: Some(site.form_token()), ..chrome::Public::plain("") };
    site.pages.render(&chrome, &page)
}

fn filter(query: &Fields) -> Filter {
    let some = |name: &str| Some(query.text(name).to_owned()).filter(|text| !text.is_empty());
    Filter { address: some("person"), week: query.text("week").parse().ok(), before: query.text("before").parse().ok() }
}

fn chosen(filter: &Filter) -> String {
    let person = filter.address.as_ref().map(|address| format!("&person={}", in_query(address)));
    let week = filter.week.map(|week| format!("&week={week}"));
    person.into_iter().chain(week).collect()
}

fn in_query(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn people(shelf: &Shelf, filter: &Filter) -> Vec<Choice> {
    let choice = |reader: &read_mailbox::Reader| Choice {
        value: reader.address.clone(),
        text: reader.zone.map_or_else(|| reader.name.clone(), |zone| format!("{}, {}", reader.name, zone.city())),
        is_chosen: filter.address.as_ref() == Some(&reader.address),
    };
    shelf.people.iter().map(choice).collect()
}

fn weeks(shelf: &Shelf, filter: &Filter) -> Vec<Choice> {
    let is_chosen = |monday: NaiveDate| filter.week == Some(monday);
    let choice = |week: &read_mailbox::WeekOfMail| Choice {
        value: week.monday.to_string(),
        text: week.label.clone(),
        is_chosen: is_chosen(week.monday),
    };
    shelf.weeks.iter().map(choice).collect()
}

fn row(line: &Line, zone: Zone, open: Option<&Letter>) -> Row {
    let at = zone.local(line.received_at);
    Row {
        seq: line.seq,
        subject: subject(&line.subject),
        to: line.to.name.clone(),
        received: format!("{}, {}", civil::short_date(at.date()), civil::time_of_day(at.time())),
        has_calendar: line.has_calendar,
        is_open: open.is_some_and(|letter| letter.line.seq == line.seq),
    }
}

fn subject(text: &str) -> String {
    if text.is_empty() { "(no subject)".to_owned() } else { text.to_owned() }
}

fn opened(letter: Letter, view: &str) -> OpenedMail {
    let reader = &letter.line.to;
    let zone = reader.zone.unwrap_or(letter.zone);
    let has_cards = !letter.events.is_empty();
    let view = VIEWS.into_iter().find(|known| *known == view && (*known != "calendar" || has_cards)).unwrap_or("html");
    OpenedMail {
        seq: letter.line.seq,
        subject: subject(&letter.line.subject),
        from: letter.from,
        to: if reader.name == reader.address {
            reader.name.clone()
        } else {
            format!("{} <{}>", reader.name, reader.address)
        },
        return_path: letter.return_path,
        received: received(letter.line.received_at, letter.zone, zone),
        view,
        text: letter.text,
        source: letter.source,
        cards: letter.events.iter().map(|event| Card::of(event, zone)).collect(),
    }
}

/// On the cohort's clock, and on the reader's where that shows something else.
fn received(at: DateTime<Utc>, zone: Zone, reader: Zone) -> String {
    let here = civil::moment(at, zone);
    if zone.local(at) == reader.local(at) {
        return here;
    }
    let there = reader.local(at);
    let time = civil::time_of_day(there.time());
    if there.date() == zone.local(at).date() {
        format!("{here}; {time} in {}", reader.city())
    } else {
        format!("{here}; {}, {time} in {}", civil::short_date(there.date()), reader.city())
    }
}

/// The public page of the rehearsal's program.
async fn program(site: &Site) -> crate::store::Result<Option<String>> {
    let Some(practice) = practices::on_this_installation(site.db.reader()).await?.into_iter().next() else {
        return Ok(None);
    };
    let program = programs::of_practice(site.db.reader(), practice.id).await?.into_iter().next();
    Ok(program.map(|program| format!("/g/{}", program.code)))
}
