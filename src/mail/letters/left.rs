//! You have left: what stops?

use serde::Serialize;

use super::Calendar;
use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct Left {
    pub coach_name: String,
    pub calendar: Calendar,
    pub data_url: String,
}

impl Letter for Left {
    const FOLDER: &'static str = "left";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![
            Self {
                coach_name: "Nadia".to_owned(),
                calendar: Calendar::Invites,
                data_url: "https://trellis.example/p/9f2c/data".to_owned(),
            },
            Self {
                coach_name: "Nadia".to_owned(),
                calendar: Calendar::Feed,
                data_url: "https://trellis.example/p/9f2c/data".to_owned(),
            },
            Self {
                coach_name: "Nadia".to_owned(),
                calendar: Calendar::Neither,
                data_url: "https://trellis.example/p/9f2c/data".to_owned(),
            },
        ]
    }
}
