//! Turns a URL or a script into a decision, also where it is nobody's: then into why it is nobody's.

use crate::{
    catalog::{Destination, Shape, Target},
    cli::Usage,
    engine::View,
    policy::{Judged, Mode, Verdict},
    rewrite,
    site::ends_at_label,
};
use serde_json::{Value, json};

/// What is decided for one thing.
pub(super) struct Decided {
    /// The URL as it was resolved, or that it is a script.
    pub(super) what: String,
    /// Whose it is; nobody's without one.
    pub(super) judged: Option<Judged>,
    /// Why; one sentence.
    pub(super) reason: String,
    /// What is done with it.
    pub(super) effect: &'static str,
}

/// Decides on `url` as the page of `view` would use it.
pub(super) fn decide_url(view: &View, url: &str, to: Destination) -> Result<Decided, Usage> {
    let wrong = |error| Usage(format!("`{url}` is no URL ({error}); write https://host/path"));
    let is_relative = url::Url::parse(url) == Err(url::ParseError::RelativeUrlWithoutBase);
    if is_relative && view.page().url().as_str() == super::NOWHERE && !url.starts_with("//") {
        return Err(wrong(url::ParseError::RelativeUrlWithoutBase));
    }
    let url = view.page().url().join(url).map_err(wrong)?;
    let target = Target::new(&url, to, Shape::Plain);
    let judged = target.as_ref().and_then(|target| view.gate().target(target));
    let reason = match &judged {
        Some(judged) => judged.decision.reason().to_owned(),
        None => nobodys(view, target.as_ref()).to_owned(),
    };
    let effect = match &judged {
        Some(judged) if judged.is_held() => {
            in_mode(view, "what contacts it is taken out of the page")
        }
        Some(judged) if judged.served().is_some() => in_mode(view, "the site itself serves it"),
        Some(judged) if judged.is_needless() => {
            in_mode(view, "taken out: nothing needs the connection")
        }
        Some(_) | None => "kept",
    };
    Ok(Decided { what: url.to_string(), judged, reason, effect })
}

/// `effect`, where the site's mode lets it be.
fn in_mode(view: &View, effect: &'static str) -> &'static str {
    match view.mode() {
        Mode::Enforce => effect,
        Mode::Report => "kept: the site's mode is \"report\", which only counts",
        Mode::Off => "kept: the site's mode is \"off\"",
    }
}

/// Why a target is nobody's.
fn nobodys(view: &View, target: Option<&Target<'_>>) -> &'static str {
    let Some(target) = target else { return "no host is contacted" };
    let host = target.host();
    if view.site().gate.allow.iter().any(|allowed| ends_at_label(host, allowed)) {
        return "the operator allows the host";
    }
    if view.page().site().contains(host) {
        return "it is on the page's own site";
    }
    if view.gate().catalog().is_harmless(target) {
        return "the host is known to be harmless: hosting, CDN or utility";
    }
    "no rule knows this host and path"
}

/// Decides on the text of an inline script of the page of `view`.
pub(super) fn decide_snippet(view: &View, text: &[u8]) -> Decided {
    let what = format!("a script of {} bytes", text.len());
    let (held, whole) = rewrite::snippet(view.gate(), text);
    let effect = match (held.is_empty(), whole) {
        (true, _) => "kept",
        (false, true) => in_mode(view, "gated whole"),
        (false, false) => in_mode(view, "only the hosts in it are neutralised"),
    };
    let gate = view.gate();
    let allowed = || gate.snippets(text).map(|(_, judged)| judged).next();
    let judged = held.into_iter().next().or_else(allowed);
    let reason = match &judged {
        Some(judged) => judged.decision.reason().to_owned(),
        None => "no vendor's snippet or host is in it".to_owned(),
    };
    Decided { what, judged, reason, effect }
}

impl Decided {
    /// The outcome.
    pub(super) fn verdict(&self) -> Verdict {
        self.judged.as_ref().map_or(Verdict::Allow, |judged| judged.decision.verdict)
    }

    /// Every field is a string, empty where nobody's is decided on.
    pub(super) fn json(&self) -> Value {
        let vendor = self.judged.as_ref().map(|judged| &judged.vendor);
        json!({
            "verdict": self.verdict().name(),
            "vendor": vendor.map_or("", |vendor| &vendor.id),
            "purpose": vendor.map_or("", |vendor| vendor.purpose.name()),
            "reason": self.reason,
            "name": vendor.map_or("", |vendor| &vendor.name),
            "source": vendor.map_or("", |vendor| vendor.source.name()),
            "what": self.what,
            "effect": self.effect,
        })
    }
}
