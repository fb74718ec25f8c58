//! What does a weekly lesson say at the minimal level? That there is one.

use serde::Serialize;

use super::weekly_lesson::Also;
use crate::{
    domain::{
        category::Category,
        discretion::{Body, Voice},
    },
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct LessonWaiting {
    pub page_url: String,
    /// Lessons that came late, and are read on the page.
    pub also: Vec<Also>,
}

impl Letter for LessonWaiting {
    const FOLDER: &'static str = "lesson_waiting";

    fn category(&self) -> Category {
        Category::Lesson
    }

    fn samples(voice: &Voice<'_>) -> Vec<Self> {
        match voice.body() {
            Body::Full => return Vec::new(),
            Body::LinkOnly => {}
        }
        let page_url = "https://trellis.example/p/lesson/4".to_owned();
        let also = Also { title: "One more note".to_owned(), url: "https://trellis.example/p/lesson/3".to_owned() };
        vec![Self { page_url: page_url.clone(), also: vec![] }, Self { page_url, also: vec![also] }]
    }
}
