//! What of a form is wrong, and how is it shown again?

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::web::fields::Fields;

/// Fields that are never shown again nor printed.
const SECRET: [&str; 4] = ["password", "code", "secret", "form_token"];

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
        let shown = fields.iter().filter(|(name, _)| !SECRET.iter().any(|secret| name.contains(secret)));
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
    use super::*;
    use crate::domain::email_address::EmailAddress;

    fn fields(text: &str) -> Fields {
        Fields::parse(text.as_bytes()).unwrap()
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
