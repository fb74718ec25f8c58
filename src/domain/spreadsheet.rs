//! How is a table written for a spreadsheet, so that nothing in it runs?

/// The mark that tells Excel that a file is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// A table in CSV (RFC 4180), written cell by cell. The one way out for tables.
#[derive(Debug)]
pub struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    /// With the names of its columns.
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        let mut how = csv::WriterBuilder::new();
        how.terminator(csv::Terminator::CRLF).flexible(true);
        let mut sheet = Self(how.from_writer(BYTE_ORDER_MARK.into()));
        sheet.row(columns);
        sheet
    }

    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        let cells: Vec<String> = cells.iter().map(|cell| inert(cell.as_ref())).collect();
        self.0.write_record(&cells).expect("memory takes what is written");
    }

    /// The whole file.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes what is written")
    }
}

/// A cell that every spreadsheet shows and none calculates: what begins like a formula gets a `'`, and
/// control characters become spaces.
#[must_use]
pub fn inert(cell: &str) -> String {
    let begins = cell.starts_with(is_formula_start) || cell.trim_start().starts_with(is_formula_start);
    let plain: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if begins { format!("'{plain}") } else { plain }
}

/// What was made inert on its way out is itself again on its way in.
#[must_use]
pub fn revived(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.trim_start().starts_with(is_formula_start)).unwrap_or(cell)
}

#[must_use]
pub fn is_formula_start(c: char) -> bool {
    // The full-width ones count as the plain ones in some spreadsheets.
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\u{FF1D}' | '\u{FF0B}' | '\u{FF0D}' | '\u{FF20}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_formula_is_shown_and_not_calculated() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "\u{FF1D}1"] {
            assert!(inert(formula).starts_with('\''), "{formula:?}");
        }
        for text in ["Ana", "O'Neil", "a=b", "", "1-2", "李小龍"] {
            assert_eq!(inert(text), text);
        }
        assert_eq!(revived("'=1"), "=1");
        assert_eq!(revived("'Ana'"), "'Ana'");
    }

    #[test]
    fn a_sheet_opens_as_utf_8_with_its_cells_whole() {
        let mut sheet = Sheet::new(&["Name", "Note"]);
        sheet.row(&["Jørn; \"J\"", "a, b\nc"]);
        let text = String::from_utf8(sheet.finish()).unwrap();
        assert_eq!(text, "\u{FEFF}Name,Note\r\n\"Jørn; \"\"J\"\"\",\"a, b c\"\r\n");
    }

    proptest! {
        #[test]
        fn no_cell_ever_begins_like_a_formula(cells: Vec<String>) {
            let mut sheet = Sheet::new(&["A"]);
            sheet.row(&cells);
            let bytes = sheet.finish();
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[3..]);
            for record in reader.records() {
                for cell in &record.unwrap() {
                    prop_assert!(!cell.trim_start().starts_with(is_formula_start), "{cell:?}");
                }
            }
        }
    }
}
