//! Who hears of the change, when, and what should be looked at again?

use super::preview::{Sentence, Wording, lesson_title};
use crate::{
    domain::plan::{CalendarCount, Plan},
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
    [list("By feed, without an invite", &count.feed), list("Neither feed nor invite", &count.neither)]
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

/// What should be looked at again before applying. Public holidays belong here too.
pub(super) fn warnings(plan: &Plan, wording: &Wording<'_>) -> Vec<String> {
    let late = plan
        .lessons_after_end
        .iter()
        .map(|position| format!("{} goes out after the last session.", lesson_title(*position, wording.lessons)));
    late.collect()
}

fn things(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
