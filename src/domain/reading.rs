//! Who reads a letter, in which direction, and in how many shapes can it come?

use serde::Serialize;

use super::{category::Category, discretion::Discretion};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Participant,
    Coach,
    /// Somebody whose address was typed into a form, perhaps not by them.
    Stranger,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Direction {
    #[serde(rename = "ltr")]
    LeftToRight,
    #[serde(rename = "rtl")]
    RightToLeft,
}

impl Direction {
    pub const ALL: [Self; 2] = [Self::LeftToRight, Self::RightToLeft];

    /// As in the `dir` of HTML.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }

    /// The direction of a BCP 47 language.
    #[must_use]
    pub fn of(language: &str) -> Self {
        let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        match primary.as_str() {
            "ar" | "arc" | "ckb" | "dv" | "fa" | "he" | "ks" | "ps" | "sd" | "ug" | "ur" | "yi" => Self::RightToLeft,
            _ => Self::LeftToRight,
        }
    }
}

/// One kind of letter.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub folder: &'static str,
    pub reader: Reader,
    pub category: Category,
    /// How many shapes it can take at each level of discretion; none where another letter goes in its place.
    pub shapes: [(Discretion, usize); 3],
}

impl Kind {
    /// As most people see it: discreet, if it is ever sent so.
    #[must_use]
    pub fn usual(&self) -> Option<Place> {
        let is_sent = |wanted: &Discretion| self.shapes.iter().any(|(level, shapes)| level == wanted && *shapes > 0);
        let levels = [Discretion::Discreet, Discretion::Open, Discretion::Minimal];
        let level = levels.into_iter().find(is_sent)?;
        Some(Place { level, number: 1, direction: Direction::LeftToRight })
    }

    /// Every place in which this letter can stand.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        let numbered =
            self.shapes.into_iter().flat_map(|(level, shapes)| (1..=shapes).map(move |number| (level, number)));
        numbered.flat_map(|(level, number)| Direction::ALL.map(|direction| Place { level, number, direction }))
    }
}

/// For whom a sample is, and which of the shapes it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub level: Discretion,
    /// Counts from 1 within a letter and level.
    pub number: usize,
    pub direction: Direction,
}
