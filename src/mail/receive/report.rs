//! What does a delivery report say? (RFC 3464, and RFC 6533 for its international form)

use super::{
    Clues,
    head::Head,
    mime::{Mail, Place},
};
use crate::domain::attempt::enhanced_code;

/// A mail came back, or is late, or arrived, as somebody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    pub clues: Clues,
    /// One for each recipient that is spoken of; ours have one. Never empty.
    pub fates: Vec<Fate>,
}

/// What became of the mail for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    pub action: Action,
    pub status: Option<[u16; 3]>,
    /// The words of the server that refused; they may hold an address.
    pub words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Failed,
    /// It is tried again: no failure.
    Delayed,
    Delivered,
    Relayed,
    Expanded,
    /// A word of somebody's own.
    Other,
}

impl Action {
    fn parse(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "failed" => Self::Failed,
            "delayed" => Self::Delayed,
            "delivered" => Self::Delivered,
            "relayed" => Self::Relayed,
            "expanded" => Self::Expanded,
            _ => Self::Other,
        }
    }
}

const MOST_FATES: usize = 20;

/// `None` when the mail holds no delivery report of its own.
pub(super) fn of(mail: &Mail<'_>) -> Option<Bounce> {
    let is_report = |media: &str| matches!(media, "message/delivery-status" | "message/global-delivery-status");
    let part = mail.parts.iter().find(|part| part.place == Place::Own && is_report(&part.head.kind().media))?;
    let bytes = part.bytes();
    let fates = fates(&bytes);
    let mut clues = Clues::of(mail);
    if let Ok((about, _)) = Head::read(&bytes) {
        about.values("x-original-message-id").for_each(|value| clues.add_ids(value));
    }
    (!fates.is_empty()).then_some(Bounce { clues, fates })
}

/// Groups of fields with empty lines between: the first is about the mail, each other about a recipient.
fn fates(mut bytes: &[u8]) -> Vec<Fate> {
    let mut fates = Vec::new();
    while !bytes.is_empty() && fates.len() < MOST_FATES {
        let Ok((fields, rest)) = Head::read(bytes) else { break };
        bytes = rest;
        // Some put everything into one group.
        if let Some(action) = fields.value("action") {
            let words = fields.value("diagnostic-code").unwrap_or_default().chars().take(1_000).collect();
            let status = fields.value("status").and_then(enhanced_code);
            fates.push(Fate { action: Action::parse(action), status, words });
        }
    }
    fates
}
