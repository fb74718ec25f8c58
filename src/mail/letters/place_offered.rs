//! A place has opened: until when is it held?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct PlaceOffered {
    /// Local time with zone and offset.
    pub held_until: String,
    pub first_session: String,
    pub offer_url: String,
    pub decline_url: String,
}

impl Letter for PlaceOffered {
    const FOLDER: &'static str = "place_offered";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            held_until: "Tue 2 Mar 2027, 18:00 (Dublin time, UTC+00:00)".to_owned(),
            first_session: "Mon 8 Mar 2027, 20:00–21:15 (Dublin time, UTC+00:00)".to_owned(),
            offer_url: "https://trellis.example/o/9f2c".to_owned(),
            decline_url: "https://trellis.example/o/9f2c/decline".to_owned(),
        }]
    }
}
