//! What is asked of somebody on their own page, besides what every week brings?

use serde::Serialize;

use super::{agreeing, place::Place};
use crate::{
    actions::couples::choose::{Open, what_is_open},
    store::couples,
    web::{error::PageError, guard::SignedParticipant, site::Site, together},
};

/// One card with one button.
#[derive(Debug, Serialize)]
pub(super) struct Ask {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) button: &'static str,
    pub(super) href: String,
}

pub(super) async fn asks(site: &Site, signed: &SignedParticipant, place: &Place) -> Result<Vec<Ask>, PageError> {
    let mut asks = Vec::new();
    if !agreeing::open(site, place).await?.is_empty() {
        asks.push(Ask {
            title: "Please read this once",
            text: "A text you agree to reads differently now. Until you have read it, everything stays as it is.",
            button: "Read it",
            href: format!("/p/agree?enrollment={}", place.enrollment.id),
        });
    }
    for couple in couples::of_enrollment(site.db.reader(), place.enrollment.id).await? {
        let (title, text, button) = match what_is_open(&couple, &place.enrollment) {
            Open::Missing => (
                "How would you like to come?",
                "Your partner has not joined. You can come alone, wait a little longer, or not come.",
                "Choose",
            ),
            Open::InLine => (
                "You are waiting for two places",
                "When two are free, we write to you. If you would rather not wait for two, you can wait for one.",
                "Come alone instead",
            ),
            Open::Nothing => continue,
        };
        asks.push(Ask { title, text, button, href: together::path(site, &signed.person, &couple) });
    }
    Ok(asks)
}
