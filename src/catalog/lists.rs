//! Turns filter lists in Adblock syntax into the purpose of what they match.
//!
//! 1. Only network rules are read; a bad line is reported and skipped, and the rest of the list holds. The matcher compiles
//!    regular expressions when they are first asked for, some of them together: a wrong one would take others with it.
//! 2. Lists of one purpose are one engine, so that an exception in one holds for the others of that purpose.
//! 3. The matcher locks a mutex for each check; there is an engine per lane, and each thread keeps to its lane.
//! 4. The stamp differs when a text or its purpose does, and is the same for the same lists after a restart.

use super::target::{Destination, Page, Target};
use crate::purpose::Purpose;
use adblock::{
    Engine, FilterSet,
    filters::network::{FilterPart, NetworkFilter, NetworkFilterMask},
    lists::{FilterParseError, ParseOptions, ParsedLine, RuleTypes, parse_filter},
    request::Request,
};
use regex::bytes::RegexBuilder;
use sha2::{Digest as _, Sha256};
use std::{
    borrow::Cow,
    cell::Cell,
    fmt::{self, Write as _},
    sync::atomic::{AtomicUsize, Ordering},
};

/// A line of a filter list that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedLine {
    /// Line number from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// The filter lists of one site, compiled.
#[derive(Default)]
pub struct Lists {
    by_purpose: Vec<(Purpose, Lanes)>,
    stamp: Box<str>,
}

struct Lanes(Vec<Engine>);

impl Lists {
    /// Compiles the texts of `lists`, each with the purpose of what it matches, for `threads` threads.
    #[must_use]
    pub fn new(lists: &[(Purpose, String)], threads: usize) -> Self {
        let by_purpose = Purpose::ALL
            .into_iter()
            .filter_map(|purpose| Some((purpose, Lanes::new(lists, purpose, threads)?)))
            .collect();
        Self { by_purpose, stamp: stamp(lists).into() }
    }

    /// A short name of what the lists say, in lower case hexadecimal digits; empty without lists.
    #[must_use]
    pub fn stamp(&self) -> &str {
        &self.stamp
    }

    /// Whether there is no list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_purpose.is_empty()
    }

    pub(super) fn find(&self, target: &Target<'_>, page: &Page) -> Option<Purpose> {
        if self.is_empty() {
            return None;
        }
        let request = Request::preparsed(
            target.url().as_str(),
            target.host(),
            page.url().host_str().unwrap_or_default(),
            kind(target.destination()),
            true,
            "GET",
        );
        let blocks = |lanes: &Lanes| {
            lanes.lane().is_some_and(|e| e.check_network_request(&request).should_block())
        };
        self.by_purpose.iter().find(|(_, lanes)| blocks(lanes)).map(|(purpose, _)| *purpose)
    }
}

impl Lanes {
    fn new(lists: &[(Purpose, String)], purpose: Purpose, threads: usize) -> Option<Self> {
        let texts: Vec<&String> =
            lists.iter().filter(|(p, _)| *p == purpose).map(|(_, text)| text).collect();
        if texts.is_empty() {
            return None;
        }
        let mut set = FilterSet::new(false);
        for text in texts {
            set.add_filter_list(without_wrong_regexes(text).into_owned(), network_only());
        }
        let first = Engine::new_with_filter_set(set);
        let compiled = first.serialize();
        let others = (1..threads.max(1)).filter_map(|_| {
            let mut engine = Engine::default();
            engine.deserialize(&compiled).ok().map(|()| engine)
        });
        let lanes = others.collect::<Vec<_>>();
        Some(Self(std::iter::once(first).chain(lanes).collect()))
    }

    fn lane(&self) -> Option<&Engine> {
        self.0.get(lane().checked_rem(self.0.len())?)
    }
}

fn stamp(lists: &[(Purpose, String)]) -> String {
    if lists.is_empty() {
        return String::new();
    }
    let mut hash = Sha256::new();
    for (purpose, text) in lists {
        // The length tells where one text ends and the next begins.
        hash.update(format!("{purpose:?} {} ", text.len()));
        hash.update(text);
    }
    hash.finalize().iter().take(4).fold(String::new(), |mut hex, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// This thread's lane.
fn lane() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static LANE: Cell<Option<usize>> = const { Cell::new(None) });
    LANE.with(|lane| {
        lane.get().unwrap_or_else(|| {
            let own = NEXT.fetch_add(1, Ordering::Relaxed);
            lane.set(Some(own));
            own
        })
    })
}

/// The lines of `text` that no rule can be made of. Rules about pop-up windows are no bad lines: they have nothing to say here.
#[must_use]
pub fn skipped_lines(text: &str) -> Vec<SkippedLine> {
    let numbered = text.lines().zip(1..);
    numbered
        .filter(|(line, _)| !is_about_popups(line))
        .filter_map(|(line, number)| Some(SkippedLine { line: number, why: fault(line)? }))
        .collect()
}

/// What is wrong with a line.
fn fault(line: &str) -> Option<String> {
    match parse_filter(line, false, network_only()) {
        Ok(ParsedLine::Network(filter)) => regex_fault(&filter),
        Ok(ParsedLine::Cosmetic(_))
        | Err(FilterParseError::Empty | FilterParseError::Unsupported) => None,
        Err(
            error @ (FilterParseError::Network(_)
            | FilterParseError::Cosmetic(_)
            | FilterParseError::InvalidExpiresInterval),
        ) => Some(error.to_string()),
    }
}

/// What is wrong with the regular expression of a `/.../` rule, built as the matcher builds it.
fn regex_fault(filter: &NetworkFilter<'_>) -> Option<String> {
    let FilterPart::Simple(text) = &filter.filter else { return None };
    let is_regex = filter.mask.contains(NetworkFilterMask::IS_COMPLETE_REGEX);
    let pattern = text.strip_prefix('/')?.strip_suffix('/').filter(|_| is_regex)?;
    let pattern = pattern.replace("\\/", "/").replace("\\:", ":");
    let error = RegexBuilder::new(&pattern).unicode(false).build().err()?.to_string();
    // The error draws the pattern over several lines; its last line says what is wrong.
    let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
    Some(format!("its regular expression is wrong: {last}"))
}

/// `text` with empty lines in the place of those whose regular expression is wrong.
fn without_wrong_regexes(text: &str) -> Cow<'_, str> {
    let is_wrong = |line: &&str| {
        let rule = line.trim();
        let begins = rule.strip_prefix("@@").unwrap_or(rule).starts_with('/');
        begins && fault(line).is_some()
    };
    if !text.lines().any(|line| is_wrong(&line)) {
        return Cow::Borrowed(text);
    }
    let kept = text.lines().map(|line| if is_wrong(&line) { "" } else { line });
    Cow::Owned(kept.flat_map(|line| [line, "\n"]).collect())
}

fn is_about_popups(line: &str) -> bool {
    let options = line.rsplit_once('$').map_or("", |(_, options)| options);
    options.split(',').any(|option| option.trim_start_matches('~') == "popup")
}

fn network_only() -> ParseOptions {
    ParseOptions { rule_types: RuleTypes::NetworkOnly, ..ParseOptions::default() }
}

/// The name of a destination in filter lists.
const fn kind(destination: Destination) -> &'static str {
    match destination {
        Destination::Script => "script",
        Destination::Image => "image",
        Destination::Style => "stylesheet",
        Destination::Font => "font",
        Destination::Iframe => "subdocument",
        Destination::Object => "object",
        Destination::Media => "media",
        Destination::Ping => "ping",
        Destination::Connect | Destination::Other | Destination::Document => "other",
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.by_purpose.iter().map(|(purpose, _)| purpose)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Shape;
    use url::Url;

    fn lists() -> Lists {
        let ads = "! Title: x\n||ads.test^\n@@||ads.test/ok.js\n##.ad".to_owned();
        let stats = "/count.$image,third-party".to_owned();
        Lists::new(&[(Purpose::Marketing, ads), (Purpose::Analytics, stats)], 3)
    }

    #[test]
    fn lists_give_the_purpose() {
        let page = Page::new(Url::parse("https://shop.example/").unwrap());
        let find = |url: &str, destination| {
            let url = Url::parse(url).unwrap();
            lists().find(&Target::new(&url, destination, Shape::Plain).unwrap(), &page)
        };
        assert_eq!(find("https://x.ads.test/a.js", Destination::Script), Some(Purpose::Marketing));
        assert_eq!(find("https://x.ads.test/ok.js", Destination::Script), None);
        assert_eq!(find("https://b.test/count.gif", Destination::Image), Some(Purpose::Analytics));
        assert_eq!(find("https://b.test/count.js", Destination::Script), None);
    }

    #[test]
    fn the_stamp_follows_texts_and_purposes() {
        let stamp = |lists: &[(Purpose, &str)]| {
            let lists: Vec<_> = lists.iter().map(|(p, text)| (*p, text.to_string())).collect();
            Lists::new(&lists, 1).stamp().to_owned()
        };
        let (ads, stats) = (Purpose::Marketing, Purpose::Analytics);
        let first = stamp(&[(ads, "||a.test^"), (ads, "||b.test^")]);
        assert_eq!(first.len(), 8);
        assert_eq!(first, stamp(&[(ads, "||a.test^"), (ads, "||b.test^")]));
        for other in [
            &[(ads, "||a.test^"), (ads, "||c.test^")][..],
            &[(ads, "||a.test^"), (stats, "||b.test^")],
            &[(ads, "||a.test^||b.test^"), (ads, "")],
            &[(ads, "||a.test^")],
        ] {
            assert_ne!(stamp(other), first, "{other:?}");
        }
        assert_eq!((stamp(&[]), Lists::default().stamp()), (String::new(), ""));
    }

    #[test]
    fn bad_lines_are_named() {
        let list =
            "||good.test^\n||bad.test^$nosuchoption\n! comment\n||pop.test^$popup,third-party\n";
        let skipped = skipped_lines(list);
        assert_eq!(skipped.iter().map(|s| s.line).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_wrong_regex_is_named_and_spoils_no_other() {
        let list = "/[bad(regex/$image\n/count[0-9]+\\.gif/$image\n@@/*wrong/$image\n/a{3\\/b/\n/ok/path\n/(?=x)y/\n";
        let skipped = skipped_lines(list);
        assert_eq!(skipped.iter().map(|s| s.line).collect::<Vec<_>>(), [1, 3, 4, 6], "{skipped:?}");
        let class = skipped.first().unwrap().why.contains("unclosed character class");
        assert!(class, "{skipped:?}");
        let page = Page::new(Url::parse("https://shop.example/").unwrap());
        let lists = Lists::new(&[(Purpose::Analytics, list.to_owned())], 1);
        let url = Url::parse("https://b.test/count7.gif").unwrap();
        let target = Target::new(&url, Destination::Image, Shape::Plain).unwrap();
        assert_eq!(lists.find(&target, &page), Some(Purpose::Analytics));
    }
}
