//! There were not two places: what are you waiting for, and what else could you do?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct WaitingForTwo {
    pub choose_url: String,
    pub leave_url: String,
}

impl Letter for WaitingForTwo {
    const FOLDER: &'static str = "waiting_for_two";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            choose_url: "https://trellis.example/together/v1.9f2c".to_owned(),
            leave_url: "https://trellis.example/p/leave".to_owned(),
        }]
    }
}
