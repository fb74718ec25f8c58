//! What does a calendar, and the mail round it, say of one session?

use super::{Around, CannotCompose, Composed, Desk, times};
use crate::{
    actions::tell_calendars::Message,
    domain::{
        calendar::{self, Entry, EntryState, Party},
        delivery::{Occasion, State},
        invite::Word,
    },
    mail::{
        letters::{
            invite::Invite,
            invite_cancel::{InviteCancel, Why},
            invite_update::InviteUpdate,
        },
        message::Method,
    },
    store::{
        invites::{self, Invite as InviteRow},
        ledger,
        sessions::{self, SessionRow},
    },
};

impl Desk<'_> {
    pub(super) async fn invite(&self) -> Result<Composed, CannotCompose> {
        let message: Message =
            serde_json::from_str(&self.delivery.params).map_err(|_| CannotCompose::Gone("the calendar message"))?;
        let db = self.app.db.reader();
        let invite =
            invites::find(db, self.delivery.object_id.into()).await?.ok_or(CannotCompose::Gone("the invite"))?;
        let session = sessions::find(db, self.delivery.practice_id, invite.session_id)
            .await?
            .ok_or(CannotCompose::Gone("the session"))?;
        let entry = self.entry(&invite, &session, &message)?;
        let attendee =
            Party { name: self.facts.reader.name().expose().to_owned(), address: self.facts.reader.address().clone() };
        let organizer = self.organizer(&invite);
        let (method, text) = match message.word {
            Word::Request => (Method::Request, calendar::request(&entry, &organizer, &attendee)?),
            Word::Cancel => (Method::Cancel, calendar::cancel(&entry, &organizer, &attendee)?),
        };
        let around = Around {
            preview: None,
            references: self.first_invite_id().await?,
            calendar: Some((method, text)),
            from: Some(organizer.address),
        };
        let when = times::when(message.starts_at, message.ends_at, self.facts.reader.zone());
        let (subject, stop_url) = (entry.title.clone(), self.app.links.to("/p#calendar"));
        match message.word {
            Word::Cancel => {
                let why = if session.state == crate::domain::session::SessionState::Canceled {
                    Why::SessionCanceled
                } else {
                    Why::PersonStopped
                };
                self.finish(&InviteCancel { subject, when, why }, around)
            }
            Word::Request if is_new_time(&invite, &message) => {
                let was = invite.in_calendar_starts_at.zip(invite.in_calendar_ends_at);
                let was = was.map(|(from, to)| times::when(from, to, self.facts.reader.zone())).unwrap_or_default();
                let letter = InviteUpdate {
                    subject,
                    when,
                    was,
                    place: PLACE.to_owned(),
                    join_url: entry.link.clone(),
                    stop_url,
                };
                self.finish(&letter, around)
            }
            Word::Request => {
                let letter = Invite { subject, when, place: PLACE.to_owned(), join_url: entry.link.clone(), stop_url };
                self.finish(&letter, around)
            }
        }
    }

    fn entry(&self, invite: &InviteRow, session: &SessionRow, message: &Message) -> Result<Entry, CannotCompose> {
        let person = self.delivery.participant_id.ok_or(CannotCompose::Gone("the person"))?;
        Ok(Entry {
            uid: invite.uid.clone(),
            sequence: u32::try_from(message.sequence).unwrap_or_default(),
            stamp: message.stamp,
            starts_at: message.starts_at,
            ends_at: message.ends_at,
            title: self.facts.voice().calendar_title(session.title.expose()).to_owned(),
            description: "The link opens ten minutes early.".to_owned(),
            link: join_link(self.app, person, session),
            state: match message.word {
                Word::Request => EntryState::Confirmed,
                Word::Cancel => EntryState::Canceled,
            },
        })
    }

    /// Updates and cancellations stand in one thread with the first invite (H3).
    async fn first_invite_id(&self) -> Result<Option<String>, CannotCompose> {
        let rows = ledger::about(self.app.db.reader(), Occasion::Invite, self.delivery.object_id).await?;
        // Copies that a calendar asked for count below zero.
        let before = |row: &ledger::Delivery| {
            // What was voided before it reached anybody starts no thread.
            (0..self.delivery.generation).contains(&row.generation) && row.state != State::Canceled
        };
        let first = rows.into_iter().find(|row| before(row) && row.message_id.is_some());
        Ok(first.and_then(|row| row.message_id))
    }
}

/// The same time once more is no update.
fn is_new_time(invite: &InviteRow, message: &Message) -> bool {
    message.sequence > 0 && invite.in_calendar_starts_at.is_some_and(|was| was != message.starts_at)
}

const PLACE: &str = "Online";

/// The join page of one session for one person; the same in invite, feed and download. It outlives every move
/// of the session, so that an old entry still leads somewhere.
pub(crate) fn join_link(
    app: &crate::app::App,
    person: crate::domain::ids::ParticipantId,
    session: &SessionRow,
) -> String {
    let until = chrono::DateTime::from_timestamp(4_000_000_000, 0).unwrap_or(session.ends_at);
    app.links.join(person, session.id, until)
}
