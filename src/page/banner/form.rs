//! Turns the data of a banner and where the visitor stands into the page that asks without JavaScript.
//!
//! 1. It is a form for `POST /_consentry/choice`; refusing and accepting everything are forms of their own, one click each.
//! 2. Nothing is ticked but what is granted already: by the visitor (CJEU C-673/17), or where the law lets it be so until he refuses,
//!    and then it says so.
//! 3. It runs no script and loads nothing but the operator's logo, and its policy says so.

use super::{
    FORM_CSS, File,
    data::{Data, Shown, Vendor, direction},
    escaped,
};
use crate::purpose::PurposeSet;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A signal of the visitor's browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Global Privacy Control.
    Gpc,
    /// Do Not Track.
    Dnt,
}

/// Where the visitor stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether he has made a choice that counts.
    pub is_chosen: bool,
    /// What is granted, by that choice or by the law.
    pub granted: PurposeSet,
    /// Whether he has to choose once more because there are other vendors than those that he chose about.
    pub has_changed: bool,
    /// What his browser says.
    pub signal: Option<Told>,
    /// The id of his receipt.
    pub receipt: Option<String>,
    /// Whether he has chosen just now.
    pub just_saved: bool,
    /// The path of this site that he came from.
    pub back: String,
}

/// The page at `/_consentry/consent`. Its form sends `purpose` for each purpose that is allowed, and `back`, `lang`, `text`
/// (the hash of what was shown), `policy` (its version) and `method`.
#[must_use]
pub fn form(data: &Data, standing: &Standing) -> File {
    let css = [data.theme.css(":root"), FORM_CSS.clone()].concat();
    let style = STANDARD.encode(Sha256::digest(css.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let (lang, dir) = (escaped(&data.lang), direction(data.is_rtl));
    let title = escaped(data.text("title"));
    let main = main(data, standing);
    let page = format!(
        "<!doctype html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{title}</title>\n<style>{css}</style>\n</head>\n<body>\n<main>\n{main}</main>\n</body>\n</html>\n"
    );
    File::page(page, policy)
}

/// The link to that page for `<noscript>`, in ASCII, so that it means the same in every charset.
#[must_use]
pub fn noscript(data: &Data, href: &str) -> String {
    let (href, lang) = (escaped(href), escaped(&data.lang));
    let (dir, words) = (direction(data.is_rtl), escaped(data.text("reopen")));
    let markup = format!("<p lang=\"{lang}\" dir=\"{dir}\"><a href=\"{href}\">{words}</a></p>");
    markup.chars().fold(String::new(), |mut ascii, c| {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            let _ = write!(ascii, "&#{};", u32::from(c));
        }
        ascii
    })
}

fn main(data: &Data, standing: &Standing) -> String {
    let text = |key| escaped(data.text(key));
    let logo = match data.options.logo.as_str() {
        "" => String::new(),
        path => format!("<img class=\"logo\" src=\"{}\" alt=\"\">\n", escaped(path)),
    };
    let own = data.purposes.iter().map(|shown| purpose(data, shown, standing));
    let own: String = [necessary(data)].into_iter().chain(own).collect();
    let back = escaped(&standing.back);
    let is_fresh = !standing.is_chosen && !standing.is_given(data);
    let links = data.links.iter().fold(String::new(), |links, link| {
        links + &format!("<li><a href=\"{}\">{}</a></li>", escaped(&link.href), escaped(&link.text))
    });
    format!(
        "{logo}<h1>{title}</h1>\n{state}<p class=\"soft\">{intro} {nothing}</p>\n<p class=\"soft\">{how}</p>\n\
         {open}<div>\n{own}</div>\n\
         <div class=\"deeds\"><button form=\"refuse\">{refuse_all}</button><button form=\"accept\">{accept_all}</button>\
         <button class=\"main\">{save}</button></div>\n</form>\n\
         <ul class=\"links\"><li><a href=\"{back}\">{form_back}</a></li>{links}</ul>\n<div hidden>{refuse}{accept}</div>\n",
        title = text("title"),
        state = state(data, standing),
        intro = text("intro"),
        nothing = if is_fresh { text("nothing_yet") } else { String::new() },
        how = if standing.is_given(data) { String::new() } else { text("form_intro") },
        refuse = whole(data, standing, "refuse", "reject-all", false),
        accept = whole(data, standing, "accept", "accept-all", true),
        open = opened(data, standing, "choose", "custom"),
        refuse_all = text("refuse_all"),
        accept_all = text("accept_all"),
        save = text("save"),
        form_back = text("form_back"),
    )
}

/// What the visitor chose, what became of it, and what his browser says.
fn state(data: &Data, standing: &Standing) -> String {
    let saved = standing.just_saved.then(|| data.text("saved").to_owned());
    let changed = standing.has_changed.then(|| data.text("changed").to_owned());
    let granted = names(data, standing.granted);
    let chosen = match (standing.is_chosen, granted.is_empty()) {
        (true, true) => Some(data.text("state_refused").to_owned()),
        (true, false) => Some(data.text("state_granted").replace("{purposes}", &granted)),
        (false, false) => Some(data.text("state_given").replace("{purposes}", &granted)),
        (false, true) => None,
    };
    let receipt = standing.receipt.as_deref();
    let receipt = receipt.map(|receipt| data.text("reference").replace("{receipt}", receipt));
    let signal = standing.signal.map(|told| {
        let signal = data.text("signal").replace("{signal}", told.name());
        (signal, names(data, told.refuses(data)))
    });
    let signal = signal.filter(|(_, names)| !names.is_empty());
    let signal = signal.map(|(text, names)| text.replace("{purposes}", &names));
    let note = |lines: Vec<String>| {
        let lines: String = lines.iter().map(|line| format!("<p>{}</p>", escaped(line))).collect();
        if lines.is_empty() { lines } else { format!("<div class=\"note\">{lines}</div>\n") }
    };
    let choice = [saved, changed, chosen, receipt].into_iter().flatten().collect();
    note(choice) + &note(signal.into_iter().collect())
}

/// The visitor's names of purposes, with commas.
fn names(data: &Data, purposes: PurposeSet) -> String {
    let shown = data.purposes.iter().filter(|shown| purposes.contains(shown.id));
    let names: Vec<_> = shown.map(|shown| shown.name.as_str()).collect();
    names.join(if data.is_rtl { "، " } else { ", " })
}

/// The start of a form, with what every choice says.
fn opened(data: &Data, standing: &Standing, id: &str, method: &str) -> String {
    let fields = [
        ("method", method.to_owned()),
        ("lang", data.lang.clone()),
        ("text", data.shown_hash()),
        ("policy", data.policy.clone()),
        ("back", standing.back.clone()),
    ];
    let fields =
        fields.iter().fold(String::new(), |fields, (name, value)| fields + &hidden(name, value));
    format!("<form id=\"{id}\" method=\"post\" action=\"/_consentry/choice\">{fields}\n")
}

/// A form that accepts or refuses everything; its button is elsewhere.
fn whole(data: &Data, standing: &Standing, id: &str, method: &str, accepts: bool) -> String {
    let refused = standing.refused(data);
    let asked = data.purposes.iter().filter(|shown| accepts && !refused.contains(shown.id));
    let fields: String = asked.map(|shown| hidden("purpose", shown.id.name())).collect();
    format!("{}{fields}</form>\n", opened(data, standing, id, method))
}

fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value))
}

fn necessary(data: &Data) -> String {
    let text = |key| escaped(data.text(key));
    format!(
        "<div class=\"purpose\"><h2>{}</h2><p class=\"always\">{}</p><p>{}</p></div>\n",
        text("necessary_name"),
        text("always_on"),
        text("necessary_text"),
    )
}

fn purpose(data: &Data, shown: &Shown, standing: &Standing) -> String {
    let id = shown.id.name();
    let is_refused = standing.refused(data).contains(shown.id);
    let is_granted = standing.granted.contains(shown.id);
    let state = if is_refused {
        " disabled"
    } else if is_granted {
        " checked"
    } else {
        ""
    };
    let by_signal = if is_refused {
        format!("<p>{}</p>", escaped(data.text("refused_by_signal")))
    } else {
        String::new()
    };
    let (name, description) = (escaped(&shown.name), escaped(&shown.description));
    let vendors = vendors(data, shown);
    format!(
        "<div class=\"purpose\"><input type=\"checkbox\" id=\"{id}\" name=\"purpose\" value=\"{id}\" aria-describedby=\"about-{id}\"{state}>\
         <h2><label for=\"{id}\">{name}</label></h2><p id=\"about-{id}\">{description}</p>{by_signal}{vendors}</div>\n"
    )
}

fn vendors(data: &Data, shown: &Shown) -> String {
    if shown.vendors.is_empty() {
        return String::new();
    }
    let count = data.text("companies").replace("{count}", &shown.vendors.len().to_string());
    let (count, name) = (escaped(&count), escaped(&shown.name));
    let list: String = shown.vendors.iter().map(|of| vendor(data, of)).collect();
    format!(
        "<details><summary>{count}<span class=\"unseen\"> \u{2013} {name}</span></summary><ul class=\"vendors\">{list}</ul></details>"
    )
}

fn vendor(data: &Data, of: &Vendor) -> String {
    let facts = [
        ("company", &of.company),
        ("receives", &of.receives),
        ("keeps", &of.keeps),
        ("country", &of.country),
    ];
    let facts = facts.iter().filter(|(_, fact)| !fact.is_empty());
    let facts: String = facts.map(|(key, fact)| fact_row(data.text(key), fact)).collect();
    let policy = match of.policy.as_str() {
        "" => String::new(),
        href => format!(
            "<p><a href=\"{}\" rel=\"noopener noreferrer\">{}</a></p>",
            escaped(href),
            escaped(data.text("policy"))
        ),
    };
    format!("<li><h3>{}</h3><dl>{facts}</dl>{policy}</li>", escaped(&of.name))
}

fn fact_row(name: &str, fact: &str) -> String {
    format!("<div><dt>{}</dt><dd><bdi>{}</bdi></dd></div>", escaped(name), escaped(fact))
}

// === impl Told ===

impl Told {
    /// The name that the signal has in every language.
    const fn name(self) -> &'static str {
        match self {
            Self::Gpc => "Global Privacy Control",
            Self::Dnt => "Do Not Track",
        }
    }

    /// The value of `data-signal`.
    #[must_use]
    pub const fn value(self) -> &'static str {
        match self {
            Self::Gpc => "gpc",
            Self::Dnt => "dnt",
        }
    }

    const fn refuses(self, data: &Data) -> PurposeSet {
        match self {
            Self::Gpc => data.options.gpc,
            Self::Dnt => data.options.dnt,
        }
    }
}

// === impl Standing ===

impl Standing {
    /// Whether something that he is asked about is granted without a choice.
    fn is_given(&self, data: &Data) -> bool {
        !self.is_chosen && !names(data, self.granted).is_empty()
    }

    fn refused(&self, data: &Data) -> PurposeSet {
        self.signal.map_or(PurposeSet::EMPTY, |told| told.refuses(data))
    }
}
