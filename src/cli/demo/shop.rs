//! Turns requests to the legacy shop into its pages, which hold their trackers as shops' pages do.
//!
//! 1. Pages are whole before they are asked for, except what the visitor or the vendors' counts put in them.
//! 2. What a visitor sent comes back escaped.
//! 3. One page is in windows-1252, which old shops have; the others are in UTF-8.
//! 4. The shop also sets a tracker's cookie and preloads a tracker's script by response header.

use super::{
    choice,
    http::{field, plain, with},
    page::{escape, fill},
    received::{Received, VendorSummary},
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use std::{fmt::Write as _, sync::Arc, time::SystemTime};
use url::form_urlencoded;

/// The path of a page, and its file with placeholders.
const PAGES: [(&str, &str); 7] = [
    ("/", include_str!("pages/index.html")),
    ("/kettle", include_str!("pages/kettle.html")),
    ("/tea", include_str!("pages/tea.html")),
    ("/film", include_str!("pages/film.html")),
    (GERMAN, include_str!("pages/ueber-uns.html")),
    (CONTACT, include_str!("pages/contact.html")),
    (THANKS, include_str!("pages/thanks.html")),
];
const CONTACT: &str = "/contact";
/// Not a place to go to: what [`CONTACT`] answers when something was posted.
const THANKS: &str = "thanks";
/// The page in windows-1252.
const GERMAN: &str = "/ueber-uns";

/// Path, media type and bytes of what pages load from the shop itself.
const FILES: [(&str, &str, &str); 5] = [
    ("/shop.css", "text/css", include_str!("pages/shop.css")),
    ("/shop.js", "text/javascript", include_str!("pages/shop.js")),
    ("/kettle.svg", "image/svg+xml", include_str!("pages/kettle.svg")),
    ("/tea.svg", "image/svg+xml", include_str!("pages/tea.svg")),
    ("/logo.svg", "image/svg+xml", include_str!("pages/logo.svg")),
];

/// How many fields of a form are shown again, and how many characters of each.
const MAX_FIELDS: usize = 16;
const MAX_TEXT: usize = 500;

/// The shop's side of the demo.
#[derive(Debug)]
pub(super) struct Shop {
    pages: Vec<(&'static str, String)>,
    received: Arc<Received>,
}

impl Shop {
    /// A shop whose pages show what the vendors told `received`.
    pub(super) fn new(received: Arc<Received>) -> Self {
        let pages = PAGES.iter().map(|(path, file)| (*path, assemble(file, path))).collect();
        Self { pages, received }
    }

    /// Answers one request.
    pub(super) fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        match (request.method(), path) {
            (&Method::GET | &Method::HEAD, "/stubs.json") => self.counts(),
            (&Method::GET | &Method::HEAD, _) => self.show(request, path, ""),
            (&Method::POST, CONTACT) => self.show(request, THANKS, &posted(request.body())),
            (&Method::POST, "/choice") => choose(request.body()),
            (&Method::POST, "/stubs/reset") => {
                self.received.reset();
                see_other("/", &[])
            }
            (_, _) => plain(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    fn show(&self, request: &Request<Bytes>, path: &str, posted: &str) -> Response<Bytes> {
        if let Some((_, kind, text)) = FILES.iter().find(|(file, _, _)| *file == path) {
            let kind = format!("{kind}; charset=utf-8");
            let fields = [("content-type", kind.as_str()), ("cache-control", "no-cache")];
            return with(StatusCode::OK, &fields, Bytes::from_static(text.as_bytes()));
        }
        let Some((_, template)) = self.pages.iter().find(|(page, _)| *page == path) else {
            return plain(StatusCode::NOT_FOUND);
        };
        if request.method() != Method::HEAD {
            self.received.page(choice::granted(field(request, header::COOKIE)));
        }
        let html = self.complete(template, posted);
        if path == GERMAN {
            let bytes = encoding_rs::WINDOWS_1252.encode(&html).0.into_owned();
            Self::page("text/html; charset=windows-1252", bytes.into())
        } else {
            Self::page("text/html; charset=utf-8", html.into())
        }
    }

    fn complete(&self, template: &str, posted: &str) -> String {
        let summary = self.received.summary();
        let allowed = match summary.choice.as_deref() {
            None => "no choice yet".to_owned(),
            Some([]) => "you refused everything".to_owned(),
            Some(purposes) => format!("you allowed {}", purposes.join(", ")),
        };
        let verdict = if summary.without_yes == 0 { "good" } else { "bad" };
        fill(template, |name| match name {
            "posted" => Some(posted.to_owned()),
            "allowed" => Some(allowed.clone()),
            "requests" => Some(summary.requests.to_string()),
            "without_yes" => Some(summary.without_yes.to_string()),
            "verdict" => Some(verdict.to_owned()),
            "vendors" => Some(summary.vendors.iter().map(row).collect()),
            _ => None,
        })
    }

    fn page(content_type: &str, body: Bytes) -> Response<Bytes> {
        let link = "<http://tags.localhost/gtm.js?id=GTM-DEMO14>; rel=preload; as=script";
        let fields = [
            ("content-type", content_type),
            ("cache-control", "no-cache"),
            ("set-cookie", "harbour_session=5f2a; Path=/; HttpOnly; SameSite=Lax"),
            ("set-cookie", "_fbp=fb.0.1400000000000.20140513; Path=/; SameSite=Lax"),
            ("link", link),
        ];
        with(StatusCode::OK, &fields, body)
    }

    fn counts(&self) -> Response<Bytes> {
        let Ok(json) = serde_json::to_vec(&self.received.summary()) else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let fields = [("content-type", "application/json"), ("cache-control", "no-store")];
        with(StatusCode::OK, &fields, json.into())
    }
}

fn assemble(file: &str, path: &str) -> String {
    let whole = fill(file, |name| match name {
        "head" => Some(include_str!("pages/head.html").to_owned()),
        "top" => Some(include_str!("pages/top.html").to_owned()),
        "foot" => Some(include_str!("pages/foot.html").to_owned()),
        _ => None,
    });
    // A visitor who chooses on the page of thanks goes back to the form.
    let here = if path == THANKS { CONTACT } else { path };
    fill(&whole, |name| (name == "path").then(|| here.to_owned()))
}

fn row(vendor: &VendorSummary) -> String {
    let mut html = format!(
        r#"<tr data-vendor="{}"><th scope="row">{}<small>{}, plays on {}</small></th>"#,
        vendor.id, vendor.stands_for, vendor.purpose, vendor.host
    );
    let (line, when) = vendor
        .last
        .as_ref()
        .map_or_else(|| ("nothing".to_owned(), String::new()), |e| (escape(&e.line), e.describe()));
    // Writing to a string cannot fail.
    let _ = write!(
        html,
        r#"<td class="count">{}</td><td class="count">{}</td><td><code>{line}</code><small>{when}</small></td></tr>"#,
        vendor.requests, vendor.without_yes
    );
    html
}

fn posted(body: &[u8]) -> String {
    let cut = |text: &str| escape(&text.chars().take(MAX_TEXT).collect::<String>());
    form_urlencoded::parse(body)
        .take(MAX_FIELDS)
        .map(|(name, text)| format!("<dt>{}</dt><dd>{}</dd>\n", cut(&name), cut(&text)))
        .collect()
}

/// Back is only where the shop has a page: a form from elsewhere cannot send the visitor away.
fn choose(body: &[u8]) -> Response<Bytes> {
    let value = |name: &str| form_urlencoded::parse(body).find(|(n, _)| n == name).map(|(_, v)| v);
    let button = value("choice").unwrap_or_default();
    let Some(cookie) = choice::set_cookie(&button, SystemTime::now()) else {
        return plain(StatusCode::BAD_REQUEST);
    };
    let back = value("back").unwrap_or_default();
    let known = PAGES.iter().map(|(path, _)| *path).find(|path| *path == back && *path != THANKS);
    see_other(known.unwrap_or("/"), &[("set-cookie", &cookie)])
}

fn see_other(place: &str, more: &[(&str, &str)]) -> Response<Bytes> {
    let mut fields = vec![("location", place), ("cache-control", "no-store")];
    fields.extend_from_slice(more);
    with(StatusCode::SEE_OTHER, &fields, Bytes::new())
}
