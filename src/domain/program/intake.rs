//! What is somebody asked when they enroll, and what did they answer?

use serde::{Deserialize, Serialize};

use crate::domain::name::is_unprintable;

/// The marks of a scale run from 1 to this.
pub const MOST_ON_SCALE: u8 = 5;
/// The most questions of a program: more than anybody in distress should be asked.
pub const MOST_QUESTIONS: usize = 20;
const LONGEST_SHORT: usize = 200;
const LONGEST_LONG: usize = 2_000;

/// How a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IntakeKind {
    #[default]
    ShortText,
    LongText,
    /// One of several options.
    Choice,
    /// A number from 1 to 5, with words at both ends.
    Scale,
    YesNo,
}

crate::words!(IntakeKind {
    ShortText = "short_text",
    LongText = "long_text",
    Choice = "choice",
    Scale = "scale",
    YesNo = "yes_no",
});

/// One question of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeQuestion {
    /// One word of small letters, digits and hyphens: what answers are kept under, whatever the question is called.
    pub key: String,
    pub kind: IntakeKind,
    pub question: String,
    /// Plain text below the question; may be empty.
    pub help: String,
    pub required: bool,
    /// Of a choice; else empty.
    pub options: Vec<String>,
    /// What 1 means on a scale; else empty.
    pub least: String,
    /// What 5 means on a scale; else empty.
    pub most: String,
}

impl IntakeQuestion {
    /// The field of a form.
    #[must_use]
    pub fn field(&self) -> String {
        format!("intake_{}", self.key)
    }

    /// What was typed, as it is kept; empty when nothing was and nothing had to be. The error is a sentence for
    /// the person.
    pub fn read(&self, typed: &str) -> Result<String, String> {
        let typed = typed.trim();
        if typed.is_empty() {
            return if self.required { Err(self.missing().to_owned()) } else { Ok(String::new()) };
        }
        let known = match self.kind {
            IntakeKind::ShortText => return fitting(typed, LONGEST_SHORT, is_unprintable),
            IntakeKind::LongText => {
                return fitting(typed, LONGEST_LONG, |c| is_unprintable(c) && c != '\n' && c != '\t');
            }
            IntakeKind::Choice => self.options.iter().any(|option| option == typed),
            IntakeKind::Scale => typed.parse::<u8>().is_ok_and(|mark| (1..=MOST_ON_SCALE).contains(&mark)),
            IntakeKind::YesNo => typed == "yes" || typed == "no",
        };
        if known { Ok(typed.to_owned()) } else { Err("Choose one of the answers shown".to_owned()) }
    }

    fn missing(&self) -> &'static str {
        match self.kind {
            IntakeKind::ShortText | IntakeKind::LongText => "Write a few words here: a sentence is plenty",
            IntakeKind::Choice | IntakeKind::Scale | IntakeKind::YesNo => "Choose one of the answers",
        }
    }

    /// What a form offers to choose from: the value and its words; nothing where people write.
    #[must_use]
    pub fn choices(&self) -> Vec<(String, String)> {
        match self.kind {
            IntakeKind::ShortText | IntakeKind::LongText => Vec::new(),
            IntakeKind::Choice => self.options.iter().map(|option| (option.clone(), option.clone())).collect(),
            IntakeKind::Scale => (1..=MOST_ON_SCALE).map(|mark| (mark.to_string(), self.mark(mark))).collect(),
            IntakeKind::YesNo => vec![("yes".to_owned(), "Yes".to_owned()), ("no".to_owned(), "No".to_owned())],
        }
    }

    fn mark(&self, mark: u8) -> String {
        let ends = [(1, &self.least), (MOST_ON_SCALE, &self.most)];
        let end = ends.into_iter().find(|(at, words)| *at == mark && !words.is_empty());
        end.map_or_else(|| mark.to_string(), |(_, words)| format!("{mark}: {words}"))
    }
}

fn fitting(typed: &str, most: usize, hidden: impl Fn(char) -> bool) -> Result<String, String> {
    if typed.chars().any(hidden) {
        return Err("This holds an invisible control character: delete it, or type the text again".to_owned());
    }
    if typed.chars().count() > most {
        return Err(format!("Shorten this to at most {most} characters"));
    }
    Ok(typed.to_owned())
}

/// A question as it was asked, with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub asked: IntakeQuestion,
    /// As a form sends it; empty: left open.
    pub answer: String,
}

impl Answered {
    /// The answer in words: `4 of 5 (1: not at all, 5: very much)`.
    #[must_use]
    pub fn words(&self) -> String {
        match self.asked.kind {
            IntakeKind::ShortText | IntakeKind::LongText | IntakeKind::Choice => self.answer.clone(),
            IntakeKind::YesNo if self.answer == "yes" => "Yes".to_owned(),
            IntakeKind::YesNo if self.answer == "no" => "No".to_owned(),
            IntakeKind::Scale if !self.answer.is_empty() => {
                format!("{} of {MOST_ON_SCALE}{}", self.answer, self.ends())
            }
            IntakeKind::YesNo | IntakeKind::Scale => String::new(),
        }
    }

    fn ends(&self) -> String {
        let IntakeQuestion { least, most, .. } = &self.asked;
        match (least.is_empty(), most.is_empty()) {
            (false, false) => format!(" (1: {least}, {MOST_ON_SCALE}: {most})"),
            (false, true) => format!(" (1: {least})"),
            (true, false) => format!(" ({MOST_ON_SCALE}: {most})"),
            (true, true) => String::new(),
        }
    }
}

/// What somebody who answered before is shown: the questions of now, then those that are no longer asked.
#[must_use]
pub fn asked_of(now: &[IntakeQuestion], before: &[Answered]) -> Vec<IntakeQuestion> {
    let no_longer = before.iter().filter(|answered| !now.iter().any(|question| question.key == answered.asked.key));
    // Nobody has to answer what is not asked any more.
    let no_longer = no_longer.map(|answered| IntakeQuestion { required: false, ..answered.asked.clone() });
    now.iter().cloned().chain(no_longer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: IntakeKind) -> IntakeQuestion {
        IntakeQuestion {
            key: "hope".into(),
            kind,
            question: "What do you hope for?".into(),
            options: vec!["Peace".into(), "A decision".into()],
            least: "not at all".into(),
            most: "very much".into(),
            ..IntakeQuestion::default()
        }
    }

    #[test]
    fn an_answer_is_one_that_the_question_takes() {
        for (kind, typed, kept) in [
            (IntakeKind::ShortText, " Peace ", Some("Peace")),
            (IntakeKind::ShortText, "two\nlines", None),
            (IntakeKind::LongText, "two\nlines", Some("two\nlines")),
            (IntakeKind::LongText, "a\u{202E}b", None),
            (IntakeKind::Choice, "A decision", Some("A decision")),
            (IntakeKind::Choice, "Revenge", None),
            (IntakeKind::Scale, "5", Some("5")),
            (IntakeKind::Scale, "6", None),
            (IntakeKind::Scale, "0", None),
            (IntakeKind::YesNo, "no", Some("no")),
            (IntakeKind::YesNo, "maybe", None),
        ] {
            assert_eq!(question(kind).read(typed).ok().as_deref(), kept, "{kind} {typed:?}");
        }
        assert!(question(IntakeKind::ShortText).read(&"é".repeat(201)).unwrap_err().contains("200"));
        for &kind in IntakeKind::ALL {
            assert_eq!(question(kind).read(" "), Ok(String::new()), "nothing has to be answered");
            assert!(IntakeQuestion { required: true, ..question(kind) }.read(" ").is_err(), "unless it has to");
        }
    }

    #[test]
    fn an_answer_reads_as_words() {
        let words = |kind, answer: &str| Answered { asked: question(kind), answer: answer.into() }.words();
        assert_eq!(words(IntakeKind::Scale, "4"), "4 of 5 (1: not at all, 5: very much)");
        assert_eq!((words(IntakeKind::YesNo, "no"), words(IntakeKind::Scale, "")), ("No".into(), String::new()));
    }

    #[test]
    fn what_is_no_longer_asked_is_still_shown_and_never_required() {
        let old = IntakeQuestion { key: "old".into(), required: true, ..question(IntakeKind::ShortText) };
        let before = [Answered { asked: old, answer: "Yes.".into() }];
        let shown = asked_of(&[question(IntakeKind::Scale)], &before);
        assert_eq!(
            shown.iter().map(|shown| (&*shown.key, shown.required)).collect::<Vec<_>>(),
            [("hope", false), ("old", false)]
        );
    }
}
