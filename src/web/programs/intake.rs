//! How are the questions of the enrollment form written, without a line of script?
//!
//! A row a question, and one empty row; a row without a question, or ticked, is left out; the number in a row
//! says where it stands.

use crate::{
    domain::program::{
        Program,
        intake::{IntakeKind, IntakeQuestion, MOST_QUESTIONS},
    },
    web::{
        fields::Fields,
        form::{Checked, Entered},
        labels::Choice,
    },
};

fn name(row: usize, key: &str) -> String {
    format!("intake_{row}_{key}")
}

pub(super) fn kinds() -> Vec<Choice> {
    let text = |kind: IntakeKind| match kind {
        IntakeKind::ShortText => "A line of text",
        IntakeKind::LongText => "Several lines of text",
        IntakeKind::Choice => "One of several answers",
        IntakeKind::Scale => "A scale from 1 to 5",
        IntakeKind::YesNo => "Yes or no",
    };
    IntakeKind::ALL.iter().map(|kind| Choice::new(kind, text(*kind))).collect()
}

/// The questions as they are.
pub(super) fn fill(form: Entered, program: &Program) -> Entered {
    let form = if program.couples { form.with("couples", "yes") } else { form };
    program.intake.iter().enumerate().fold(form, |form, (row, question)| {
        let form = form
            .with(&name(row, "key"), &*question.key)
            .with(&name(row, "kind"), question.kind.as_str())
            .with(&name(row, "question"), &*question.question)
            .with(&name(row, "help"), &*question.help)
            .with(&name(row, "options"), question.options.join("\n"))
            .with(&name(row, "least"), &*question.least)
            .with(&name(row, "most"), &*question.most)
            .with(&name(row, "place"), (row + 1).to_string());
        if question.required { form.with(&name(row, "required"), "yes") } else { form }
    })
}

/// The questions that the form makes, in their order, each with the row it stands in. A form that does not
/// have them leaves them as they were.
pub(super) fn read(
    checked: &mut Checked<'_>,
    fields: &Fields,
    before: &Program,
) -> Option<Vec<(usize, IntakeQuestion)>> {
    if !fields.has(&name(0, "question")) {
        return Some(before.intake.iter().cloned().enumerate().collect());
    }
    let mut rows = Vec::new();
    for row in 0..=MOST_QUESTIONS {
        if fields.text(&name(row, "question")).is_empty() || fields.has(&name(row, "remove")) {
            continue;
        }
        let place = checked.optional(&name(row, "place"), |text| {
            text.parse::<u16>().map_err(|_| "Enter a whole number: where the question stands")
        })?;
        let place = place.map_or(row + 1, usize::from);
        let kind = checked.choice(&name(row, "kind"), &KINDS, "Choose how the question is answered")?;
        rows.push((place, place.cmp(&(row + 1)), row, question(fields, row, kind)));
    }
    // Where two want one place, who came from below stands above, and the other way round.
    rows.sort_by_key(|(place, moved, row, _)| (*place, *moved, *row));
    let mut questions: Vec<_> = rows.into_iter().map(|(_, _, row, question)| (row, question)).collect();
    give_keys(&mut questions);
    Some(questions)
}

const KINDS: [(&str, IntakeKind); 5] = [
    ("short_text", IntakeKind::ShortText),
    ("long_text", IntakeKind::LongText),
    ("choice", IntakeKind::Choice),
    ("scale", IntakeKind::Scale),
    ("yes_no", IntakeKind::YesNo),
];

/// What another kind of question would need is dropped, so that the kind can be changed.
fn question(fields: &Fields, row: usize, kind: IntakeKind) -> IntakeQuestion {
    let text = |key: &str| fields.text(&name(row, key)).to_owned();
    let of_scale = |key: &str| if kind == IntakeKind::Scale { text(key) } else { String::new() };
    let options = text("options");
    let options = options.lines().map(str::trim).filter(|line| kind == IntakeKind::Choice && !line.is_empty());
    IntakeQuestion {
        key: text("key"),
        kind,
        question: text("question"),
        help: text("help"),
        required: fields.has(&name(row, "required")),
        options: options.map(str::to_owned).collect(),
        least: of_scale("least"),
        most: of_scale("most"),
    }
}

/// A new question is kept under its first words; one that has a key keeps it, whatever it says now.
fn give_keys(questions: &mut [(usize, IntakeQuestion)]) {
    let mut taken: Vec<String> = questions.iter().map(|(_, question)| question.key.clone()).collect();
    for (_, question) in questions.iter_mut().filter(|(_, question)| question.key.is_empty()) {
        let words = question.question.to_lowercase();
        let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let base: String = words.take(4).collect::<Vec<_>>().join("-").chars().take(24).collect();
        let base = base.trim_matches('-');
        let base = if base.is_empty() { "question" } else { base };
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let key = std::iter::once(base.to_owned()).chain(numbered).find(|key| !taken.contains(key));
        question.key = key.expect("numbers do not end");
        taken.push(question.key.clone());
    }
}

/// The form's own name of a field of the question at `index`.
pub(super) fn placed(rows: &[usize], index: usize, key: &str) -> String {
    // The key is not shown: what is wrong with it stands at the question.
    let key = if key == "key" { "question" } else { key };
    name(rows.get(index).copied().unwrap_or(index), key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(form: &str) -> Vec<String> {
        let fields = Fields::parse(form.as_bytes()).unwrap();
        let read = read(&mut Checked::new(&fields), &fields, &Program::default()).unwrap();
        read.into_iter().map(|(_, question)| question.key).collect()
    }

    fn row(row: usize, key: &str, place: &str) -> String {
        format!(
            "&intake_{row}_key={key}&intake_{row}_question=Why+is+{key}+so?&intake_{row}_kind=yes_no&intake_{row}_place={place}"
        )
    }

    #[test]
    fn questions_are_moved_added_and_left_out_by_what_stands_in_their_row() {
        let three = |a: &str, b: &str, c: &str| keys(&(row(0, "a", a) + &row(1, "b", b) + &row(2, "c", c)));
        assert_eq!(three("1", "2", "3"), ["a", "b", "c"]);
        assert_eq!(three("1", "2", "1"), ["c", "a", "b"], "up");
        assert_eq!(three("3", "2", "3"), ["b", "c", "a"], "down");
        assert_eq!(keys(&(row(0, "a", "1") + "&intake_0_remove=yes" + &row(1, "b", ""))), ["b"]);
        assert_eq!(keys(&(row(0, "why-is-so", "1") + &row(1, "", "2"))), ["why-is-so", "why-is-so-2"], "a new one");
        assert_eq!(keys("intake_0_question=&intake_0_kind=scale"), Vec::<String>::new());
    }

    #[test]
    fn a_form_without_questions_leaves_them() {
        let fields = Fields::parse(b"title=x").unwrap();
        let before = Program { intake: vec![IntakeQuestion::default()], ..Program::default() };
        assert_eq!(read(&mut Checked::new(&fields), &fields, &before).unwrap().len(), 1);
    }
}
