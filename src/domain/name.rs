//! What may a person, a practice or a thing be called?

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// One line of text a person typed: 1 to 120 characters, no control characters, no line or paragraph
/// separators, no invisible direction overrides. Prints masked: a name is private.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Name(String);

/// The longest name we keep, in characters.
pub const LONGEST_NAME: usize = 120;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    #[error("Enter a name. A first name or a nickname is enough")]
    Empty,
    #[error("Use at most {LONGEST_NAME} characters")]
    Long,
    #[error("Use one line of ordinary characters: this holds a line break or an invisible control character")]
    Control,
}

impl Name {
    /// Parses what was typed; runs of spaces become one, spaces around it are forgiven.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        if text.chars().any(is_unprintable) {
            return Err(BadName::Control);
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        if text.chars().count() > LONGEST_NAME {
            return Err(BadName::Long);
        }
        Ok(Self(text))
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first word, for a sender that gives away nothing more.
    #[must_use]
    pub fn first(&self) -> &str {
        self.0.split(' ').next().unwrap_or(&self.0)
    }
}

/// Control characters, line separators and direction overrides: what could forge a header, a calendar
/// line or the look of a name.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(•••)")
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_names_of_every_script() {
        for name in ["Ann", "José María", "Зоя", "李小龍", "أحمد", "🌱 Sam", "O'Neil; Dr."] {
            assert_eq!(Name::parse(name).unwrap().expose(), name);
        }
        assert_eq!(Name::parse("  Ann   Lee ").unwrap().expose(), "Ann Lee");
    }

    #[test]
    fn refuses_what_forges_a_line() {
        assert_eq!(Name::parse("Ann\r\nBcc: x@y"), Err(BadName::Control));
        assert_eq!(Name::parse("Ann\u{2028}x"), Err(BadName::Control));
        assert_eq!(Name::parse("Ann\u{202E}x"), Err(BadName::Control));
        assert_eq!(Name::parse("\0"), Err(BadName::Control));
        assert_eq!(Name::parse("   "), Err(BadName::Empty));
        assert_eq!(Name::parse(&"x".repeat(10_000)), Err(BadName::Long));
    }
}
