//! Where the coach reads each application: has it arrived?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct ApplicationReceived {
    pub coach_name: String,
    pub leave_url: String,
}

impl Letter for ApplicationReceived {
    const FOLDER: &'static str = "application_received";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self { coach_name: "Nadia".to_owned(), leave_url: "https://trellis.example/p/leave".to_owned() }]
    }
}
