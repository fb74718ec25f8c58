//! What did a form bring, files included?

use std::ops::Range;

use poem::{FromRequest, Request, RequestBody, Result};

use crate::{
    keys::fingerprint,
    web::{error::PageError, fields::Fields, limits},
};

/// A part with a longer head is not from a browser.
const LONGEST_HEAD: usize = 4 * 1024;
const MOST_PARTS: usize = 100;

/// A form in either of the two shapes that browsers send.
#[derive(Debug)]
pub(crate) enum Sent {
    /// `application/x-www-form-urlencoded`
    Plain(Fields),
    /// `multipart/form-data`
    Parts(Upload),
}

/// The fields of a form and the file that came with it: an extractor, for pages that take one. Its route says
/// so in the table (`post_file`), for the larger limit.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    pub(crate) fields: Fields,
    /// As it came, whatever it is; `None`: no file was chosen.
    pub(crate) file: Option<Vec<u8>>,
    content: [u8; 32],
}

impl<'a> FromRequest<'a> for Upload {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let bytes = body.take()?.into_bytes_limit(limits::CSV).await?;
        match Sent::read(request.content_type().unwrap_or_default(), &bytes)? {
            Sent::Parts(upload) => Ok(upload),
            Sent::Plain(fields) => Ok(Self { fields, ..Self::default() }),
        }
    }
}

impl Sent {
    pub(crate) fn read(kind: &str, body: &[u8]) -> Result<Self, PageError> {
        let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
        if kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Fields::parse(body).map(Self::Plain);
        }
        if kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return Upload::parse(boundary(parameters).ok_or_else(broken)?, body).map(Self::Parts);
        }
        Err(PageError::WrongType)
    }

    pub(crate) fn fields(&self) -> &Fields {
        match self {
            Self::Plain(fields) => fields,
            Self::Parts(upload) => &upload.fields,
        }
    }

    /// The same for the same content. A browser makes up a new boundary each time it sends a form.
    pub(crate) fn content(&self, body: &[u8]) -> [u8; 32] {
        match self {
            Self::Plain(_) => fingerprint(&[body]),
            Self::Parts(upload) => upload.content,
        }
    }
}

fn broken() -> PageError {
    PageError::BadRequest("The form arrived in pieces that do not fit together. Nothing was changed.".into())
}

fn boundary(parameters: &str) -> Option<&str> {
    let named = parameters.split(';').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    named.filter(|boundary| (1..=70).contains(&boundary.len()))
}

/// What stands in the head of a part.
struct Head {
    name: String,
    is_file: bool,
}

impl Upload {
    /// Reads `multipart/form-data` (RFC 7578) as browsers write it.
    fn parse(boundary: &str, body: &[u8]) -> Result<Self, PageError> {
        let mut upload = Self::default();
        let mut prints = Vec::new();
        for part in parts(boundary, body)? {
            let part = &body[part];
            let at = find(part, b"\r\n\r\n").filter(|at| *at <= LONGEST_HEAD).ok_or_else(broken)?;
            let (head, content) = (head(&part[..at])?, &part[at + 4..]);
            prints.push(fingerprint(&[head.name.as_bytes(), content]));
            if !head.is_file {
                upload.fields.add(head.name, content)?;
            } else if !content.is_empty() {
                upload.file = Some(content.to_vec());
            }
        }
        upload.content = fingerprint(&prints.iter().map(<[u8; 32]>::as_slice).collect::<Vec<_>>());
        Ok(upload)
    }
}

/// Where each part stands, its head included.
fn parts(boundary: &str, body: &[u8]) -> Result<Vec<Range<usize>>, PageError> {
    let (first, next) = (format!("--{boundary}"), format!("\r\n--{boundary}"));
    let mut parts = Vec::new();
    let mut at = find(body, first.as_bytes()).ok_or_else(broken)? + first.len();
    while !body[at..].starts_with(b"--") {
        let rest = &body[at..];
        let length = find(rest, next.as_bytes()).ok_or_else(broken)?;
        let start = if rest.starts_with(b"\r\n") { 2 } else { return Err(broken()) };
        parts.push(at + start.min(length)..at + length);
        at += length + next.len();
        if parts.len() > MOST_PARTS {
            return Err(PageError::TooLarge);
        }
    }
    Ok(parts)
}

fn head(text: &[u8]) -> Result<Head, PageError> {
    let text = std::str::from_utf8(text).map_err(|_| broken())?;
    let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
    let line = line.ok_or_else(broken)?;
    let name = line.split_once(" name=\"").and_then(|(_, rest)| rest.split_once('"')).ok_or_else(broken)?.0;
    Ok(Head { name: name.to_owned(), is_file: line.contains(" filename=\"") || line.contains(" filename*=") })
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|byte| *byte == first)?;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(boundary: &str, file: &str) -> String {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\nabc\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"list\"; filename=\"a --{boundary}x.csv\"\r\nContent-Type: text/csv\r\n\r\n\
             {file}\r\n--{boundary}--\r\n"
        )
    }

    fn read(boundary: &str, body: &str) -> Result<Sent, PageError> {
        Sent::read(&format!("multipart/form-data; boundary={boundary}"), body.as_bytes())
    }

    #[test]
    fn fields_and_a_file_are_read_as_browsers_write_them() {
        let Sent::Parts(upload) = read("----x9", &body("----x9", "name,email\r\nAna,ana@example.org\r\n")).unwrap()
        else {
            panic!("parts")
        };
        assert_eq!(upload.fields.text("form_token"), "abc");
        assert_eq!(upload.file.as_deref(), Some(&b"name,email\r\nAna,ana@example.org\r\n"[..]));
    }

    #[test]
    fn the_same_content_is_the_same_under_another_boundary() {
        let content = |boundary, file| read(boundary, &body(boundary, file)).unwrap().content(b"");
        assert_eq!(content("aaa", "x"), content("bbb", "x"));
        assert_ne!(content("aaa", "x"), content("aaa", "y"));
    }

    #[test]
    fn what_is_no_form_is_refused() {
        assert!(matches!(Sent::read("text/plain", b"a=b"), Err(PageError::WrongType)));
        assert!(matches!(Sent::read("", b"a=b"), Err(PageError::WrongType)));
        for bad in ["", "--x", "--x\r\n", "--x\r\n\r\n--x--", "--x\r\nA: b\r\n\r\nc\r\n--x--", "no boundary at all"] {
            assert!(read("x", bad).is_err(), "{bad}");
        }
        assert!(Sent::read("multipart/form-data", b"--x").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes: Vec<u8>, cut in 0usize..300) {
            let _ = Sent::read("multipart/form-data; boundary=x", &bytes);
            let whole = body("x", "name\r\n--x\r\n").into_bytes();
            let _ = Sent::read("multipart/form-data; boundary=x", &whole[..cut.min(whole.len())]);
        }
    }
}
