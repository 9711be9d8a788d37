//! Turns what was scanned into lines of at most 80 columns for people.

use super::{
    Sum, cmp,
    page::{Found, Scanned},
};
use crate::{cli::finding::place, policy::Mode, purpose::Purpose};

/// The widest line.
const WIDTH: usize = 80;
/// How much of a vendor's name is shown.
const NAME: usize = 34;

/// What was found in one page.
pub(super) fn page(page: &Scanned) -> String {
    let mut lines = vec![page.name.clone()];
    if page.url.as_str() != page.name {
        lines.push(format!("  as {}", page.url));
    }
    if page.mode != Mode::Enforce {
        let mode = page.mode.name();
        lines.push(format!("  the site's mode is \"{mode}\": this is what \"enforce\" would do"));
    }
    lines.extend(page.note.map(|note| format!("  not looked through: {note}")));
    lines.extend(page.unread.as_ref().map(|why| format!("  not read to its end: {why}")));
    lines.extend(page.findings.iter().map(finding));
    if page.findings.is_empty() && page.note.is_none() {
        lines.push("  nothing that needs a decision".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

fn finding(found: &Found) -> String {
    let Found { finding, effect } = found;
    let vendor = &finding.judged.vendor;
    let line = if finding.line == 0 { "-".to_owned() } else { finding.line.to_string() };
    let name: String = vendor.name.chars().take(NAME).collect();
    let place = printable(&place(&finding.place));
    let head = format!("  {line:>5}  {name} ({}), {place}", vendor.purpose);
    let what: String = finding.what.split_whitespace().collect::<Vec<_>>().join(" ");
    let (head, what) = (cut(&head), cut(&format!("           {}", printable(&what))));
    format!("{head}\n{what}\n         > {effect}")
}

/// Control characters of a page do not reach a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    let start: String = line.chars().take(WIDTH - 1).collect();
    format!("{start}…")
}

/// What was found in all pages.
pub(super) fn summary(pages: &[Scanned], sums: &[Sum]) -> String {
    let findings: usize = pages.iter().map(|page| page.findings.len()).sum();
    let mut lines =
        vec![format!("{} scanned, {}", many(pages.len(), "page"), many(findings, "finding"))];
    lines.extend(sums.iter().map(sum));
    lines.extend(necessary(sums));
    lines.extend(managers(pages));
    lines.join("\n")
}

fn sum(sum: &Sum) -> String {
    let Sum { vendor, findings, kept, pages } = sum;
    let kept = match kept {
        0 => String::new(),
        kept if kept == findings => ", kept".to_owned(),
        kept => format!(", {kept} kept"),
    };
    let name: String = vendor.name.chars().take(NAME).collect();
    let purpose = vendor.purpose.name();
    format!(
        "  {name:<NAME$} {purpose:<10} {} in {}{kept}",
        many(*findings, "finding"),
        many(*pages, "page")
    )
}

/// Says what is not gated because it counts as necessary.
fn necessary(sums: &[Sum]) -> Option<String> {
    let is_necessary = |sum: &&Sum| sum.vendor.purpose == Purpose::Necessary;
    let ids: Vec<&str> = sums.iter().filter(is_necessary).map(|sum| &*sum.vendor.id).collect();
    let first = ids.first()?;
    Some(format!(
        "\nSecurity and payment services count as necessary and are kept: {}.\nTo gate one, write:\n\n[[vendor]]\nid = \"{first}\"\npurpose = \"functional\"",
        ids.join(", ")
    ))
}

fn managers(pages: &[Scanned]) -> Vec<String> {
    let cmps = cmp::all(pages);
    let warnings = cmps.iter().filter_map(cmp::Detected::warning);
    let mut lines: Vec<_> = warnings.map(|warning| format!("\n{warning}")).collect();
    if let Some(config) = cmp::config(&cmps) {
        lines.push(format!("\nFor the consent manager in use, write:\n\n{config}"));
    }
    lines
}

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::scan::{effect::Effect, scan_text};

    const PAGE: &str = "<p>\n<img src=https://stats.ads.example/p.gif width=1 height=1>\n\
        <iframe src=\"https://ads.example/f\"></iframe>\n<div style=\"background:url(//cdn.shop.example/a.png)\">";

    #[test]
    fn pages_are_readable_in_80_columns() {
        let scanned = scan_text(PAGE, "https://shop.example/");
        let shown = page(&scanned);
        assert!(shown.lines().all(|line| line.chars().count() <= WIDTH), "{shown}");
        assert!(shown.contains("    2  Unknown tracker (marketing), img src"), "{shown}");
        assert_eq!(scanned.findings.len(), 2, "{shown}");
        assert!(scanned.findings.iter().all(|found| found.effect == Effect::Removed), "{shown}");
    }
}
