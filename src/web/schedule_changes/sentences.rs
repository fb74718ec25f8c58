//! Who hears of the change, when, and what should be looked at again?

use super::{
    form::titled,
    preview::{Sentence, Wording, lesson_title},
};
use crate::{
    domain::{
        civil,
        holiday::{self, Country},
        plan::{CalendarCount, Plan, Session},
    },
    store::cohorts::Cohort,
    web::desk,
};

pub(super) fn sentences(plan: &Plan, wording: &Wording<'_>) -> Vec<Sentence> {
    let say = |about, text: String| Sentence { about, text };
    let mut all = vec![say("People told", told(plan, wording))];
    if !wording.is_draft {
        all.push(say("When they are told", when(plan)));
        all.push(say("Calendars", calendars(&plan.calendars)));
        all.extend(without(&plan.calendars));
        all.push(say("Reminders", reminders(plan)));
        all.push(say("What goes out now", goes_out_now(plan)));
    }
    if plan.over > 0 {
        let text = format!("{} is over or under way and stays as it is", things(plan.over, "session"));
        let text = if plan.over == 1 {
            text
        } else {
            text.replace(" is ", " are ").replace("stays as it is", "stay as they are")
        };
        all.push(say("What is over", text));
    }
    all
}

fn told(plan: &Plan, wording: &Wording<'_>) -> String {
    if wording.is_draft {
        return "Nobody: the cohort is a draft".to_owned();
    }
    match plan.calendars.told {
        0 => "Nobody: what people were told is still true".to_owned(),
        told => format!("{}, one plain mail each", desk::people(u64::try_from(told).unwrap_or_default())),
    }
}

fn when(plan: &Plan) -> String {
    if plan.at_once {
        "At once, because a session is less than a day away. It cannot be undone, only changed again".to_owned()
    } else {
        "In ten minutes, so that this can be undone and further changes make one message".to_owned()
    }
}

fn calendars(count: &CalendarCount) -> String {
    let parts = [
        (count.updates, "entry updated", "entries updated"),
        (count.new, "new entry", "new entries"),
        (count.removed, "entry taken out", "entries taken out"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many }))
        .collect();
    if parts.is_empty() {
        return "No invite changes; feeds follow by themselves".to_owned();
    }
    let whose = if count.people == 1 { "one calendar".to_owned() } else { format!("{} calendars", count.people) };
    format!("{} in {whose}, by invite; feeds follow by themselves", parts.join(", "))
}

/// Who has no invite, by name: they learn of it by mail only.
fn without(count: &CalendarCount) -> Vec<Sentence> {
    let list = |about, names: &[String]| (!names.is_empty()).then(|| Sentence { about, text: shortened(names) });
    [
        list("By feed, without an invite", &count.feed),
        list("Neither feed nor invite", &count.neither),
        list("Mail does not reach", &count.unreachable),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn shortened(names: &[String]) -> String {
    const MOST: usize = 20;
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}

fn reminders(plan: &Plan) -> String {
    let count = plan.reminders;
    let parts = [
        (count.moved + count.added, "follow the new times"),
        (count.dropped, "are dropped"),
        (count.skipped, "would lie in the past and are not sent"),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    if parts.is_empty() { "None changes".to_owned() } else { parts.join(", ") }
}

fn goes_out_now(plan: &Plan) -> String {
    match (plan.at_once, plan.calendars.told) {
        (true, told @ 1..) => {
            format!(
                "The mail to {} and what calendars are told; no lesson and no reminder",
                desk::people(u64::try_from(told).unwrap_or_default())
            )
        }
        (true, 0) | (false, _) => "Nothing".to_owned(),
    }
}

/// What should be looked at again before applying; nothing of it is changed by itself.
pub(super) fn warnings(plan: &Plan, wording: &Wording<'_>) -> Vec<String> {
    let holidays = wording.country.into_iter().flat_map(|country| holidays(plan, country));
    let late = plan
        .lessons_after_end
        .iter()
        .map(|position| format!("{} goes out after the last session.", lesson_title(*position, wording.lessons)));
    holidays.chain(late).chain(wording.windows.clone()).collect()
}

/// Each session that this change puts on a public holiday.
fn holidays(plan: &Plan, country: Country) -> Vec<String> {
    let touched = plan.moved.iter().map(|moved| &moved.session).chain(&plan.added).chain(&plan.restored);
    let warning = |session: &Session| {
        let (day, which) = (session.slot.date, titled(session));
        let holiday = holiday::on(country, day)?;
        let on = civil::date(day);
        Some(format!(
            "{which} would be on {on}, which is {holiday} in {}. Nothing is changed because of it.",
            country.name()
        ))
    };
    touched.filter_map(warning).collect()
}

/// Dates of the cohort that do not move with its start.
pub(super) fn windows(cohort: &Cohort) -> Option<String> {
    let days = [
        ("enrollment opens", cohort.enroll_from_on),
        ("enrollment closes", cohort.enroll_until_on),
        ("people may move to another cohort until", cohort.move_until_on),
        ("people may pause until", cohort.pause_until_on),
        ("it is decided whether the cohort takes place", cohort.decide_by.map(|at| cohort.zone.local(at).date())),
    ];
    let fixed: Vec<String> =
        days.into_iter().filter_map(|(what, day)| Some(format!("{what} {}", civil::date(day?)))).collect();
    (!fixed.is_empty())
        .then(|| format!("These dates do not move with the start: {}. Look at Settings.", fixed.join(", ")))
}

fn things(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
