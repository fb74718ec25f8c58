//! May the next mail leave now? What all senders of this process know of the way out.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};

use crate::domain::{
    attempt::{Attempt, Class, class, is_busy},
    channel::{Channel, Fault, Pause, Turn},
    ids::PracticeId,
    pace::{Limits, Pace},
    provider::Providers,
};

/// The breaker, the limits, the providers that refuse us, and whose turn it is.
#[derive(Debug)]
pub struct PostOffice(Mutex<Desk>);

#[derive(Debug)]
struct Desk {
    channel: Channel,
    pace: Pace,
    providers: Providers,
    /// The practice that was served last.
    served: Option<PracticeId>,
    /// How long a mail takes of late, all senders together.
    a_mail_takes: Duration,
}

/// What is taken at once keeps the senders busy for so long: what is more urgent, and the next practice, wait no longer.
const A_HAND_LASTS: Duration = Duration::from_millis(400);
/// And it is at least so many mails and at most so many.
const IN_A_HAND: (u64, u64) = (4, 256);
/// As long as nothing is known: eight in a hand.
const A_MAIL_TAKES: Duration = Duration::from_millis(50);

/// What an attempt says about the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Nothing that was not known.
    Same,
    /// The server can be used again.
    Open,
    /// The server cannot be used.
    Shut(Pause),
    /// The recipient's provider refuses us.
    Refused(Pause),
}

impl PostOffice {
    /// `(sessions, most)`: how many senders begin, and how many there may be.
    #[must_use]
    pub fn new(limits: Limits, (sessions, most): (usize, usize), now: DateTime<Utc>) -> Self {
        Self(Mutex::new(Desk {
            channel: Channel::new(sessions, most),
            pace: Pace::new(limits, now),
            providers: Providers::default(),
            served: None,
            a_mail_takes: A_MAIL_TAKES,
        }))
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a sender may do now, limits included.
    #[must_use]
    pub fn turn(&self, now: DateTime<Utc>) -> Turn {
        let mut desk = self.desk();
        let free_at = desk.pace.free_at(now);
        if free_at > now { Turn::Wait(free_at) } else { desk.channel.turn(now) }
    }

    /// How many mails are taken at once.
    #[must_use]
    pub fn in_a_hand(&self) -> u64 {
        let takes = self.desk().a_mail_takes.as_micros().max(1);
        u64::try_from(A_HAND_LASTS.as_micros() / takes).unwrap_or(IN_A_HAND.1).clamp(IN_A_HAND.0, IN_A_HAND.1)
    }

    /// Learns how long one mail took; a slow one counts at once, a fast one makes the next hand twice as large at most.
    pub fn took(&self, mail: Duration) {
        let mut desk = self.desk();
        desk.a_mail_takes = mail.max(desk.a_mail_takes / 2);
    }

    /// The sender whose turn was to probe found nothing to send.
    pub fn not_probed(&self) {
        self.desk().channel.not_probed();
    }

    /// How many senders may work at the same time.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.desk().channel.sessions()
    }

    /// Since when the mail server cannot be used; `None`: it can, or nothing is known against it.
    #[must_use]
    pub fn shut_since(&self) -> Option<DateTime<Utc>> {
        self.desk().channel.shut_since()
    }

    /// How many providers refuse us as a sender.
    #[must_use]
    pub fn refusing_providers(&self) -> usize {
        self.desk().providers.paused()
    }

    /// Which they are, as domains.
    #[must_use]
    pub fn refusing(&self) -> Vec<String> {
        self.desk().providers.names()
    }

    /// When a mail to this domain may leave. If that is now, it counts as gone.
    #[must_use]
    pub fn permit(&self, domain: &str, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut desk = self.desk();
        match desk.providers.paused_until(domain, now) {
            Some(until) => until,
            None => desk.pace.take(domain, now),
        }
    }

    /// Whether the day's mail should be counted again.
    #[must_use]
    pub fn wants_count(&self, now: DateTime<Utc>) -> bool {
        self.desk().pace.wants_count(now)
    }

    pub fn counted(&self, sent: u64, now: DateTime<Utc>) {
        self.desk().pace.counted(sent, now);
    }

    /// The practice that was served last: the next one's turn is next.
    #[must_use]
    pub fn served(&self) -> Option<PracticeId> {
        self.desk().served
    }

    pub fn serve(&self, practice: PracticeId) {
        self.desk().served = Some(practice);
    }

    /// Learns from an attempt to reach somebody at this domain. `jitter` is in `0.0..1.0`.
    pub fn learn(&self, attempt: &Attempt, domain: &str, jitter: f64, now: DateTime<Utc>) -> Outlook {
        let mut desk = self.desk();
        let class = class(attempt);
        match class {
            Class::Channel => {
                let fault = if is_busy(attempt) { Fault::Busy } else { Fault::Shut };
                return Outlook::Shut(desk.channel.fault(fault, jitter, now));
            }
            Class::Unknown => return silent(desk.channel.lost(jitter, now)),
            Class::MessageTransient if matches!(attempt, Attempt::Lost { .. }) => {
                return silent(desk.channel.lost(jitter, now));
            }
            Class::Sent
            | Class::MessageTransient
            | Class::RecipientPermanent
            | Class::SenderFault
            | Class::ContentFault => {}
        }
        let is_open_again = desk.channel.answered();
        let refused = (class == Class::SenderFault).then(|| desk.providers.refused(domain, now));
        let takes_us_again = class == Class::Sent && desk.providers.accepted(domain);
        match refused {
            Some(pause) => Outlook::Refused(pause),
            None if is_open_again || takes_us_again => Outlook::Open,
            None => Outlook::Same,
        }
    }
}

fn silent(pause: Option<Pause>) -> Outlook {
    pause.map_or(Outlook::Same, Outlook::Shut)
}
