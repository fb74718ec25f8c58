//! How are the questions of a program asked on a page, and read from it?

use serde::Serialize;

use crate::{
    domain::program::intake::{Answered, IntakeKind, IntakeQuestion},
    web::{
        form::{Checked, Entered},
        labels::Choice,
    },
};

/// One question as `_layouts/_intake.html` asks it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Asked {
    field: String,
    kind: IntakeKind,
    question: String,
    help: String,
    required: bool,
    choices: Vec<Choice>,
}

impl Asked {
    pub(crate) fn all(questions: &[IntakeQuestion]) -> Vec<Self> {
        questions.iter().map(Self::of).collect()
    }

    fn of(question: &IntakeQuestion) -> Self {
        // What may be left open can be taken back: no browser unchooses by itself.
        let open = (!question.required && !question.choices().is_empty()).then(|| Choice::new("", "I leave this open"));
        let choices = question.choices().into_iter().map(|(value, text)| Choice::new(value, text));
        Self {
            field: question.field(),
            kind: question.kind,
            question: question.question.clone(),
            help: question.help.clone(),
            required: question.required,
            choices: choices.chain(open).collect(),
        }
    }

    pub(crate) fn samples() -> Vec<Self> {
        let question = |kind: IntakeKind| IntakeQuestion {
            key: kind.as_str().replace('_', "-"),
            kind,
            question: "What do you hope for?".to_owned(),
            help: "A sentence is plenty.".to_owned(),
            options: vec!["Calm".to_owned(), "Clarity".to_owned()],
            least: "Not at all".to_owned(),
            most: "Very".to_owned(),
            ..IntakeQuestion::default()
        };
        IntakeKind::ALL.iter().map(|kind| Self::of(&question(*kind))).collect()
    }
}

/// What was answered, question by question.
pub(crate) fn read(checked: &mut Checked<'_>, questions: &[IntakeQuestion]) -> Option<Vec<Answered>> {
    let mut all = Some(Vec::new());
    for question in questions {
        let answer = checked.parse(&question.field(), |typed| question.read(typed));
        all = all.zip(answer).map(|(mut all, answer)| {
            all.push(Answered { asked: question.clone(), answer });
            all
        });
    }
    all
}

/// The form with what was answered before.
pub(crate) fn fill(form: Entered, before: &[Answered]) -> Entered {
    before.iter().fold(form, |form, answered| form.with(&answered.asked.field(), &*answered.answer))
}
