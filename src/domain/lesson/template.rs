//! Which variables may a text hold, and where do they stand?
//!
//! The syntax is minijinja's, and this is all of it: `{{ variable }}`, `{% if variable %}`, `{% else %}`,
//! `{% endif %}`. Nothing else can be written, so nothing has to be switched off, limited or timed, and lines
//! keep their numbers, so that a fault in the Markdown is reported where its author sees it.

use std::collections::BTreeSet;

use crate::domain::markdown::{is_slot, slot};

/// What a text may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    Name,
    Coach,
    Week,
    Weeks,
    SessionWhen,
    SessionTitle,
    CheckInLink,
    MyProgramLink,
    CrisisLine,
}

impl Variable {
    /// In the order of their slots.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Coach,
        Self::Week,
        Self::Weeks,
        Self::SessionWhen,
        Self::SessionTitle,
        Self::CheckInLink,
        Self::MyProgramLink,
        Self::CrisisLine,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Coach => "coach",
            Self::Week => "week",
            Self::Weeks => "weeks",
            Self::SessionWhen => "session.when",
            Self::SessionTitle => "session.title",
            Self::CheckInLink => "links.check_in",
            Self::MyProgramLink => "links.my_program",
            Self::CrisisLine => "crisis_line",
        }
    }

    /// Whether its value is a URL, and may be the target of a link.
    #[must_use]
    pub fn is_link(self) -> bool {
        match self {
            Self::CheckInLink | Self::MyProgramLink => true,
            Self::Name
            | Self::Coach
            | Self::Week
            | Self::Weeks
            | Self::SessionWhen
            | Self::SessionTitle
            | Self::CrisisLine => false,
        }
    }

    /// The character that stands for its value.
    pub(super) fn slot(self) -> char {
        slot(self as u8)
    }

    fn parse(name: &str) -> Result<Self, Fault> {
        if let Some(variable) = Self::ALL.into_iter().find(|variable| variable.name() == name) {
            return Ok(variable);
        }
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || !name.chars().all(plain) {
            return Err(Fault::Expression(shortened(name)));
        }
        let nearest = Self::ALL.into_iter().min_by_key(|variable| distance(variable.name(), name));
        match nearest {
            Some(nearest) if distance(nearest.name(), name) <= 2 + nearest.name().len() / 4 => {
                Err(Fault::Misspelled { name: shortened(name), nearest: nearest.name() })
            }
            Some(_) | None => Err(Fault::Unknown(shortened(name))),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadTemplate {
    /// From 1.
    pub line: usize,
    pub fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("This {0} is not closed on its line; write a variable as {{{{ name }}}} on one line")]
    Unclosed(&'static str),
    #[error("There is no variable `{name}`; did you mean {{{{ {nearest} }}}}?")]
    Misspelled { name: String, nearest: &'static str },
    #[error(
        "There is no variable `{0}`; the ones there are: name, coach, week, weeks, session.when, session.title, links.check_in, links.my_program, crisis_line"
    )]
    Unknown(String),
    #[error(
        "`{0}` is more than a variable's name; filters, functions and calculations are not available, so write only {{{{ name }}}}"
    )]
    Expression(String),
    #[error("`{{% {0} %}}` is not available; use {{% if name %}}, {{% else %}} and {{% endif %}} only")]
    Tag(String),
    #[error("Comments {{# … #}} are not available; remove it")]
    Comment,
    #[error("This {{% if %}} has no {{% endif %}}; add one after the text that depends on it")]
    UnclosedIf,
    #[error("This {{% {0} %}} belongs to no {{% if %}}; remove it")]
    Stray(&'static str),
    #[error("A text can hang on at most four different variables; use fewer {{% if %}}")]
    TooManyConditions,
    #[error("A condition can stand in another one, but no deeper; use fewer {{% if %}}")]
    TooDeep,
    #[error("This line holds an invisible control character; delete it and type the text again")]
    Invisible,
}

/// A text understood.
#[derive(Debug)]
pub struct Template<'a> {
    pieces: Vec<Piece<'a>>,
}

#[derive(Debug)]
enum Piece<'a> {
    Text(&'a str),
    Variable(Variable),
    If(Variable),
    Else,
    EndIf,
}

const MOST_CONDITIONS: usize = 4;

impl<'a> Template<'a> {
    /// Every fault is reported, in the order of lines.
    pub fn parse(source: &'a str) -> Result<Self, Vec<BadTemplate>> {
        let mut faults = Vec::new();
        let mut pieces = Vec::new();
        let mut open: Vec<(usize, bool)> = Vec::new();
        for (index, line) in source.split_inclusive('\n').enumerate() {
            let mut fault = |fault| faults.push(BadTemplate { line: index + 1, fault });
            if line.contains(is_slot) {
                fault(Fault::Invisible);
            }
            for piece in pieces_of(line) {
                match piece.and_then(|piece| nest(&piece, index + 1, &mut open).map(|()| piece)) {
                    Ok(piece) => pieces.push(piece),
                    Err(bad) => fault(bad),
                }
            }
        }
        faults.extend(open.into_iter().map(|(line, _)| BadTemplate { line, fault: Fault::UnclosedIf }));
        let template = Self { pieces };
        if template.conditions().len() > MOST_CONDITIONS {
            faults.push(BadTemplate { line: 1, fault: Fault::TooManyConditions });
        }
        faults.sort_by_key(|bad| bad.line);
        if faults.is_empty() { Ok(template) } else { Err(faults) }
    }

    /// The variables that text hangs on.
    #[must_use]
    pub fn conditions(&self) -> BTreeSet<Variable> {
        let condition = |piece: &Piece<'_>| match piece {
            Piece::If(variable) => Some(*variable),
            Piece::Text(_) | Piece::Variable(_) | Piece::Else | Piece::EndIf => None,
        };
        self.pieces.iter().filter_map(condition).collect()
    }

    /// The text with a slot for every variable. Of what is left out only the line breaks stay.
    pub fn expand(&self, has_value: impl Fn(Variable) -> bool) -> String {
        let mut text = String::new();
        let mut shown = vec![true];
        for piece in &self.pieces {
            let visible = shown.iter().all(|shown| *shown);
            match piece {
                Piece::Text(piece) if visible => text.push_str(piece),
                Piece::Text(piece) => text.extend(piece.chars().filter(|c| *c == '\n')),
                Piece::Variable(variable) if visible => text.push(variable.slot()),
                Piece::Variable(_) => {}
                Piece::If(variable) => shown.push(has_value(*variable)),
                Piece::Else => {
                    if let Some(last) = shown.last_mut() {
                        *last = !*last;
                    }
                }
                Piece::EndIf => {
                    shown.pop();
                }
            }
        }
        text
    }
}

fn pieces_of(line: &str) -> Vec<Result<Piece<'_>, Fault>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        let (before, tag) = rest.split_at(start);
        let (opens, inside) = tag.split_at(2);
        let closes = match opens {
            "{{" => "}}",
            "{%" => "%}",
            _ => {
                pieces.push(Err(Fault::Comment));
                return pieces;
            }
        };
        pieces.push(Ok(Piece::Text(before)));
        let Some((inside, after)) = inside.split_once(closes) else {
            pieces.push(Err(Fault::Unclosed(if closes == "}}" { "{{" } else { "{%" })));
            return pieces;
        };
        let inside = inside.trim();
        pieces.push(if closes == "}}" { Variable::parse(inside).map(Piece::Variable) } else { tag_of(inside) });
        rest = after;
    }
    pieces.push(Ok(Piece::Text(rest)));
    pieces
}

fn tag_of(inside: &str) -> Result<Piece<'_>, Fault> {
    match inside.split_once(char::is_whitespace) {
        Some(("if", variable)) => Variable::parse(variable.trim()).map(Piece::If),
        None if inside == "else" => Ok(Piece::Else),
        None if inside == "endif" => Ok(Piece::EndIf),
        Some(_) | None => Err(Fault::Tag(shortened(inside))),
    }
}

/// Follows the conditions: each open one with its line, and whether its `else` was seen.
fn nest(piece: &Piece<'_>, line: usize, open: &mut Vec<(usize, bool)>) -> Result<(), Fault> {
    match piece {
        Piece::Text(_) | Piece::Variable(_) => Ok(()),
        Piece::If(_) => {
            open.push((line, false));
            if open.len() > 2 { Err(Fault::TooDeep) } else { Ok(()) }
        }
        Piece::Else => match open.last_mut() {
            Some((_, seen)) if !*seen => {
                *seen = true;
                Ok(())
            }
            Some(_) | None => Err(Fault::Stray("else")),
        },
        Piece::EndIf => open.pop().map(|_| ()).ok_or(Fault::Stray("endif")),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// How many letters must be added, dropped or changed to make one name of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}
