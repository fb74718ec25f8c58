//! How does a typed page become HTML?

use std::{fmt, sync::Arc};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, context,
    value::{Serde, Value},
};
use poem::{Response, http::StatusCode};
use rust_embed::Embed;
use serde::Serialize;

use crate::web::{
    assets::Assets,
    chrome::Chrome,
    error::PageError,
    headers::set_manner,
    icons,
};

/// One struct a template. Its fields are the template's variables; `chrome` is there besides.
pub trait Page: Serialize + Sized {
    /// What stands around it: `chrome::{Public, Participant, Coach}`.
    type Chrome: Chrome;
    /// The file under `src/web`, such as `cohorts/roster.html`.
    const TEMPLATE: &'static str;

    /// Named examples: tests render each, the gallery shows them.
    fn samples() -> Vec<(&'static str, Self)> {
        Vec::new()
    }
}

#[derive(Embed)]
#[folder = "src/web"]
#[include = "*.html"]
struct Sources;

/// A template that cannot be compiled: the program does not start with it.
#[derive(Debug, thiserror::Error)]
#[error("the page template {name} is broken: {cause}")]
pub struct BrokenTemplate {
    name: String,
    cause: String,
}

/// All page templates, compiled.
#[derive(Clone)]
pub struct Pages {
    environment: Arc<Environment<'static>>,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pages({})", self.environment.templates().count())
    }
}

impl Pages {
    /// Compiles every `*.html` under `src/web`. Undefined variables are errors, everything is escaped.
    pub fn embedded(assets: &Assets) -> Result<Self, BrokenTemplate> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        add_functions(&mut environment, assets.clone());
        for name in Sources::iter() {
            let broken = |cause: String| BrokenTemplate { name: name.to_string(), cause };
            let Some(file) = Sources::get(&name) else { continue };
            let source = String::from_utf8(file.data.into_owned()).map_err(|cause| broken(cause.to_string()))?;
            environment
                .add_template_owned(name.to_string(), source)
                .map_err(|cause| broken(cause.to_string()))?;
        }
        Ok(Self { environment: Arc::new(environment) })
    }

    /// The page as an answer with 200. Any template error is ours, so it is `Internal`.
    pub fn render<P: Page>(&self, chrome: &P::Chrome, page: &P) -> Result<Response, PageError> {
        self.answer(StatusCode::OK, chrome, page)
    }

    /// A form shown again with its errors: 422.
    pub fn refused<P: Page>(&self, chrome: &P::Chrome, page: &P) -> Result<Response, PageError> {
        self.answer(StatusCode::UNPROCESSABLE_ENTITY, chrome, page)
    }

    fn answer<P: Page>(&self, status: StatusCode, chrome: &P::Chrome, page: &P) -> Result<Response, PageError> {
        let html = self.html(chrome, page).map_err(|cause| {
            // The debug text of a template error may quote values: only where it happened is kept.
            let at = cause.line().unwrap_or_default();
            anyhow::anyhow!("{}: {} in {} line {at}", P::TEMPLATE, cause.kind(), cause.name().unwrap_or("?"))
        })?;
        let manner = if html.contains("<form") { chrome.manner().with_form() } else { chrome.manner() };
        let mut response = Response::builder().status(status).content_type("text/html; charset=utf-8").body(html);
        set_manner(&mut response, manner);
        Ok(response)
    }

    /// The page as text.
    pub fn html<P: Page>(&self, chrome: &P::Chrome, page: &P) -> Result<String, Error> {
        self.write(P::TEMPLATE, Value::from(Serde(chrome)), Value::from(Serde(page)))
    }

    /// The same without types, for the gallery: both values are maps.
    pub fn write(&self, template: &str, chrome: Value, page: Value) -> Result<String, Error> {
        self.environment.get_template(template)?.render(context! { chrome, ..page })
    }

    /// The names of all templates, layouts and macros included.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.environment.templates().map(|(name, _)| name)
    }
}

fn add_functions(environment: &mut Environment<'static>, assets: Assets) {
    environment.add_function("asset", move |path: String| {
        assets.url(&path).map(Value::from_safe_string).ok_or_else(|| missing("asset", &path))
    });
    environment.add_function("icon", |name: String, class: Option<String>| {
        let class = class.unwrap_or_default();
        icons::icon(&name, &class).map(Value::from_safe_string).ok_or_else(|| missing("icon", &name))
    });
    environment.add_function("mark", || Value::from_safe_string(icons::MARK.to_owned()));
    environment.add_function("things", things);
}

fn missing(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("there is no {what} {name}"))
}

/// “one thing”, “two things”: the heading of an error summary.
fn things(count: usize) -> String {
    let words = ["nothing", "one thing", "two things", "three things", "four things", "five things", "six things"];
    words.get(count).map_or_else(|| format!("{count} things"), |words| (*words).to_owned())
}
