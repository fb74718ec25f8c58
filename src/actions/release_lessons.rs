//! Who gets which lesson now, and which others come along with it?

use crate::{
    clock::Now,
    domain::{cohort::Timing, delivery::Occasion, timetable::LESSON_USEFUL},
    store::{
        self,
        cohorts::{self, CohortLesson},
        database::Tx,
        ledger::{self, Manner, Release},
        timetable::TimetableRow,
    },
};

/// What the ledger says of a lesson that came in another mail begins with this.
const CAME_WITH: &str = "came with ";

/// Releases the lessons of one position. What was to come with the next one is named in the same mail; who gets no
/// lesson at this position gets it as a mail of its own.
pub(super) async fn release_lessons(tx: &Tx, row: &TimetableRow, now: Now) -> store::Result<()> {
    let lessons = cohorts::lessons_of(tx, row.cohort_id).await?;
    let here: Vec<_> =
        lessons.iter().filter(|lesson| lesson.position == row.position && lesson.timing == Timing::Rule).collect();
    let along: Vec<_> = lessons.iter().filter(|lesson| lesson.timing == Timing::WithNext).collect();
    let of_row = |lesson: &CohortLesson, track: &str, manner| Release {
        cohort: row.cohort_id,
        occasion: Occasion::Lesson,
        object: lesson.lesson_id.0,
        generation: 0,
        track: track.to_owned(),
        zone: row.zone.clone(),
        due_at: row.due_at,
        useful_until: row.useful_until,
        manner,
    };
    for other in &along {
        for lesson in &here {
            if let Some(track) = both(&other.track, &lesson.track) {
                let manner = Manner::Along { with: lesson.lesson_id.0, reason: came_with(lesson) };
                ledger::release(tx, &of_row(other, track, manner), now).await?;
            }
        }
        if !here.is_empty() {
            ledger::release(tx, &of_row(other, &other.track, Manner::Alone { also: Vec::new() }), now).await?;
        }
    }
    for lesson in here {
        let also = along.iter().map(|other| other.id).collect();
        ledger::release(tx, &of_row(lesson, &lesson.track, Manner::Alone { also }), now).await?;
    }
    Ok(())
}

/// What the ledger says of a lesson that was named in the mail of another.
pub(super) fn came_with(lesson: &CohortLesson) -> String {
    format!("{CAME_WITH}lesson {}, {}", lesson.position, lesson.content.0.title)
}

/// The track of those who get both, empty for everybody; none if nobody does.
fn both<'a>(one: &'a str, other: &'a str) -> Option<&'a str> {
    match (one, other) {
        ("", track) | (track, "") => Some(track),
        (one, other) => (one == other).then_some(one),
    }
}

/// Sends one lesson to everybody of its track who takes part and never had it.
pub(super) async fn send_now(tx: &Tx, lesson: &CohortLesson, now: Now) -> store::Result<()> {
    let release = Release {
        cohort: lesson.cohort_id,
        occasion: Occasion::Lesson,
        object: lesson.lesson_id.0,
        generation: 0,
        track: lesson.track.clone(),
        zone: String::new(),
        due_at: now.program,
        useful_until: now.program + LESSON_USEFUL,
        manner: Manner::Alone { also: Vec::new() },
    };
    ledger::release(tx, &release, now).await?;
    Ok(())
}
