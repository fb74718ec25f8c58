//! Whom does a list name, and what in it cannot be?
//!
//! A list comes from a spreadsheet: columns in any order under the names people give them, separated by comma,
//! semicolon or tab, with or without a byte order mark. Everything wrong is said by line, and nothing is guessed.

use std::collections::BTreeMap;

use super::{email_address::EmailAddress, name::Name, spreadsheet, zone::Zone};

/// People a list may name.
pub const MOST_PEOPLE: usize = 5_000;
const MOST_COLUMNS: usize = 50;
/// No name, address or zone is longer, in bytes.
const LONGEST_CELL: usize = 2_000;

/// A line with somebody on it.
#[derive(Debug, Clone)]
pub struct Line {
    /// As the spreadsheet counts, from 1, its header included.
    pub number: u64,
    /// What stands there, for the report: shortened, without control characters.
    pub shown: String,
    /// The person, or everything that is wrong.
    pub read: Result<Listed, Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: Name,
    pub email: EmailAddress,
    /// `None`: the cohort's.
    pub zone: Option<Zone>,
    /// The key of one of the program's tracks, or empty.
    pub track: String,
}

#[derive(Debug, Clone)]
pub struct List {
    pub lines: Vec<Line>,
    /// Columns that mean nothing here.
    pub unused: Vec<String>,
}

/// Why a list cannot be read at all. The words are for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadList {
    #[error("There is nothing in this list. Its first line names the columns, and each line below is a person")]
    Empty,
    #[error("Line {0} is not encoded as UTF-8. In your spreadsheet, save the list as “CSV UTF-8”, and choose it again")]
    Encoding(usize),
    #[error("Line {0} has a character that no list of people has. Save the list as CSV again, not as a workbook")]
    Binary(usize),
    #[error(
        "The first line names no column “{0}”. Name the columns in the first line, such as: Name, Email, Zone, Track"
    )]
    NoColumn(&'static str),
    #[error("Two columns are called “{0}”. Keep one of them")]
    TwoColumns(&'static str),
    #[error("This list has more than {MOST_COLUMNS} columns. Keep those for name, email, zone and track")]
    Wide,
    #[error("Line {0} holds a cell that is far too long. Check that every quotation mark is closed")]
    LongCell(u64),
    #[error("This list names more than {MOST_PEOPLE} people. Split it, and bring in one part after the other")]
    Long,
    #[error("Line {0} cannot be read. Check its quotation marks")]
    Broken(u64),
}

/// Reads a list. `tracks` are the program's, key and label.
pub fn read_list(bytes: &[u8], tracks: &[(String, String)]) -> Result<List, BadList> {
    let text = text(bytes)?;
    let (separator, text, skipped) = separated(text);
    let mut records = Records::of(text, separator, skipped);
    let (_, header) = records.next()?.ok_or(BadList::Empty)?;
    let columns = Columns::of(&header)?;
    let (mut lines, mut first) = (Vec::new(), BTreeMap::new());
    while let Some((number, record)) = records.next()? {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if lines.len() >= MOST_PEOPLE {
            return Err(BadList::Long);
        }
        let mut read = columns.read(&record, tracks);
        if let Ok(listed) = &read {
            let before = *first.entry(listed.email.key()).or_insert(number);
            if before != number {
                read = Err(vec![format!("The same address stands on line {before}. Keep one of the two lines")]);
            }
        }
        lines.push(Line { number, shown: columns.shown(&record), read });
    }
    if lines.is_empty() { Err(BadList::Empty) } else { Ok(List { lines, unused: columns.unused }) }
}

fn text(bytes: &[u8]) -> Result<&str, BadList> {
    let bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    let line_of = |at: usize| bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(BadList::Binary(line_of(at)));
    }
    std::str::from_utf8(bytes).map_err(|error| BadList::Encoding(line_of(error.valid_up_to())))
}

/// Its separator, the text, and how many lines stood before the header: Excel may write `sep=;` there.
fn separated(text: &str) -> (u8, &str, u64) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some([separator]) = first.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        return (*separator, rest, 1);
    }
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    let most = [b',', b';', b'\t'].into_iter().rev().max_by_key(|separator| count(*separator));
    (most.unwrap_or(b','), text, 0)
}

/// Reads record by record, and knows on which line each begins: the reader counts neither empty lines nor the
/// second half of a line's end.
struct Records<'a> {
    text: &'a str,
    reader: csv::Reader<&'a [u8]>,
    at: usize,
    line: u64,
}

impl<'a> Records<'a> {
    fn of(text: &'a str, separator: u8, skipped: u64) -> Self {
        let mut how = csv::ReaderBuilder::new();
        how.delimiter(separator).flexible(true).has_headers(false);
        Self { text, reader: how.from_reader(text.as_bytes()), at: 0, line: skipped + 1 }
    }

    fn next(&mut self) -> Result<Option<(u64, csv::StringRecord)>, BadList> {
        let start = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        let rest = self.text.get(start..).unwrap_or_default();
        let start = start + rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let passed = self.text.get(self.at..start).unwrap_or_default();
        let ends = passed.matches('\n').count().max(passed.matches('\r').count());
        (self.at, self.line) = (start, self.line + u64::try_from(ends).unwrap_or_default());
        let mut record = csv::StringRecord::new();
        if !self.reader.read_record(&mut record).map_err(|_| BadList::Broken(self.line))? {
            return Ok(None);
        }
        if record.len() > MOST_COLUMNS {
            return Err(BadList::Wide);
        }
        if record.iter().any(|cell| cell.len() > LONGEST_CELL) {
            return Err(BadList::LongCell(self.line));
        }
        Ok(Some((self.line, record)))
    }
}

/// Where each thing stands.
struct Columns {
    name: usize,
    email: usize,
    zone: Option<usize>,
    track: Option<usize>,
    unused: Vec<String>,
}

/// What people call their columns, in small letters.
const CALLED: [(&str, &[&str]); 4] = [
    ("Name", &["name", "first name", "full name"]),
    ("Email", &["email", "e-mail", "email address", "e-mail address", "mail"]),
    ("Zone", &["zone", "time zone", "timezone"]),
    ("Track", &["track", "side"]),
];

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, BadList> {
        let called: Vec<String> = header.iter().map(|cell| cell.trim().to_lowercase()).collect();
        let find = |wanted: usize| {
            let (name, words) = CALLED[wanted];
            let mut found = (0..called.len()).filter(|index| words.contains(&called[*index].as_str()));
            let first = found.next();
            if found.next().is_some() { Err(BadList::TwoColumns(name)) } else { Ok(first) }
        };
        let [name, email, zone, track] = [find(0)?, find(1)?, find(2)?, find(3)?];
        let known = [name, email, zone, track];
        let unused = (0..called.len()).filter(|index| !known.contains(&Some(*index)) && !called[*index].is_empty());
        Ok(Self {
            unused: unused.map(|index| short(header.get(index).unwrap_or_default())).collect(),
            name: name.ok_or(BadList::NoColumn("Name"))?,
            email: email.ok_or(BadList::NoColumn("Email"))?,
            zone,
            track,
        })
    }

    fn read(&self, record: &csv::StringRecord, tracks: &[(String, String)]) -> Result<Listed, Vec<String>> {
        let cell = |at: usize| spreadsheet::revived(unquoted(record.get(at).unwrap_or_default()));
        let mut wrong = Vec::new();
        let mut keep = |problem: String| wrong.push(problem);
        let name = name(cell(self.name)).map_err(&mut keep).ok();
        let email = EmailAddress::parse(cell(self.email)).map_err(|bad| keep(bad.to_string())).ok();
        let zone = self.zone.map(cell).filter(|text| !text.is_empty());
        let zone = zone.map(|text| Zone::parse(text).map_err(|bad| keep(bad.to_string())));
        let track = self.track.map(cell).filter(|text| !text.is_empty());
        let track = track.map(|text| track_called(text, tracks).map_err(&mut keep));
        match (name, email, zone.transpose(), track.transpose()) {
            (Some(name), Some(email), Ok(zone), Ok(track)) => {
                Ok(Listed { name, email, zone, track: track.unwrap_or_default() })
            }
            _ => Err(wrong),
        }
    }

    fn shown(&self, record: &csv::StringRecord) -> String {
        let cell = |at: usize| short(record.get(at).unwrap_or_default());
        [cell(self.name), cell(self.email)].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// Without the space around it, and without the quotes that stand behind a space: those the reader leaves in.
fn unquoted(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).map_or(cell, str::trim)
}

fn name(text: &str) -> Result<Name, String> {
    if text.starts_with(spreadsheet::is_formula_start) {
        return Err("The name begins like a formula. Write it without the sign at its start".to_owned());
    }
    Name::parse(text).map_err(|bad| bad.to_string())
}

fn track_called(text: &str, tracks: &[(String, String)]) -> Result<String, String> {
    let same = |known: &str| known.to_lowercase() == text.to_lowercase();
    let found = tracks.iter().find(|(key, label)| same(key) || same(label));
    let all = || tracks.iter().map(|(_, label)| format!("“{label}”")).collect::<Vec<_>>().join(" or ");
    match (found, tracks) {
        (Some((key, _)), _) => Ok(key.clone()),
        (None, []) => Err(format!("This program has no tracks, but the line says “{}”. Empty the cell", short(text))),
        (None, _) => Err(format!("There is no track “{}”. Write {}", short(text), all())),
    }
}

/// At most 60 characters, on one line.
fn short(text: &str) -> String {
    let plain: String = text.trim().chars().map(|c| if super::name::is_unprintable(c) { ' ' } else { c }).collect();
    let cut: String = plain.chars().take(60).collect();
    if cut.len() < plain.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests;
