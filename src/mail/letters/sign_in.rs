//! How does a person get in without a password?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct SignIn {
    pub sign_in_url: String,
    /// Six digits, set as they are to be read: `493 127`.
    pub code: String,
    /// As in `ten minutes`.
    pub lifetime: String,
}

impl Letter for SignIn {
    const FOLDER: &'static str = "sign_in";

    fn category(&self) -> Category {
        Category::Security
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            sign_in_url: "https://trellis.example/in/v1.1.9f2c".to_owned(),
            code: "493 127".to_owned(),
            lifetime: "ten minutes".to_owned(),
        }]
    }
}
