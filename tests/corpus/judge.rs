//! Turns a request into what it is: first or third party, a tracker to the filter lists, a vendor to the catalogue.

use crate::load::Request;
use adblock::{Engine, FilterSet, lists::ParseOptions};
use consentry::{
    catalog::{Catalog, Config, Destination, Page, Scope, Shape, Target},
    purpose::Purpose,
    vendor::{Source, Vendor},
};
use std::{cell::RefCell, collections::HashMap, fs, path::PathBuf};
use url::Url;

/// What one request is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// It goes to another site than the page's.
    pub(crate) third_party: bool,
    /// EasyPrivacy or EasyList blocks it.
    pub(crate) tracker: bool,
    /// The catalogue's vendor, or the long tail's, that needs a consent.
    pub(crate) vendor: Option<String>,
}

impl Verdict {
    /// A third party's request that nobody calls a tracker.
    pub(crate) const fn innocent(&self) -> bool {
        self.third_party && !self.tracker && self.vendor.is_none()
    }
}

/// The filter lists and the catalogue.
pub(crate) struct Judge {
    lists: Engine,
    catalog: Catalog,
    scope: Scope,
    known: RefCell<HashMap<(String, String, &'static str), Verdict>>,
}

impl Judge {
    pub(crate) fn new(lists: [PathBuf; 2]) -> Self {
        let mut set = FilterSet::new(false);
        for path in lists {
            let text = fs::read_to_string(path).expect("a filter list");
            set.add_filter_list(text, ParseOptions::default());
        }
        let lists = Engine::new_with_filter_set(set);
        let catalog = Catalog::new(&consentry::config::built_in(), &[]);
        let catalog = catalog.expect("the catalogue compiles");
        let scope = catalog.scope(&Config::default());
        Self { lists, catalog, scope, known: RefCell::default() }
    }

    /// What `request` of the page at `page` is.
    pub(crate) fn request(&self, page: &Page, request: &Request) -> Verdict {
        let (kind, destination) = role(request);
        let key = (page.url().to_string(), request.url.clone(), kind);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let Ok(url) = Url::parse(&request.url) else { return Verdict::default() };
        let verdict = Verdict {
            third_party: !page.site().contains(url.host_str().unwrap_or_default()),
            tracker: self.blocks(&request.url, page.url().as_str(), kind, &request.method),
            vendor: self.vendor(page, &url, destination),
        };
        self.known.borrow_mut().insert(key, verdict.clone());
        verdict
    }

    /// The vendor to whom a mere connection to `host` goes.
    pub(crate) fn contact(&self, page: &Page, host: &str) -> Option<String> {
        let url = Url::parse(&format!("https://{host}/")).ok()?;
        self.vendor(page, &url, Destination::Connect)
    }

    fn blocks(&self, url: &str, page: &str, kind: &str, method: &str) -> bool {
        adblock::request::Request::new(url, page, kind, &method.to_ascii_lowercase())
            .is_ok_and(|request| self.lists.check_network_request(&request).should_block())
    }

    fn vendor(&self, page: &Page, url: &Url, destination: Destination) -> Option<String> {
        let target = Target::new(url, destination, Shape::Plain)?;
        let vendor = self.catalog.classify(&target, page, &self.scope, &self.scope.lists())?;
        needs_consent(vendor).then(|| vendor.id.to_string())
    }
}

fn needs_consent(vendor: &Vendor) -> bool {
    let catalogued = match vendor.source {
        Source::Catalog | Source::LongTail => true,
        Source::List | Source::Heuristic | Source::ThirdParty | Source::Operator => false,
    };
    catalogued && vendor.purpose != Purpose::Necessary
}

/// A request's role in the words of filter lists and in the catalogue's.
fn role(request: &Request) -> (&'static str, Destination) {
    match (request.kind.as_str(), request.destination.as_str()) {
        ("Document", _) | ("", "iframe" | "frame" | "document") => {
            ("subdocument", Destination::Iframe)
        }
        ("Stylesheet", _) | ("", "style") => ("stylesheet", Destination::Style),
        ("Image", _) | (_, "image") => ("image", Destination::Image),
        ("Media", _) | ("", "audio" | "video" | "track") => ("media", Destination::Media),
        ("Font", _) | ("", "font") => ("font", Destination::Font),
        ("Script", _) | (_, "script") => ("script", Destination::Script),
        ("Ping" | "CSPViolationReport", _) | (_, "report") => ("ping", Destination::Ping),
        ("WebSocket", _) | (_, "websocket") => ("websocket", Destination::Other),
        (_, "object" | "embed") => ("object", Destination::Object),
        ("XHR" | "Fetch" | "EventSource", _) => ("xmlhttprequest", Destination::Other),
        _ => ("other", Destination::Other),
    }
}
