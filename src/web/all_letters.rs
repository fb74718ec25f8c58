//! Which letters can go out, and what does each look like? Samples only: nobody's mail is shown here.

use poem::{Response, handler, web::Data};
use serde::Serialize;

use crate::{
    actions::show_letters::{kinds, show_letter},
    domain::{
        category::Category,
        reading::{Kind, Reader},
    },
    web::{
        chrome::{self, Here},
        desk,
        error::PageError,
        guard::SignedCoach,
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

pub(crate) mod one;

/// One letter of the list.
#[derive(Debug, Serialize)]
struct Line {
    folder: &'static str,
    name: String,
    /// As most people see it in their inbox.
    subject: String,
    category: &'static str,
    samples: usize,
}

/// All letters to one kind of reader.
#[derive(Debug, Serialize)]
struct Shelf {
    key: &'static str,
    title: &'static str,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LettersPage {
    shelves: Vec<Shelf>,
}

impl Page for LettersPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "all_letters/letters.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = |folder: &'static str, subject: &str| Line {
            folder,
            name: name(folder),
            subject: subject.to_owned(),
            category: category(Category::Service),
            samples: 6,
        };
        let shelf = Shelf { key: "people", title: "To participants", lines: vec![line("invite", "Group session")] };
        vec![("letters", Self { shelves: vec![shelf] })]
    }
}

pub(crate) fn add(table: Table) -> Table {
    one::add(table.get("/coach/settings/letters", Access::Coach, show))
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach) -> Result<Response, PageError> {
    let kinds = kinds();
    let shelf = |reader: Reader| -> anyhow::Result<Shelf> {
        let (key, title) = match reader {
            Reader::Participant => ("people", "To participants"),
            Reader::Stranger => ("strangers", "To an address that somebody typed in"),
            Reader::Coach => ("coaches", "To coaches"),
        };
        let of_it = kinds.iter().filter(|kind| kind.reader == reader);
        Ok(Shelf { key, title, lines: of_it.map(|kind| line(site, kind)).collect::<Result<_, _>>()? })
    };
    let shelves = [Reader::Participant, Reader::Stranger, Reader::Coach].into_iter().map(shelf);
    let page = LettersPage { shelves: shelves.collect::<Result<_, _>>()? };
    site.pages.render(&desk::around(site, &signed, Here::Settings).await?, &page)
}

fn line(site: &Site, kind: &Kind) -> anyhow::Result<Line> {
    let first = match kind.usual() {
        Some(place) => show_letter(&site.app, kind.folder, place)?,
        None => None,
    };
    Ok(Line {
        folder: kind.folder,
        name: name(kind.folder),
        subject: first.map(|letter| letter.subject).unwrap_or_default(),
        category: category(kind.category),
        samples: kind.places().count(),
    })
}

/// The folder's name as words.
fn name(folder: &str) -> String {
    let words = folder.replace('_', " ");
    let (first, rest) = words.split_at_checked(1).unwrap_or((&words, ""));
    first.to_uppercase() + rest
}

/// What kind of mail it is, and whether it can be turned off.
const fn category(category: Category) -> &'static str {
    match category {
        Category::Security => "Security",
        Category::Service => "Service",
        Category::Reminder => "Reminder",
        Category::Lesson => "Lesson",
        Category::Announcement => "Announcement",
    }
}
