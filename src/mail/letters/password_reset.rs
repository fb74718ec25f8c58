//! How does a coach choose a new password?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice, reading::Reader},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct PasswordReset {
    pub reset_url: String,
    /// As in `ten minutes`.
    pub lifetime: String,
}

impl Letter for PasswordReset {
    const FOLDER: &'static str = "password_reset";
    const READER: Reader = Reader::Coach;

    fn category(&self) -> Category {
        Category::Security
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            reset_url: "https://trellis.example/coach/reset/v1.1.9f2c".to_owned(),
            lifetime: "thirty minutes".to_owned(),
        }]
    }
}
