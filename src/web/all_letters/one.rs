//! What does one letter look like, at each level of discretion, in both directions, in light and in dark?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{category, name};
use crate::{
    actions::show_letters::{self, kinds, show_letter},
    domain::{
        discretion::Discretion,
        reading::{Direction, Kind, Place},
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        guard::SignedCoach,
        mail_frame::{Scheme, framed},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

/// One of several ways to look at it.
#[derive(Debug, Serialize)]
struct Way {
    text: String,
    href: String,
    is_current: bool,
}

#[derive(Debug, Serialize)]
struct Seen {
    sender: String,
    subject: String,
    preheader: String,
    text: String,
    /// The mail by itself, for the frame.
    src: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct LetterPage {
    name: String,
    category: &'static str,
    can_stop: bool,
    levels: Vec<Way>,
    shapes: Vec<Way>,
    directions: Vec<Way>,
    schemes: Vec<Way>,
    /// Nothing where another letter goes at this level.
    shown: Option<Seen>,
    previous: Option<(String, String)>,
    next: Option<(String, String)>,
}

impl Page for LetterPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "all_letters/letter.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let ways = |all: &[&str]| {
            let way = |(at, text): (usize, &&str)| Way {
                text: (*text).to_owned(),
                href: "/coach/settings/letters/invite".to_owned(),
                is_current: at == 0,
            };
            all.iter().enumerate().map(way).collect()
        };
        let page = |shown| Self {
            name: "Invite".to_owned(),
            category: "Service",
            can_stop: false,
            levels: ways(&["Open", "Discreet", "Minimal"]),
            shapes: ways(&["1", "2"]),
            directions: ways(&["Left to right", "Right to left"]),
            schemes: ways(&["Light", "Dark"]),
            shown,
            previous: None,
            next: Some(("/coach/settings/letters/left".to_owned(), "Left".to_owned())),
        };
        let shown = Seen {
            sender: "N. Brandt".to_owned(),
            subject: "Group session".to_owned(),
            preheader: "A short note for you.".to_owned(),
            text: "Dear Sam,".to_owned(),
            src: "/coach/settings/letters/invite/mail".to_owned(),
        };
        vec![("letter", page(Some(shown))), ("nothing at this level", page(None))]
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/settings/letters/:letter", Access::Coach, show).get(
        "/coach/settings/letters/:letter/mail",
        Access::Coach,
        mail,
    )
}

/// What the address asks to see.
#[derive(Clone, Copy)]
struct View {
    place: Place,
    scheme: Scheme,
}

impl View {
    /// What is not asked for is as most people see it; what is no choice at all is not there.
    fn asked(asked: &Asked, kind: &Kind) -> Result<Self, PageError> {
        let usual = kind.usual().ok_or(PageError::NotFound)?;
        let level = match asked.text("level") {
            "" => usual.level,
            level => Discretion::parse(level).map_err(|_| PageError::NotFound)?,
        };
        let number = match asked.text("sample") {
            "" => 1,
            number => number.parse().map_err(|_| PageError::NotFound)?,
        };
        let direction = Direction::ALL.into_iter().find(|direction| direction.as_str() == asked.text("direction"));
        let place = Place { level, number, direction: direction.unwrap_or(Direction::LeftToRight) };
        Ok(Self { place, scheme: Scheme::parse(asked.text("scheme")) })
    }

    fn query(self) -> String {
        let Place { level, number, direction } = self.place;
        let scheme = match self.scheme {
            Scheme::Own => String::new(),
            Scheme::Light | Scheme::Dark => format!("&scheme={}", self.scheme.as_str()),
        };
        format!("?level={level}&sample={number}&direction={}{scheme}", direction.as_str())
    }

    fn way(self, text: impl Into<String>, kind: &Kind, now: Self) -> Way {
        let href = format!("{}{}", address(kind), self.query());
        Way { text: text.into(), href, is_current: self.place == now.place && self.scheme == now.scheme }
    }

    /// The same letter otherwise.
    fn levels(self, kind: &Kind) -> Vec<Way> {
        let at = |level, text| {
            Self { place: Place { level, number: 1, ..self.place }, ..self }.way(
                text,
                kind,
                Self { place: Place { number: 1, ..self.place }, ..self },
            )
        };
        vec![at(Discretion::Open, "Open"), at(Discretion::Discreet, "Discreet"), at(Discretion::Minimal, "Minimal")]
    }

    fn shapes(self, kind: &Kind) -> Vec<Way> {
        let shapes = kind.shapes.into_iter().find(|(level, _)| *level == self.place.level).map_or(0, |(_, many)| many);
        let at = |number: usize| Self { place: Place { number, ..self.place }, ..self };
        (1..=shapes).map(|number| at(number).way(number.to_string(), kind, self)).collect()
    }

    fn directions(self, kind: &Kind) -> Vec<Way> {
        let at = |direction, text| Self { place: Place { direction, ..self.place }, ..self }.way(text, kind, self);
        vec![at(Direction::LeftToRight, "Left to right"), at(Direction::RightToLeft, "Right to left")]
    }

    fn schemes(self, kind: &Kind) -> Vec<Way> {
        let at = |scheme, text| Self { scheme, ..self }.way(text, kind, self);
        vec![at(Scheme::Own, "As your device"), at(Scheme::Light, "Light"), at(Scheme::Dark, "Dark")]
    }
}

fn address(kind: &Kind) -> String {
    format!("/coach/settings/letters/{}", kind.folder)
}

/// The kind of that name, with those before and after it.
fn found(folder: &str) -> Result<(Kind, [Option<Kind>; 2]), PageError> {
    let kinds = kinds();
    let at = kinds.iter().position(|kind| kind.folder == folder).ok_or(PageError::NotFound)?;
    let before = at.checked_sub(1).and_then(|before| kinds.get(before));
    Ok((kinds[at], [before.copied(), kinds.get(at + 1).copied()]))
}

fn written(site: &Site, kind: &Kind, view: View) -> Result<Option<show_letters::Shown>, PageError> {
    let letter = show_letter(&site.app, kind.folder, view.place)?;
    // At this level there is none at all, or there are others.
    if letter.is_none() && (view.place.number != 1 || !view.shapes(kind).is_empty()) {
        return Err(PageError::NotFound);
    }
    Ok(letter)
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(folder): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (kind, beside) = found(&folder)?;
    let view = View::asked(&asked, &kind)?;
    let shown = written(site, &kind, view)?.map(|letter| Seen {
        sender: letter.sender,
        subject: letter.subject,
        preheader: letter.preheader,
        text: letter.text,
        src: format!("{}/mail{}", address(&kind), view.query()),
    });
    let [previous, next] = beside.map(|kind| kind.map(|kind| (address(&kind), name(kind.folder))));
    let page = LetterPage {
        name: name(kind.folder),
        category: category(kind.category),
        can_stop: kind.category.subscribed(),
        levels: view.levels(&kind),
        shapes: view.shapes(&kind),
        directions: view.directions(&kind),
        schemes: view.schemes(&kind),
        shown,
        previous,
        next,
    };
    site.pages.render(&desk::around(site, &signed, Here::Settings).await?, &page)
}

/// The mail by itself, for the frame.
#[handler]
async fn mail(
    Data(site): Data<&Site>,
    _: SignedCoach,
    Path(folder): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (kind, _) = found(&folder)?;
    let view = View::asked(&asked, &kind)?;
    let letter = written(site, &kind, view)?.ok_or(PageError::NotFound)?;
    Ok(framed(&letter.html, view.scheme))
}
