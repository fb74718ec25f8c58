//! Is this inbox the one a person wants to be written to from now on?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice, reading::Reader},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct ConfirmNewAddress {
    pub confirm_url: String,
    /// As in `an hour`.
    pub lifetime: String,
}

impl Letter for ConfirmNewAddress {
    const FOLDER: &'static str = "confirm_new_address";
    const READER: Reader = Reader::Stranger;

    fn category(&self) -> Category {
        Category::Security
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            confirm_url: "https://trellis.example/address/v1.abc.def".to_owned(),
            lifetime: "an hour".to_owned(),
        }]
    }
}
