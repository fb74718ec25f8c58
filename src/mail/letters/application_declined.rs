//! The coach said no: how is it said kindly?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct ApplicationDeclined {
    pub coach_name: String,
    /// What the coach adds in their own words, plain text; its paragraphs.
    pub words: Vec<String>,
}

impl Letter for ApplicationDeclined {
    const FOLDER: &'static str = "application_declined";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        let words = |words: &[&str]| Self {
            coach_name: "Nadia".to_owned(),
            words: words.iter().map(|paragraph| (*paragraph).to_owned()).collect(),
        };
        vec![
            words(&[]),
            words(&["I think a group is too much just now.", "Talk to me first: a call <is> free & short."]),
        ]
    }
}
