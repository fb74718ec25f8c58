//! What does somebody read who enrolls a second time?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct AlreadyEnrolled {
    pub page_url: String,
}

impl Letter for AlreadyEnrolled {
    const FOLDER: &'static str = "already_enrolled";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self { page_url: "https://trellis.example/p/9f2c".to_owned() }]
    }
}
