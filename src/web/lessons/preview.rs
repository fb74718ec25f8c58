//! What will the mail of a lesson look like? A page of its own, shown in a frame.

use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::{
    lesson, place,
    read::{read, said},
};
use crate::{
    actions::preview_lesson::{CannotPreview, preview_lesson},
    domain::{discretion::Discretion, lesson::Lesson},
    store::programs::ProgramRow,
    web::{
        desk::Asked,
        error::PageError,
        fields::Fields,
        guard::SignedCoach,
        mail_frame::{Scheme, framed},
        programs::found,
        site::Site,
        table::{Access, Table},
    },
};

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/programs/:id/lessons/:lesson/preview", Access::Coach, saved).post(
        "/coach/programs/:id/preview",
        Access::Coach,
        typed,
    )
}

/// As it was saved.
#[handler]
async fn saved(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (program, row) = lesson(site, &signed, &ids).await?;
    shown(site, (&signed, &program), &row.content.0, (asked.text("level"), asked.text("scheme")))
}

/// As it stands in the editor: nothing is saved.
#[handler]
async fn typed(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
    fields: Fields,
) -> Result<Response, PageError> {
    let program = found(site, &signed, &id).await?;
    let place = place(&program, fields.text("week"), fields.text("track"))?;
    let written = Lesson { week: place.week, track: place.track, ..read(&fields) };
    shown(site, (&signed, &program), &written, (asked.text("level"), fields.text("scheme")))
}

fn shown(
    site: &Site,
    of: (&SignedCoach, &ProgramRow),
    lesson: &Lesson,
    (level, scheme): (&str, &str),
) -> Result<Response, PageError> {
    let level = Discretion::parse(level).unwrap_or(Discretion::Open);
    let (signed, program) = of;
    let html = match preview_lesson(&site.app, (&signed.practice, &program.content.0), lesson, level) {
        Ok(written) => written.html,
        Err(CannotPreview::Lesson(findings)) => {
            let lines: Vec<String> =
                findings.iter().map(|finding| format!("<p>{}</p>", escaped(&said(finding)))).collect();
            plain("This cannot be shown yet", &lines.join(""))
        }
        // A subject of no letters at all: nothing of the text is at fault.
        Err(CannotPreview::Template(_)) => {
            plain("This cannot be shown yet", "<p>Write a title and both subjects first.</p>")
        }
    };
    Ok(framed(&html, Scheme::parse(scheme)))
}

fn plain(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><style>body {{ font: 17px/1.5 sans-serif; margin: 24px; color: #1a241f; background: #f4f6f1; }} h1 {{ font-size: 20px; }} @media (prefers-color-scheme: dark) {{ body {{ color: #e8eeea; background: #0f1512; }} }}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
