//! How do we say it? Letters and their templates, the message's bytes, its signature, and the mailer.

pub mod lesson_html;
pub mod message;
mod parts;
pub mod letter;
pub mod letters;
pub mod plain_text;
pub mod templates;
