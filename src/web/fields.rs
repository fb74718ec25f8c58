//! What did somebody type?

use std::{collections::BTreeMap, fmt};

use poem::{FromRequest, Request, RequestBody, Result};

use crate::web::{csrf::FormToken, error::PageError, limits};

/// More than any page of ours has; a form with more is not ours.
const MOST_FIELDS: usize = 2_000;

/// The fields of a form: every value of a name, in order. Lines end in `\n`, there is no NUL. An extractor:
/// 413 above 256 KiB, 415 if it is not urlencoded, 400 if it is not UTF-8. Prints names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, Vec<String>>);

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({})", self.0.len())
    }
}

impl<'a> FromRequest<'a> for Fields {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let kind = request.content_type().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(PageError::WrongType.into());
        }
        let bytes = body.take()?.into_bytes_limit(limits::FORM).await?;
        Ok(Self::parse(&bytes)?)
    }
}

impl Fields {
    /// Reads `application/x-www-form-urlencoded` (the WHATWG URL standard, §5.1), and query strings too.
    pub fn parse(bytes: &[u8]) -> Result<Self, PageError> {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        for (count, pair) in pairs.enumerate() {
            if count >= MOST_FIELDS {
                return Err(PageError::TooLarge);
            }
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let value = pair.get(at + 1..).unwrap_or_default();
            fields.entry(decode(&pair[..at])?).or_default().push(decode(value)?);
        }
        Ok(Self(fields))
    }

    /// One more field, as a multipart form brings it.
    pub(crate) fn add(&mut self, name: String, value: &[u8]) -> Result<(), PageError> {
        self.0.entry(name).or_default().push(text(value.to_vec())?);
        Ok(())
    }

    /// The first value, trimmed; empty if there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.many(name).first().map_or("", |value| value.trim())
    }

    /// Every value of a name, as typed: for check boxes and repeated rows.
    #[must_use]
    pub fn many(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a check box was ticked, or a button of this name pressed.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Every name with its values.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Vec<String>)> {
        self.0.iter()
    }

    /// The token every form carries; without it the form is not ours.
    pub fn form_token(&self) -> Result<FormToken, PageError> {
        FormToken::parse(self.text("form_token"))
            .ok_or_else(|| PageError::BadRequest("A part of the form was missing. Nothing was changed.".into()))
    }
}

fn decode(bytes: &[u8]) -> Result<String, PageError> {
    let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                text.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte"));
                at += 2;
            }
            (b'+', ..) => text.push(b' '),
            _ => text.push(*byte),
        }
        at += 1;
    }
    self::text(text)
}

/// UTF-8 without NUL, its lines ending in `\n`.
fn text(bytes: Vec<u8>) -> Result<String, PageError> {
    let bad = |why: &'static str| PageError::BadRequest(why.into());
    let text = String::from_utf8(bytes).map_err(|_| bad("The text was not encoded as UTF-8."))?;
    if text.contains('\0') {
        // PostgreSQL cannot store it, and no keyboard writes it.
        return Err(bad("The text has a character that cannot be stored."));
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
mod tests {
    use poem::{handler, http::StatusCode, test::TestClient};
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &str) -> Fields {
        Fields::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let form = fields("name=J%C3%B8rn+%26+Co&day=mon&day=tue&note=a%0D%0Ab%0dc&&empty=&flag&x=1=2&100%=%zz%");
        assert_eq!(form.text("name"), "Jørn & Co");
        assert_eq!(form.many("day"), ["mon", "tue"]);
        assert_eq!(form.text("note"), "a\nb\nc");
        assert_eq!((form.text("empty"), form.text("missing")), ("", ""));
        assert!(form.has("flag") && !form.has("missing"));
        assert_eq!((form.text("x"), form.text("100%")), ("1=2", "%zz%"));
    }

    #[test]
    fn what_cannot_be_text_is_refused() {
        for bad in ["a=%ff", "a=%00", "%c3=x", "a=%ed%a0%80"] {
            assert!(matches!(Fields::parse(bad.as_bytes()), Err(PageError::BadRequest(_))), "{bad}");
        }
        assert!(matches!(Fields::parse("a&".repeat(2_001).as_bytes()), Err(PageError::TooLarge)));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes: Vec<u8>) {
            let _ = Fields::parse(&bytes);
        }
    }

    #[handler]
    async fn echo(fields: Fields) -> String {
        fields.text("a").to_owned()
    }

    #[tokio::test]
    async fn only_a_small_urlencoded_body_is_a_form() {
        let client = TestClient::new(echo);
        let kind = "application/x-www-form-urlencoded; charset=UTF-8";
        client.post("/").content_type(kind).body("a=b").send().await.assert_text("b").await;
        client.post("/").body("a=b").send().await.assert_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        client
            .post("/")
            .content_type("text/plain")
            .body("a=b")
            .send()
            .await
            .assert_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        client
            .post("/")
            .content_type(kind)
            .body(vec![b'a'; limits::FORM + 1])
            .send()
            .await
            .assert_status(StatusCode::PAYLOAD_TOO_LARGE);
    }
}
