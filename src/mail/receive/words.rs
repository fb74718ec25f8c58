//! What did the person write themselves, without what their mail program put round it?

use mail_parser::decoders::html::html_to_text;

use super::mime::{Mail, Place};

/// What is kept of a text; nobody answers an invite at greater length.
const KEPT: usize = 4_000;
const READ: usize = 64 * 1_024;

/// The person's own text: no quote, no signature.
pub(super) fn written(mail: &Mail<'_>) -> String {
    tidy(without_quote(&text(mail)))
}

/// What stands beside a calendar's answer, unless it is only the mail program saying the same in words.
pub(super) fn note(mail: &Mail<'_>) -> String {
    let written = written(mail);
    let first = written.lines().next().unwrap_or_default().to_lowercase();
    let is_said_already =
        ["accepted", "declined", "tentative", "invitation", "begin:vcalendar"].iter().any(|word| first.contains(word));
    if is_said_already { String::new() } else { written }
}

fn text(mail: &Mail<'_>) -> String {
    let own = |media: &str| {
        mail.parts
            .iter()
            .find(|part| part.place == Place::Own && part.head.kind().media == media)
            .map(|part| part.text())
    };
    let plain = own("text/plain").filter(|text| !text.trim().is_empty());
    plain.unwrap_or_else(|| own("text/html").map(|html| html_to_text(&start(&html))).unwrap_or_default())
}

fn start(text: &str) -> String {
    text.chars().take(READ).collect()
}

/// Up to the line that opens the quote, without quoted lines.
fn without_quote(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in text.lines().take(5_000) {
        let bare = line.trim();
        if opens_quote(bare) || bare == "--" {
            break;
        }
        if !bare.starts_with('>') {
            kept.push(line);
        }
    }
    // "On Monday … <hello@…>\nwrote:" is broken over two lines by some.
    while kept.last().is_some_and(|line| is_attribution(line.trim())) {
        kept.pop();
    }
    kept.join("\n")
}

fn opens_quote(line: &str) -> bool {
    let lower = line.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    (line.ends_with(':') && says(&[" wrote:", " schrieb", " a écrit", " escribió", " escreveu", " ha scritto"]))
        || lower == "wrote:"
        || (line.starts_with("--") && says(&["original message", "ursprüngliche nachricht", "message d'origine"]))
        || (line.len() > 20 && line.chars().all(|c| c == '_'))
        || (line.starts_with("From:") && line.contains('@'))
}

fn is_attribution(line: &str) -> bool {
    line.is_empty() || (line.starts_with("On ") && line.contains('@'))
}

/// Printable, without empty lines at either end, and not endless.
pub(super) fn tidy(text: impl AsRef<str>) -> String {
    let lines = text.as_ref().lines().map(str::trim_end);
    let printable = lines.map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>());
    let text = printable.take(500).collect::<Vec<_>>().join("\n");
    text.trim().chars().take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quote_and_the_signature_go() {
        for written in [
            "I cannot come.\n\nOn Mon, 5 Oct 2026 at 09:00, N. <hello@group.example> wrote:\n> Hello",
            "I cannot come.\n\nOn Mon, 5 Oct 2026 at 09:00, N. <hello@group.example>\nwrote:\n\n> Hello",
            "I cannot come.\r\n\r\n________________________________\r\nFrom: N.\r\nSent: Monday",
            "I cannot come.\n-- \nSam",
            "I cannot come.\nFrom: N. <hello@group.example>\nHello",
            "> Hello\nI cannot come.\n",
            "I cannot come.\n\n-----Original Message-----\nHello",
        ] {
            assert_eq!(tidy(without_quote(written)), "I cannot come.", "{written}");
        }
        assert_eq!(tidy("a\u{7}\n\n").as_str(), "a");
        assert_eq!(tidy("x".repeat(9_000)).len(), KEPT);
    }
}
