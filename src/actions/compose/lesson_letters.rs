//! What do the mails say that bring lessons?

use super::{Around, CannotCompose, Composed, Desk};
use crate::{
    actions::{catch_up::Since, preview_lesson, release_lessons::came_with},
    domain::{
        delivery::Occasion,
        discretion::{Body, Discretion},
        lesson::Lesson,
    },
    mail::letters::{
        catch_up::{CatchUp, Missed},
        lesson_waiting::LessonWaiting,
        weekly_lesson::{Also, WeeklyLesson},
    },
    store::{
        cohorts::{self, CohortLesson},
        ledger,
    },
};

impl Desk<'_> {
    /// The cohort's own copy, for the week and track of this delivery; a test of one says so in its params.
    async fn cohort_lesson(&self) -> Result<CohortLesson, CannotCompose> {
        let wanted = (self.cohort()?.id, self.delivery.object_id.into());
        cohorts::lesson_in(self.app.db.reader(), wanted).await?.ok_or(CannotCompose::Gone("the lesson"))
    }

    pub(super) async fn lesson(&self) -> Result<Composed, CannotCompose> {
        let copy = self.cohort_lesson().await?;
        let also = self.along_with(&copy).await?;
        // A copy says which week it stands for by its place in the cohort.
        let lesson = Lesson { week: u16::try_from(copy.position).unwrap_or(copy.content.0.week), ..copy.content.0 };
        let voice = self.facts.voice();
        let references = self.welcome_id().await?;
        let around = Around { preview: Some(&lesson.preview), references, ..Around::default() };
        if voice.body() == Body::LinkOnly {
            let letter = LessonWaiting { page_url: self.app.links.to(&format!("/p/lesson/{}", lesson.week)), also };
            return self.finish(&letter, around);
        }
        let meetings = self.meetings().await?;
        let facts = self.lesson_facts(Some(&lesson), &meetings)?;
        let rendered = self
            .app
            .templates
            .lessons
            .render(&lesson, &facts)
            .map_err(|bad| CannotCompose::Lesson(bad.first().map(ToString::to_string).unwrap_or_default()))?;
        let letter = preview_lesson::letter(self.app, &voice, &lesson, (rendered.html, rendered.text), facts.weeks);
        self.finish(&WeeklyLesson { also, ..letter }, around)
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
        self.finish(&letter, Around { references: self.welcome_id().await?, ..Around::default() })
    }
}
