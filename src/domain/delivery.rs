//! What may become of one email to one person, and who decides? These rules, and nothing else.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    attempt::{Attempt, Class, class},
    category::Category,
    enrollment::Standing,
};

/// Why a delivery exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occasion {
    ConfirmAddress,
    Welcome,
    Waitlisted,
    PlaceOffered,
    AlreadyEnrolled,
    SignIn,
    Invite,
    Lesson,
    CatchUp,
    ReminderDay,
    ReminderHour,
    ScheduleChanged,
    Left,
    AddressChanged,
    PasswordReset,
    TestMail,
    TestLesson,
    CoachNote,
}

crate::words!(Occasion {
    ConfirmAddress = "confirm_address",
    Welcome = "welcome",
    Waitlisted = "waitlisted",
    PlaceOffered = "place_offered",
    AlreadyEnrolled = "already_enrolled",
    SignIn = "sign_in",
    Invite = "invite",
    Lesson = "lesson",
    CatchUp = "catch_up",
    ReminderDay = "reminder_day",
    ReminderHour = "reminder_hour",
    ScheduleChanged = "schedule_changed",
    Left = "left",
    AddressChanged = "address_changed",
    PasswordReset = "password_reset",
    TestMail = "test_mail",
    TestLesson = "test_lesson",
    CoachNote = "coach_note",
});

/// A delivery's state, as a coach reads it (`claimed` reads as queued).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    Held,
    Queued,
    Claimed,
    Sending,
    Sent,
    Deferred,
    Unknown,
    Bounced,
    Complained,
    Failed,
    Skipped,
    Missed,
    Canceled,
}

crate::words!(State {
    Held = "held",
    Queued = "queued",
    Claimed = "claimed",
    Sending = "sending",
    Sent = "sent",
    Deferred = "deferred",
    Unknown = "unknown",
    Bounced = "bounced",
    Complained = "complained",
    Failed = "failed",
    Skipped = "skipped",
    Missed = "missed",
    Canceled = "canceled",
});

impl State {
    /// Nothing more happens to it by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Claimed | Self::Sending | Self::Deferred | Self::Unknown => false,
            Self::Held
            | Self::Sent
            | Self::Bounced
            | Self::Complained
            | Self::Failed
            | Self::Skipped
            | Self::Missed
            | Self::Canceled => true,
        }
    }
}

/// Which clock an occasion lives by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LivesBy {
    Program,
    Real,
}

impl Occasion {
    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::ConfirmAddress | Self::SignIn | Self::PasswordReset | Self::AddressChanged => Category::Security,
            Self::Welcome
            | Self::Waitlisted
            | Self::PlaceOffered
            | Self::AlreadyEnrolled
            | Self::Invite
            | Self::ScheduleChanged
            | Self::Left
            | Self::TestMail
            | Self::TestLesson
            | Self::CoachNote => Category::Service,
            Self::ReminderDay | Self::ReminderHour => Category::Reminder,
            Self::Lesson | Self::CatchUp => Category::Lesson,
        }
    }

    /// Sign-ins, codes and holds keep real time; what a cohort does keeps program time.
    #[must_use]
    pub fn lives_by(self) -> LivesBy {
        match self {
            Self::ConfirmAddress
            | Self::PlaceOffered
            | Self::SignIn
            | Self::AddressChanged
            | Self::PasswordReset
            | Self::TestMail
            | Self::TestLesson => LivesBy::Real,
            Self::Welcome
            | Self::Waitlisted
            | Self::AlreadyEnrolled
            | Self::Invite
            | Self::Lesson
            | Self::CatchUp
            | Self::ReminderDay
            | Self::ReminderHour
            | Self::ScheduleChanged
            | Self::Left
            | Self::CoachNote => LivesBy::Program,
        }
    }

    /// Whether a person gets at most one of these a program and day.
    #[must_use]
    pub fn once_a_day(self) -> bool {
        match self.category() {
            Category::Lesson | Category::Announcement => true,
            Category::Security | Category::Service | Category::Reminder => false,
        }
    }

    /// What goes first when much is due: lower is sooner.
    #[must_use]
    pub fn priority(self) -> i32 {
        match self.category() {
            Category::Security => 0,
            Category::Service => 1,
            Category::Reminder => 2,
            Category::Lesson => 3,
            Category::Announcement => 4,
        }
    }
}

/// What is true of the person at the last moment before a mail goes out.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// `None` for mail that is about no enrollment.
    pub standing: Option<Standing>,
    /// The person stopped this category for this program.
    pub stopped: bool,
    /// The mailbox is known not to exist, or the person complained.
    pub undeliverable: bool,
    /// For mail about a session: it is still planned.
    pub session_stands: bool,
    pub useful_until: Option<DateTime<Utc>>,
    /// Where the person had this program's mail of the day: the turn of the next one.
    pub next_turn: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Send,
    Skip(&'static str),
    /// Too late to be of use: listed, with *send anyway*.
    Missed(&'static str),
    /// Not today: the claim goes back unspent, and it is due at this instant.
    Later(DateTime<Utc>),
}

/// Why nothing is sent to an address that does not take mail.
pub const UNDELIVERABLE: &str = "mail to this address comes back; correct the address first";

/// The late gate: is this still wanted by the person it goes to, at `now` on the occasion's clock?
#[must_use]
pub fn still_wanted(occasion: Occasion, facts: &Facts, now: DateTime<Utc>) -> Verdict {
    if facts.undeliverable {
        return Verdict::Skip(UNDELIVERABLE);
    }
    if facts.stopped && occasion.category().subscribed() {
        return Verdict::Skip("the person stopped this kind of mail");
    }
    if let Some(standing) = facts.standing {
        let wanted = match occasion {
            Occasion::Lesson | Occasion::CatchUp | Occasion::ReminderDay | Occasion::ReminderHour => {
                standing == Standing::Enrolled
            }
            Occasion::ScheduleChanged => standing.holds_seat(),
            Occasion::PlaceOffered => standing == Standing::Offered,
            Occasion::ConfirmAddress => matches!(standing, Standing::Pending | Standing::Lapsed),
            Occasion::Welcome => standing.takes_part() || standing == Standing::Paused,
            Occasion::Waitlisted => standing == Standing::Waitlisted,
            Occasion::AlreadyEnrolled
            | Occasion::SignIn
            | Occasion::Invite
            | Occasion::Left
            | Occasion::AddressChanged
            | Occasion::PasswordReset
            | Occasion::TestMail
            | Occasion::TestLesson
            | Occasion::CoachNote => true,
        };
        if !wanted {
            return Verdict::Skip("no longer in the cohort in a way this mail is for");
        }
    }
    if matches!(occasion, Occasion::ReminderDay | Occasion::ReminderHour) && !facts.session_stands {
        return Verdict::Skip("the session was canceled or moved");
    }
    match facts.useful_until {
        Some(until) if until <= now => Verdict::Missed("too late to be of use"),
        _ => facts.next_turn.filter(|_| occasion.once_a_day()).map_or(Verdict::Send, Verdict::Later),
    }
}

/// What comes after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Sent,
    /// Try again at this real instant.
    Defer(DateTime<Utc>),
    /// The server may have it: once more with the same bytes.
    ResendUnknown(DateTime<Utc>),
    /// The server may have it: a person decides.
    HoldUnknown,
    Bounced,
    Failed,
    /// Not about this mail: give the claim back unspent and wait for the channel until this instant.
    GiveBack(DateTime<Utc>),
}

/// What an operator chose for mail whose fate is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    Resend,
    Hold,
}

/// Mail that failed transiently this often has `failed`.
pub const MOST_TRIES: u32 = 20;

/// The only place that decides on a retry. `jitter` is in `0.0..1.0`; `now` is real time.
#[must_use]
pub fn after(attempt: &Attempt, tries: u32, doubt: Doubt, jitter: f64, now: DateTime<Utc>) -> Next {
    match class(attempt) {
        Class::Sent => Next::Sent,
        Class::RecipientPermanent => Next::Bounced,
        Class::MessageTransient if tries >= MOST_TRIES => Next::Failed,
        Class::MessageTransient => Next::Defer(now + backoff(tries, jitter)),
        Class::Channel => Next::GiveBack(now + TimeDelta::seconds(60)),
        Class::SenderFault if tries >= MOST_TRIES => Next::Failed,
        Class::SenderFault => Next::Defer(now + TimeDelta::minutes(5)),
        Class::Unknown => match doubt {
            Doubt::Resend if tries >= MOST_TRIES => Next::HoldUnknown,
            Doubt::Resend => Next::ResendUnknown(now + backoff(tries, jitter)),
            Doubt::Hold => Next::HoldUnknown,
        },
    }
}

/// Full jitter: a random wait of up to 30 s · 2ⁿ, two hours at most and a minute at least (greylisting
/// wants that long).
fn backoff(tries: u32, jitter: f64) -> TimeDelta {
    let most = 30_u64.saturating_mul(1 << tries.min(12)).min(7_200);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "seconds below 7,200")]
    let wait = (most as f64 * jitter) as i64;
    TimeDelta::seconds(wait.max(60))
}
