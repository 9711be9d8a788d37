//! Turns texts, purposes and vendors in one language into the banner: a script for pages, and a page for browsers without scripts.
//!
//! 1. The script is a function of its own, called with the data and the style sheet: nothing of it is global but `window.consentry`.
//! 2. It makes elements and never markup or code: a page's content security policy needs to allow the script's address only.
//! 3. The texts are plain: no key holds markup, and none is read as such.

mod config;
mod data;
mod form;
mod theme;

pub use self::config::Config;
pub use self::data::{After, Corner, Data, Link, Options, Position, Shown, Vendor};
pub use self::form::{Standing, Told, form, noscript};
pub use self::theme::{Colour, Faint, NoColour, Palette, Scheme, Theme};
use super::File;
use std::sync::LazyLock;

/// The parts of the code, in the order in which they use each other.
const PARTS: [&str; 5] = [
    include_str!("natives.js"),
    include_str!("choice.js"),
    include_str!("tags.js"),
    include_str!("layers.js"),
    include_str!("banner.js"),
];

static CODE: LazyLock<String> = LazyLock::new(|| compact(&PARTS.concat(), "//"));
static CSS: LazyLock<String> = LazyLock::new(|| compact(include_str!("banner.css"), "/*"));
static FORM_CSS: LazyLock<String> = LazyLock::new(|| compact(include_str!("form.css"), "/*"));

/// The English texts, for their keys.
const ENGLISH: &str = include_str!("../texts/en.toml");

/// The script at `/_consentry/banner/LANG/HASH.js`.
///
/// The element that loads it has `data-state` (what was chosen: the purposes as letters of `fam`, `-` when all are refused, empty
/// without a choice), `data-granted` (what this page was made with, by that choice, the law and the browser's signal: letters, `-`
/// where nothing is shared on it whatever is allowed), `data-ask` (`1` when the visitor has to be asked), `data-signal` (`gpc`, `dnt`
/// or empty) and `data-removed` (the letters of what the server took out of this page, which only a new page brings).
#[must_use]
pub fn script(data: &Data) -> File {
    let css = [data.theme.css(".box"), CSS.clone()].concat();
    let css = serde_json::Value::from(css).to_string();
    let (code, data) = (&*CODE, data.json());
    let frame = "if (window.top !== window) return;";
    File::script(format!("((data, css) => {{'use strict';{frame}\n{code}}})({data},{css});\n"))
}

/// The keys that texts have.
pub fn text_keys() -> impl Iterator<Item = &'static str> {
    let written = ENGLISH.lines().filter(|line| !line.starts_with('#'));
    written.filter_map(|line| line.split_once(" = ")).map(|(key, _)| key.trim())
}

/// The English text of a key; empty where there is none.
#[must_use]
pub fn text_in_english(key: &str) -> &'static str {
    let mut lines = ENGLISH.lines().filter_map(|line| line.split_once(" = "));
    lines.find(|(written, _)| *written == key).map_or("", |(_, text)| text.trim_matches('"'))
}

/// `text` without indentation, empty lines, and lines that are comments.
fn compact(text: &str, comment: &str) -> String {
    let lines = text.lines().map(str::trim_start);
    let kept = lines.filter(|line| !line.is_empty() && !line.starts_with(comment));
    let kept = kept.filter(|line| !line.starts_with("/** "));
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// `text` as content or as a quoted attribute's value.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
        escaped
    })
}

#[cfg(test)]
mod tests;
