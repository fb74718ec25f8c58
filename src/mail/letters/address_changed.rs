//! What does the old address read when a person moves to another?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct AddressChanged {
    pub changed_at: String,
    pub dispute_url: String,
    /// As in `seven days`.
    pub dispute_until: String,
}

impl Letter for AddressChanged {
    const FOLDER: &'static str = "address_changed";

    fn category(&self) -> Category {
        Category::Security
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            changed_at: "Tue 2 Mar 2027, 10:41 (Dublin time, UTC+00:00)".to_owned(),
            dispute_url: "https://trellis.example/d/v1.1.9f2c".to_owned(),
            dispute_until: "seven days".to_owned(),
        }]
    }
}
