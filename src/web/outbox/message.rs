//! What is the story of one message, and what can be done about it?

use chrono::TimeDelta;
use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{page, without_keys::without_keys};
use crate::{
    actions::{
        change_person::{self, correct_address},
        resend::{Again, Refused, can_requeue, how_again, last_of, send_again, send_anyway},
        sent_words::SentWords,
        settle_doubt::it_arrived,
    },
    clock::Now,
    domain::{
        civil,
        delivery::{Occasion, State},
        email_address::EmailAddress,
        ids::DeliveryId,
        zone::Zone,
    },
    store::{
        ledger::{self, Delivery},
        participants::{self, Participant},
    },
    web::{
        chrome::Here,
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        labels::{self, Label},
        site::Site,
        table::{Access, Table},
    },
};

/// What is not tried again before this waits for a person.
const A_LONG_TIME: TimeDelta = TimeDelta::days(365);

/// One step of the story.
#[derive(Debug, Clone, Serialize)]
struct Step {
    /// As the vine names it.
    leaf: &'static str,
    is_bad: bool,
    title: String,
    when: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    pub(super) id: String,
    state: Label,
    title: String,
    to: String,
    person: String,
    address: Entered,
    steps: Vec<Step>,
    /// What the server, or a rule of ours, said.
    reason: String,
    text: String,
    message_id: String,
    can_requeue: bool,
    requeue: &'static str,
    can_copy: bool,
    seen: i32,
    can_correct: bool,
    /// The mail server may have it, or not.
    is_in_doubt: bool,
}

impl Message {
    pub(super) fn samples() -> Vec<(&'static str, Self)> {
        let step = |leaf, is_bad, title: &str| Step {
            leaf,
            is_bad,
            title: title.to_owned(),
            when: "Monday 1 March 2027, 08:00 (Dublin time, UTC+00:00)".to_owned(),
        };
        let bounced = Self {
            id: "1".to_owned(),
            state: labels::delivery(State::Bounced),
            title: "Weekly course, part 4".to_owned(),
            to: "Priya, priya@example.net".to_owned(),
            person: "7".to_owned(),
            address: Entered::blank().with("email", "priya@example.net"),
            steps: vec![step("done", false, "Queued"), step("done", true, "Bounced")],
            reason: "550 5.1.1 The email account that you tried to reach does not exist.".to_owned(),
            text: "Dear Priya,\n\nthis week…".to_owned(),
            message_id: "<abc@groups.example>".to_owned(),
            can_requeue: true,
            requeue: "Try again",
            can_copy: false,
            seen: 0,
            can_correct: true,
            is_in_doubt: false,
        };
        let sent = Self {
            state: labels::delivery(State::Sent),
            reason: String::new(),
            can_requeue: false,
            can_copy: true,
            can_correct: false,
            ..bounced.clone()
        };
        let wrong = Self {
            address: Entered::blank().wrong("email", "Enter an email address with an @ sign, such as sam@example.org"),
            ..bounced.clone()
        };
        let unsure = Self {
            state: labels::delivery(State::Unknown),
            reason: "end of data: the connection was closed".to_owned(),
            requeue: "Send it again",
            can_correct: false,
            is_in_doubt: true,
            ..bounced.clone()
        };
        vec![("bounced", bounced), ("sent", sent), ("wrong address", wrong), ("in doubt", unsure)]
    }
}

pub(super) fn add(table: Table) -> Table {
    table
        .get("/coach/outbox/:id", Access::Coach, show)
        .post("/coach/outbox/:id/again", Access::Coach, again)
        .post("/coach/outbox/:id/arrived", Access::Coach, arrived)
        .post("/coach/outbox/:id/copy", Access::Coach, copy)
        .post("/coach/outbox/:id/address", Access::Coach, correct)
}

async fn found(site: &Site, signed: &SignedCoach, id: &str) -> Result<(Delivery, Option<Participant>), PageError> {
    let (db, id): (_, DeliveryId) = (site.db.reader(), desk::id(id)?);
    let row = ledger::find(db, signed.practice.id, id).await?.ok_or(PageError::NotFound)?;
    let person = match row.participant_id {
        Some(id) => participants::find(db, signed.practice.id, id).await?,
        None => None,
    };
    Ok((row, person))
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (row, person) = found(site, &signed, &id).await?;
    let chrome = desk::after(site, &signed, Here::Outbox, &asked).await?;
    let message = message(site, &signed, (&row, person.as_ref()), None).await?;
    let page = page(site, &signed, &asked, Some(message)).await?;
    site.pages.render(&chrome, &page)
}

async fn message(
    site: &Site,
    signed: &SignedCoach,
    of: (&Delivery, Option<&Participant>),
    typed: Option<Entered>,
) -> Result<Message, PageError> {
    let (row, person) = of;
    let kept = Entered::blank().with("email", person.map_or("", |person| person.email.expose()));
    let to = match person {
        Some(person) => format!("{}, {}", person.name.expose(), person.email.expose()),
        None => "You".to_owned(),
    };
    // The text of a sign-in or a reset holds a secret that may still work: nobody else's to read.
    let secret = matches!(row.occasion, Occasion::SignIn | Occasion::PasswordReset);
    let text = if secret {
        "The text holds a link that is only for this person.".to_owned()
    } else {
        without_keys(&SentWords::default().of(&site.app, row).await?.unwrap_or_default())
    };
    Ok(Message {
        id: row.id.to_string(),
        state: labels::delivery(row.state),
        title: row.subject.clone().unwrap_or_else(|| labels::occasion(row.occasion).to_owned()),
        to,
        person: person.map(|person| person.id.to_string()).unwrap_or_default(),
        address: typed.unwrap_or(kept),
        steps: story(row, signed.coach.zone, site.clock.now()),
        reason: row.reason.clone().unwrap_or_default(),
        text,
        message_id: row.message_id.clone().unwrap_or_default(),
        can_requeue: can_requeue(row.state),
        requeue: requeue(row.state),
        is_in_doubt: row.state == State::Unknown,
        can_copy: row.state == State::Sent && how_again(row.occasion) != Again::Never,
        seen: last_of(site.db.reader(), row).await?,
        can_correct: person.is_some() && matches!(row.state, State::Bounced | State::Failed | State::Skipped),
    })
}

fn requeue(state: State) -> &'static str {
    match state {
        State::Missed | State::Held | State::Skipped => "Send anyway",
        State::Unknown => "Send it again",
        State::Queued
        | State::Claimed
        | State::Sending
        | State::Sent
        | State::Deferred
        | State::Bounced
        | State::Complained
        | State::Failed
        | State::Canceled => "Try again",
    }
}

fn story(row: &Delivery, zone: Zone, now: Now) -> Vec<Step> {
    let step = |leaf, is_bad, title: String, when: String| Step { leaf, is_bad, title, when };
    let by = row.actor.as_ref().map(|actor| format!(", by {actor}")).unwrap_or_default();
    let mut steps = vec![step("done", false, format!("Queued{by}"), civil::moment(row.created_at, zone))];
    if row.due_at > row.created_at {
        let leaf = if row.due_at <= now.program { "done" } else { "" };
        steps.push(step(leaf, false, "Due".to_owned(), civil::moment(row.due_at, zone)));
    }
    let tries = match row.tries {
        0 => String::new(),
        1 => ", at the first try".to_owned(),
        tries => format!(", after {tries} tries"),
    };
    let changed = civil::moment(row.changed_at, zone);
    match row.state {
        State::Queued | State::Claimed => {
            steps.push(step("now", false, "Waiting to be sent".to_owned(), String::new()))
        }
        State::Sending => steps.push(step("now", false, "Being sent".to_owned(), String::new())),
        State::Deferred | State::Unknown => {
            steps.push(step("done", true, format!("{}{tries}", labels::delivery(row.state).text), changed));
            let is_yours = row.next_try_at - now.real > A_LONG_TIME;
            let (title, when) = if is_yours {
                ("Waits for your word", String::new())
            } else {
                ("Next try", civil::moment(row.next_try_at, zone))
            };
            steps.push(step("now", false, title.to_owned(), when));
        }
        State::Sent => {
            let at = civil::moment(row.sent_at.unwrap_or(row.changed_at), zone);
            steps.push(step("done", false, format!("Sent{tries}"), at));
        }
        State::Held | State::Bounced | State::Complained | State::Failed | State::Missed => {
            steps.push(step("done", true, format!("{}{tries}", labels::delivery(row.state).text), changed));
        }
        State::Skipped | State::Canceled => steps.push(step("skip", false, labels::delivery(row.state).text, changed)),
    }
    steps
}

fn back(id: &str, done: &str) -> Response {
    see_other(&format!("/coach/outbox/{id}?done={done}"))
}

fn answered(id: DeliveryId, outcome: Result<(), Refused>, done: &str) -> Result<Response, PageError> {
    match outcome {
        Ok(()) => Ok(back(&id.to_string(), done)),
        Err(Refused::Changed | Refused::NotInCalendar) => Ok(back(&id.to_string(), "gone")),
        Err(Refused::Unknown | Refused::NotThisKind) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

#[handler]
async fn again(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let id: DeliveryId = desk::id(&id)?;
    let outcome = send_anyway(&site.app, (signed.practice.id, id), signed.coach.name.expose()).await;
    answered(id, outcome, "resent")
}

#[handler]
async fn arrived(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let id: DeliveryId = desk::id(&id)?;
    let outcome = it_arrived(&site.app, (signed.practice.id, id), signed.coach.name.expose()).await;
    answered(id, outcome, "noted")
}

#[handler]
async fn copy(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let id: DeliveryId = desk::id(&id)?;
    let seen = fields.text("seen").parse().unwrap_or(i32::MIN);
    let outcome = send_again(&site.app, (signed.practice.id, id), seen, signed.coach.name.expose()).await;
    answered(id, outcome, "copy")
}

#[handler]
async fn correct(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
    asked: Asked,
) -> Result<Response, PageError> {
    let (row, person) = found(site, &signed, &id).await?;
    let person = person.ok_or(PageError::NotFound)?;
    let mut checked = Checked::new(&fields);
    let email = checked.parse("email", EmailAddress::parse);
    let form = match checked.finish(|| email) {
        Ok(email) => match correct_address(&site.app, signed.practice.id, person.id, &email).await {
            Ok(()) => return Ok(back(&id, "corrected")),
            Err(change_person::Refused::Taken) => {
                Entered::of(&fields).wrong("email", "Another person of yours has this address already")
            }
            Err(change_person::Refused::Unknown) => return Err(PageError::NotFound),
            Err(change_person::Refused::Store(error)) => return Err(error.into()),
        },
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Outbox).await?;
    let message = message(site, &signed, (&row, Some(&person)), Some(form)).await?;
    let page = page(site, &signed, &asked, Some(message)).await?;
    site.pages.refused(&chrome, &page)
}
