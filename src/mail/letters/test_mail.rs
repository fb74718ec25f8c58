//! Does mail arrive?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice, reading::Reader},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct TestMail {
    pub asked_at: String,
    /// Host and port of the mail server.
    pub relay: String,
    /// The From address.
    pub from: String,
    pub arrived_url: String,
}

impl Letter for TestMail {
    const FOLDER: &'static str = "test_mail";
    const READER: Reader = Reader::Coach;

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            asked_at: "Tue 2 Mar 2027, 10:41 (Dublin time, UTC+00:00)".to_owned(),
            relay: "mail.example.org, port 587".to_owned(),
            from: "hello@nadiabrandt.example".to_owned(),
            arrived_url: "https://trellis.example/coach/test/v1.1.9f2c".to_owned(),
        }]
    }
}
