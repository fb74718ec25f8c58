//! Somebody proves who they are by what was mailed to them: a link or six digits, once, within ten minutes.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    decoy::mail_nobody,
    passwords::hash_password,
    sign_in::{Refused, SignedIn, limit, open_login, refuse_too_often},
    suppress::lift,
};
use crate::{
    app::App,
    clock::Now,
    domain::{delivery::Occasion, email_address::EmailAddress, ids::PracticeId, people::Who},
    keys::{same, token_hash},
    store::{
        self,
        attempts::{self, Bucket},
        coaches::{self, Coach},
        database::Tx,
        ledger::{self, Queued, Recipient},
        logins::{self, SignIn},
        participants,
    },
    transact,
};

/// How long a mailed link or code can be used.
pub const MAILED_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// Wrong codes a mail allows.
const MOST_WRONG_CODES: i32 = 5;

/// A participant asks for a link and a code. The answer, and the work, are the same for any address; an
/// address known to several practices gets a mail from each.
pub async fn ask_for_link(app: &App, email: &EmailAddress, browser: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    let hash = limit(app, &email.key());
    let bucket = Bucket { name: "sign-in-mail", subject_hash: &hash };
    let limited = refuse_too_often(app, bucket, app.config.limits.sign_in_mails, now).await.is_err();
    transact!(app.db, |tx| {
        attempts::note(tx, app.random.uuid(now.real), bucket, now.real).await?;
        let mut known = participants::everywhere_with_email(tx, email).await?;
        // Whoever never confirmed has a letter with a link for that, and no other comes before a day is over.
        known.retain(|person| person.confirmed_at.is_some());
        if limited || known.is_empty() {
            return Ok::<_, Refused>(mail_nobody(app, tx, (Who::Participant, "sign_in", browser), now).await?);
        }
        for person in known {
            let whose = (Who::Participant, person.practice_id, person.id.0);
            mail_sign_in(app, tx, whose, Recipient::Participant(person.id), ("sign_in", browser), now).await?;
        }
        Ok(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// A coach asks for a new password. Same answer for any address.
pub async fn ask_for_reset(app: &App, email: &EmailAddress, browser: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    let hash = limit(app, &email.key());
    let bucket = Bucket { name: "reset-mail", subject_hash: &hash };
    let limited = refuse_too_often(app, bucket, app.config.limits.sign_in_mails, now).await.is_err();
    transact!(app.db, |tx| {
        attempts::note(tx, app.random.uuid(now.real), bucket, now.real).await?;
        let coach = coaches::with_email(tx, email).await?;
        let Some(coach) = coach.filter(|_| !limited) else {
            return Ok::<_, Refused>(mail_nobody(app, tx, (Who::Coach, "reset", browser), now).await?);
        };
        let whose = (Who::Coach, coach.practice_id, coach.id.0);
        Ok(mail_sign_in(app, tx, whose, Recipient::Coach(coach.id), ("reset", browser), now).await?)
    })?;
    app.bell.notify_waiters();
    Ok(())
}

pub(super) async fn mail_sign_in(
    app: &App,
    tx: &Tx,
    whose: (Who, PracticeId, Uuid),
    recipient: Recipient,
    (purpose, browser): (&str, &str),
    now: Now,
) -> store::Result<()> {
    let (who, practice_id, person_id) = whose;
    let (token, code) = (app.random.token(), app.random.code());
    let id = app.random.uuid(now.real);
    let sign_in = SignIn {
        id,
        practice_id,
        who,
        purpose: purpose.to_owned(),
        person_id,
        token_hash: token_hash(&token),
        code_hash: token_hash(&format!("{code}/{browser}")),
        browser_hash: token_hash(browser),
        wrong_codes: 0,
        created_at: now.real,
        expires_at: now.real + MAILED_WITHIN,
        spent_at: None,
    };
    logins::create_sign_in(tx, sign_in).await?;
    let occasion = if purpose == "reset" { Occasion::PasswordReset } else { Occasion::SignIn };
    let mail = Queued {
        object: id,
        useful_until: Some(now.real + MAILED_WITHIN),
        params: serde_json::json!({ "token": token, "code": code }),
        ..Queued::now(practice_id, occasion, recipient, now)
    };
    ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
    Ok(())
}

/// How the person shows the mail.
#[derive(Debug, Clone)]
pub enum Shown {
    /// The link. Opened in another browser than the one that asked, the address is asked for too.
    Link { token: String, address: Option<String> },
    /// The six digits, in the browser that asked.
    Code(String),
}

/// Spends the mailed link or code, once.
pub async fn use_sign_in(app: &App, shown: &Shown, browser: &str, lasts: TimeDelta) -> Result<SignedIn, Refused> {
    let now = app.clock.now();
    let outcome = transact!(app.db, |tx| {
        let Some(sign_in) = found(app, tx, shown, browser, now).await? else {
            if matches!(shown, Shown::Code(_)) {
                logins::count_wrong_code(tx, &token_hash(browser)).await?;
            }
            return Ok::<_, Refused>(None);
        };
        if sign_in.purpose != "sign_in" || !logins::spend_sign_in(tx, sign_in.id, now.real).await? {
            return Ok(None);
        }
        let Some(person) = participants::holding(tx, sign_in.person_id.into()).await? else {
            return Ok(None);
        };
        // The mail was read by the owner of the address.
        participants::mark_confirmed(tx, person.id, now.real).await?;
        lift(app, tx, person.id).await?;
        let whose = (Who::Participant, person.practice_id, person.id.0);
        Ok(Some(open_login(app, tx, whose, person.epoch, lasts, now).await?))
    })?;
    outcome.ok_or(Refused::Spent)
}

async fn found(app: &App, tx: &Tx, shown: &Shown, browser: &str, now: Now) -> Result<Option<SignIn>, Refused> {
    match shown {
        Shown::Link { token, address } => {
            let Some(sign_in) = logins::sign_in_with_token(tx, &token_hash(token), now.real).await? else {
                return Ok(None);
            };
            if same(sign_in.browser_hash.as_bytes(), token_hash(browser).as_bytes()) {
                return Ok(Some(sign_in));
            }
            let owner = owner(app, tx, &sign_in).await?;
            let given = address.as_deref().and_then(|text| EmailAddress::parse(text).ok());
            let matches =
                given.zip(owner).is_some_and(|(given, owner)| same(given.key().as_bytes(), owner.key().as_bytes()));
            Ok(matches.then_some(sign_in))
        }
        Shown::Code(code) => {
            let wanted = token_hash(&format!("{}/{browser}", code.trim()));
            let open = logins::sign_ins_of_browser(tx, &token_hash(browser), now.real).await?;
            Ok(open
                .into_iter()
                .filter(|sign_in| sign_in.wrong_codes < MOST_WRONG_CODES)
                .find(|sign_in| same(sign_in.code_hash.as_bytes(), wanted.as_bytes())))
        }
    }
}

async fn owner(_app: &App, tx: &Tx, sign_in: &SignIn) -> store::Result<Option<EmailAddress>> {
    Ok(match sign_in.who {
        Who::Participant => participants::holding(tx, sign_in.person_id.into()).await?.map(|person| person.email),
        Who::Coach => coaches::find(tx, sign_in.person_id.into()).await?.map(|coach| coach.email),
    })
}

/// Whether this browser asked for that link: then one button is enough.
pub async fn is_from_this_browser(app: &App, token: &str, browser: &str) -> store::Result<bool> {
    let now = app.clock.now();
    let sign_in = logins::sign_in_with_token(app.db.reader(), &token_hash(token), now.real).await?;
    Ok(sign_in.is_some_and(|sign_in| same(sign_in.browser_hash.as_bytes(), token_hash(browser).as_bytes())))
}

/// What a mailed sign-in link still is, for the page that it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// This browser asked for it: one button is enough.
    Ours,
    /// Another one did: the address is asked for too.
    Elsewhere,
    /// Used, expired, replaced, or never ours.
    Spent,
}

pub async fn link_state(app: &App, token: &str, browser: &str) -> store::Result<LinkState> {
    let now = app.clock.now();
    let sign_in = logins::sign_in_with_token(app.db.reader(), &token_hash(token), now.real).await?;
    Ok(match sign_in.filter(|sign_in| sign_in.purpose == "sign_in") {
        Some(sign_in) if same(sign_in.browser_hash.as_bytes(), token_hash(browser).as_bytes()) => LinkState::Ours,
        Some(_) => LinkState::Elsewhere,
        None => LinkState::Spent,
    })
}

/// Sets a new password with the link from the mail, and ends every sign-in made with the old one.
pub async fn reset_password(app: &App, token: &str, password: &str) -> Result<Coach, Refused> {
    let now = app.clock.now();
    let hash = hash_password(app, password).await?;
    let outcome = transact!(app.db, |tx| {
        let Some(sign_in) = logins::sign_in_with_token(tx, &token_hash(token), now.real).await? else {
            return Ok::<_, Refused>(None);
        };
        if sign_in.purpose != "reset" || !logins::spend_sign_in(tx, sign_in.id, now.real).await? {
            return Ok(None);
        }
        let Some(coach) = coaches::find(tx, sign_in.person_id.into()).await? else {
            return Ok(None);
        };
        coaches::set_password(tx, coach.id, &hash).await?;
        logins::end_all_of(tx, Who::Coach, coach.id.0).await?;
        Ok(Some(coach))
    })?;
    outcome.ok_or(Refused::Spent)
}
