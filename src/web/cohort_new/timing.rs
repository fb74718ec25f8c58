//! When do lessons go out, as a coach chooses it in a form?

use crate::{
    domain::schedule::{LONGEST_WAIT, LessonClock, LessonRule, LessonTiming},
    web::{
        fields::Fields,
        form::{Checked, Entered},
        labels::{Choice, WEEKDAYS},
    },
};

/// The three ways to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Weekday,
    Session,
    Own,
}

const WAYS: [(&str, By); 3] = [("weekday", By::Weekday), ("session", By::Session), ("own", By::Own)];

/// Reads the fields of `cohort_new/_timing.html`.
pub(crate) fn timing(checked: &mut Checked<'_>, fields: &Fields) -> Option<LessonTiming> {
    let has_own = !fields.text("lesson_rule").is_empty();
    let by = match fields.text("lesson_by") {
        "" if has_own => By::Own,
        "" => By::Weekday,
        _ => checked.choice("lesson_by", &WAYS, "Choose what times the lessons")?,
    };
    match by {
        By::Own if !has_own => checked.refuse("lesson_rule", "Write the five fields, such as 0 7 * * MON"),
        By::Own => checked.parse("lesson_rule", LessonTiming::parse),
        // What somebody wrote is not silently left out.
        By::Weekday | By::Session if has_own => {
            checked.refuse("lesson_rule", "Choose “By an expression of my own” for this to count, or leave it empty")
        }
        By::Weekday => {
            let day = checked.choice("lesson_day", &WEEKDAYS, "Choose the weekday of the lessons");
            let time = super::read::time(checked, "lesson_time");
            Some(LessonTiming::Rule(LessonRule::from_weekday(day?, time?)))
        }
        By::Session => {
            let message = format!("Enter how many minutes after the session, from 0 to {LONGEST_WAIT} (seven days)");
            let minutes = checked.parse_or("lesson_after", &message, str::parse::<u32>)?;
            checked.parse_or("lesson_after", &message, |_| LessonTiming::after_session(minutes))
        }
    }
}

/// By whose clock; what follows a session knows no clock of its own.
pub(crate) fn clock(checked: &mut Checked<'_>, fields: &Fields) -> Option<LessonClock> {
    if fields.text("lesson_by") == "session" {
        return Some(LessonClock::Cohort);
    }
    let clocks = [("cohort", LessonClock::Cohort), ("participant", LessonClock::Participant)];
    checked.choice("lesson_clock", &clocks, "Choose by whose clock lessons go out")
}

/// The form as it is for this timing.
pub(crate) fn fill(form: Entered, timing: &LessonTiming, clock: LessonClock) -> Entered {
    let form = form.with("lesson_clock", clock.as_str());
    let simple = timing.rule().and_then(LessonRule::as_weekday);
    let word = |day| WEEKDAYS.iter().find(|(_, known)| *known == day).map_or("mon", |(word, _)| word);
    match (timing, simple) {
        (LessonTiming::Rule(_), Some((day, time))) => form
            .with("lesson_by", "weekday")
            .with("lesson_day", word(day))
            .with("lesson_time", time.format("%H:%M").to_string())
            .with("lesson_after", "30"),
        (LessonTiming::Rule(rule), None) => form
            .with("lesson_by", "own")
            .with("lesson_day", "mon")
            .with("lesson_time", rule.time().format("%H:%M").to_string())
            .with("lesson_after", "30")
            .with("lesson_rule", rule.expression()),
        (LessonTiming::AfterSession { minutes }, _) => form
            .with("lesson_by", "session")
            .with("lesson_day", "mon")
            .with("lesson_time", "07:00")
            .with("lesson_after", minutes.to_string()),
    }
}

pub(crate) fn clocks() -> Vec<Choice> {
    vec![
        Choice::new("cohort", "The cohort’s clock").with("Everybody gets it at the same moment."),
        Choice::new("participant", "Each participant’s own clock").with("At this time of day wherever they are."),
    ]
}

/// In words, for a page: `After each session, 30 minutes later`.
pub(crate) fn in_words(timing: &LessonTiming) -> String {
    match timing {
        LessonTiming::Rule(rule) => match rule.as_weekday() {
            Some((day, time)) => {
                format!("Every {} at {}", crate::web::labels::weekday(day), time.format("%H:%M"))
            }
            None => "By an expression of your own".to_owned(),
        },
        LessonTiming::AfterSession { minutes } => format!("After each session, {}", wait(*minutes)),
    }
}

fn wait(minutes: u16) -> String {
    let several = |number: u16, noun: &str| format!("{number} {noun}{} later", if number == 1 { "" } else { "s" });
    match minutes {
        0 => "at its end".to_owned(),
        days if days % 1440 == 0 => several(days / 1440, "day"),
        hours if hours % 60 == 0 => several(hours / 60, "hour"),
        minutes => several(minutes, "minute"),
    }
}
