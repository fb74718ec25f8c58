//! What is each state called on a coach's page, and in which color?

use chrono::Weekday;
use serde::Serialize;

use crate::domain::{
    cohort::{Decision, Late, LateJoiners},
    delivery::{Occasion, State},
    discretion::Discretion,
    enrollment::Standing,
    holiday::Country,
    people::CohortState,
    zone::Zone,
};

/// A state as a chip: `tone` is the style sheet's, or empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Label {
    pub(crate) text: String,
    pub(crate) tone: &'static str,
    pub(crate) icon: &'static str,
}

impl Label {
    pub(crate) fn new(text: impl Into<String>, tone: &'static str, icon: &'static str) -> Self {
        Self { text: text.into(), tone, icon }
    }
}

/// One entry of a select or a group of cards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) text: String,
    pub(crate) detail: String,
}

impl Choice {
    pub(crate) fn new(value: impl ToString, text: impl Into<String>) -> Self {
        Self { value: value.to_string(), text: text.into(), detail: String::new() }
    }

    pub(crate) fn with(self, detail: &str) -> Self {
        Self { detail: detail.to_owned(), ..self }
    }
}

/// As a coach reads it: what a machine has claimed still waits.
pub(crate) fn delivery(state: State) -> Label {
    let (text, tone, icon) = match state {
        State::Held => ("Held", "warn", "pause"),
        State::Queued | State::Claimed => ("Queued", "", "clock"),
        State::Sending => ("Sending", "info", "send"),
        State::Sent => ("Sent", "ok", "check"),
        State::Deferred => ("Retrying", "warn", "refresh"),
        State::Unknown => ("Unsure", "warn", "alert"),
        State::Bounced => ("Bounced", "bad", "alert"),
        State::Complained => ("Complained", "bad", "alert"),
        State::Failed => ("Failed", "bad", "alert"),
        State::Skipped => ("Skipped", "", "x"),
        State::Missed => ("Missed", "warn", "clock"),
        State::Canceled => ("Canceled", "", "x"),
    };
    Label::new(text, tone, icon)
}

pub(crate) fn standing(standing: Standing) -> Label {
    let (text, tone) = match standing {
        Standing::Pending => ("Not confirmed yet", "warn"),
        Standing::Applied => ("Applied", "info"),
        Standing::Accepted => ("Accepted", "info"),
        Standing::Declined => ("Declined", ""),
        Standing::Waitlisted => ("Waiting", ""),
        Standing::Offered => ("Place offered", "warn"),
        Standing::OfferExpired => ("Offer over", ""),
        Standing::Enrolled => ("Enrolled", "ok"),
        Standing::Paused => ("Paused", "warn"),
        Standing::Withdrawn => ("Left", ""),
        Standing::Transferred => ("Moved to another cohort", ""),
        Standing::Removed => ("Removed", ""),
        Standing::Completed => ("Completed", "ok"),
        Standing::Lapsed => ("Not answered in time", ""),
    };
    Label::new(text, tone, "")
}

pub(crate) fn cohort(state: CohortState, decision: Decision) -> Label {
    match decision {
        Decision::Canceled => Label::new("Canceled", "bad", ""),
        Decision::Merged => Label::new("Merged", "warn", ""),
        Decision::Undecided | Decision::Go | Decision::Moved => doors(state),
    }
}

fn doors(state: CohortState) -> Label {
    match state {
        CohortState::Draft => Label::new("Draft", "", ""),
        CohortState::Open => Label::new("Open", "ok", ""),
        CohortState::Closed => Label::new("Enrollment closed", "info", ""),
    }
}

/// What kind of mail it is.
pub(crate) fn occasion(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::ConfirmAddress => "Please confirm",
        Occasion::Welcome => "Welcome",
        Occasion::Waitlisted => "On the waitlist",
        Occasion::PlaceOffered => "Place offered",
        Occasion::AlreadyEnrolled => "Already enrolled",
        Occasion::SignIn => "Sign-in link",
        Occasion::Invite => "Calendar",
        Occasion::Lesson => "Lesson",
        Occasion::CatchUp => "Catching up",
        Occasion::ReminderDay => "Reminder, the day before",
        Occasion::ReminderHour => "Reminder, one hour",
        Occasion::ScheduleChanged => "Schedule changed",
        Occasion::Moved => "Other dates",
        Occasion::Paused => "A pause begins",
        Occasion::Resumed => "A pause ends",
        Occasion::Left => "Goodbye",
        Occasion::AddressChanged => "Address changed",
        Occasion::ConfirmNewAddress => "New address to confirm",
        Occasion::PasswordReset => "Password reset",
        Occasion::TestMail => "Test mail",
        Occasion::TestLesson => "Test of a lesson",
        Occasion::CoachNote => "Your daily note",
        Occasion::PartnerAsked => "A partner is asked",
        Occasion::PartnerMissing => "The partner has not joined",
        Occasion::WaitingForTwo => "Waiting for two places",
        Occasion::RosterChanged => "Who comes has changed",
        Occasion::Applied => "Application received",
        Occasion::Accepted => "Application accepted",
        Occasion::TurnedDown => "Application declined",
        Occasion::PlaceReminder => "A place is still held",
        Occasion::CohortNumbers => "Does it take place?",
        Occasion::CalledOff => "Does not take place",
        Occasion::Announcement => "Announcement",
    }
}

/// The three levels as cards.
pub(crate) fn discretions() -> Vec<Choice> {
    Discretion::ALL
        .into_iter()
        .map(|level| match level {
            Discretion::Open => Choice::new(level, "Open").with("Subjects and calendars say week and title."),
            Discretion::Discreet => Choice::new(level, "Discreet")
                .with("Neutral sender, subjects and calendar entries. Nothing names the topic."),
            Discretion::Minimal => {
                Choice::new(level, "Minimal").with("Mail holds a link only; the text is read after signing in.")
            }
        })
        .collect()
}

/// Every zone, by name.
pub(crate) fn zones() -> Vec<Choice> {
    Zone::all().map(|zone| Choice::new(zone, zone.name().replace('_', " "))).collect()
}

/// Countries whose public holidays can be warned of.
pub(crate) fn countries() -> Vec<Choice> {
    let none = Choice::new("", "No country");
    let mut countries: Vec<_> = Country::all().map(|country| Choice::new(country.code(), country.name())).collect();
    countries.sort_by(|one, other| one.text.cmp(&other.text));
    [none].into_iter().chain(countries).collect()
}

/// What becomes of a lesson whose time has passed.
pub(crate) fn lates() -> Vec<Choice> {
    let choice = |late: Late| match late {
        Late::Skip => Choice::new(late, "Skip it").with("It is not mailed; it can be read after signing in."),
        Late::Now => Choice::new(late, "Send it now").with("Whoever had today’s lesson already gets it tomorrow."),
        Late::WithNext => Choice::new(late, "With the next lesson").with("The next mail names it and leads to it."),
    };
    Late::ALL.iter().map(|late| choice(*late)).collect()
}

/// How those who come late catch up.
pub(crate) fn late_joiners() -> Vec<Choice> {
    let choice = |way: LateJoiners| match way {
        LateJoiners::Digest => Choice::new(way, "Gets one mail").with("It lists every lesson so far."),
        LateJoiners::Spaced => Choice::new(way, "Gets one lesson a day")
            .with("The oldest first, beside the regular ones, until caught up."),
        LateJoiners::PortalOnly => {
            Choice::new(way, "Gets no mail about it").with("The lessons so far can be read after signing in.")
        }
    };
    LateJoiners::ALL.iter().map(|way| choice(*way)).collect()
}

pub(crate) fn weekdays() -> Vec<Choice> {
    WEEKDAYS.iter().map(|(value, day)| Choice::new(value, weekday(*day))).collect()
}

/// As forms and the database spell them.
pub(crate) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

pub(crate) fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}
