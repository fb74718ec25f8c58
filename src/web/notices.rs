//! How is one thing said, with one thing to do about it? The pages behind mailed links.

use poem::{Response, http::StatusCode};
use serde::Serialize;

use crate::web::{chrome, error::PageError, page::Page, site::Site};

/// One thing said. Nothing in it names a person or a topic: whoever holds the link sees it.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    pub title: String,
    pub lead: String,
    pub details: Vec<String>,
    pub acts: Vec<Act>,
}

/// A button or a link below it; the first is the main one.
#[derive(Debug, Clone, Serialize)]
pub struct Act {
    pub text: String,
    pub to: String,
    pub look: Look,
    /// For a form that posts; none for a link.
    pub form: Option<Vec<Hidden>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    Go,
    Plain,
    Quiet,
    Stop,
}

#[derive(Debug, Clone, Serialize)]
pub struct Hidden {
    pub name: String,
    pub value: String,
}

impl Act {
    #[must_use]
    pub fn link(text: &str, to: impl Into<String>, look: Look) -> Self {
        Self { text: text.to_owned(), to: to.into(), look, form: None }
    }

    /// Posts to `to`, with these fields beside the form's token.
    #[must_use]
    pub fn post(text: &str, to: impl Into<String>, look: Look, fields: &[(&str, &str)]) -> Self {
        let hidden = |(name, value): &(&str, &str)| Hidden { name: (*name).to_owned(), value: (*value).to_owned() };
        Self { text: text.to_owned(), to: to.into(), look, form: Some(fields.iter().map(hidden).collect()) }
    }
}

impl Notice {
    #[must_use]
    pub fn new(title: &str, lead: impl Into<String>) -> Self {
        Self { title: title.to_owned(), lead: lead.into(), details: Vec::new(), acts: Vec::new() }
    }

    #[must_use]
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.details.push(text.into());
        self
    }

    #[must_use]
    pub fn act(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// *Find my link*, for whoever came by a link that no longer works.
    #[must_use]
    pub fn find_my_link(self) -> Self {
        self.act(Act::link("Find my link", "/link", Look::Plain))
    }

    /// As a page for anybody.
    pub fn show(self, site: &Site, chrome: &chrome::Public) -> Result<Response, PageError> {
        site.pages.render(chrome, &self)
    }

    /// The same with 410: what the link was for is over.
    pub fn gone(self, site: &Site, chrome: &chrome::Public) -> Result<Response, PageError> {
        let mut response = self.show(site, chrome)?;
        response.set_status(StatusCode::GONE);
        Ok(response)
    }

    /// As a page for somebody who is signed in.
    pub fn own(self, site: &Site, chrome: &chrome::Participant) -> Result<Response, PageError> {
        site.pages.render(chrome, &OwnNotice { notice: self })
    }
}

impl Page for Notice {
    type Chrome = chrome::Public;
    const TEMPLATE: &'static str = "notices/notice.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let confirm = Self::new("Confirm your place", "One step is left.")
            .detail("Nothing happens before you press the button.")
            .act(Act::post("Confirm my place", "/confirm/x", Look::Go, &[("stop", "yes")]))
            .act(Act::link("This was not me", "/help", Look::Quiet));
        vec![("one button", confirm), ("a sentence", Self::new("You have left", "No more email will come."))]
    }
}

/// A notice in the frame of somebody who is signed in.
#[derive(Debug, Clone, Serialize)]
pub struct OwnNotice {
    #[serde(flatten)]
    notice: Notice,
}

impl Page for OwnNotice {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "notices/own.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let leave = Notice::new("Leave?", "Emails stop straight away.")
            .act(Act::post("Leave", "/p/leave", Look::Stop, &[]))
            .act(Act::link("Stay", "/p", Look::Plain));
        vec![("a question", Self { notice: leave })]
    }
}
