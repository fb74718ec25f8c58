//! What does an announcement say to one of its readers?

use super::{Around, CannotCompose, Composed, Desk};
use crate::{
    domain::{discretion::Body, lesson},
    mail::letters::announcement::Announcement,
    store::announcements,
};

impl Desk<'_> {
    pub(super) async fn announcement(&self) -> Result<Composed, CannotCompose> {
        let (db, id) = (self.app.db.reader(), self.delivery.object_id.into());
        let row = announcements::find(db, self.delivery.practice_id, id).await?;
        let row = row.ok_or(CannotCompose::Gone("the announcement"))?;
        let voice = self.facts.voice();
        let subject = voice.note_subject(&row.subject, &row.discreet_subject).to_owned();
        let (body_html, body_text) = match voice.body() {
            Body::LinkOnly => (None, None),
            Body::Full => {
                let facts = self.lesson_facts(None, &self.meetings().await?)?;
                let rendered = lesson::render_text(&row.body, &facts)
                    .map_err(|bad| CannotCompose::Lesson(bad.first().map(ToString::to_string).unwrap_or_default()))?;
                (Some(rendered.html), Some(rendered.text))
            }
        };
        let letter = Announcement {
            title: subject.clone(),
            subject,
            body_html,
            body_text,
            page_url: self.app.links.to(&format!("/p/note/{}", row.id)),
        };
        self.finish(&letter, Around { references: self.welcome_id(), ..Around::default() })
    }
}
