//! Your partner has not joined: alone, a little longer, or not at all? Says neither why nor whether there was an answer.

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct PartnerMissing {
    pub choose_url: String,
}

impl Letter for PartnerMissing {
    const FOLDER: &'static str = "partner_missing";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self { choose_url: "https://trellis.example/together/v1.9f2c".to_owned() }]
    }
}
