//! What stands around a page, for whom?
//!
//! A page names its chrome as a type, so a coach's page cannot be shown in the public frame by mistake.

use serde::Serialize;

use crate::web::{
    csrf::FormToken,
    headers::{Manner, Robots},
};

/// Around every page: one of the three below.
pub trait Chrome: Serialize {
    /// How browsers and robots are to treat the page; forms are noticed by themselves.
    fn manner(&self) -> Manner;
    /// A plausible one, for tests and the gallery.
    fn sample() -> Self;
}

/// The color of a chip, a flash or a state. Serialized as the `data-tone` of the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    Ok,
    Info,
    Warn,
    Bad,
    Live,
}

/// A message above the page: `strong` is the first sentence and may be empty. Never text from the URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flash {
    pub tone: Tone,
    pub strong: String,
    pub text: String,
}

impl Flash {
    #[must_use]
    pub fn new(tone: Tone, strong: impl Into<String>, text: impl Into<String>) -> Self {
        Self { tone, strong: strong.into(), text: text.into() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    pub href: String,
    pub text: String,
}

/// For anybody: program pages, enrollment, signed links, help, errors.
#[derive(Debug, Clone, Serialize)]
pub struct Public {
    /// Who the page is by; neutral on every page that follows an enrollment.
    pub brand: Link,
    /// The line in the footer, such as “Nadia Brandt, counselor, Dublin”. May be empty.
    pub foot: String,
    /// One quiet link beside *Leave quickly*, such as the free call.
    pub nav: Option<Link>,
    /// None only on pages without forms.
    pub form_token: Option<FormToken>,
    pub flash: Option<Flash>,
    #[serde(skip)]
    pub robots: Robots,
}

impl Public {
    /// A name and nothing else: errors, help, privacy.
    #[must_use]
    pub fn plain(brand: &str) -> Self {
        Self {
            brand: Link { href: "/".into(), text: brand.into() },
            foot: String::new(),
            nav: None,
            form_token: None,
            flash: None,
            robots: Robots::KeepOut,
        }
    }
}

impl Chrome for Public {
    fn manner(&self) -> Manner {
        Manner { robots: self.robots, ..Manner::PUBLIC }
    }

    fn sample() -> Self {
        Self {
            brand: Link { href: "/g/7f3kq".into(), text: "Nadia Brandt".into() },
            foot: "Nadia Brandt, relationship counselor, Dublin".into(),
            nav: Some(Link { href: "/call".into(), text: "Free 15-minute call".into() }),
            form_token: Some(FormToken::sample()),
            ..Self::plain("")
        }
    }
}

/// For somebody who is signed in by a link: nothing in it names a topic.
#[derive(Debug, Clone, Serialize)]
pub struct Participant {
    /// The practice's neutral name, such as “N. Brandt”.
    pub brand: String,
    pub form_token: FormToken,
    pub flash: Option<Flash>,
}

impl Chrome for Participant {
    fn manner(&self) -> Manner {
        Manner::PERSONAL
    }

    fn sample() -> Self {
        Self { brand: "N. Brandt".into(), form_token: FormToken::sample(), flash: None }
    }
}

/// Which entry of the coach's navigation is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Here {
    Week,
    Programs,
    Cohorts,
    Outbox,
    Settings,
}

/// Counts beside the navigation; zero shows none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Badges {
    /// People who need a word.
    pub week: u64,
    /// Emails that did not arrive.
    pub outbox: u64,
}

/// For the coach and the assistant.
#[derive(Debug, Clone, Serialize)]
pub struct Coach {
    pub practice: String,
    /// The name of who is signed in.
    pub coach: String,
    pub here: Here,
    pub badges: Badges,
    /// One line on the state of sending, such as “Email is sending normally.”
    pub mail: Flash,
    /// Above every page while mail is not live.
    pub banner: Option<Flash>,
    pub form_token: FormToken,
    pub flash: Option<Flash>,
}

impl Chrome for Coach {
    fn manner(&self) -> Manner {
        Manner::PERSONAL
    }

    fn sample() -> Self {
        Self {
            practice: "Nadia Brandt".into(),
            coach: "Nadia Brandt".into(),
            here: Here::Week,
            badges: Badges { week: 0, outbox: 2 },
            mail: Flash::new(Tone::Ok, "", "Email is sending normally. Last check 10:40."),
            banner: None,
            form_token: FormToken::sample(),
            flash: None,
        }
    }
}
