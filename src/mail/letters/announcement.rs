//! What does a coach have to say to several people?

use serde::Serialize;

use crate::{
    domain::{
        category::Category,
        discretion::{Body, Voice},
    },
    mail::{lesson_html, letter::Letter},
};

#[derive(Debug, Clone, Serialize)]
pub struct Announcement {
    /// As discreet as the reader wants it.
    pub subject: String,
    /// The heading; the subject again.
    pub title: String,
    /// Sanitized HTML with its look in the tags; none where the mail only leads to the page.
    pub body_html: Option<String>,
    /// The same as text, one paragraph a line, links in full.
    pub body_text: Option<String>,
    pub page_url: String,
}

impl Letter for Announcement {
    const FOLDER: &'static str = "announcement";

    fn category(&self) -> Category {
        Category::Announcement
    }

    fn samples(voice: &Voice<'_>) -> Vec<Self> {
        let subject = voice.note_subject("An extra evening on Friday", "A note for the week").to_owned();
        let body = match voice.body() {
            Body::Full => Some((lesson_html::style(HTML), TEXT.to_owned())),
            Body::LinkOnly => None,
        };
        let (body_html, body_text) = body.unzip();
        let page_url = "https://trellis.example/p/note/9f2c".to_owned();
        vec![Self { title: subject.clone(), subject, body_html, body_text, page_url }]
    }
}

const HTML: &str = "<p>Dear Sam,</p>
<p>Some of you asked for more time to talk. On Friday at eight the room is open for everybody who would like to.</p>
<ul>
<li>There is no topic.</li>
<li>Nobody is missed who does not come.</li>
</ul>
<p>Nadia</p>";

const TEXT: &str = "Dear Sam,

Some of you asked for more time to talk. On Friday at eight the room is open for everybody who would like to.

* There is no topic.
* Nobody is missed who does not come.

Nadia";
