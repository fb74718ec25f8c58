//! Somebody proves who they are: by a mailed link or code, or by a password.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{delivery::Occasion, email_address::EmailAddress, ids::PracticeId, people::Who},
    keys::{same, token_hash},
    store::{
        self, attempts,
        attempts::Bucket,
        coaches::{self, Coach},
        database::Tx,
        ledger::{self, Queued, Recipient},
        logins::{self, Login, SignIn},
        participants,
    },
};

/// How long a mailed link or code can be used.
pub const MAILED_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// A participant stays signed in this long, on a device of their own longer.
pub const PARTICIPANT_FOR: TimeDelta = TimeDelta::hours(2);
pub const OWN_DEVICE_FOR: TimeDelta = TimeDelta::days(14);
/// A coach who does nothing is signed out after this, and after the other in any case.
pub const COACH_IDLE: TimeDelta = TimeDelta::minutes(30);
pub const COACH_FOR: TimeDelta = TimeDelta::hours(12);
/// Wrong codes a mail allows.
const MOST_WRONG_CODES: i32 = 5;
/// The shortest password a coach may choose, in characters.
pub const SHORTEST_PASSWORD: usize = 12;
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// argon2id, 19 MiB, two passes, one lane; never more at once than there are cores.
static HASHING: Semaphore = Semaphore::const_new(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    #[error("Use at least {SHORTEST_PASSWORD} characters: a few words you can remember are best")]
    Short,
    #[error("Use at most 256 characters")]
    Long,
    #[error("This password is among the first that attackers try: choose another")]
    Common,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the address or the password is not right")]
    Wrong,
    #[error("too many tries: wait until {0}")]
    TooOften(DateTime<Utc>),
    #[error("this link or code was used, has expired, or was replaced by a newer one")]
    Spent,
    #[error(transparent)]
    Password(#[from] BadPassword),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// A signed-in browser: the token goes into its cookie, and nowhere else.
#[derive(Debug)]
pub struct SignedIn {
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

/// Refuses what could be guessed.
pub fn check_password(password: &str) -> Result<(), BadPassword> {
    let characters = password.chars().count();
    if characters < SHORTEST_PASSWORD {
        return Err(BadPassword::Short);
    }
    if characters > 256 {
        return Err(BadPassword::Long);
    }
    let folded: String = password.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let distinct = folded.chars().collect::<std::collections::BTreeSet<_>>().len();
    let common = ["password", "qwertyuiop", "letmein", "123456789", "iloveyou", "trellis", "welcome"];
    let rest = common.iter().fold(folded, |text, word| text.replace(word, ""));
    if distinct < 5 || rest.len() < 4 { Err(BadPassword::Common) } else { Ok(()) }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("valid parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes on a blocking thread, behind the semaphore.
pub async fn hash_password(app: &App, password: &str) -> Result<String, Refused> {
    check_password(password)?;
    let (password, salt) = (password.to_owned(), app.random.bytes::<16>());
    let _turn = HASHING.acquire().await.expect("never closed");
    let hash = tokio::task::spawn_blocking(move || {
        argon2().hash_password_with_salt(password.as_bytes(), &salt).expect("a valid salt").to_string()
    });
    Ok(hash.await.expect("hashing does not panic"))
}

async fn verify_password(password: &str, hash: Option<String>) -> bool {
    // An address nobody has does the same work, so that the time tells nothing.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$2nWcVnXmXqYDYS6RHqzVSXvAKHyaz0rkzQ3LpWPtVVg";
    let password = password.to_owned();
    let _turn = HASHING.acquire().await.expect("never closed");
    let verified = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let parsed = PasswordHash::new(&hash).ok();
        let right = parsed.is_some_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
        right && known
    });
    verified.await.unwrap_or(false)
}

/// Whether somebody who is signed in still knows their password. Guesses count as they do at the door.
pub async fn is_password_of(app: &App, coach: &Coach, password: &str) -> Result<bool, Refused> {
    let now = app.clock.now();
    let address = limit(app, &coach.email.key());
    let bucket = Bucket { name: "password", subject_hash: &address };
    refuse_too_often(app, bucket, app.config.limits.passwords_per_address, now).await?;
    let right = verify_password(password, Some(coach.password_hash.clone())).await;
    if !right {
        transact!(app.db, |tx| attempts::note(tx, app.random.uuid(now.real), bucket, now.real).await)?;
    }
    Ok(right)
}

/// A coach signs in with a password. `client` is the address the request came from.
pub async fn sign_in_coach(app: &App, email: &str, password: &str, client: &str) -> Result<SignedIn, Refused> {
    let now = app.clock.now();
    let email = EmailAddress::parse(email).map_err(|_| Refused::Wrong)?;
    let limits = &app.config.limits;
    let (address, client) = (limit(app, &email.key()), limit(app, client));
    refuse_too_often(app, Bucket { name: "password", subject_hash: &address }, limits.passwords_per_address, now).await?;
    refuse_too_often(app, Bucket { name: "password-client", subject_hash: &client }, limits.passwords_per_client, now).await?;
    let coach = coaches::with_email(app.db.reader(), &email).await?;
    let right = verify_password(password, coach.as_ref().map(|coach| coach.password_hash.clone())).await;
    let signed_in = transact!(app.db, |tx| match &coach {
            Some(coach) if right => open_login(app, tx, (Who::Coach, coach.practice_id, coach.id.0), coach.epoch, COACH_IDLE, now).await.map(Some),
            _ => {
                attempts::note(tx, app.random.uuid(now.real), Bucket { name: "password", subject_hash: &address }, now.real).await?;
                attempts::note(tx, app.random.uuid(now.real), Bucket { name: "password-client", subject_hash: &client }, now.real).await?;
                Ok(None)
            }
        })?;
    signed_in.ok_or(Refused::Wrong)
}

fn limit(app: &App, subject: &str) -> String {
    app.links.keys().hash("limit", subject)
}

async fn refuse_too_often(app: &App, bucket: Bucket<'_>, most: u32, now: Now) -> Result<(), Refused> {
    let made = attempts::count_since(app.db.reader(), bucket, now.real - WINDOW).await?;
    if made >= u64::from(most) { Err(Refused::TooOften(now.real + WINDOW)) } else { Ok(()) }
}

/// A new id for every sign-in; only its hash is kept.
pub async fn open_login(
    app: &App,
    tx: &Tx,
    whose: (Who, PracticeId, Uuid),
    epoch: i32,
    lasts: TimeDelta,
    now: Now,
) -> store::Result<SignedIn> {
    let (who, practice_id, person_id) = whose;
    let token = app.random.token();
    let expires_at = now.real + lasts;
    let login = Login {
        id: app.random.id(now.real),
        practice_id,
        who,
        person_id,
        token_hash: token_hash(&token),
        epoch,
        created_at: now.real,
        seen_at: now.real,
        expires_at,
    };
    logins::create(tx, login).await?;
    Ok(SignedIn { token, expires_at })
}

/// A participant asks for a link and a code. The answer, and the work, are the same for any address; an
/// address known to several practices gets a mail from each.
pub async fn ask_for_link(app: &App, email: &EmailAddress, browser: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    let hash = limit(app, &email.key());
    let bucket = Bucket { name: "sign-in-mail", subject_hash: &hash };
    let limited = refuse_too_often(app, bucket, app.config.limits.sign_in_mails, now).await.is_err();
    transact!(app.db, |tx| {
            attempts::note(tx, app.random.uuid(now.real), bucket, now.real).await?;
            if limited {
                return Ok::<_, Refused>(());
            }
            for person in participants::everywhere_with_email(tx, email).await? {
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
            if let (Some(coach), false) = (coach, limited) {
                let whose = (Who::Coach, coach.practice_id, coach.id.0);
                mail_sign_in(app, tx, whose, Recipient::Coach(coach.id), ("reset", browser), now).await?;
            }
            Ok::<_, Refused>(())
        })?;
    app.bell.notify_waiters();
    Ok(())
}

async fn mail_sign_in(
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
            let matches = given.zip(owner).is_some_and(|(given, owner)| same(given.key().as_bytes(), owner.key().as_bytes()));
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

/// Who is signed in with this cookie, if anybody still is. Renews the idle time.
pub async fn who_is(app: &App, who: Who, token: &str) -> store::Result<Option<Login>> {
    let now = app.clock.now();
    let Some(login) = logins::with_token(app.db.reader(), &token_hash(token), now.real).await? else {
        return Ok(None);
    };
    if login.who != who {
        return Ok(None);
    }
    if who == Who::Coach && now.real - login.seen_at > TimeDelta::minutes(1) {
        let until = (now.real + COACH_IDLE).min(login.created_at + COACH_FOR);
        transact!(app.db, |tx| logins::mark_seen(tx, login.id, now.real, until).await)?;
    }
    Ok(Some(login))
}

pub async fn sign_out(app: &App, login: &Login) -> store::Result<()> {
    transact!(app.db, |tx| logins::end(tx, login.id).await)
}

/// Signs a person in on the browser that has just proved the address by a mailed link.
pub async fn sign_in_participant(app: &App, person: crate::domain::ids::ParticipantId, lasts: TimeDelta) -> Result<SignedIn, Refused> {
    let now = app.clock.now();
    let person = participants::holding(app.db.reader(), person).await?.ok_or(Refused::Spent)?;
    let whose = (Who::Participant, person.practice_id, person.id.0);
    Ok(transact!(app.db, |tx| open_login(app, tx, whose, person.epoch, lasts, now).await)?)
}
