//! What is this week's lesson?

use serde::Serialize;

use crate::{
    domain::{
        category::Category,
        discretion::{Body, Voice},
    },
    mail::{lesson_html, letter::Letter},
};

/// A lesson that is named in the mail of another.
#[derive(Debug, Clone, Serialize)]
pub struct Also {
    pub title: String,
    pub url: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct WeeklyLesson {
    /// Week and title, or the lesson's discreet subject.
    pub subject: String,
    /// As in `Week 4 of 6`.
    pub week_label: String,
    /// The heading.
    pub title: String,
    /// Sanitized HTML with its look in the tags, as `lesson_html::style` leaves it.
    pub body_html: String,
    /// The same as text, one paragraph a line, links in full.
    pub body_text: String,
    pub check_in_url: Option<String>,
    pub page_url: String,
    /// As in `Thu 4 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)`.
    pub next_session: Option<String>,
    /// Lessons that came late, and are read on the page.
    pub also: Vec<Also>,
    /// One line each; may be empty.
    pub sign_off: Vec<String>,
}

impl Letter for WeeklyLesson {
    const FOLDER: &'static str = "weekly_lesson";

    fn category(&self) -> Category {
        Category::Lesson
    }

    fn samples(voice: &Voice<'_>) -> Vec<Self> {
        match voice.body() {
            Body::Full => {}
            Body::LinkOnly => return Vec::new(),
        }
        let plain = Self {
            subject: voice.lesson_subject("Week 4: Grief and anger", "Weekly course, part 4").to_owned(),
            week_label: "Week 4 of 6".to_owned(),
            title: "Grief and anger".to_owned(),
            body_html: lesson_html::style(SAMPLE_HTML),
            body_text: SAMPLE_TEXT.to_owned(),
            check_in_url: None,
            page_url: "https://trellis.example/p/lesson/4".to_owned(),
            next_session: None,
            also: vec![],
            sign_off: vec![],
        };
        let full = Self {
            check_in_url: Some("https://trellis.example/p/check-in/4".to_owned()),
            next_session: Some("Thu 4 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned()),
            also: vec![Also {
                title: "What we carry".to_owned(),
                url: "https://trellis.example/p/lesson/3".to_owned(),
            }],
            sign_off: vec!["Until then, go gently.".to_owned(), "Nadia".to_owned()],
            ..plain.clone()
        };
        vec![plain, full]
    }
}

const SAMPLE_HTML: &str = r#"<p>Dear Sam,</p>
<p>Anger often arrives first because it is easier to carry. Underneath it there is usually something quieter: the loss of the story you thought you were living in.</p>
<p>This week we make room for both, without asking either to leave.</p>
<h2>What to notice</h2>
<ul>
<li><strong>Anger has a job.</strong> It marks a line that was crossed. It does not have to choose the words.</li>
<li><strong>Grief comes in waves.</strong> An hour of calm is not pretending, and an hour of tears is not a setback.</li>
<li><strong>Bodies keep score at night.</strong> If you are awake at three, sit up, put your feet on the floor, and name five things you can see.</li>
</ul>
<blockquote><p>Nothing has to be decided this week.</p></blockquote>
<div class="exercise">
<p class="exercise__t">Twenty minutes, once this week</p>
<p>Sit side by side rather than face to face. One of you speaks for five minutes about what was lost. The other only says, “I hear you.” Then change over.</p>
<p>If you are doing this alone, write the five minutes instead.</p>
</div>
<p>If it gets too much, <a href="https://trellis.example/help">help is here</a>, at any hour.</p>"#;

const SAMPLE_TEXT: &str = "Dear Sam,

Anger often arrives first because it is easier to carry. Underneath it there is usually something quieter: the loss of the story you thought you were living in.

This week we make room for both, without asking either to leave.

WHAT TO NOTICE

* Anger has a job. It marks a line that was crossed. It does not have to choose the words.
* Grief comes in waves. An hour of calm is not pretending, and an hour of tears is not a setback.
* Bodies keep score at night. If you are awake at three, sit up, put your feet on the floor, and name five things you can see.

> Nothing has to be decided this week.

TWENTY MINUTES, ONCE THIS WEEK

Sit side by side rather than face to face. One of you speaks for five minutes about what was lost. The other only says, “I hear you.” Then change over.

If you are doing this alone, write the five minutes instead.

If it gets too much, help is here, at any hour:
https://trellis.example/help";
