//! Turns what was scanned into lines of at most 80 columns for people; a vendor's name is never cut.

use super::{
    Sum, cmp,
    page::{Found, Scanned},
};
use crate::{cli::finding::place, policy::Mode, purpose::Purpose};

/// The widest line.
const WIDTH: usize = 80;
/// The width of the names' column; a longer name has a line for itself.
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
    let (name, place) = (&vendor.name, printable(&place(&finding.place)));
    let whose = format!("  {line:>5}  {name} ({})", vendor.purpose);
    let head = match format!("{whose}, {place}") {
        short if short.chars().count() <= WIDTH => short,
        _ => format!("{whose},\n{}", cut(&format!("         {place}"))),
    };
    let what: String = finding.what.split_whitespace().collect::<Vec<_>>().join(" ");
    let what = cut(&format!("           {}", printable(&what)));
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

/// `text` as it can be shown behind `indent` columns.
pub(super) fn short(text: &str, indent: usize) -> String {
    let start = " ".repeat(indent);
    cut(&format!("{start}{}", printable(text))).get(indent..).unwrap_or_default().to_owned()
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
    let long = vendor.name.chars().count() > NAME;
    let name = if long {
        format!("{}\n  {:NAME$}", vendor.name, "")
    } else {
        format!("{:NAME$}", vendor.name)
    };
    let purpose = vendor.purpose.name();
    format!(
        "  {name} {purpose:<10} {} in {}{kept}",
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
        assert!(scanned.findings.iter().all(|found| found.effect == Effect::Inert), "{shown}");
    }

    #[test]
    fn names_are_whole() {
        let (long, element) = ("Forms, bookings, polls and reviews by others", "x".repeat(90));
        let html = format!(
            "<script src=https://assets.calendly.com/a.js></script><{element} data-src=https://form.jotform.com/a>"
        );
        let scanned = scan_text(&html, "https://shop.example/");
        let shown = page(&scanned);
        assert_eq!(shown.matches(long).count(), 2, "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= WIDTH), "{shown}");
        let sums = crate::cli::scan::sums(&[scanned]);
        assert!(sum(&sums[0]).starts_with(&format!("  {long}\n")), "{}", sum(&sums[0]));
    }

    #[test]
    fn what_the_sites_own_manager_holds_back_is_listed() {
        let html = "<script type=text/plain data-cookieconsent=statistics src=https://www.googletagmanager.com/gtag/js></script>\n\
            <script type=\"text/plain\" data-src=https://connect.facebook.net/en_US/fbevents.js></script>\n\
            <script type=text/plain class=optanon-category-C0002>x.src='https://static.hotjar.com/c/hotjar-1.js'</script>\n\
            <iframe data-cookieblock-src=https://www.youtube.com/embed/1 data-cookieconsent=marketing></iframe>\n\
            <script type=application/ld+json>{\"@id\":\"https://connect.facebook.net/x\"}</script>\n\
            <script src=https://www.clarity.ms/tag/x></script>";
        let scanned = scan_text(html, "https://shop.example/");
        let shown = page(&scanned);
        let effects: Vec<_> = scanned.findings.iter().map(|f| (f.finding.line, f.effect)).collect();
        let held = Effect::HeldBack;
        let expected = [(1, held), (2, held), (3, held), (4, held), (6, Effect::Inert)];
        assert_eq!(effects, expected, "{shown}");
        assert!(shown.contains("already held back by the site's own consent manager"), "{shown}");
    }
}
