//! What kind of mail is it, and may a person turn it off?

use serde::{Deserialize, Serialize};

/// The five kinds of mail. Security and service always arrive; the others can be turned off, one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Security,
    Service,
    Reminder,
    Lesson,
    Announcement,
}

impl Category {
    pub const ALL: [Self; 5] = [Self::Security, Self::Service, Self::Reminder, Self::Lesson, Self::Announcement];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Service => "service",
            Self::Reminder => "reminder",
            Self::Lesson => "lesson",
            Self::Announcement => "announcement",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == text)
    }

    /// Whether it carries the one-click unsubscribe of RFC 8058.
    #[must_use]
    pub fn subscribed(self) -> bool {
        match self {
            Self::Security | Self::Service => false,
            Self::Reminder | Self::Lesson | Self::Announcement => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_is_read_back_from_its_name() {
        for category in Category::ALL {
            assert_eq!(Category::parse(category.as_str()), Some(category));
        }
        assert_eq!(Category::parse("Lesson"), None);
    }
}
