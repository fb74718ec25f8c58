//! What will an announcement look like, to a named person who is nobody?

use crate::{
    app::App,
    domain::{
        category::Category,
        discretion::{Body, Discretion, NEUTRAL_PREVIEW, Voice},
        lesson::Lesson,
        reading::Direction,
        zone::Zone,
    },
    mail::{
        letter::{Footer, Frame},
        letters,
    },
    store::{announcements::Announcement, cohorts, practices::Practice, programs},
};

use super::{
    announce::draft_of,
    preview_lesson::{SAMPLE_NAME, sample_facts, stops},
};

/// Who reads the preview lives here.
const ZONE: &str = "Europe/Lisbon";

/// Its mail at one level of discretion, as HTML.
pub async fn preview_note(
    app: &App,
    practice: &Practice,
    row: &Announcement,
    level: Discretion,
) -> anyhow::Result<String> {
    let voice = Voice {
        level,
        practice: practice.name.expose(),
        neutral_name: practice.neutral_name.expose(),
        first_name: practice.first_name.expose(),
        calendar_title: "",
    };
    let subject = voice.note_subject(&row.subject, &row.discreet_subject).to_owned();
    let (body_html, body_text) = match voice.body() {
        Body::LinkOnly => (None, None),
        Body::Full => rendered(app, practice, row).await?,
    };
    let letter = letters::announcement::Announcement {
        title: subject.clone(),
        subject,
        body_html,
        body_text,
        page_url: app.links.to(&format!("/p/note/{}", row.id)),
    };
    Ok(app.templates.write(&letter, &frame(app, practice, &voice))?.html)
}

async fn rendered(
    app: &App,
    practice: &Practice,
    row: &Announcement,
) -> anyhow::Result<(Option<String>, Option<String>)> {
    let db = app.db.reader();
    let first = draft_of(row).and_then(|draft| draft.audience.cohorts.first().copied());
    let Some(id) = first else { return Ok((None, None)) };
    let Some(cohort) = cohorts::find(db, practice.id, id).await? else { return Ok((None, None)) };
    let Some(program) = programs::find(db, practice.id, cohort.program_id).await? else { return Ok((None, None)) };
    let zone = Zone::parse(ZONE).unwrap_or(practice.zone);
    let lesson = Lesson { week: 1, ..Lesson::default() };
    let facts = sample_facts(app, (practice, &program.content.0), &lesson, (SAMPLE_NAME, zone));
    // What was saved has been checked, so that it renders for anybody.
    Ok(app.templates.lessons.render(&row.body, &facts).map_or((None, None), |body| (Some(body.html), Some(body.text))))
}

fn frame(app: &App, practice: &Practice, voice: &Voice<'_>) -> Frame {
    Frame {
        sender_name: voice.sender_name().to_owned(),
        recipient_name: SAMPLE_NAME.to_owned(),
        language: "en".to_owned(),
        direction: Direction::LeftToRight,
        preview: NEUTRAL_PREVIEW.to_owned(),
        footer: Footer {
            reason: "You receive this because you signed up for a weekly course. It is a note from its coach."
                .to_owned(),
            unsubscribe: stops(app, Category::Announcement),
            settings_url: Some(app.links.to("/p#settings")),
            privacy_url: app.links.to("/privacy"),
            address_line: format!("{}, {}", voice.sender_name(), practice.postal_address),
        },
    }
}
