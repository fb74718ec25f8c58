//! Somebody would like you to come along: do you want to? Names nobody but the one who asks, and no program.

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice, reading::Reader},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct PartnerAsked {
    /// The name the inviter goes by; none when it could be a message in place of a name.
    pub inviter: Option<String>,
    pub answer_url: String,
    /// Local time with zone and offset.
    pub held_until: String,
}

impl Letter for PartnerAsked {
    const FOLDER: &'static str = "partner_asked";
    const READER: Reader = Reader::Stranger;

    fn category(&self) -> Category {
        Category::Security
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        let letter = |inviter: Option<&str>| Self {
            inviter: inviter.map(str::to_owned),
            answer_url: "https://trellis.example/partner/v1.9f2c".to_owned(),
            held_until: "Fri 5 Mar 2027, 11:41 (Dublin time, UTC+00:00)".to_owned(),
        };
        vec![letter(Some("Sam")), letter(None)]
    }
}
