//! Who may ask, and what do they see? The pages and the JSON API: the only room that knows HTTP.

pub mod assets;
pub mod chrome;
pub mod coach_sign_in;
#[cfg(test)]
mod coach_story;
pub mod cohort_new;
pub mod cohorts;
pub mod csrf;
pub mod desk;
pub mod error;
pub mod error_pages;
pub mod fields;
pub mod form;
pub mod frame;
pub mod gallery;
pub mod guard;
pub mod headers;
pub mod icons;
pub mod labels;
pub mod lessons;
pub mod limits;
pub mod methods;
pub mod outbox;
pub mod page;
pub mod people;
pub mod patterns;
pub mod programs;
pub mod routes;
pub mod sessions;
pub mod settings;
pub mod site;
pub mod table;
pub mod texts;
pub mod this_week;
