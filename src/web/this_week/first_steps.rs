//! What does a coach do first?

use serde::Serialize;

use crate::{
    store::{practices::Practice, programs},
    web::{error::PageError, site::Site},
};

#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) is_done: bool,
    pub(super) title: &'static str,
    pub(super) detail: &'static str,
    pub(super) act: &'static str,
    pub(super) path: &'static str,
}

/// Three steps from an empty house to an open cohort.
pub(super) async fn first_steps(site: &Site, practice: &Practice) -> Result<Vec<Step>, PageError> {
    let has_program = !programs::of_practice(site.db.reader(), practice.id).await?.is_empty();
    Ok(steps(has_program, practice.mail_tested_at.is_some() && !practice.postal_address.trim().is_empty()))
}

pub(super) fn steps(has_program: bool, has_mail: bool) -> Vec<Step> {
    vec![
        Step {
            is_done: has_program,
            title: "Bring in a program",
            detail: "Write one here, or import a folder of files with the command trellis import.",
            act: "Open programs",
            path: "/coach/programs",
        },
        Step {
            is_done: has_mail,
            title: "Set up your sender",
            detail: "Your name, your addresses, and a test mail that arrives.",
            act: "Open settings",
            path: "/coach/settings",
        },
        Step {
            is_done: false,
            title: "Open your first dates",
            detail: "A start date and a weekday are enough; you see the whole schedule before it is saved.",
            act: "Make a cohort",
            path: "/coach/cohorts/new",
        },
    ]
}
