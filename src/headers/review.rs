//! Turns URLs and cookie names of one head into held or not, and keeps the findings.
//!
//! 1. Whatever is somebody's is a finding, held or not; the first 256 of a head are kept.
//! 2. A `Link` to what the site itself serves points there; the URLs of other headers do not.
//! 3. A value that cannot be read is held when any URL that it mentions is: what a browser makes of it is unknown.

use crate::{
    catalog::Destination,
    policy::{Finding, Gate, Judged, Place, Route, csp::HostSource},
    purpose::Purpose,
};

/// Says whose a URL or a cookie of a response is, and what is decided for it.
pub trait Judge {
    /// As [`Gate::url`].
    fn url(&self, url: &str, destination: Destination) -> Option<Judged>;

    /// As [`Gate::cookie`].
    fn cookie(&self, name: &str) -> Option<Judged>;

    /// As [`Gate::own_source`].
    fn own_source(&self, source: &str) -> Option<String>;

    /// As [`Gate::only_held`].
    fn only_held(&self, source: HostSource<'_>) -> bool;
}

impl Judge for Gate {
    fn url(&self, url: &str, destination: Destination) -> Option<Judged> {
        Self::url(self, url, destination)
    }

    fn cookie(&self, name: &str) -> Option<Judged> {
        Self::cookie(self, name)
    }

    fn own_source(&self, source: &str) -> Option<String> {
        Self::own_source(self, source)
    }

    fn only_held(&self, source: HostSource<'_>) -> bool {
        Self::only_held(self, source)
    }
}

/// What becomes of a link.
pub(super) enum Linked {
    Keep,
    Drop,
    /// The path that takes the URL's place.
    Point(String),
}

const MAX_FINDINGS: usize = 256;
const MAX_WHAT: usize = 200;

/// The judging of one head.
pub(super) struct Review<'j, J: ?Sized> {
    judge: &'j J,
    findings: Vec<Finding>,
    depends: bool,
}

impl<'j, J: Judge + ?Sized> Review<'j, J> {
    pub(super) const fn new(judge: &'j J) -> Self {
        Self { judge, findings: Vec::new(), depends: false }
    }

    /// Whether `url` in `header` is held.
    pub(super) fn url(
        &mut self,
        header: &'static str,
        url: &str,
        destination: Destination,
    ) -> bool {
        // In these headers a URL is left or goes; it is never pointed elsewhere.
        let judged = self.judge.url(url, destination);
        let judged = judged.map(|judged| Judged { route: Route::Direct, ..judged });
        self.record(judged, Place::Header(header), url)
    }

    /// What becomes of `url` in a `Link`.
    pub(super) fn link(&mut self, url: &str, destination: Destination) -> Linked {
        let judged = self.judge.url(url, destination);
        let path = judged.as_ref().and_then(|judged| judged.served().map(str::to_owned));
        let needless = judged.as_ref().is_some_and(Judged::is_needless);
        let held = self.record(judged, Place::Header("link"), url);
        match path {
            _ if held || needless => Linked::Drop,
            Some(path) => Linked::Point(path),
            None => Linked::Keep,
        }
    }

    /// The source expression for the site's own paths; see [`Gate::own_source`].
    pub(super) fn own_source(&self, source: &str) -> Option<String> {
        self.judge.own_source(source)
    }

    /// Whether a source of a policy serves gated vendors alone; see [`Gate::only_held`].
    pub(super) fn only_held(&self, source: HostSource<'_>) -> bool {
        self.judge.only_held(source)
    }

    /// Whether the cookie `name` is held.
    pub(super) fn cookie(&mut self, name: &str) -> bool {
        let judged = self.judge.cookie(name);
        self.record(judged, Place::Cookie(name.chars().take(MAX_WHAT).collect()), name)
    }

    /// Whether any URL that `text` mentions is held.
    pub(super) fn mentions(
        &mut self,
        header: &'static str,
        text: &str,
        destination: Destination,
    ) -> bool {
        // JSON may write a slash as `\/`, and browsers read a backslash as a slash.
        let text = text.replace("\\/", "/").replace('\\', "/");
        mentioned(&text).any(|url| self.url(header, url, destination))
    }

    /// Whether consent decided anything so far.
    pub(super) const fn depends(&self) -> bool {
        self.depends
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    fn record(&mut self, judged: Option<Judged>, place: Place, what: &str) -> bool {
        let Some(judged) = judged else { return false };
        let held = judged.is_held();
        self.depends |= judged.vendor.purpose != Purpose::Necessary;
        if self.findings.len() < MAX_FINDINGS {
            let what = what.chars().take(MAX_WHAT).collect();
            self.findings.push(Finding { judged, place, what, at: 0, line: 0 });
        }
        held
    }
}

/// The runs of `text` that look like absolute or protocol-relative URLs.
fn mentioned(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_ascii_whitespace() || "\"'<>,;()={}[]`|".contains(c)).filter_map(
        |run| {
            let slashes = run.find("//")?;
            let scheme = run.get(..slashes)?;
            let start =
                match ["https:", "http:", "wss:", "ws:"].iter().find(|s| ends_with(scheme, s)) {
                    Some(known) => slashes.checked_sub(known.len())?,
                    None => slashes,
                };
            run.get(start..)
        },
    )
}

fn ends_with(text: &str, scheme: &str) -> bool {
    let at = text.len().saturating_sub(scheme.len());
    text.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::{super::fake::Fake, *};

    #[test]
    fn urls_are_found_in_what_cannot_be_read() {
        for (text, held) in [
            ("<https://held.test/a", true),
            ("x=HTTPS://held.test", true),
            (r#"{"url":"https:\/\/held.test\/r""#, true),
            ("//held.test/", true),
            ("\\\\held.test", true),
            ("https://ok.test/ https://ok.test/?u=https://held.test/", true),
            ("held.test", false),
            ("https://ok.test/held.test", false),
        ] {
            let mut review = Review::new(&Fake);
            assert_eq!(review.mentions("link", text, Destination::Other), held, "{text}");
        }
    }

    #[test]
    fn findings_are_bounded() {
        let mut review = Review::new(&Fake);
        for _ in 0..1000 {
            assert!(review.url(
                "link",
                &format!("//held.test/{}", "ä".repeat(999)),
                Destination::Other
            ));
        }
        let findings = review.into_findings();
        assert_eq!(findings.len(), 256);
        assert_eq!(findings[0].what.chars().count(), 200);
    }
}
