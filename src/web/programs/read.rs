//! What does the form of a program say, and what of it cannot be?

use super::intake;
use crate::{
    domain::{
        discretion::Discretion,
        program::{Document, Program, ProgramFinding, Question, Track, WeekOutline},
    },
    web::{
        fields::Fields,
        form::{Checked, Entered},
    },
};

/// More weeks than any form of ours shows.
const MOST_WEEKS: u16 = 104;

/// What a new program begins with, so that a title and a number of weeks are enough.
pub(super) fn beginning() -> Program {
    Program {
        weeks: 6,
        session_minutes: 75,
        capacity: 12,
        welcome: "You have a place, {{ name }}, and there is nothing to prepare. Each week you will receive one letter, and \
                  once a week we meet online. If you have a question, simply reply to this mail. It reaches {{ coach }}."
            .to_owned(),
        consent: Document {
            version: 1,
            text: "**What is stored:** your name, your email address, your time zone, what you write in check-ins, and which \
                   emails were sent to you.\n\n**Who reads it:** the coach. No other participant sees any of it.\n\n**For how \
                   long:** until 90 days after the program ends. You can have everything deleted at any time."
                .to_owned(),
        },
        agreement: Document {
            version: 1,
            text: "- **What is said here stays here,** and so does who was here.\n- **Nothing is recorded.**\n- **This is not a \
                   crisis service.** In danger, call the emergency number."
                .to_owned(),
        },
        ..Program::default()
    }
}

/// The form of a program as it is.
pub(super) fn fill(program: &Program) -> Entered {
    let tracks: Vec<String> = program.tracks.iter().map(|track| format!("{}: {}", track.key, track.label)).collect();
    let form = Entered::blank()
        .with("title", &*program.title)
        .with("eyebrow", &*program.eyebrow)
        .with("lead", &*program.lead)
        .with("description", &*program.description)
        .with("weeks", program.weeks.to_string())
        .with("calendar_title", &*program.calendar_title)
        .with("discretion", program.discretion.as_str())
        .with("forbidden_words", program.forbidden_words.join("\n"))
        .with("session_minutes", program.session_minutes.to_string())
        .with("capacity", program.capacity.to_string())
        .with("invites_ahead", program.invites_ahead.to_string())
        .with("welcome", &*program.welcome)
        .with("consent", &*program.consent.text)
        .with("agreement", &*program.agreement.text)
        .with("tracks", tracks.join("\n"));
    let form = intake::fill(form, program);
    let form = program.outline.iter().fold(form, |form, week| {
        form.with(&format!("week_{}_title", week.number), &*week.title)
            .with(&format!("week_{}_description", week.number), &*week.description)
            .with(&format!("week_{}_session_title", week.number), &*week.session_title)
    });
    program.faq.iter().enumerate().fold(form, |form, (index, item)| {
        form.with(&format!("faq_{index}_question"), &*item.question).with(&format!("faq_{index}_answer"), &*item.answer)
    })
}

/// The program that the form makes of an earlier one. What the program's own check finds stands at its field.
pub(super) fn read(fields: &Fields, before: &Program) -> Result<Program, Entered> {
    let mut checked = Checked::new(fields);
    let number =
        |checked: &mut Checked<'_>, name: &str| checked.parse_or(name, "Enter a whole number", str::parse::<u16>);
    let weeks = number(&mut checked, "weeks");
    let session_minutes = number(&mut checked, "session_minutes");
    let capacity = number(&mut checked, "capacity");
    let discretion = checked.parse("discretion", Discretion::parse);
    let tracks = checked.parse("tracks", tracks);
    let asked = intake::read(&mut checked, fields, before);
    let (weeks, session_minutes, capacity, discretion, tracks, asked) =
        checked.finish(|| Some((weeks?, session_minutes?, capacity?, discretion?, tracks?, asked?)))?;
    let (rows, intake): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
    let text = |name: &str| fields.text(name).to_owned();
    let or_lead = |name: &str| if fields.text(name).is_empty() { text("lead") } else { text(name) };
    let program = Program {
        title: text("title"),
        eyebrow: text("eyebrow"),
        lead: text("lead"),
        description: or_lead("description"),
        weeks,
        calendar_title: text("calendar_title"),
        discretion,
        forbidden_words: lines(fields.text("forbidden_words")),
        session_minutes,
        capacity,
        invites_ahead: fields.text("invites_ahead").parse().unwrap_or(before.invites_ahead),
        welcome: kept(fields, "welcome", &before.welcome),
        consent: document(kept(fields, "consent", &before.consent.text), &before.consent),
        agreement: document(kept(fields, "agreement", &before.agreement.text), &before.agreement),
        couples: if fields.has("couples_shown") { fields.has("couples") } else { before.couples },
        intake,
        tracks,
        outline: (1..=weeks.min(MOST_WEEKS)).map(|number| week(fields, number, before)).collect(),
        faq: questions(fields),
    };
    let findings = program.check();
    if findings.is_empty() {
        return Ok(program);
    }
    Err(findings.iter().fold(Entered::of(fields), |form, finding| {
        let (field, message) = placed(finding, &program, &rows);
        form.wrong(&field, message)
    }))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A form that does not have the field leaves the text as it was.
fn kept(fields: &Fields, name: &str, before: &str) -> String {
    if fields.has(name) { fields.text(name).to_owned() } else { before.to_owned() }
}

/// A new wording is a new version.
fn document(text: String, before: &Document) -> Document {
    Document { version: 1, text }.in_place_of(before)
}

fn tracks(text: &str) -> Result<Vec<Track>, &'static str> {
    let track = |line: String| {
        let (key, label) = line
            .split_once(':')
            .ok_or("Write one track a line: a short key, a colon and what people read, such as hurt: I was hurt")?;
        Ok(Track { key: key.trim().to_owned(), label: label.trim().to_owned() })
    };
    lines(text).into_iter().map(track).collect()
}

fn week(fields: &Fields, number: u16, before: &Program) -> WeekOutline {
    let known = before.outline.iter().find(|week| week.number == number);
    let text = |key: &str, known: Option<&String>, fallback: String| {
        let name = format!("week_{number}_{key}");
        if fields.has(&name) { fields.text(&name).to_owned() } else { known.cloned().unwrap_or(fallback) }
    };
    WeekOutline {
        number,
        title: text("title", known.map(|week| &week.title), format!("Week {number}")),
        description: text("description", known.map(|week| &week.description), String::new()),
        session_title: text("session_title", known.map(|week| &week.session_title), format!("Session {number}")),
    }
}

fn questions(fields: &Fields) -> Vec<Question> {
    let question = |index: usize| Question {
        question: fields.text(&format!("faq_{index}_question")).to_owned(),
        answer: fields.text(&format!("faq_{index}_answer")).to_owned(),
    };
    (0..100).map(question).filter(|item| !item.question.is_empty() || !item.answer.is_empty()).collect()
}

/// The form's own name of the field, and the line if there are several.
fn placed(finding: &ProgramFinding, program: &Program, rows: &[usize]) -> (String, String) {
    let path = finding.field();
    let steps: Vec<&str> = path.split('.').collect();
    let index = steps.get(1).and_then(|index| index.parse::<usize>().ok());
    let at_line =
        |line: usize| if line > 1 { format!("Line {line}: {}", finding.message) } else { finding.message.clone() };
    match (steps.first().copied().unwrap_or_default(), index, steps.get(2)) {
        ("week", Some(index), Some(key)) => {
            let number = program.outline.get(index).map_or(0, |week| week.number);
            (format!("week_{number}_{key}"), finding.message.clone())
        }
        ("intake", Some(index), Some(key)) => (intake::placed(rows, index, key), finding.message.clone()),
        ("faq", Some(index), Some(key)) => (format!("faq_{index}_{key}"), at_line(finding.line)),
        (field @ ("forbidden_words" | "tracks"), Some(index), _) => (field.to_owned(), at_line(index + 1)),
        (field, ..) => (field.to_owned(), at_line(finding.line)),
    }
}
