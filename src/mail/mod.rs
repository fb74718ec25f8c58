//! How do we say it? Letters and their templates, the message's bytes, its signature, and the mailer.

pub mod dkim;
pub mod dns;
pub mod imap;
pub mod lesson_html;
pub mod letter;
pub mod letters;
pub mod mailbox;
pub mod mailer;
pub mod message;
mod parts;
pub mod plain_text;
pub mod post_office;
pub mod receive;
pub mod smtp;
mod smtp_conversation;
mod smtp_progress;
pub mod smtp_settings;
mod smtp_text;
pub mod smtp_wire;
pub mod stencil;
pub mod templates;
