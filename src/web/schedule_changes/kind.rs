//! Which changes of a schedule are there, and how is each read from its form?

use chrono::{NaiveDate, NaiveTime};

use crate::{
    actions::change_schedule::read::Known,
    domain::{ids::SessionId, name::Name, plan::Change, week::MOST_WEEKS, zone::Zone},
    web::{
        cohort_new::read::{date, minutes, time},
        fields::Fields,
        form::{Checked, Entered},
        labels::WEEKDAYS,
    },
};

/// What a coach set out to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Start,
    Weekday,
    Break,
    Unbreak,
    Add,
    Extend,
    Shorten,
    Move(SessionId),
    Cancel(SessionId),
    Restore(SessionId),
}

/// What a kind of change is called on its pages.
pub(crate) struct Words {
    /// Above the form, above the plan, and on the button.
    pub(crate) title: &'static str,
    pub(crate) question: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) done: &'static str,
}

impl Kind {
    /// Those of a whole cohort, by the last part of their address.
    pub(crate) fn of_cohort(word: &str) -> Option<Self> {
        [Self::Start, Self::Weekday, Self::Break, Self::Unbreak, Self::Add, Self::Extend, Self::Shorten]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Weekday => "weekday",
            Self::Break => "break",
            Self::Unbreak => "unbreak",
            Self::Add => "add",
            Self::Extend => "extend",
            Self::Shorten => "shorten",
            Self::Move(_) => "move",
            Self::Cancel(_) => "cancel",
            Self::Restore(_) => "restore",
        }
    }

    pub(crate) fn words(self) -> Words {
        let words = |title, question, yes, done| Words { title, question, yes, done };
        match self {
            Self::Start => words("Move the start", "Move the start?", "Move the start", "changed"),
            Self::Weekday => {
                words("Change weekday, time or zone", "Change weekday, time or zone?", "Change the sessions", "changed")
            }
            Self::Break => words("Insert a break", "Insert this break?", "Insert the break", "changed"),
            Self::Unbreak => words("Take out a break", "Take out this break?", "Take out the break", "changed"),
            Self::Add => words("Add a session", "Add this session?", "Add the session", "changed"),
            Self::Extend => words("Add weeks at the end", "Add these weeks?", "Add the weeks", "changed"),
            Self::Shorten => words("Take weeks off the end", "Take these weeks off?", "Take the weeks off", "changed"),
            Self::Move(_) => words("Move a session", "Move this session?", "Move the session", "moved"),
            Self::Cancel(_) => words("Cancel a session", "Cancel this session?", "Cancel the session", "canceled"),
            Self::Restore(_) => words("Restore a session", "Restore this session?", "Restore the session", "restored"),
        }
    }

    /// Takes something away: its button is red.
    pub(crate) fn is_removal(self) -> bool {
        matches!(self, Self::Cancel(_) | Self::Shorten)
    }

    /// Which fields its form has; none: the plan is shown at once.
    pub(crate) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Start => &["to"],
            Self::Weekday => &["from_week", "weekday", "time", "minutes", "zone"],
            Self::Break | Self::Unbreak => &["week"],
            Self::Add => &["title", "date", "time", "minutes"],
            Self::Extend | Self::Shorten => &["weeks"],
            Self::Move(_) => &["date", "time", "minutes"],
            Self::Cancel(_) | Self::Restore(_) => &[],
        }
    }

    /// Where a rule that stands against the whole is said.
    pub(crate) fn first_field(self) -> &'static str {
        self.fields().iter().copied().find(|name| *name != "title").unwrap_or("session")
    }

    /// Every fault stands at its field.
    pub(crate) fn read(self, fields: &Fields) -> Result<Change, Entered> {
        let mut checked = Checked::new(fields);
        match self {
            Self::Start => {
                let to = date(&mut checked, "to");
                checked.finish(|| Some(Change::MoveStart { to: to? }))
            }
            Self::Weekday => read_weekday(checked),
            Self::Break => {
                let before = number(&mut checked, "week", "Choose the week that becomes a break");
                checked.finish(|| Some(Change::InsertBreak { before: before? }))
            }
            Self::Unbreak => {
                let week = number(&mut checked, "week", "Choose the break to take out");
                checked.finish(|| Some(Change::RemoveBreak { week: week? }))
            }
            Self::Add => {
                let title = checked.parse("title", Name::parse);
                let slot = slot(&mut checked);
                checked.finish(|| {
                    let (date, time, minutes) = slot?;
                    Some(Change::AddSession { date, time, minutes, title: title? })
                })
            }
            Self::Extend => {
                let weeks = number(&mut checked, "weeks", "Enter how many weeks to add, such as 1");
                checked.finish(|| Some(Change::Extend { weeks: weeks? }))
            }
            Self::Shorten => {
                let weeks = number(&mut checked, "weeks", "Enter how many weeks to take off, such as 1");
                checked.finish(|| Some(Change::Shorten { weeks: weeks? }))
            }
            Self::Move(session) => {
                let slot = slot(&mut checked);
                checked.finish(|| {
                    let (date, time, minutes) = slot?;
                    Some(Change::MoveSession { session, date, time, minutes })
                })
            }
            Self::Cancel(session) => Ok(Change::CancelSession { session }),
            Self::Restore(session) => Ok(Change::RestoreSession { session }),
        }
    }

    /// The form as it is likely wanted.
    pub(crate) fn blank(self, known: &Known, asked: &str) -> Entered {
        let schedule = &known.schedule;
        let text = |time: NaiveTime| time.format("%H:%M").to_string();
        let usual = || Entered::blank().with("time", text(schedule.time)).with("minutes", schedule.minutes.to_string());
        match self {
            Self::Start => Entered::blank().with("to", schedule.starts_on.to_string()),
            Self::Weekday => usual()
                .with("from_week", asked)
                .with("weekday", schedule.weekday.to_string().to_lowercase())
                .with("zone", schedule.zone.name()),
            Self::Break | Self::Unbreak => Entered::blank().with("week", asked),
            Self::Add => usual(),
            Self::Extend | Self::Shorten => Entered::blank().with("weeks", "1"),
            Self::Move(id) | Self::Cancel(id) | Self::Restore(id) => match schedule.session(id) {
                None => Entered::blank(),
                Some(session) => Entered::blank()
                    .with("date", session.slot.date.to_string())
                    .with("time", text(session.slot.time))
                    .with("minutes", session.slot.minutes.to_string()),
            },
        }
    }
}

fn read_weekday(mut checked: Checked<'_>) -> Result<Change, Entered> {
    let from_week = number(&mut checked, "from_week", "Choose the first week that changes");
    let weekday = checked.choice("weekday", &WEEKDAYS, "Choose the weekday of the sessions");
    let time = time(&mut checked, "time");
    let minutes = minutes(&mut checked);
    let zone = checked.parse("zone", Zone::parse);
    checked.finish(|| {
        Some(Change::Reslot { from_week: from_week?, weekday: weekday?, time: time?, minutes: minutes?, zone: zone? })
    })
}

fn slot(checked: &mut Checked<'_>) -> Option<(NaiveDate, NaiveTime, u16)> {
    let date = date(checked, "date");
    let time = time(checked, "time");
    let minutes = minutes(checked);
    Some((date?, time?, minutes?))
}

fn number(checked: &mut Checked<'_>, field: &str, message: &str) -> Option<u16> {
    let read = |text: &str| text.parse().ok().filter(|number| (1..=MOST_WEEKS).contains(number)).ok_or(());
    checked.parse_or(field, message, read)
}
