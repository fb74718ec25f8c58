//! What does the form of a lesson say, and at which field and line is it wrong?

use crate::{
    domain::lesson::{self, Finding, Lesson},
    store::programs::ProgramRow,
    web::{fields::Fields, form::Entered},
};

/// The form of a lesson as it is.
pub(in crate::web) fn fill(lesson: &Lesson) -> Entered {
    Entered::blank()
        .with("title", &*lesson.title)
        .with("subject", &*lesson.subject)
        .with("discreet_subject", &*lesson.discreet_subject)
        .with("preview", &*lesson.preview)
        .with("check_in", lesson.check_in.join("\n"))
        .with("body", &*lesson.body)
}

/// What was typed, not checked yet. Week and track are not the form's to say.
pub(in crate::web) fn read(fields: &Fields) -> Lesson {
    let text = |name: &str| fields.text(name).to_owned();
    let questions = fields.text("check_in").lines().map(str::trim).filter(|line| !line.is_empty());
    Lesson {
        week: 1,
        track: None,
        title: text("title"),
        subject: text("subject"),
        discreet_subject: text("discreet_subject"),
        preview: text("preview"),
        check_in: questions.map(str::to_owned).collect(),
        body: text("body"),
    }
}

/// Refuses what could fail, or give something away, when it is sent.
pub(in crate::web) fn checked(fields: &Fields, lesson: &Lesson, program: &ProgramRow) -> Result<(), Entered> {
    let findings = lesson::check(lesson, &program.content.0.forbidden());
    if findings.is_empty() {
        return Ok(());
    }
    Err(findings.iter().fold(Entered::of(fields), |form, finding| form.wrong(finding.field, said(finding))))
}

/// With the line, where a field has several.
pub(super) fn said(finding: &Finding) -> String {
    match finding.field {
        "body" => format!("Line {}: {}", finding.line, finding.message),
        "check_in" => format!("Question {}: {}", finding.line, finding.message),
        _ => finding.message.clone(),
    }
}
