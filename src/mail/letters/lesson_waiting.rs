//! What does a weekly lesson say at the minimal level? That there is one.

use serde::Serialize;

use crate::{domain::category::Category, mail::letter::Letter};

#[derive(Debug, Clone, Serialize)]
pub struct LessonWaiting {
    pub page_url: String,
}

impl Letter for LessonWaiting {
    const FOLDER: &'static str = "lesson_waiting";

    fn category(&self) -> Category {
        Category::Lesson
    }

    fn samples() -> Vec<Self> {
        vec![Self { page_url: "https://trellis.example/p/9f2c".to_owned() }]
    }
}
