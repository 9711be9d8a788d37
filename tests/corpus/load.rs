//! Turns the browser harness's JSON lines into loads by page and variant.

use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::Path};
use url::Url;

/// How a page is loaded; see `tests/browser/front.mjs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Variant {
    Direct,
    Default,
    Consent,
    Lists,
    All,
}

impl Variant {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Default => "default",
            Self::Consent => "consent",
            Self::Lists => "lists",
            Self::All => "all",
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "direct" | "again" => Self::Direct,
            "default" => Self::Default,
            "consent" => Self::Consent,
            "lists" => Self::Lists,
            "all" => Self::All,
            other => panic!("unknown variant {other}"),
        }
    }
}

/// A request that reached the sink, with the browser's words for it where it had any.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) method: String,
    /// `Sec-Fetch-Dest`; empty over plain HTTP.
    pub(crate) destination: String,
    /// The DevTools protocol's `ResourceType`; empty when the browser did not speak of it.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// One page load.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Load {
    pub(crate) url: String,
    pub(crate) capped: bool,
    /// First lines of uncaught errors.
    pub(crate) errors: Vec<String>,
    /// Lines of visible text.
    pub(crate) text: Vec<String>,
    /// `dns-prefetch` links in the finished document.
    pub(crate) hints: Vec<String>,
    /// Hosts to which a connection was opened.
    pub(crate) contacts: Vec<String>,
    pub(crate) requests: Vec<Request>,
    /// Requests that the browser spoke of and that did not leave it.
    pub(crate) unsent: Vec<String>,
}

impl Load {
    /// Takes out what would have found no address: the harness answers for every name, but `.invalid` never resolves (RFC 6761, 6.4).
    fn drop_nowhere(&mut self) {
        let is_nowhere = |host: Option<&str>| host.is_some_and(|host| host.ends_with(".invalid"));
        self.contacts.retain(|host| !is_nowhere(Some(host)));
        self.requests.retain(|request| {
            !Url::parse(&request.url).is_ok_and(|url| is_nowhere(url.host_str()))
        });
    }
}

#[derive(Deserialize)]
struct Line {
    variant: String,
    file: Option<String>,
    seconds: Option<f64>,
    failed: Option<String>,
    #[serde(default)]
    failures: Vec<String>,
}

/// All loads, by page and variant.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    pages: BTreeMap<String, BTreeMap<Variant, Vec<Load>>>,
    /// How long each pass over the pages took, in seconds.
    pub(crate) seconds: Vec<(String, f64)>,
    /// Loads that the browser failed, by page.
    pub(crate) failed: BTreeMap<String, Vec<String>>,
    /// Requests that the proxy left without an answer.
    pub(crate) unanswered: Vec<String>,
}

impl Loads {
    pub(crate) fn read(path: &Path) -> Self {
        let mut loads = Self::default();
        for line in fs::read_to_string(path).expect("the run's output").lines() {
            loads.take(line);
        }
        loads
    }

    /// Adds another run's. What failed in this one counts only if it failed in the other, too.
    pub(crate) fn add(&mut self, other: Self) {
        for (file, variants) in other.pages {
            let page = self.pages.entry(file).or_default();
            for (variant, more) in variants {
                page.entry(variant).or_default().extend(more);
            }
        }
        self.failed = other.failed;
        self.unanswered.extend(other.unanswered);
    }

    pub(crate) const fn pages(&self) -> &BTreeMap<String, BTreeMap<Variant, Vec<Load>>> {
        &self.pages
    }

    fn take(&mut self, line: &str) {
        let head: Line = serde_json::from_str(line).expect("a line of the harness");
        match (head.file, head.failed, head.seconds) {
            (Some(file), Some(why), _) => {
                self.failed.entry(file).or_default().push(format!("{}: {why}", head.variant));
            }
            (Some(file), None, _) => {
                let mut load: Load = serde_json::from_str(line).expect("a load");
                load.drop_nowhere();
                let variants = self.pages.entry(file).or_default();
                variants.entry(Variant::named(&head.variant)).or_default().push(load);
            }
            (None, _, seconds) => {
                self.seconds.extend(seconds.map(|seconds| (head.variant, seconds)));
                self.unanswered.extend(head.failures);
            }
        }
    }
}
