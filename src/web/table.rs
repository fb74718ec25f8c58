//! Which address answers to what, and who may ask? One table: it builds the routes and the operator's report.

use std::{collections::BTreeMap, fmt};

use poem::{IntoEndpoint, Route};
use serde::Serialize;

use crate::web::{methods::Methods, once::Once};

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    Anyone,
    /// Whoever holds the signed or secret link.
    Link,
    Participant,
    Coach,
    /// Whoever holds a token of the operator's.
    Token,
}

/// Whether another site may post here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    OwnForms,
    /// Exempt from the same-site check, by name: RFC 8058's one-click POST, and hooks.
    Anywhere,
}

#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub method: &'static str,
    pub path: &'static str,
    pub who: Access,
    pub origin: Origin,
}

/// Grows line by line; then it is the routes.
#[derive(Default)]
pub struct Table {
    lines: Vec<Line>,
    addresses: BTreeMap<&'static str, Methods>,
    files: Vec<&'static str>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.lines).finish()
    }
}

impl Table {
    #[must_use]
    pub fn get<E>(mut self, path: &'static str, who: Access, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        self.lines.push(Line { method: "GET", path, who, origin: Origin::OwnForms });
        let methods = self.addresses.remove(path).unwrap_or_default();
        self.addresses.insert(path, methods.get(endpoint));
        self
    }

    /// A form of ours: it counts once.
    #[must_use]
    pub fn post<E>(self, path: &'static str, who: Access, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        self.posted(path, who, Origin::OwnForms, Once::around(endpoint.into_endpoint(), who))
    }

    /// The same, with a file.
    #[must_use]
    pub fn post_file<E>(mut self, path: &'static str, who: Access, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        self.files.push(path);
        self.post(path, who, endpoint)
    }

    /// What others may post has no token of ours, and is idempotent by itself.
    #[must_use]
    pub fn post_from<E>(self, path: &'static str, who: Access, origin: Origin, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        match origin {
            Origin::OwnForms => self.post(path, who, endpoint),
            Origin::Anywhere => self.posted(path, who, origin, endpoint),
        }
    }

    fn posted<E>(mut self, path: &'static str, who: Access, origin: Origin, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        self.lines.push(Line { method: "POST", path, who, origin });
        let methods = self.addresses.remove(path).unwrap_or_default();
        self.addresses.insert(path, methods.post(endpoint));
        self
    }

    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Addresses that other sites may post to.
    #[must_use]
    pub fn open_to_all(&self) -> Vec<&'static str> {
        self.lines.iter().filter(|line| line.origin == Origin::Anywhere).map(|line| line.path).collect()
    }

    /// Addresses that take a file.
    #[must_use]
    pub fn takes_file(&self) -> Vec<&'static str> {
        self.files.clone()
    }

    #[must_use]
    pub fn routes(self) -> Route {
        self.addresses.into_iter().fold(Route::new(), |route, (path, methods)| route.at(path, methods))
    }
}
