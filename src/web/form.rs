//! What did somebody type, which of it is wrong, and how is it shown again?

use std::{collections::BTreeMap, fmt};

use poem::{FromRequest, Request, RequestBody, Result};
use serde::Serialize;

use crate::web::{csrf::FormToken, error::PageError, limits};

/// More than any page of ours has; a form with more is not ours.
const MOST_FIELDS: usize = 2_000;

/// Fields that are never shown again nor printed.
const SECRET: [&str; 4] = ["password", "code", "secret", "form_token"];

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
    let bad = |why: &'static str| PageError::BadRequest(why.into());
    let text = String::from_utf8(text).map_err(|_| bad("The text was not encoded as UTF-8."))?;
    if text.contains('\0') {
        // PostgreSQL cannot store it, and no keyboard writes it.
        return Err(bad("The text has a character that cannot be stored."));
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Reads fields into types, and collects what is wrong with each.
#[derive(Debug)]
pub struct Checked<'a> {
    fields: &'a Fields,
    errors: Vec<FieldError>,
}

/// What is wrong with a field: a full sentence that says what to enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

impl<'a> Checked<'a> {
    #[must_use]
    pub fn new(fields: &'a Fields) -> Self {
        Self { fields, errors: Vec::new() }
    }

    /// Parses the trimmed text (empty if missing); the parser's error is shown beside the field.
    pub fn parse<T, E: fmt::Display>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        match parse(self.fields.text(name)) {
            Ok(value) => Some(value),
            Err(error) => self.refuse(name, error.to_string()),
        }
    }

    /// The same with words of the page's own instead of the parser's.
    pub fn parse_or<T, E>(&mut self, name: &str, message: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        self.parse(name, |text| parse(text).map_err(|_| message))
    }

    /// An optional field: `Some(None)` if left empty, `None` if wrong.
    pub fn optional<T, E: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        if self.fields.text(name).is_empty() { Some(None) } else { self.parse(name, parse).map(Some) }
    }

    /// Trimmed text that may not be empty, of at most `most` characters.
    pub fn required(&mut self, name: &str, most: usize, message: &str) -> Option<String> {
        if self.fields.text(name).is_empty() { self.refuse(name, message) } else { self.text(name, most) }
    }

    /// Trimmed text, perhaps empty, of at most `most` characters.
    pub fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let text = self.fields.text(name);
        if text.chars().count() > most {
            return self.refuse(name, format!("Shorten this to at most {most} characters"));
        }
        Some(text.to_owned())
    }

    /// One of a list, as radio buttons and selects send it.
    pub fn choice<T: Clone>(&mut self, name: &str, choices: &[(&str, T)], message: &str) -> Option<T> {
        let given = self.fields.text(name);
        match choices.iter().find(|(value, _)| *value == given) {
            Some((_, choice)) => Some(choice.clone()),
            None => self.refuse(name, message),
        }
    }

    /// A box that must be ticked, such as a consent.
    pub fn ticked(&mut self, name: &str, message: &str) -> Option<()> {
        if self.fields.has(name) { Some(()) } else { self.refuse(name, message) }
    }

    /// Adds an error, for rules over several fields. Returns None, so that it can end a check.
    pub fn refuse<T>(&mut self, name: &str, message: impl Into<String>) -> Option<T> {
        if !self.errors.iter().any(|error| error.field == name) {
            self.errors.push(FieldError { field: name.to_owned(), message: message.into() });
        }
        None
    }

    /// What was asked for if nothing was refused: `checked.finish(|| Some(Ask { email: email?, name: name? }))`.
    /// Otherwise the form to show again.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Entered> {
        match build() {
            Some(value) if self.errors.is_empty() => Ok(value),
            Some(_) | None => Err(Entered::again(self.fields, self.errors)),
        }
    }
}

/// A form as templates show it: `form.value.email`, `form.values.days`, `form.error.email`, `form.errors`.
/// Make it the field `form` of the page. Secrets are left out. Prints names only.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Entered {
    value: BTreeMap<String, String>,
    values: BTreeMap<String, Vec<String>>,
    error: BTreeMap<String, String>,
    errors: Vec<FieldError>,
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entered({} fields, errors in {:?})", self.value.len(), self.error.keys())
    }
}

impl Entered {
    /// A form nobody has touched. Fill in what is known: `Entered::blank().with("name", "Sam")`.
    #[must_use]
    pub fn blank() -> Self {
        Self::default()
    }

    /// Adds a value; a second one of the same name stands beside the first.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        self.value.entry(name.to_owned()).or_insert_with(|| value.clone());
        self.values.entry(name.to_owned()).or_default().push(value);
        self
    }

    /// Adds an error that was found later, such as by an action.
    #[must_use]
    pub fn wrong(mut self, name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        self.error.entry(name.to_owned()).or_insert_with(|| message.clone());
        self.errors.push(FieldError { field: name.to_owned(), message });
        self
    }

    /// What was typed, without errors: for a rule that an action breaks, `Entered::of(&fields).wrong(…)`.
    #[must_use]
    pub fn of(fields: &Fields) -> Self {
        let shown = fields.0.iter().filter(|(name, _)| !SECRET.iter().any(|secret| name.contains(secret)));
        shown
            .flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
            .fold(Self::blank(), |form, (name, value)| form.with(name, value))
    }

    fn again(fields: &Fields, errors: Vec<FieldError>) -> Self {
        errors.into_iter().fold(Self::of(fields), |form, error| form.wrong(&error.field, error.message))
    }

    /// The errors, in the order of the fields.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }
}

#[cfg(test)]
mod tests {
    use poem::{handler, http::StatusCode, test::TestClient};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::email_address::EmailAddress;

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

    #[test]
    fn errors_are_collected_and_answers_are_kept() {
        let fields = fields("email=sam.example.org&name=Sam&password=hunter2&how=bicycle&form_token=x");
        let mut checked = Checked::new(&fields);
        let email = checked.parse("email", EmailAddress::parse);
        let name = checked.required("name", 60, "Enter a name");
        let how = checked.choice("how", &[("alone", 1), ("partner", 2)], "Choose how you are joining");
        let agreed = checked.ticked("agree", "Tick the box to accept the group agreement");
        let form = checked.finish(|| Some((email?, name?, how?, agreed?))).unwrap_err();
        let said: Vec<_> = form.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(said, ["email", "how", "agree"]);
        assert_eq!(form.value["name"], "Sam");
        assert_eq!(form.error["email"], "Enter an email address with an @ sign, such as sam@example.org");
        assert!(!form.value.contains_key("password") && !form.value.contains_key("form_token"));
        assert!(!format!("{form:?}{fields:?}").contains("Sam"), "names only in a log");
    }

    #[test]
    fn a_right_form_is_a_value() {
        let fields = fields("name=Sam&size=&many=x");
        let mut checked = Checked::new(&fields);
        let name = checked.required("name", 3, "Enter a name");
        let size = checked.optional("size", str::parse::<u8>);
        assert_eq!(checked.finish(|| Some((name?, size?))), Ok(("Sam".to_owned(), None)));
    }

    #[test]
    fn one_error_a_field_and_lengths_are_counted_in_characters() {
        let fields = fields("name=%C3%A9%C3%A9%C3%A9&size=300");
        let mut checked = Checked::new(&fields);
        assert_eq!(checked.text("name", 3).as_deref(), Some("ééé"));
        assert_eq!(checked.text("name", 2), None);
        assert_eq!(checked.refuse::<()>("name", "again"), None);
        assert_eq!(checked.parse_or("size", "Enter a number up to 255", str::parse::<u8>), None);
        let form = checked.finish(|| Some(())).unwrap_err();
        assert_eq!(form.errors().len(), 2);
    }
}
