//! Somebody wants to be written to elsewhere: the new inbox is asked first, and the old one is told.

use chrono::TimeDelta;
use uuid::Uuid;

use crate::transact;
use crate::{
    app::App,
    domain::{
        delivery::Occasion,
        email_address::EmailAddress,
        ids::{ParticipantId, PracticeId},
    },
    links::{Claims, Purpose},
    store::{
        self, attempts,
        ledger::{self, Queued, Recipient, addressed},
        participants::{self, Participant},
        settings,
    },
};

use super::change_person::put_address;

/// How long the mailed link works.
pub const WITHIN: TimeDelta = TimeDelta::hours(1);
/// New addresses a person may ask for in an hour: what is typed here sends mail to somebody else's inbox.
const MOST_ASKED: u64 = 3;

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this link is over, or was replaced by a newer one")]
    Over,
    #[error("this address belongs to another place here")]
    Taken,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Asks the new inbox. The answer is the same whether the address is new, known or asked for too often.
pub async fn ask_for_new_address(
    app: &App,
    of: (PracticeId, ParticipantId),
    email: &EmailAddress,
) -> store::Result<()> {
    let now = app.clock.now();
    let (practice, id) = of;
    let hash = app.links.keys().hash("limit", &id.to_string());
    let bucket = attempts::Bucket { name: "new-address", subject_hash: &hash };
    let asked = attempts::count_since(app.db.reader(), bucket, now.real - TimeDelta::hours(1)).await?;
    transact!(app.db, |tx| {
        attempts::note(tx, app.random.uuid(now.real), bucket, now.real).await?;
        let person = participants::find(tx, practice, id).await?;
        let Some(person) = person.filter(|person| asked < MOST_ASKED && person.email.key() != email.key()) else {
            return Ok::<_, store::Error>(());
        };
        // The newest wish is the one that counts.
        settings::set(tx, app.random.uuid(now.real), (practice, &wish(id)), email.expose(), now.real).await?;
        let object = bound(app, email);
        let claims = Claims {
            person: id.0,
            object,
            detail: 0,
            epoch: u32::try_from(person.epoch).unwrap_or_default(),
            expires_at: now.real + WITHIN,
        };
        let params = serde_json::json!({ "token": app.links.token(Purpose::NewAddress, &claims) });
        let mail = Queued {
            object,
            generation: i32::try_from(now.real.timestamp() / 60).unwrap_or(i32::MAX),
            useful_until: Some(now.real + WITHIN),
            params: addressed(params, email),
            ..Queued::now(practice, Occasion::ConfirmNewAddress, Recipient::Participant(id), now)
        };
        ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
        Ok(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// Where a person's wish is kept until its inbox has answered.
fn wish(id: ParticipantId) -> String {
    format!("new-address/{id}")
}

/// Binds a link to the address it was sent to, without naming it.
fn bound(app: &App, email: &EmailAddress) -> Uuid {
    let mac = app.links.keys().mac("new-address", email.key().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&mac[..16]);
    Uuid::from_bytes(bytes)
}

/// Whose link it is, if it still works: for the page that it opens.
pub async fn who_asked(app: &App, token: &str) -> store::Result<Option<Participant>> {
    let now = app.clock.now();
    let Ok(claims) = app.links.read(Purpose::NewAddress, token, now.real) else { return Ok(None) };
    let person = participants::holding(app.db.reader(), claims.person.into()).await?;
    Ok(person.filter(|person| u32::try_from(person.epoch) == Ok(claims.epoch)))
}

/// The button behind the link: from here on, mail and calendar entries go to the new address, and every older
/// sign-in and link ends.
pub async fn confirm_new_address(app: &App, token: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    let claims = app.links.read(Purpose::NewAddress, token, now.real).map_err(|_| Refused::Over)?;
    let outcome = transact!(app.db, |tx| {
        let person = participants::holding(tx, claims.person.into()).await?.ok_or(Refused::Over)?;
        let name = wish(person.id);
        let wanted = settings::get(tx, person.practice_id, &name).await?;
        let wanted = wanted.and_then(|text| EmailAddress::parse(&text).ok());
        let wanted = wanted.filter(|email| bound(app, email) == claims.object).ok_or(Refused::Over)?;
        if u32::try_from(person.epoch) != Ok(claims.epoch) {
            return Err(Refused::Over);
        }
        settings::set(tx, app.random.uuid(now.real), (person.practice_id, &name), "", now.real).await?;
        // The index says the same; but a refusal must not look like a race.
        if participants::with_email(tx, person.practice_id, &wanted).await?.is_some() {
            return Err(Refused::Taken);
        }
        put_address(app, tx, person, &wanted, now).await?;
        Ok::<_, Refused>(())
    });
    app.bell.notify_waiters();
    match outcome {
        Err(Refused::Store(error)) if error.is_duplicate() => Err(Refused::Taken),
        outcome => outcome,
    }
}
