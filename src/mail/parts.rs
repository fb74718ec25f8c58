//! Of which MIME parts is a message made?

use lettre::message::{
    Body, MultiPart, SinglePart,
    header::{ContentDisposition, ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
};
use sha2::{Digest, Sha256};

use super::message::{Method, Outgoing};

/// `alternative(text, html[, calendar])`, inside `mixed` with the attached file for calendar mail (C1).
pub(super) fn of(outgoing: &Outgoing) -> MultiPart {
    let alternative = MultiPart::alternative()
        .boundary(boundary(outgoing.message_id, 'a'))
        .singlepart(text_part(ContentType::TEXT_PLAIN, outgoing.text))
        .singlepart(text_part(ContentType::TEXT_HTML, outgoing.html));
    let Some((method, calendar)) = outgoing.calendar else {
        return alternative;
    };
    MultiPart::mixed()
        .boundary(boundary(outgoing.message_id, 'm'))
        .multipart(alternative.singlepart(calendar_part(method, calendar)))
        .singlepart(attachment(calendar))
}

/// `=_` never occurs in quoted-printable or base64, so no part can hold its own boundary (RFC 2045 §6.7).
pub(super) fn boundary(message_id: &str, level: char) -> String {
    let digest = Sha256::digest(message_id.as_bytes());
    format!("=_{level}{}", data_encoding::HEXLOWER.encode(&digest[..12]))
}

/// Always encoded: a bare CR or LF before a dot is not stuffed by every sender, and 8bit breaks signatures (H13).
fn text_part(content_type: ContentType, text: &str) -> SinglePart {
    let encoding =
        if is_foreign(text) { ContentTransferEncoding::Base64 } else { ContentTransferEncoding::QuotedPrintable };
    let body = Body::new_with_encoding(text.to_owned(), encoding).expect("both encodings carry any text");
    SinglePart::builder().header(content_type).body(body)
}

/// So much of it is beyond ASCII that base64 is shorter.
pub(super) fn is_foreign(text: &str) -> bool {
    text.bytes().filter(|byte| !byte.is_ascii()).count() > text.len() / 6
}

/// One line as quoted-printable, without its end (RFC 2045 §6.7).
pub(super) fn quoted(line: &str) -> String {
    let body = Body::new_with_encoding(line.to_owned(), ContentTransferEncoding::QuotedPrintable);
    let encoded = body.expect("quoted-printable carries any text").into_vec();
    String::from_utf8(encoded).expect("quoted-printable is ASCII")
}

/// lettre ends a part with CRLF of its own before the boundary, so END:VCALENDAR keeps its own (C4).
fn calendar_part(method: Method, calendar: &str) -> SinglePart {
    let body = if is_seven_bit(calendar) {
        Body::dangerous_pre_encoded(calendar.as_bytes().to_vec(), ContentTransferEncoding::SevenBit)
    } else {
        base64(calendar)
    };
    SinglePart::builder().header(CalendarType(method)).body(body)
}

fn attachment(calendar: &str) -> SinglePart {
    let content_type =
        ContentType::parse("application/ics; name=\"invite.ics\"").expect("a constant media type parses");
    SinglePart::builder()
        .header(content_type)
        .header(ContentDisposition::attachment("invite.ics"))
        .body(base64(calendar))
}

fn base64(text: &str) -> Body {
    // Octets, not a String: lettre would rewrite the line ends of a String.
    Body::new_with_encoding(text.as_bytes().to_vec(), ContentTransferEncoding::Base64)
        .expect("base64 carries any octets")
}

/// ASCII lines of at most 998 octets that all end with CRLF (RFC 2045 §2.7).
fn is_seven_bit(text: &str) -> bool {
    text.is_ascii()
        && text.split_inclusive("\r\n").all(|line| {
            line.strip_suffix("\r\n").is_some_and(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0']))
        })
}

/// The content type of an iMIP part: the method in upper case, as some clients compare it (C3).
#[derive(Clone)]
struct CalendarType(Method);

impl Header for CalendarType {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Type")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(if text.contains("CANCEL") { Method::Cancel } else { Method::Request }))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), format!("text/calendar; charset=utf-8; method={}", self.0.as_str()))
    }
}
