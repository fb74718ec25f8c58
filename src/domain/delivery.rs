//! What may become of one email to one person, and who decides? These rules, and nothing else.

use chrono::{DateTime, Utc};

use super::{category::Category, enrollment::Standing};

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
    Moved,
    Paused,
    Resumed,
    Left,
    AddressChanged,
    ConfirmNewAddress,
    PasswordReset,
    TestMail,
    TestLesson,
    CoachNote,
    PartnerAsked,
    PartnerMissing,
    WaitingForTwo,
    RosterChanged,
    /// The application arrived; the coach said yes, or no.
    Applied,
    Accepted,
    TurnedDown,
    /// A place is still held: half of its time is over.
    PlaceReminder,
    /// For the coach: how many come, before it is decided whether the cohort takes place.
    CohortNumbers,
    /// It does not take place, or joins another.
    CalledOff,
    /// What a coach wrote to a set of people.
    Announcement,
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
    Moved = "moved",
    Paused = "paused",
    Resumed = "resumed",
    Left = "left",
    AddressChanged = "address_changed",
    ConfirmNewAddress = "confirm_new_address",
    PasswordReset = "password_reset",
    TestMail = "test_mail",
    TestLesson = "test_lesson",
    CoachNote = "coach_note",
    PartnerAsked = "partner_asked",
    PartnerMissing = "partner_missing",
    WaitingForTwo = "waiting_for_two",
    RosterChanged = "roster_changed",
    Applied = "applied",
    Accepted = "accepted",
    TurnedDown = "turned_down",
    PlaceReminder = "place_reminder",
    CohortNumbers = "cohort_numbers",
    CalledOff = "called_off",
    Announcement = "announcement",
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

/// When a mail that is in doubt goes out again by itself: never.
pub const A_PERSON_DECIDES: DateTime<Utc> = DateTime::from_timestamp(32_503_680_000, 0).expect("the year 3000");

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
            Self::ConfirmAddress
            | Self::PartnerAsked
            | Self::SignIn
            | Self::PasswordReset
            | Self::AddressChanged
            | Self::ConfirmNewAddress => Category::Security,
            Self::Welcome
            | Self::Waitlisted
            | Self::PlaceOffered
            | Self::AlreadyEnrolled
            | Self::Invite
            | Self::ScheduleChanged
            | Self::Moved
            | Self::Paused
            | Self::Resumed
            | Self::Left
            | Self::TestMail
            | Self::TestLesson
            | Self::CoachNote
            | Self::PartnerMissing
            | Self::WaitingForTwo
            | Self::RosterChanged
            | Self::Applied
            | Self::Accepted
            | Self::TurnedDown
            | Self::PlaceReminder
            | Self::CohortNumbers
            | Self::CalledOff => Category::Service,
            Self::ReminderDay | Self::ReminderHour => Category::Reminder,
            Self::Lesson | Self::CatchUp => Category::Lesson,
            Self::Announcement => Category::Announcement,
        }
    }

    /// Sign-ins, codes and holds keep real time; what a cohort does keeps program time.
    #[must_use]
    pub fn lives_by(self) -> LivesBy {
        match self {
            Self::ConfirmAddress
            | Self::PartnerAsked
            | Self::PartnerMissing
            | Self::PlaceOffered
            | Self::SignIn
            | Self::AddressChanged
            | Self::ConfirmNewAddress
            | Self::PasswordReset
            | Self::TestMail
            | Self::TestLesson
            | Self::Accepted
            | Self::PlaceReminder => LivesBy::Real,
            Self::Welcome
            | Self::Waitlisted
            | Self::AlreadyEnrolled
            | Self::Invite
            | Self::Lesson
            | Self::CatchUp
            | Self::ReminderDay
            | Self::ReminderHour
            | Self::ScheduleChanged
            | Self::Moved
            | Self::Paused
            | Self::Resumed
            | Self::Left
            | Self::CoachNote
            | Self::WaitingForTwo
            | Self::RosterChanged
            | Self::Applied
            | Self::TurnedDown
            | Self::CohortNumbers
            | Self::CalledOff
            | Self::Announcement => LivesBy::Program,
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

/// Why nothing is sent that the person turned off.
pub const STOPPED: &str = "the person stopped this kind of mail";

/// Why nothing is sent to somebody who stands elsewhere by now.
pub const ELSEWHERE: &str = "no longer in the cohort in a way this mail is for";

/// Every reason for which the late gate skips a lesson.
pub const LATE_GATE: [&str; 3] = [UNDELIVERABLE, STOPPED, ELSEWHERE];

/// The late gate: is this still wanted by the person it goes to, at `now` on the occasion's clock?
#[must_use]
pub fn still_wanted(occasion: Occasion, facts: &Facts, now: DateTime<Utc>) -> Verdict {
    if facts.undeliverable {
        return Verdict::Skip(UNDELIVERABLE);
    }
    if facts.stopped && occasion.category().subscribed() {
        return Verdict::Skip(STOPPED);
    }
    if let Some(standing) = facts.standing {
        let wanted = match occasion {
            // What was queued on the last day is still read by those who have completed.
            Occasion::Lesson | Occasion::CatchUp | Occasion::Resumed | Occasion::Announcement => standing.takes_part(),
            Occasion::ReminderDay | Occasion::ReminderHour => standing == Standing::Enrolled,
            Occasion::Paused => standing == Standing::Paused,
            Occasion::Moved => standing.takes_part() || standing == Standing::Paused,
            Occasion::ScheduleChanged => standing.holds_seat(),
            Occasion::PlaceOffered => standing == Standing::Offered,
            Occasion::ConfirmAddress => matches!(standing, Standing::Pending | Standing::Lapsed),
            Occasion::Welcome => standing.takes_part() || standing == Standing::Paused,
            Occasion::Waitlisted | Occasion::WaitingForTwo => standing == Standing::Waitlisted,
            Occasion::PartnerMissing => {
                standing.holds_seat() || matches!(standing, Standing::Waitlisted | Standing::Applied)
            }
            Occasion::Applied => standing == Standing::Applied,
            Occasion::Accepted => standing == Standing::Accepted,
            Occasion::TurnedDown => standing == Standing::Declined,
            Occasion::PlaceReminder => matches!(standing, Standing::Offered | Standing::Accepted),
            Occasion::AlreadyEnrolled
            | Occasion::SignIn
            | Occasion::Invite
            | Occasion::Left
            | Occasion::AddressChanged
            | Occasion::ConfirmNewAddress
            | Occasion::PasswordReset
            | Occasion::TestMail
            | Occasion::TestLesson
            | Occasion::CoachNote
            | Occasion::PartnerAsked
            | Occasion::RosterChanged
            | Occasion::CohortNumbers
            | Occasion::CalledOff => true,
        };
        if !wanted {
            return Verdict::Skip(ELSEWHERE);
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
