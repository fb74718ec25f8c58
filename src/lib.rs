//! Trellis runs multi-week group programs: enrollment, calendars that stay true, and the right lesson
//! each week. `domain` says what is true, `store` remembers, `mail` says it, `actions` does it, `web`
//! shows it, `worker` looks when it is time.

pub mod actions;
pub mod app;
pub mod bench;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod domain;
pub mod keys;
pub mod links;
pub mod machine;
pub mod mail;
pub mod metrics;
pub mod random;
pub mod seal;
pub mod store;
pub mod web;
pub mod worker;
