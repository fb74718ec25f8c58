//! Somebody who signs in with a password is added, with their practice if it is new.

use crate::{
    app::App,
    clock::Now,
    domain::{
        email_address::EmailAddress,
        ids::{CoachId, PracticeId},
        name::Name,
        people::Role,
        zone::Zone,
    },
    store::{
        self,
        coaches::{self, Coach},
        practices::{self, Practice},
    },
    transact,
};

#[derive(Debug, Clone)]
pub struct NewCoach {
    pub email: EmailAddress,
    pub name: Name,
    pub zone: Zone,
    pub practice: Name,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("somebody signs in with this address already")]
    Taken,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// A coach; whoever brings a new practice along owns it.
pub async fn add_coach(app: &App, new: &NewCoach, password_hash: &str) -> Result<CoachId, Refused> {
    add(app, new, Role::Coach, password_hash).await
}

/// Somebody who keeps the roster and the attendance, in a practice that is there.
pub async fn add_assistant(app: &App, new: &NewCoach, password_hash: &str) -> Result<CoachId, Refused> {
    add(app, new, Role::Assistant, password_hash).await
}

async fn add(app: &App, new: &NewCoach, role: Role, password_hash: &str) -> Result<CoachId, Refused> {
    let now = app.clock.now();
    let outcome = transact!(app.db, |tx| {
        if coaches::with_email(tx, &new.email).await?.is_some() {
            return Err(Refused::Taken);
        }
        let known =
            practices::on_this_installation(tx).await?.into_iter().find(|practice| practice.name == new.practice);
        let (practice_id, role) = match known {
            Some(practice) => (practice.id, role),
            None => {
                let practice = practice(app, new, now);
                let id = practice.id;
                practices::create(tx, practice).await?;
                (id, Role::Owner)
            }
        };
        let id: CoachId = app.random.id(now.real);
        let coach = Coach {
            id,
            practice_id,
            email: new.email.clone(),
            email_key: new.email.key(),
            name: new.name.clone(),
            zone: new.zone,
            password_hash: password_hash.to_owned(),
            feed_hash: app.links.feed_hash(&app.links.feed_token(id.0, 0)),
            role,
            epoch: 0,
            feed_rotation: 0,
            created_at: now.real,
            rights: String::new(),
        };
        coaches::create(tx, coach).await?;
        Ok(id)
    });
    match outcome {
        Err(Refused::Store(error)) if error.is_duplicate() => Err(Refused::Taken),
        outcome => outcome,
    }
}

/// Neutral by default: `N. Brandt` for Nadia Brandt.
fn practice(app: &App, new: &NewCoach, now: Now) -> Practice {
    let initial = new.name.first().chars().next().unwrap_or('T');
    let last = new.name.expose().rsplit(' ').next().unwrap_or_default();
    let neutral = if last == new.name.first() { new.name.expose().to_owned() } else { format!("{initial}. {last}") };
    let parsed = |text: &str| Name::parse(text).unwrap_or_else(|_| new.name.clone());
    let id: PracticeId = app.random.id(now.real);
    Practice {
        id,
        practice_id: id,
        name: new.practice.clone(),
        neutral_name: parsed(&neutral),
        first_name: parsed(new.name.first()),
        zone: new.zone,
        sender_email: new.email.clone(),
        list_email: None,
        reply_email: new.email.clone(),
        postal_address: String::new(),
        crisis_line: String::new(),
        brand_color: "#1f5c4a".to_owned(),
        mail_tested_at: None,
        created_at: now.real,
    }
}
