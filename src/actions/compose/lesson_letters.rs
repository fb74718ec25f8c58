//! What do the mails say that bring lessons?

use super::{Around, CannotCompose, Composed, Desk, facts::SharedLesson};
use crate::{
    actions::{catch_up::Since, preview_lesson, release_lessons::came_with},
    domain::{
        delivery::Occasion,
        discretion::{Body, Discretion},
        lesson::Lesson,
    },
    mail::{
        letter::Frame,
        letters::{
            catch_up::{CatchUp, Missed},
            lesson_waiting::LessonWaiting,
            weekly_lesson::{Also, WeeklyLesson},
        },
        stencil::Person,
        templates::Written,
    },
    store::{
        cohorts::{self, CohortLesson},
        ledger,
    },
};

impl Desk<'_> {
    pub(super) async fn lesson(&self) -> Result<Composed, CannotCompose> {
        let shared = self.facts.lesson.as_deref().ok_or(CannotCompose::Gone("the lesson"))?;
        let copy = &shared.copy;
        let also = self.along_with(copy).await?;
        // A copy says which week it stands for by its place in the cohort.
        let lesson =
            Lesson { week: u16::try_from(copy.position).unwrap_or(copy.content.0.week), ..copy.content.0.clone() };
        let references = self.welcome_id();
        let around = Around { preview: Some(&lesson.preview), references, ..Around::default() };
        if also.is_empty()
            && let Some(composed) = self.lesson_for_many((shared, &lesson), &around)?
        {
            return Ok(composed);
        }
        let frame = self.frame(around.preview);
        let written = self.lesson_written((shared, &lesson), self.facts.reader.name().expose(), (also, &frame))?;
        self.finish_written(&frame, written, &around)
    }

    /// From the sheet that was written once for all who read as this one does. `None`: there can be none.
    fn lesson_for_many(
        &self,
        (shared, lesson): (&SharedLesson, &Lesson),
        around: &Around<'_>,
    ) -> Result<Option<Composed>, CannotCompose> {
        let (name, Some(link)) = (self.facts.reader.name(), self.unsubscribe_url()) else { return Ok(None) };
        let person = Person { name: name.expose(), link: &link };
        if !person.is_ordinary() || self.facts.forbidden().find_in(person.name).is_some() {
            return Ok(None);
        }
        let made_of = |name: &str| {
            let facts = self.lesson_facts_of(name, Some(lesson), &shared.meetings)?;
            let voice = self.facts.voice();
            let said = (lesson, facts.values(), voice.lesson_subject(&lesson.subject, &lesson.discreet_subject));
            Ok(serde_json::to_string(&said).unwrap_or_default())
        };
        let write = |name: &str, frame: &Frame| self.lesson_written((shared, lesson), name, (Vec::new(), frame));
        let sheet = self.sheet((&shared.sheets, &person), around, made_of, write)?;
        sheet.map(|sheet| self.finish_with(&sheet, &person, around)).transpose()
    }

    fn lesson_written(
        &self,
        (shared, lesson): (&SharedLesson, &Lesson),
        name: &str,
        (also, frame): (Vec<Also>, &Frame),
    ) -> Result<Written, CannotCompose> {
        let (voice, templates) = (self.facts.voice(), &self.app.templates);
        if voice.body() == Body::LinkOnly {
            let letter = LessonWaiting { page_url: self.app.links.to(&format!("/p/lesson/{}", lesson.week)), also };
            return Ok(templates.write(&letter, frame)?);
        }
        let facts = self.lesson_facts_of(name, Some(lesson), &shared.meetings)?;
        let rendered = templates
            .lessons
            .render(&lesson.body, &facts)
            .map_err(|bad| CannotCompose::Lesson(bad.first().map(ToString::to_string).unwrap_or_default()))?;
        let letter = preview_lesson::letter(self.app, &voice, lesson, (rendered.html, rendered.text), facts.weeks);
        Ok(templates.write(&WeeklyLesson { also, ..letter }, frame)?)
    }

    /// The lessons that came late and are named in this mail, of those the ledger says so for this person.
    async fn along_with(&self, copy: &CohortLesson) -> Result<Vec<Also>, CannotCompose> {
        let wanted: Vec<uuid::Uuid> = serde_json::from_value(self.params()["also"].clone()).unwrap_or_default();
        let mut also = Vec::new();
        if wanted.is_empty() {
            return Ok(also);
        }
        let db = self.app.db.reader();
        for other in cohorts::lessons_of(db, copy.cohort_id).await? {
            if !wanted.contains(&other.id.0) {
                continue;
            }
            let rows = ledger::about(db, Occasion::Lesson, other.lesson_id.0).await?;
            let came_along = |row: &ledger::Delivery| {
                row.subject_id == self.delivery.subject_id && row.reason == Some(came_with(copy))
            };
            if rows.iter().any(came_along) {
                also.push(Also {
                    title: match self.facts.level {
                        Discretion::Minimal => "One more note".to_owned(),
                        Discretion::Open | Discretion::Discreet => other.content.0.title.clone(),
                    },
                    url: self.app.links.to(&format!("/p/lesson/{}", other.position)),
                });
            }
        }
        Ok(also)
    }

    pub(super) async fn catch_up(&self) -> Result<Composed, CannotCompose> {
        let wanted: Vec<uuid::Uuid> = serde_json::from_value(self.params()["lessons"].clone()).unwrap_or_default();
        let lessons = cohorts::lessons_of(self.app.db.reader(), self.cohort()?.id).await?;
        let missed: Vec<Missed> = lessons
            .iter()
            .filter(|lesson| wanted.contains(&lesson.id.0))
            .map(|lesson| Missed {
                label: format!("Week {}", lesson.position),
                title: match self.facts.level {
                    Discretion::Minimal => "Your note".to_owned(),
                    Discretion::Open | Discretion::Discreet => lesson.content.0.title.clone(),
                },
                url: self.app.links.to(&format!("/p/lesson/{}", lesson.position)),
            })
            .collect();
        if missed.is_empty() {
            return Err(CannotCompose::Gone("the lessons"));
        }
        let since = serde_json::from_value(self.params()["since"].clone()).unwrap_or(Since::Joined);
        let (since, subject) = match since {
            Since::Joined => ("joined", "What came before you joined"),
            Since::Paused => ("paused", "What came during your pause"),
            Since::Moved => ("moved", "What the others have had so far"),
        };
        let letter =
            CatchUp { subject: subject.to_owned(), since, lessons: missed, page_url: self.app.links.my_program() };
        self.finish(&letter, Around { references: self.welcome_id(), ..Around::default() })
    }
}
