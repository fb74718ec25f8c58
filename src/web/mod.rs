//! Who may ask, and what do they see? The pages and the JSON API: the only room that knows HTTP.

pub mod assets;
pub mod chrome;
pub mod csrf;
pub mod error;
pub mod error_pages;
pub mod fields;
pub mod form;
pub mod frame;
pub mod gallery;
pub mod guard;
pub mod headers;
pub mod icons;
pub mod limits;
pub mod mailbox;
pub mod methods;
pub mod page;
pub mod patterns;
pub mod rehearsal;
pub mod routes;
pub mod site;
pub mod table;
pub mod texts;
