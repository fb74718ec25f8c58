//! What does a coach have to say to several people?

use serde::Serialize;

use crate::{domain::category::Category, mail::letter::Letter};

#[derive(Debug, Clone, Serialize)]
pub struct Announcement {
    /// As discreet as the reader wants it.
    pub subject: String,
    /// The heading; the subject again.
    pub title: String,
    /// Sanitized HTML of plain tags; none where the mail only leads to the page.
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

    fn samples() -> Vec<Self> {
        let page_url = "https://trellis.example/p/note/9f2c".to_owned();
        vec![
            Self {
                subject: "An extra evening on Friday".to_owned(),
                title: "An extra evening on Friday".to_owned(),
                body_html: Some(HTML.to_owned()),
                body_text: Some(TEXT.to_owned()),
                page_url: page_url.clone(),
            },
            Self {
                subject: "A note for you".to_owned(),
                title: "A note for you".to_owned(),
                body_html: None,
                body_text: None,
                page_url,
            },
        ]
    }
}

const HTML: &str = "<p>Dear Sam,</p>
<p>some of you asked for more time to talk. On Friday at eight the room is open for everybody who would like to.</p>
<ul>
<li>There is no topic.</li>
<li>Nobody is missed who does not come.</li>
</ul>
<p>Nadia</p>";

const TEXT: &str = "Dear Sam,

some of you asked for more time to talk. On Friday at eight the room is open for everybody who would like to.

* There is no topic.
* Nobody is missed who does not come.

Nadia";
