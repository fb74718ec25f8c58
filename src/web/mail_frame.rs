//! How is a mail shown inside a page of ours? In a frame of its own, where nothing runs and nothing is sent.

use poem::{IntoResponse, Response, web::Html};

use crate::web::headers::{Manner, set_manner};

/// In which colors a mail is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// As the device wants it.
    Own,
    Light,
    Dark,
}

impl Scheme {
    /// As in an address: anything unknown is the device's own.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Own,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Own => "",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A page for a frame: the mail itself, in one of its color schemes. A link opens a page of its own where the
/// frame allows that, and does nothing where it does not: never does it take the mail's place.
pub(crate) fn framed(html: &str, scheme: Scheme) -> Response {
    let (head, body) = html.split_once("</head>").unwrap_or(("<head>", html));
    let dark = "@media (prefers-color-scheme: dark)";
    let head = match scheme {
        Scheme::Own => head.to_owned(),
        Scheme::Light => head.replace("light dark", "light").replace(dark, "@media not all"),
        Scheme::Dark => head.replace("light dark", "dark").replace(dark, "@media all"),
    };
    let mut response = Html(format!("{head}<base target=\"_blank\"></head>{body}")).into_response();
    set_manner(&mut response, Manner::EMAIL_PREVIEW);
    response
}
