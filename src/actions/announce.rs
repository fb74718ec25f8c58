//! A coach writes to a set of people: kept as a draft, looked at with everybody it reaches, sent, taken back.

use std::collections::BTreeSet;

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        announcement::{Audience, Stage, USEFUL, Wish, Words, check},
        delivery::{Occasion, State},
        discretion::ForbiddenWords,
        ids::{AnnouncementId, PracticeId},
        lesson::Finding,
    },
    store::{
        self, Connection,
        announcements::{self, Announcement},
        audits::{self, Audit},
        cohorts,
        database::Tx,
        ledger::{self, Queued, Recipient},
        programs,
    },
};

mod reach;

pub use reach::{LeftOut, Reach, Reached, reach};

/// What a coach has written so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub words: Words,
    pub audience: Audience,
    pub wish: Wish,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this announcement does not exist")]
    Unknown,
    #[error("it was sent already, so its words stay as they are")]
    Sent,
    #[error("choose at least one cohort of yours")]
    NoCohort,
    #[error("this cannot be sent as it stands")]
    Faulty(Vec<Finding>),
    #[error("who gets it, or when, has changed since the page was opened: look at it again")]
    Changed,
    #[error("nobody would get it")]
    Nobody,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Reads back what a row keeps.
#[must_use]
pub fn draft_of(row: &Announcement) -> Option<Draft> {
    Some(Draft {
        words: Words {
            subject: row.subject.clone(),
            discreet_subject: row.discreet_subject.clone(),
            body: row.body.clone(),
        },
        audience: serde_json::from_str(&row.audience).ok()?,
        wish: row.wish.parse().ok()?,
    })
}

/// Keeps a draft; nobody gets anything. `of` names the one to write anew, or none for a new one.
pub async fn save_announcement(
    app: &App,
    of: (PracticeId, Option<AnnouncementId>),
    draft: &Draft,
    actor: &str,
) -> Result<AnnouncementId, Refused> {
    let now = app.clock.now();
    let (practice, known) = of;
    let id = known.unwrap_or_else(|| app.random.id(now.real));
    transact!(app.db, |tx| {
        let findings = check(&draft.words, &forbidden(tx, practice, &draft.audience).await?);
        if !findings.is_empty() {
            return Err(Refused::Faulty(findings));
        }
        let before = match known {
            Some(id) => Some(announcements::find(tx, practice, id).await?.ok_or(Refused::Unknown)?),
            None => None,
        };
        let row = Announcement {
            id,
            practice_id: practice,
            subject: draft.words.subject.clone(),
            discreet_subject: draft.words.discreet_subject.clone(),
            body: draft.words.body.clone(),
            audience: serde_json::to_string(&draft.audience).expect("plain values"),
            wish: draft.wish.to_string(),
            stage: Stage::Draft,
            actor: actor.to_owned(),
            created_at: before.as_ref().map_or(now.program, |before| before.created_at),
            changed_at: now.program,
            sent_at: None,
        };
        match before.map(|before| before.stage) {
            None => announcements::create(tx, row).await?,
            Some(Stage::Draft) => announcements::save(tx, row).await?,
            Some(Stage::Sent | Stage::Undone) => return Err(Refused::Sent),
        }
        Ok(())
    })?;
    Ok(id)
}

/// The words of every program that it is about; all of the cohorts are the practice's own.
async fn forbidden(db: &impl Connection, practice: PracticeId, audience: &Audience) -> Result<ForbiddenWords, Refused> {
    let mut words = Vec::new();
    for id in &audience.cohorts {
        let cohort = cohorts::find(db, practice, *id).await?.ok_or(Refused::NoCohort)?;
        if let Some(program) = programs::find(db, practice, cohort.program_id).await? {
            words.extend(program.content.0.forbidden_words.iter().cloned());
            words.push(program.content.0.title.clone());
        }
    }
    if audience.cohorts.is_empty() { Err(Refused::NoCohort) } else { Ok(ForbiddenWords::new(words)) }
}

/// What `send_announcement` compares with what the coach saw: the words, and who gets them.
#[must_use]
pub fn fingerprint(app: &App, row: &Announcement, reach: &Reach) -> String {
    let people: BTreeSet<String> = reach.reached.iter().map(|reached| reached.person.id.to_string()).collect();
    let people: Vec<String> = people.into_iter().collect();
    app.links.keys().hash("announcement", &format!("{} {} {}", row.id, row.changed_at, people.join(" ")))
}

/// Queues it for everybody it reaches, each at their own time. Returns how many.
pub async fn send_announcement(
    app: &App,
    of: (PracticeId, AnnouncementId),
    seen: &str,
    actor: &str,
) -> Result<usize, Refused> {
    let now = app.clock.now();
    let count = transact!(app.db, |tx| {
        let row = announcements::find(tx, of.0, of.1).await?.ok_or(Refused::Unknown)?;
        let draft = draft_of(&row).ok_or(Refused::Unknown)?;
        if row.stage != Stage::Draft {
            return Err(Refused::Sent);
        }
        // A word may have been forbidden since.
        let findings = check(&draft.words, &forbidden(tx, of.0, &draft.audience).await?);
        if !findings.is_empty() {
            return Err(Refused::Faulty(findings));
        }
        let reach = reach(app, tx, (of.0, &draft), now).await?;
        if reach.reached.is_empty() {
            return Err(Refused::Nobody);
        }
        if fingerprint(app, &row, &reach) != seen {
            return Err(Refused::Changed);
        }
        if !announcements::advance(tx, row.id, (Stage::Draft, Stage::Sent), now.program).await? {
            return Err(Refused::Sent);
        }
        let mails = reach.reached.iter().map(|to| mail(&row, to, actor, now).row(app.random.id(now.program), now));
        let mails: Vec<_> = mails.collect();
        let count = mails.len();
        ledger::enqueue(tx, mails).await?;
        note(app, tx, of, ("announcement sent", actor), now).await?;
        Ok(count)
    })?;
    app.bell.notify_waiters();
    Ok(count)
}

fn mail(row: &Announcement, to: &Reached, actor: &str, now: Now) -> Queued {
    Queued {
        object: row.id.0,
        enrollment: Some(to.enrollment.id),
        cohort: Some(to.enrollment.cohort_id),
        due_at: to.at,
        useful_until: Some(to.at + USEFUL),
        actor: Some(actor.to_owned()),
        ..Queued::now(row.practice_id, Occasion::Announcement, Recipient::Participant(to.person.id), now)
    }
}

/// Takes back what has not left. Returns how many will not get it.
pub async fn undo_announcement(app: &App, of: (PracticeId, AnnouncementId), actor: &str) -> Result<u64, Refused> {
    let now = app.clock.now();
    let canceled = transact!(app.db, |tx| {
        let row = announcements::find(tx, of.0, of.1).await?.ok_or(Refused::Unknown)?;
        if row.stage == Stage::Draft {
            return Err(Refused::Unknown);
        }
        let about = (Occasion::Announcement, row.id.0);
        let canceled = ledger::cancel_about(tx, about, "taken back by the coach", now.program).await?;
        let all = ledger::about(tx, about.0, about.1).await?;
        if all.iter().all(|mail| mail.state == State::Canceled) {
            announcements::advance(tx, row.id, (Stage::Sent, Stage::Undone), now.program).await?;
        }
        if canceled > 0 {
            note(app, tx, of, ("announcement taken back", actor), now).await?;
        }
        Ok::<_, Refused>(canceled)
    })?;
    Ok(canceled)
}

async fn note(app: &App, tx: &Tx, of: (PracticeId, AnnouncementId), said: (&str, &str), now: Now) -> store::Result<()> {
    let (act, actor) = said;
    let audit = Audit {
        id: app.random.uuid(now.real),
        practice_id: of.0,
        act: act.to_owned(),
        actor: actor.to_owned(),
        subject: of.1.to_string(),
        detail: String::new(),
        made_at: now.real,
    };
    audits::note(tx, audit).await
}
