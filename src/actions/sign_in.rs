//! Somebody proves who they are: by a mailed link or code, or by a password.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::passwords::{BadPassword, verify_password};
use crate::{
    app::App,
    clock::Now,
    domain::{
        email_address::EmailAddress,
        ids::{ParticipantId, PracticeId},
        people::Who,
    },
    keys::token_hash,
    store::{
        self,
        attempts::{self, Bucket},
        coaches::{self, Coach},
        database::Tx,
        logins::{self, Login},
        participants,
    },
    transact,
};

/// A participant stays signed in this long, on a device of their own longer.
pub const PARTICIPANT_FOR: TimeDelta = TimeDelta::hours(2);
pub const OWN_DEVICE_FOR: TimeDelta = TimeDelta::days(14);
/// A coach who does nothing is signed out after this, and after the other in any case.
pub const COACH_IDLE: TimeDelta = TimeDelta::minutes(30);
pub const COACH_FOR: TimeDelta = TimeDelta::hours(12);
const WINDOW: TimeDelta = TimeDelta::minutes(15);

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
    refuse_too_often(app, Bucket { name: "password", subject_hash: &address }, limits.passwords_per_address, now)
        .await?;
    refuse_too_often(app, Bucket { name: "password-client", subject_hash: &client }, limits.passwords_per_client, now)
        .await?;
    let coach = coaches::with_email(app.db.reader(), &email).await?;
    let right = verify_password(password, coach.as_ref().map(|coach| coach.password_hash.clone())).await;
    let signed_in = transact!(app.db, |tx| match &coach {
        Some(coach) if right =>
            open_login(app, tx, (Who::Coach, coach.practice_id, coach.id.0), coach.epoch, COACH_IDLE, now)
                .await
                .map(Some),
        _ => {
            attempts::note(
                tx,
                app.random.uuid(now.real),
                Bucket { name: "password", subject_hash: &address },
                now.real,
            )
            .await?;
            attempts::note(
                tx,
                app.random.uuid(now.real),
                Bucket { name: "password-client", subject_hash: &client },
                now.real,
            )
            .await?;
            Ok(None)
        }
    })?;
    signed_in.ok_or(Refused::Wrong)
}

pub(super) fn limit(app: &App, subject: &str) -> String {
    app.links.keys().hash("limit", subject)
}

pub(super) async fn refuse_too_often(app: &App, bucket: Bucket<'_>, most: u32, now: Now) -> Result<(), Refused> {
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
        transact!(aside app.db, |tx| logins::mark_seen(tx, login.id, now.real, until).await)?;
    }
    Ok(Some(login))
}

pub async fn sign_out(app: &App, login: &Login) -> store::Result<()> {
    transact!(app.db, |tx| logins::end(tx, login.id).await)
}

/// Signs a person in on the browser that has just proved the address by a mailed link.
pub async fn sign_in_participant(app: &App, person: ParticipantId, lasts: TimeDelta) -> Result<SignedIn, Refused> {
    let now = app.clock.now();
    let person = participants::holding(app.db.reader(), person).await?.ok_or(Refused::Spent)?;
    let whose = (Who::Participant, person.practice_id, person.id.0);
    Ok(transact!(app.db, |tx| open_login(app, tx, whose, person.epoch, lasts, now).await)?)
}
