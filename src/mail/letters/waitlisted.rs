//! What happens now that every place is taken?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct Waitlisted {
    /// How long an offered place is held, as in `24 hours`.
    pub hold: String,
    pub leave_url: String,
}

impl Letter for Waitlisted {
    const FOLDER: &'static str = "waitlisted";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self { hold: "24 hours".to_owned(), leave_url: "https://trellis.example/w/9f2c/leave".to_owned() }]
    }
}
