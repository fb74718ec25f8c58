//! How does a whole list of people come in? It is looked through first, line by line.

use std::collections::BTreeSet;

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, found};
use crate::{
    actions::{
        add_person::WhenFull,
        import_people::{Becomes, Entry, Look, Refused, import_people, look_through},
    },
    domain::people_list::{List, read_list},
    keys::fingerprint,
    store::{cohorts::Cohort, programs::ProgramRow},
    web::{
        chrome::{self, Here},
        desk,
        error::PageError,
        form::Entered,
        guard::{SignedCoach, see_other},
        page::Page,
        site::Site,
        table::{Access, Table},
        upload::Upload,
    },
};

/// What becomes of one line of the list.
#[derive(Debug, Serialize)]
struct Line {
    number: u64,
    shown: String,
    /// `new`, `known`, `stays` or `wrong`.
    kind: &'static str,
    said: Vec<String>,
}

/// What the list would do.
#[derive(Debug, Serialize)]
struct Report {
    lines: Vec<Line>,
    wrong: usize,
    coming: usize,
    staying: usize,
    free: i32,
    lacking: i32,
    unused: String,
    without_track: usize,
    /// The list itself, and its print: what is brought in is what was looked through.
    text: String,
    checked: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ImportPage {
    head: Head,
    form: Entered,
    /// The words for the column of tracks; empty in a program without.
    tracks: Vec<String>,
    zone: String,
    report: Option<Report>,
}

impl Page for ImportPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/import.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = |number, shown: &str, kind, said: &[&str]| Line {
            number,
            shown: shown.into(),
            kind,
            said: said.iter().map(|text| (*text).to_owned()).collect(),
        };
        let page = |form, report| Self {
            head: Head::sample(""),
            form,
            tracks: vec!["I broke trust".into(), "I was hurt".into()],
            zone: "Europe/Dublin".into(),
            report,
        };
        let report = |wrong: usize, lacking| Report {
            lines: vec![
                line(2, "Ana, ana@example.org", "new", &[]),
                line(3, "Ben, ben@example.org", "known", &["Benjamin"]),
                line(4, "Cy, cy@example.org", "stays", &["Cy"]),
            ]
            .into_iter()
            .chain((0..wrong).map(|_| line(5, "Di, di", "wrong", &["Enter an email address with an @ sign"])))
            .collect(),
            wrong,
            coming: 2,
            staying: 1,
            free: 1,
            lacking,
            unused: "Standing, Since".into(),
            without_track: 1,
            text: "name,email\nAna,ana@example.org".into(),
            checked: "abc".into(),
        };
        let bad = Entered::blank().with("text", "Ana").wrong("text", "The first line names no column “Email”");
        vec![
            ("blank", page(Entered::blank(), None)),
            ("unreadable", page(bad, None)),
            ("good", page(Entered::blank(), Some(report(0, 0)))),
            ("too many", page(Entered::blank(), Some(report(0, 1)))),
            ("wrong", page(Entered::blank(), Some(report(1, 0)))),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/import", Access::Coach, show).post_file(
        "/coach/cohorts/:id/import",
        Access::Coach,
        take,
    )
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let of = found(site, &signed, &id).await?;
    answer(site, &signed, &of, (Entered::blank(), None)).await
}

async fn answer(
    site: &Site,
    signed: &SignedCoach,
    of: &(Cohort, ProgramRow),
    shown: (Entered, Option<Report>),
) -> Result<Response, PageError> {
    let ((cohort, program), (form, report)) = (of, shown);
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    let is_wrong = !form.errors().is_empty();
    let page = ImportPage {
        head: Head::of(cohort, program, ""),
        form,
        tracks: program.content.0.tracks.iter().map(|track| track.label.clone()).collect(),
        zone: cohort.zone.name().to_owned(),
        report,
    };
    if is_wrong { site.pages.refused(&chrome, &page) } else { site.pages.render(&chrome, &page) }
}

#[handler]
async fn take(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    upload: Upload,
) -> Result<Response, PageError> {
    let of = found(site, &signed, &id).await?;
    let given = Given::of(&upload);
    let list = match read_list(&given.bytes, &tracks(&of.1)) {
        Ok(list) => list,
        Err(bad) => {
            let form = Entered::of(&upload.fields).wrong(given.field, bad.to_string());
            return answer(site, &signed, &of, (form, None)).await;
        }
    };
    if upload.fields.text("do") != "apply" {
        return report(site, &signed, &of, (&given, &list), Entered::blank()).await;
    }
    if upload.fields.text("checked") != given.print() {
        let form = Entered::blank().wrong("report", "This list is not the one that was looked through. Look again");
        return report(site, &signed, &of, (&given, &list), form).await;
    }
    apply(site, &signed, &of, (&given, &list, &upload)).await
}

fn tracks(program: &ProgramRow) -> Vec<(String, String)> {
    program.content.0.tracks.iter().map(|track| (track.key.clone(), track.label.clone())).collect()
}

/// The list as it was given: the file, else what was pasted.
struct Given {
    field: &'static str,
    bytes: Vec<u8>,
}

impl Given {
    /// Lines end in `\n`, as they come back from the page.
    fn of(upload: &Upload) -> Self {
        let (field, bytes) = match &upload.file {
            Some(file) => ("file", file.clone()),
            None => ("text", upload.fields.many("text").first().cloned().unwrap_or_default().into_bytes()),
        };
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => {
                let text = text.trim_start_matches('\u{FEFF}').replace("\r\n", "\n").replace('\r', "\n");
                text.trim_matches('\n').to_owned().into_bytes()
            }
            Err(other) => other.into_bytes(),
        };
        Self { field, bytes }
    }

    fn print(&self) -> String {
        data_encoding::BASE64URL_NOPAD.encode(&fingerprint(&[&self.bytes]))
    }
}

async fn apply(
    site: &Site,
    signed: &SignedCoach,
    of: &(Cohort, ProgramRow),
    what: (&Given, &List, &Upload),
) -> Result<Response, PageError> {
    let (given, list, upload) = what;
    let when_full = if upload.fields.has("over") { WhenFull::Override } else { WhenFull::Refuse };
    let whose = (signed.practice.id, of.0.id);
    let message = match import_people(&site.app, whose, list, when_full, signed.coach.name.expose()).await {
        Ok(_) => return Ok(see_other(&format!("/coach/cohorts/{}?done=imported", of.0.id))),
        Err(Refused::Wrong) => "Some lines cannot come in, so nobody did. Put them right, and bring the list in again",
        Err(Refused::Nobody) => "Everybody on this list takes part already. There is nothing to do",
        Err(Refused::Full) => "There are fewer free places than people. Tick the box to bring them in over the limit",
        Err(Refused::Unknown) => return Err(PageError::NotFound),
        Err(Refused::Store(error)) => return Err(error.into()),
    };
    report(site, signed, of, (given, list), Entered::blank().wrong("report", message)).await
}

async fn report(
    site: &Site,
    signed: &SignedCoach,
    of: &(Cohort, ProgramRow),
    what: (&Given, &List),
    form: Entered,
) -> Result<Response, PageError> {
    let (given, list) = what;
    let look = look_through(&site.app, &of.0, list).await?;
    let has_tracks = !of.1.content.0.tracks.is_empty();
    let comes = |entry: &&Entry| matches!(entry.becomes, Becomes::New | Becomes::Known(_));
    let coming: BTreeSet<u64> = look.entries.iter().filter(comes).map(|entry| entry.number).collect();
    let listed = list.lines.iter().filter(|line| has_tracks && coming.contains(&line.number));
    let without_track = listed.filter(|line| line.read.as_ref().is_ok_and(|listed| listed.track.is_empty())).count();
    let report = Report {
        wrong: look.wrong(),
        coming: look.coming(),
        staying: look.entries.len() - look.wrong() - look.coming(),
        free: look.free,
        lacking: look.lacking(),
        unused: list.unused.join(", "),
        without_track,
        text: String::from_utf8_lossy(&given.bytes).into_owned(),
        checked: given.print(),
        lines: lines(look),
    };
    answer(site, signed, of, (form, Some(report))).await
}

/// What is wrong first, then as in the list.
fn lines(look: Look) -> Vec<Line> {
    let line = |entry: Entry| {
        let (kind, said) = match entry.becomes {
            Becomes::New => ("new", vec![]),
            Becomes::Known(name) => ("known", vec![name]),
            Becomes::Stays(name) => ("stays", vec![name]),
            Becomes::Wrong(wrong) => ("wrong", wrong),
        };
        Line { number: entry.number, shown: entry.shown, kind, said }
    };
    let mut lines: Vec<Line> = look.entries.into_iter().map(line).collect();
    lines.sort_by_key(|line| line.kind != "wrong");
    lines
}
