//! Of which parts is a mail made that somebody else wrote?
//!
//! Taken apart without recursion, each level and each part counted: a megabyte of mail within mail costs a
//! refusal, not the stack.

use std::borrow::Cow;

use mail_parser::decoders::{
    base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode,
};

use super::head::Head;

/// How much of a mail we are ready to read (R1, R10 of the mail sheet).
pub(super) const OCTETS: usize = 1 << 20;
pub(super) const DEPTH: usize = 8;
pub(super) const PARTS: usize = 50;

/// More than that, and nothing of it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    #[error("larger than one megabyte")]
    Octets,
    #[error("nested more than eight levels deep")]
    Depth,
    #[error("made of more than fifty parts")]
    Parts,
    #[error("its header has no end")]
    Head,
}

/// One part that is no container.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) head: Head,
    body: &'a [u8],
    pub(super) place: Place,
}

/// Whether a part is the writer's own, or of a mail inside the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Own,
    Enclosed,
}

/// The whole mail: its own header, and every part in reading order.
#[derive(Debug)]
pub(super) struct Mail<'a> {
    pub(super) head: Head,
    pub(super) parts: Vec<Part<'a>>,
}

struct Open<'a> {
    bytes: &'a [u8],
    depth: usize,
    place: Place,
}

pub(super) fn open(bytes: &[u8]) -> Result<Mail<'_>, TooMuch> {
    if bytes.len() > OCTETS {
        return Err(TooMuch::Octets);
    }
    let (head, _) = Head::read(bytes)?;
    let mut parts = Vec::new();
    let mut waiting = vec![Open { bytes, depth: 0, place: Place::Own }];
    let mut seen = 0;
    while let Some(open) = waiting.pop() {
        seen += 1;
        if seen > PARTS {
            return Err(TooMuch::Parts);
        }
        if open.depth > DEPTH {
            return Err(TooMuch::Depth);
        }
        let (head, body) = Head::read(open.bytes)?;
        let depth = open.depth + 1;
        if let Some(boundary) = boundary(&head) {
            let children = children(body, &boundary)?;
            // The last that is put away is the first that is taken up.
            let children = children.into_iter().rev();
            waiting.extend(children.map(|bytes| Open { bytes, depth, place: open.place }));
        } else {
            if is_whole_mail(&head) {
                waiting.push(Open { bytes: body, depth, place: Place::Enclosed });
            }
            parts.push(Part { head, body, place: open.place });
        }
    }
    Ok(Mail { head, parts })
}

fn boundary(head: &Head) -> Option<String> {
    let kind = head.kind();
    kind.media.starts_with("multipart/").then(|| kind.parameter("boundary")).flatten().filter(|text| !text.is_empty())
}

/// A mail inside the mail, readable as it stands.
fn is_whole_mail(head: &Head) -> bool {
    matches!(head.kind().media.as_str(), "message/rfc822" | "message/global") && encoding(head) == Encoding::None
}

/// What stands between the boundary's lines (RFC 2046 §5.1.1); a missing last line is forgiven.
fn children<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<&'a [u8]>, TooMuch> {
    let mut children = Vec::new();
    let mut from: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|octet| *octet == b'\n') {
        let (begins, ends) = (at, at + line.len());
        at = ends;
        let Some(after) = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary.as_bytes())) else {
            continue;
        };
        let after = after.trim_ascii();
        if !after.is_empty() && after != b"--" {
            continue;
        }
        if let Some(from) = from {
            children.push(without_line_end(&body[from..begins]));
            if children.len() > PARTS {
                return Err(TooMuch::Parts);
            }
        }
        from = (after != b"--").then_some(ends);
        if from.is_none() {
            break;
        }
    }
    children.extend(from.map(|from| &body[from..]));
    Ok(children)
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    None,
    Base64,
    QuotedPrintable,
}

fn encoding(head: &Head) -> Encoding {
    match head.value("content-transfer-encoding").unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "base64" => Encoding::Base64,
        "quoted-printable" => Encoding::QuotedPrintable,
        _ => Encoding::None,
    }
}

impl<'a> Part<'a> {
    /// The octets as they were meant; what cannot be decoded stays as it came.
    pub(super) fn bytes(&self) -> Cow<'a, [u8]> {
        let decoded = match encoding(&self.head) {
            Encoding::None => None,
            Encoding::Base64 => base64_decode(self.body),
            Encoding::QuotedPrintable => quoted_printable_decode(self.body),
        };
        decoded.map_or(Cow::Borrowed(self.body), Cow::Owned)
    }

    /// The text in its own character set, UTF-8 where none is named.
    pub(super) fn text(&self) -> String {
        let bytes = self.bytes();
        let charset = self.head.kind().parameter("charset").unwrap_or_default().to_ascii_lowercase();
        match charset_decoder(charset.as_bytes()).filter(|_| !matches!(charset.as_str(), "utf-8" | "us-ascii" | "")) {
            Some(decode) => decode(&bytes),
            None => String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}
