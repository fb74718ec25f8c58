//! What does a header say that somebody else wrote?

use super::mime::TooMuch;

/// Fields in order, names in lower case, values unfolded (RFC 5322 §2.2.3).
#[derive(Debug, Default)]
pub(super) struct Head(Vec<(String, String)>);

/// A media type and its parameters, the type and the names in lower case.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) media: String,
    parameters: Vec<(String, String)>,
}

/// More than any mail has: ARC, DKIM and forty hops are about twenty thousand.
const OCTETS: usize = 128 * 1_024;
const FIELDS: usize = 1_000;

impl Head {
    /// Reads up to the first empty line, and returns what is below it.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), TooMuch> {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut at = 0;
        for line in bytes.split_inclusive(|octet| *octet == b'\n') {
            at += line.len();
            let text = line.trim_ascii_end();
            if text.is_empty() {
                break;
            }
            if at > OCTETS || fields.len() > FIELDS {
                return Err(TooMuch::Head);
            }
            let text = String::from_utf8_lossy(text);
            if text.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(text.trim());
                }
            } else if let Some((name, value)) = text.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        Ok((Self(fields), &bytes[at..]))
    }

    /// The first field of this name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// What the body is; plain text where nothing is said (RFC 2045 §5.2).
    pub(super) fn kind(&self) -> Kind {
        self.value("content-type")
            .map_or_else(|| Kind { media: "text/plain".to_owned(), ..Kind::default() }, Kind::parse)
    }
}

impl Kind {
    fn parse(text: &str) -> Self {
        let mut pieces = unquoted(text, ';').into_iter();
        let media = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
        let parameters = pieces.filter_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        });
        Self { media, parameters: parameters.take(50).collect() }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

/// Splits outside of double quotes, and takes the quotes away.
fn unquoted(text: &str, at: char) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for c in text.chars() {
        let piece = pieces.last_mut().expect("there is always one");
        if is_escaped {
            piece.push(c);
            is_escaped = false;
        } else if is_quoted && c == '\\' {
            is_escaped = true;
        } else if c == '"' {
            is_quoted = !is_quoted;
        } else if c == at && !is_quoted {
            pieces.push(String::new());
        } else {
            piece.push(c);
        }
    }
    pieces
}

/// Every `<id@host>` in a text, brackets included, in order; at most fifty.
pub(super) fn message_ids(text: &str) -> Vec<String> {
    let ids = text.split('<').skip(1).filter_map(|rest| {
        let id = rest.split('>').next().filter(|_| rest.contains('>'))?;
        let is_id = id.len() <= 250 && id.contains('@') && id.bytes().all(|byte| byte.is_ascii_graphic());
        is_id.then(|| format!("<{id}>"))
    });
    ids.take(50).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_the_body_begins_below() {
        let (head, body) = Head::read(b"Subject: a\r\n b\nX-Y : z\r\nno field\r\n\r\nbody\r\n\r\n").unwrap();
        assert_eq!((head.value("subject"), head.value("x-y")), (Some("a b"), Some("z")));
        assert_eq!(body, b"body\r\n\r\n");
        assert_eq!(Head::read(b"").unwrap().1, b"");
        assert_eq!(Head::read(&b"a: b\n".repeat(2_000)).err(), Some(TooMuch::Head));
    }

    #[test]
    fn a_media_type_is_read_as_mail_clients_write_it() {
        let kind = Kind::parse("Text/Calendar; charset=\"utf-8\"; METHOD=Reply; name=\"a;b\\\"c\"");
        assert_eq!(kind.media, "text/calendar");
        assert_eq!(kind.parameter("method").as_deref(), Some("Reply"));
        assert_eq!(kind.parameter("name").as_deref(), Some("a;b\"c"));
        assert_eq!(kind.parameter("boundary"), None);
    }

    #[test]
    fn ids_are_found_wherever_they_stand() {
        assert_eq!(message_ids("x <a@b>, <c@d> <no> <e@f"), ["<a@b>", "<c@d>"]);
        assert!(message_ids("<a b@c>").is_empty());
    }
}
