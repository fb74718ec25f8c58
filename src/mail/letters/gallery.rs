//! What does every letter look like to everybody who may get it? All of them are invented.

use std::fmt;

use crate::{
    domain::{
        category::Category,
        discretion::{CALENDAR_TITLE, Discretion, Voice},
        reading::{Kind, Place},
    },
    mail::{
        letter::{Frame, Letter},
        templates::{CannotWrite, Templates, Written},
    },
};

/// What the sample sessions are called in a calendar that may say so.
pub const SESSION_TITLE: &str = "Rebuilding Trust, week 4";

/// One sample letter, written.
#[derive(Debug)]
pub struct Sample {
    pub folder: &'static str,
    pub place: Place,
    pub category: Category,
    pub frame: Frame,
    pub written: Written,
}

/// As in `invite discreet 1 ltr`.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { level, number, direction } = self.place;
        write!(f, "{} {level} {number} {}", self.folder, direction.as_str())
    }
}

/// How the invented practice speaks.
#[must_use]
pub fn voice(level: Discretion) -> Voice<'static> {
    Voice {
        level,
        practice: "Nadia Brandt",
        neutral_name: "N. Brandt",
        first_name: "Nadia",
        calendar_title: CALENDAR_TITLE,
    }
}

pub(super) fn kind<L: Letter>() -> Kind {
    let samples = |level| L::samples(&voice(level));
    let category = Discretion::ALL.into_iter().find_map(|level| samples(level).first().map(Letter::category));
    Kind {
        folder: L::FOLDER,
        reader: L::READER,
        category: category.unwrap_or(Category::Service),
        shapes: Discretion::ALL.map(|level| (level, samples(level).len())),
    }
}

pub(super) fn write_all<L: Letter>(templates: &Templates, samples: &mut Vec<Sample>) -> Result<(), CannotWrite> {
    for place in kind::<L>().places() {
        samples.extend(write::<L>(templates, place)?);
    }
    Ok(())
}

pub(super) fn write<L: Letter>(templates: &Templates, place: Place) -> Result<Option<Sample>, CannotWrite> {
    let voice = voice(place.level);
    let Some(letter) = place.number.checked_sub(1).and_then(|at| L::samples(&voice).into_iter().nth(at)) else {
        return Ok(None);
    };
    let category = letter.category();
    let frame = Frame::sample(category, L::READER, &voice, place.direction);
    let written = templates.write(&letter, &frame)?;
    Ok(Some(Sample { folder: L::FOLDER, place, category, frame, written }))
}
