//! Who called which of our mails spam? (RFC 5965)

use super::{
    Clues,
    head::Head,
    mime::{Mail, Place},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Providers take addresses out, so these must be enough.
    pub clues: Clues,
    pub feedback: Feedback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feedback {
    /// Spam, or no longer wanted.
    Abuse,
    /// Taken back: it was no spam.
    NotSpam,
    /// Authentication failures, viruses, and the like: reports to an operator.
    Other,
}

/// `None` when the mail holds no feedback report of its own.
pub(super) fn of(mail: &Mail<'_>) -> Option<Complaint> {
    let is_feedback = |media: &str| media == "message/feedback-report";
    let part = mail.parts.iter().find(|part| part.place == Place::Own && is_feedback(&part.head.kind().media))?;
    let (fields, _) = Head::read(&part.bytes()).ok()?;
    let mut clues = Clues::of(mail);
    fields.values("original-mail-from").for_each(|value| clues.add_tokens(value));
    let feedback = match fields.value("feedback-type").unwrap_or_default().to_ascii_lowercase().as_str() {
        "abuse" | "opt-out" | "opt-out-list" | "complaint" => Feedback::Abuse,
        "not-spam" => Feedback::NotSpam,
        _ => Feedback::Other,
    };
    Some(Complaint { clues, feedback })
}
