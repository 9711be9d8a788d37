//! Turns values into cells of a table on a terminal or of a CSV file (RFC 4180).
//!
//! 1. What came from outside has no control characters on a terminal.
//! 2. A cell that a spreadsheet would take for a formula begins with an apostrophe, which spreadsheets show as text (OWASP, "CSV
//!    Injection").

/// `1 record`, `2 records`.
pub(super) fn many(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `text` for a terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Rows with their columns under each other; the first row is the heading, and the columns in `right` end under each other.
pub(super) fn table<const N: usize>(rows: &[[String; N]], right: &[usize]) -> String {
    let wide = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..N).map(|column| wide(column).unwrap_or_default()).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if right.contains(&column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One line of CSV, without its end.
pub(super) fn csv<'c>(cells: impl IntoIterator<Item = &'c str>) -> String {
    cells.into_iter().map(cell).collect::<Vec<_>>().join(",")
}

fn cell(text: &str) -> String {
    let text = match text.trim_start().chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{text}"),
        Some(_) if text.starts_with(['\t', '\r', '\n']) => format!("'{text}"),
        Some(_) | None => text.to_owned(),
    };
    if text.contains([',', '"', '\r', '\n', ';']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in [
            ("shop.example", "shop.example"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "' =1"),
            ("\t=1", "'\t=1"),
            (
                "=HYPERLINK(\"http://evil.example\",\"x\")",
                "\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\"",
            ),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("", ""),
        ] {
            assert_eq!(super::cell(text), cell, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_cell_stays_one(text in "\\PC{0,12}|[,\"\r\n=+@\t;-]{0,6}") {
            let cell = cell(&text);
            let inner = match cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(inner) => {
                    prop_assert!(!inner.replace("\"\"", "").contains('"'));
                    inner.replace("\"\"", "\"")
                }
                None => {
                    prop_assert!(!cell.contains([',', '"', '\r', '\n']));
                    cell.clone()
                }
            };
            let quoted = format!("'{text}");
            prop_assert!(inner == text || inner == quoted);
            prop_assert!(!inner.trim_start().starts_with(['=', '+', '-', '@']));
        }
    }

    #[test]
    fn columns_stand_under_each_other() {
        let rows =
            [["#", "site"], ["1", "a.example"], ["20", "é"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows, &[0]), " #  site\n 1  a.example\n20  é");
    }
}
