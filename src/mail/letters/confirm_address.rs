//! Is this address yours? Says nothing of what it was entered for, and no name: a stranger may have typed both.

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice, reading::Reader},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct ConfirmAddress {
    pub confirm_url: String,
    /// Local time with zone, as in `Tue 2 Mar 2027, 19:41 (Dublin time, UTC+00:00)`.
    pub valid_until: String,
}

impl Letter for ConfirmAddress {
    const FOLDER: &'static str = "confirm_address";
    const READER: Reader = Reader::Stranger;

    fn category(&self) -> Category {
        Category::Security
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            confirm_url: "https://trellis.example/c/v1.1.9f2c".to_owned(),
            valid_until: "Tue 2 Mar 2027, 11:41 (Dublin time, UTC+00:00)".to_owned(),
        }]
    }
}
