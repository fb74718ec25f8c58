//! What does each letter to a coach say?

use super::{Around, CannotCompose, Composed, Desk, facts::Reader, times};
use crate::{
    actions::{needs_you, preview_lesson},
    domain::{civil, discretion::Body, email_address::EmailAddress, ids::LessonId},
    links::{Claims, Purpose},
    mail::letters::{
        coach_note::{CoachNote, Item},
        lesson_waiting::LessonWaiting,
        password_reset::PasswordReset,
        test_mail::TestMail,
    },
    store::{programs, sessions},
};
use chrono::TimeDelta;

impl Desk<'_> {
    pub(super) fn password_reset(&self) -> Result<Composed, CannotCompose> {
        let token = self.params()["token"].as_str().unwrap_or_default().to_owned();
        let letter = PasswordReset {
            reset_url: self.app.links.to(&format!("/coach/reset/{token}")),
            lifetime: "ten minutes".to_owned(),
        };
        self.finish(&letter, Around::default())
    }

    pub(super) fn test_mail(&self) -> Result<Composed, CannotCompose> {
        let Reader::Coach(coach) = &self.facts.reader else {
            return Err(CannotCompose::Gone("the coach"));
        };
        let claims = Claims {
            person: coach.id.0,
            object: self.facts.practice.id.0,
            detail: 0,
            epoch: u32::try_from(coach.epoch).unwrap_or_default(),
            expires_at: self.now.real + TimeDelta::days(7),
        };
        let from: Option<EmailAddress> = serde_json::from_value(self.params()["from"].clone()).unwrap_or_default();
        let from = from.unwrap_or_else(|| self.facts.practice.sender_email.clone());
        let letter = TestMail {
            asked_at: civil::moment(self.delivery.created_at, coach.zone),
            relay: self.app.relay_name(),
            from: from.expose().to_owned(),
            arrived_url: self.app.links.signed(Purpose::TestMail, &claims),
        };
        self.finish(&letter, Around { from: Some(from), ..Around::default() })
    }

    /// A lesson of a program as a participant would get it; no cohort is behind it.
    pub(super) async fn test_lesson(&self) -> Result<Composed, CannotCompose> {
        let id: LessonId =
            serde_json::from_value(self.params()["lesson"].clone()).map_err(|_| CannotCompose::Gone("the lesson"))?;
        let row = programs::lesson(self.app.db.reader(), self.delivery.practice_id, id).await?;
        let lesson = row.ok_or(CannotCompose::Gone("the lesson"))?.content.0;
        let (voice, program) = (self.facts.voice(), &self.program()?.content.0);
        let around = Around { preview: Some(&lesson.preview), ..Around::default() };
        if voice.body() == Body::LinkOnly {
            let letter =
                LessonWaiting { page_url: self.app.links.to(&format!("/p/lesson/{}", lesson.week)), also: vec![] };
            return self.finish(&letter, around);
        }
        let reader = (self.facts.reader.name().expose(), self.facts.reader.zone());
        let facts = preview_lesson::sample_facts(self.app, (&self.facts.practice, program), &lesson, reader);
        let rendered = self
            .app
            .templates
            .lessons
            .render(&lesson.body, &facts)
            .map_err(|bad| CannotCompose::Lesson(bad.first().map(ToString::to_string).unwrap_or_default()))?;
        let letter = preview_lesson::letter(self.app, &voice, &lesson, (rendered.html, rendered.text), program.weeks);
        self.finish(&letter, around)
    }

    /// The day's note: who needs the coach, and what meets today.
    pub(super) async fn coach_note(&self) -> Result<Composed, CannotCompose> {
        let zone = self.facts.reader.zone();
        let db = self.app.db.reader();
        let items: Vec<Item> = needs_you::needs_you(self.app, &self.facts.practice, self.now)
            .await?
            .into_iter()
            .map(|need| Item { what: need.what, act: need.act, url: self.app.links.to(&need.path) })
            .collect();
        let (from, to) = (self.now.program, self.now.program + TimeDelta::hours(24));
        let meetings = sessions::of_practice_between(db, self.facts.practice.id, from, to).await?;
        let letter = CoachNote {
            subject: match items.len() {
                0 => "Nothing needs you today".to_owned(),
                1 => "1 thing needs you today".to_owned(),
                many => format!("{many} things need you today"),
            },
            day: civil::date(zone.local(self.now.program).date()),
            items,
            sessions: times::lines(&meetings, zone),
            week_url: self.app.links.to("/coach"),
        };
        self.finish(&letter, Around::default())
    }
}
