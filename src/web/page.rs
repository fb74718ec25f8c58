//! How does a typed page become HTML?

use std::{fmt, sync::Arc};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, context, escape_formatter,
    value::{Serde, Value},
};
use poem::{Response, http::StatusCode};
use rust_embed::Embed;
use serde::Serialize;

use crate::web::{assets::Assets, chrome::Chrome, error::PageError, headers::set_manner, icons};

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
        environment.set_formatter(write_escaped);
        add_functions(&mut environment, assets.clone());
        for name in Sources::iter() {
            let broken = |cause: String| BrokenTemplate { name: name.to_string(), cause };
            let Some(file) = Sources::get(&name) else { continue };
            let source = String::from_utf8(file.data.into_owned()).map_err(|cause| broken(cause.to_string()))?;
            environment.add_template_owned(name.to_string(), source).map_err(|cause| broken(cause.to_string()))?;
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

/// Escapes what HTML needs; nothing is written for None. minijinja's own also turns every slash of an
/// address into `&#x2f;`, and writes “none”.
fn write_escaped(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return Ok(());
    }
    let Some(text) = value.as_str().filter(|_| !value.is_safe() && *state.auto_escape() == AutoEscape::Html) else {
        return escape_formatter(out, state, value);
    };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (plain, special) = rest.split_at(at);
        let escaped = match special.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        };
        out.write_str(plain)?;
        out.write_str(escaped)?;
        rest = &special[1..];
    }
    Ok(out.write_str(rest)?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::{
        chrome,
        form::Entered,
        headers::{Cache, Manner, Referrer},
        texts::Help,
    };

    fn pages() -> Pages {
        Pages::embedded(&Assets::embedded()).unwrap()
    }

    /// Renders a snippet that has the macros at hand.
    fn shown(source: &str, page: Value) -> Result<String, Error> {
        let mut pages = pages();
        let all = "{% from '_layouts/_macros.html' import chip, leaves, vine, flash, form_token, error_summary, field, \
            area, select, choices, tick, switch, empty, dialog %}";
        let environment = Arc::get_mut(&mut pages.environment).unwrap();
        environment.add_template_owned("snippet", format!("{all}{source}")).unwrap();
        pages.write("snippet", Value::from(Serde(chrome::Coach::sample())), page)
    }

    fn wrong() -> Value {
        let form = Entered::blank()
            .with("name", "Sam\"'><script>&/")
            .with("how", "partner")
            .with("discreet", "on")
            .wrong("email", "Enter an <email> address")
            .wrong("how", "Choose how you are joining");
        context! { form => Value::from(Serde(form)) }
    }

    #[test]
    fn what_was_typed_is_shown_and_cannot_script() {
        let html = shown("{{ field(form, 'name', 'Name') }}", wrong()).unwrap();
        assert!(html.contains(r#"value="Sam&quot;&#39;&gt;&lt;script&gt;&amp;/""#), "{html}");
        let html = shown("{{ area(form, 'name', 'Name') }}", wrong()).unwrap();
        assert!(html.contains("Sam&quot;&#39;&gt;&lt;script&gt;&amp;/</textarea>"), "{html}");
    }

    #[test]
    fn an_error_stands_between_hint_and_input_and_is_read_with_it() {
        let html = shown("{{ field(form, 'email', 'Email', hint='Yours', type='email') }}", wrong()).unwrap();
        let places = ["id=\"email-hint\"", "id=\"email-error\"", "<input"].map(|part| html.find(part).unwrap());
        assert!(places.is_sorted(), "{html}");
        assert!(html.contains(r#"aria-describedby="email-hint email-error" aria-invalid="true""#), "{html}");
        assert!(html.contains("Enter an &lt;email&gt; address"), "{html}");
    }

    #[test]
    fn the_summary_leads_to_each_field_with_its_words() {
        let options =
            "[{'value': 'alone', 'text': 'A', 'detail': ''}, {'value': 'partner', 'text': 'B', 'detail': 'c'}]";
        let source = format!("{{{{ error_summary(form) }}}}{{{{ choices(form, 'how', 'How?', {options}) }}}}");
        let html = shown(&source, wrong()).unwrap();
        assert!(html.contains("Please check two things"), "{html}");
        assert!(html.contains(r##"<a href="#how">Choose how you are joining</a>"##), "{html}");
        assert!(html.contains(r#"<input type="radio" id="how" name="how" value="alone">"#), "{html}");
        assert!(html.contains(r#"name="how" value="partner" checked"#), "{html}");
        let none = context! { form => Value::from(Serde(Entered::blank())) };
        assert_eq!(shown("{{ error_summary(form) }}", none).unwrap(), "");
    }

    #[test]
    fn the_device_chooses_a_zone_only_where_nobody_did() {
        let zones = "[{'value': 'Europe/Berlin', 'text': 'Berlin'}]";
        let source = format!("{{{{ select(form, 'tz', 'Zone', {zones}, detect=true) }}}}");
        assert!(shown(&source, wrong()).unwrap().contains(r#"data-tz="auto""#));
        let chosen = context! { form => Value::from(Serde(Entered::blank().with("tz", "Europe/Berlin"))) };
        let html = shown(&source, chosen).unwrap();
        assert!(!html.contains("data-tz") && html.contains(r#"value="Europe/Berlin" selected"#), "{html}");
    }

    #[test]
    fn a_question_posts_with_a_token_of_its_own() {
        let source = "{{ dialog(chrome, 'stop-7', 'Stop?', 'It stops.', '/stop', 'Keep', 'Stop') }}";
        let html = shown(source, wrong()).unwrap();
        assert!(html.contains(r#"name="form_token" value="BwcHBwcHBwcHBwcHBwcHBw.stop-7""#), "{html}");
        assert!(html.contains("autofocus>Keep</button>"), "{html}");
    }

    #[test]
    fn small_things_are_written_whole() {
        let source = "{{ chip('Open', 'ok') }}{{ leaves('yn', 'Came to 1 of 2') }}{{ switch(form, 'discreet', 'Discreet') }}\
            {{ tick(form, 'agree', 'Yes') }}{% call vine('now', 2, 'Repair') %}<p>more</p>{% endcall %}{{ empty('None', 'Add one') }}";
        let html = shown(source, wrong()).unwrap();
        for part in [
            r#"<span class="chip" data-tone="ok">Open</span>"#,
            r#"aria-label="Came to 1 of 2""#,
            "role=\"switch\"",
            r#"aria-current="step""#,
            "<p>more</p></li>",
            "Add one",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn a_wrong_name_is_an_error_not_a_hole() {
        for source in [
            "{{ nothing }}",
            "{{ form.nothing }}",
            "{{ icon('nothing') }}",
            "{{ asset('nothing.css') }}",
            "{{ icon('mail', '\"><b>') }}",
        ] {
            assert!(shown(source, wrong()).is_err(), "{source}");
        }
    }

    #[test]
    fn a_page_with_a_form_says_where_it_was_and_a_personal_one_is_not_kept() {
        let manner = |response: Response| *response.data::<Manner>().unwrap();
        let help = manner(pages().render(&chrome::Public::plain("N. Brandt"), &Help {}).unwrap());
        assert_eq!((help.referrer, help.cache), (Referrer::Nothing, Cache::Never));

        #[derive(Serialize)]
        struct Odd {
            title: &'static str,
        }
        impl Page for Odd {
            type Chrome = chrome::Participant;
            const TEMPLATE: &'static str = "_layouts/_participant.html";
        }
        let odd = pages().refused(&chrome::Participant::sample(), &Odd { title: "" }).unwrap();
        assert_eq!(odd.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let odd = manner(odd);
        assert_eq!((odd.referrer, odd.cache), (Referrer::SameOrigin, Cache::Personal));
    }
}
