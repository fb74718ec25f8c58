//! Which letters can go out, and what does each look like? Written to people who do not exist: nobody's mail is shown.

use crate::{
    app::App,
    domain::reading::{Kind, Place},
    mail::letters,
};

/// One letter as one reader sees it.
#[derive(Debug)]
pub struct Shown {
    pub sender: String,
    pub subject: String,
    /// What a locked phone shows after the subject.
    pub preheader: String,
    pub text: String,
    pub html: String,
}

#[must_use]
pub fn kinds() -> Vec<Kind> {
    letters::kinds()
}

/// `None` where there is no such letter, or none that stands in this place.
pub fn show_letter(app: &App, folder: &str, place: Place) -> anyhow::Result<Option<Shown>> {
    let sample = letters::sample(&app.templates, folder, place)?;
    Ok(sample.map(|sample| Shown {
        sender: sample.frame.sender_name,
        subject: sample.written.subject,
        preheader: sample.frame.preview,
        text: sample.written.text,
        html: sample.written.html,
    }))
}
