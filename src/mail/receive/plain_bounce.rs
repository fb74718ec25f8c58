//! Is this a bounce in plain words, as old and small mail systems write them?

use super::{
    Action, Bounce, Clues, Fate,
    head::Head,
    is_daemon,
    mime::{Mail, Place},
};
use crate::domain::bounce::{basic_in, enhanced_in};

/// Enough of a text to say what happened.
const READ: usize = 64 * 1_024;
const KEPT: usize = 1_000;

/// `None` unless a mail system wrote it, about a mail that may be ours, and says that it failed.
pub(super) fn of(mail: &Mail<'_>) -> Option<Bounce> {
    if !is_from_a_mail_system(&mail.head) {
        return None;
    }
    let text: String = own_text(mail).chars().take(READ).collect();
    let mut clues = Clues::of(mail);
    for line in text.lines() {
        let (name, value) = line.trim_start_matches(['>', ' ']).split_once(':').unwrap_or_default();
        match name.trim().to_ascii_lowercase().as_str() {
            "message-id" => clues.add_ids(value),
            "return-path" => clues.add_tokens(value),
            _ => {}
        }
    }
    let fate = (!clues.is_empty()).then(|| fate(explanation(&text)))??;
    Some(Bounce { clues, fates: vec![fate] })
}

fn is_from_a_mail_system(head: &Head) -> bool {
    let word = |name| head.value(name).unwrap_or_default().to_ascii_lowercase();
    let is_nobody = word("return-path").replace(' ', "") == "<>" || word("from").trim().is_empty();
    // Somebody who is away has a mailbox, and answers in their own name.
    let is_answer = ["auto-submitted", "in-reply-to", "x-autoreply"].into_iter().any(|name| head.has(name));
    is_daemon(head) || head.has("x-failed-recipients") || (is_nobody && !is_answer)
}

fn own_text(mail: &Mail<'_>) -> String {
    let is_text = |media: &str| media == "text/plain";
    let own = mail.parts.iter().find(|part| part.place == Place::Own && is_text(&part.head.kind().media));
    own.map(super::mime::Part::text).unwrap_or_default()
}

/// What the mail system says, above the copy of what it speaks of.
fn explanation(text: &str) -> &str {
    let begins_copy = |line: &str| {
        let line = line.trim_start_matches(['>', ' ', '-', '=']).to_ascii_lowercase();
        ["return-path:", "received:", "message-id:", "below this line is a copy", "original message", "from:"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if begins_copy(line) {
            break;
        }
        at += line.len();
    }
    &text[..at]
}

fn fate(text: &str) -> Option<Fate> {
    let lower = text.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let status = enhanced_in(text);
    let has_failed = status.is_some_and(|code| code[0] == 5)
        || basic_in(text).is_some_and(|code| code >= 500)
        || says(&["permanent error", "permanent fatal", "could not be delivered", "couldn't be delivered"])
        || says(&[
            "wasn't able to deliver",
            "was not delivered",
            "undeliverable",
            "delivery failed",
            "delivery has failed",
        ])
        || says(&["unable to deliver", "user unknown", "no such user", "returned to sender", "does not exist"]);
    let is_late =
        says(&["warning only", "do not need to resend", "will be retried", "will keep trying", "delivery is delayed"])
            || says(&["has been delayed", "still being retried", "delivery delayed"]);
    let action = match (is_late, has_failed) {
        (true, _) => Action::Delayed,
        (false, true) => Action::Failed,
        (false, false) => return None,
    };
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Fate { action, status, words: words.chars().take(KEPT).collect() })
}
