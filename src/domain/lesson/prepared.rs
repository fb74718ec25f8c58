//! What of a lesson is the same for everybody? Its page of HTML is made, cleaned and dressed for mail once; a person's
//! own words are escaped and put where their places are. The result is the same to the byte as if it had been made for one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Finding, LessonFacts, finding, readable, template::Variable};
use crate::domain::markdown::{self, Rendered, Slot, is_slot};

/// So many texts are kept; one lesson has as many as there are cohorts, tracks and conditions.
const MOST: usize = 128;

/// Pages of HTML in which only a person's own words are missing.
#[derive(Debug)]
pub struct Prepared {
    pages: Mutex<HashMap<String, Arc<str>>>,
    dress: Dress,
}

/// What makes cleaned HTML fit for where it is read. It costs more than all the rest, so it is done once a page.
pub type Dress = fn(&str) -> String;

/// What differs from person to person; all else belongs to the cohort.
const fn is_personal(variable: Variable) -> bool {
    match variable {
        Variable::Name | Variable::SessionWhen => true,
        Variable::Coach
        | Variable::Week
        | Variable::Weeks
        | Variable::SessionTitle
        | Variable::CheckInLink
        | Variable::MyProgramLink
        | Variable::CrisisLine => false,
    }
}

impl Prepared {
    #[must_use]
    pub fn new(dress: Dress) -> Self {
        Self { pages: Mutex::default(), dress }
    }

    /// The same as [`super::render_text`], dressed, for many who read the same text.
    pub fn render(&self, source: &str, facts: &LessonFacts) -> Result<Rendered, Vec<Finding>> {
        let (filled, slots) = readable(source, facts)?;
        let (mut key, mut shared, mut own) = (filled.clone(), slots.clone(), Vec::new());
        for (index, variable) in Variable::ALL.into_iter().enumerate() {
            if is_personal(variable) {
                let place = variable.slot();
                own.push((place, markdown::escaped(&slots[index])));
                shared[index] = Slot::Text(place.to_string());
            } else {
                let (Slot::Text(value) | Slot::Link(value)) = &slots[index];
                if value.contains(is_slot) {
                    let rendered = super::render_text(source, facts)?;
                    return Ok(Rendered { html: (self.dress)(&rendered.html), ..rendered });
                }
                key.push('\0');
                key.push_str(value);
            }
        }
        let page = match self.kept(&key) {
            Some(page) => page,
            None => {
                let plain = markdown::render(&filled, &shared).map_err(finding)?.html;
                let page: Arc<str> = (self.dress)(&plain).into();
                self.keep(key, page.clone());
                page
            }
        };
        let text = markdown::plain(&filled, &slots).map_err(finding)?;
        Ok(Rendered { html: put_in(&page, &own), text })
    }

    fn kept(&self, key: &str) -> Option<Arc<str>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: String, page: Arc<str>) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= MOST {
            pages.clear();
        }
        pages.insert(key, page);
    }
}

fn put_in(page: &str, own: &[(char, String)]) -> String {
    let mut html = String::with_capacity(page.len() + 200);
    let mut rest = page;
    while let Some(at) = rest.find(is_slot) {
        html.push_str(&rest[..at]);
        let place = rest[at..].chars().next().unwrap_or_default();
        match own.iter().find(|(slot, _)| *slot == place) {
            Some((_, words)) => html.push_str(words),
            None => html.push(place),
        }
        rest = &rest[at + place.len_utf8()..];
    }
    html.push_str(rest);
    html
}
