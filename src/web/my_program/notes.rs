//! What did the coach write to this person, and to others besides?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{frame, place::Place};
use crate::{
    actions::compose::lesson_facts::{Setting, lesson_facts},
    domain::{
        civil::moment,
        delivery::{Occasion, State},
        discretion::{Discretion, MINIMAL_NOTE_SUBJECT},
        ids::AnnouncementId,
        lesson,
    },
    store::{announcements, enrollments, ledger},
    web::{chrome, error::PageError, guard::SignedParticipant, page::Page, site::Site},
};

/// A note on a page; its title names no topic where the mail would not.
#[derive(Debug, Serialize)]
pub struct NotePage {
    title: String,
    when: String,
    coach: String,
    html: String,
}

/// Only what was sent to this very person, and has not been taken back.
#[handler]
pub(super) async fn show(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id: AnnouncementId = id.parse().map_err(|_| PageError::NotFound)?;
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let row = announcements::find(db, signed.practice.id, id).await?.ok_or(PageError::NotFound)?;
    let mails = ledger::about(db, Occasion::Announcement, id.0).await?;
    let own = mails.into_iter().find(|mail| mail.participant_id == Some(signed.person.id) && mail.generation == 0);
    let own = own.filter(|mail| mail.state != State::Canceled && mail.due_at <= now).ok_or(PageError::NotFound)?;
    let enrollment = own.enrollment_id.ok_or(PageError::NotFound)?;
    let enrollment = enrollments::find(db, signed.practice.id, enrollment).await?.ok_or(PageError::NotFound)?;
    let place = Place::read(site, &signed, enrollment).await?;
    if !place.is_inside() {
        return Err(PageError::NotFound);
    }
    let setting = Setting {
        practice: &signed.practice,
        program: &place.program,
        cohort: &place.cohort,
        name: signed.person.name.expose(),
        zone: signed.person.zone,
    };
    let facts = lesson_facts(&site.links, &setting, (None, &place.meetings), now);
    let title = match place.level {
        Discretion::Open => row.subject,
        Discretion::Discreet => row.discreet_subject,
        Discretion::Minimal => MINIMAL_NOTE_SUBJECT.to_owned(),
    };
    let page = NotePage {
        title,
        when: moment(own.sent_at.unwrap_or(own.due_at), signed.person.zone),
        coach: signed.practice.first_name.expose().to_owned(),
        // What was saved has been checked, so that it renders for anybody.
        html: lesson::render_text(&row.body, &facts).map(|body| body.html).unwrap_or_default(),
    };
    site.pages.render(&frame(site, &signed, ""), &page)
}

impl Page for NotePage {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "my_program/note.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let note = Self {
            title: "A note from Nadia".into(),
            when: "Thursday 4 March 2027, 18:00 (Berlin time, UTC+01:00)".into(),
            coach: "Nadia".into(),
            html: "<p>Dear Sam,</p><p>on Friday the room is open for everybody who would like to talk.</p>".into(),
        };
        vec![("note", note)]
    }
}
