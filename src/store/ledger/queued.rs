//! What does a new row of the ledger look like?

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Delivery;
use crate::{
    clock::Now,
    domain::{
        delivery::{Occasion, State},
        ids::{CoachId, CohortId, DeliveryId, EnrollmentId, ParticipantId, PracticeId},
    },
};

/// Whom an email goes to. The address is read when it is sent, not when it is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    Participant(ParticipantId),
    Coach(CoachId),
}

/// A row to be. What makes it unique is (subject, occasion, object, generation).
#[derive(Debug, Clone)]
pub struct Queued {
    pub practice: PracticeId,
    pub occasion: Occasion,
    pub subject: Uuid,
    pub object: Uuid,
    pub generation: i32,
    pub recipient: Recipient,
    pub enrollment: Option<EnrollmentId>,
    pub cohort: Option<CohortId>,
    pub due_at: DateTime<Utc>,
    pub useful_until: Option<DateTime<Utc>>,
    /// What only this letter needs, as JSON.
    pub params: serde_json::Value,
    pub actor: Option<String>,
}

impl Queued {
    /// Due at once, useful for good, about its own subject.
    #[must_use]
    pub fn now(practice: PracticeId, occasion: Occasion, recipient: Recipient, now: Now) -> Self {
        let subject = match recipient {
            Recipient::Participant(id) => id.0,
            Recipient::Coach(id) => id.0,
        };
        Self {
            practice,
            occasion,
            subject,
            object: subject,
            generation: 0,
            recipient,
            enrollment: None,
            cohort: None,
            // In a rehearsal the two clocks differ: it stands among what the program did at that hour.
            due_at: now.program,
            useful_until: None,
            params: serde_json::json!({}),
            actor: None,
        }
    }

    #[must_use]
    pub fn row(self, id: DeliveryId, now: Now) -> Delivery {
        let (participant_id, coach_id) = match self.recipient {
            Recipient::Participant(id) => (Some(id), None),
            Recipient::Coach(id) => (None, Some(id)),
        };
        Delivery {
            id,
            practice_id: self.practice,
            occasion: self.occasion,
            category: self.occasion.category(),
            state: State::Queued,
            subject_id: self.subject,
            object_id: self.object,
            generation: self.generation,
            tries: 0,
            priority: self.occasion.priority(),
            doubts: 0,
            participant_id,
            coach_id,
            enrollment_id: self.enrollment,
            cohort_id: self.cohort,
            lease_token: None,
            due_at: self.due_at,
            next_try_at: now.real,
            created_at: now.program,
            changed_at: now.program,
            useful_until: self.useful_until,
            lease_until: None,
            sent_at: None,
            params: self.params.to_string(),
            reason: None,
            message_id: None,
            subject: None,
            body: None,
            actor: self.actor,
            frozen: None,
            sent_to: None,
            frozen_for: None,
            stencil_id: None,
            fills: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_at_once_stands_among_what_happened_at_that_hour() {
        let real = DateTime::UNIX_EPOCH;
        let program = real + chrono::TimeDelta::weeks(3);
        let coach = Recipient::Coach(Uuid::nil().into());
        let now = Now { program, real };
        let queued = Queued::now(Uuid::nil().into(), Occasion::RosterChanged, coach, now);
        assert_eq!(queued.due_at, program, "a rehearsal's outbox is in order");
        let row = queued.row(Uuid::nil().into(), now);
        assert_eq!((row.due_at, row.next_try_at), (program, real), "and tries are counted on the real clock");
    }
}
