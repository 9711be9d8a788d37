//! Turns a captured request to a vendor into what of it may leave, in the format in which it came.
//!
//! 1. Query, parameters of the path and body have one namespace of fields; what [`Fields`] does not list is dropped, or kept if the
//!    operator says so.
//! 2. The path leaves as it is, but for its parameters, which are fields, and for what the detectors find in it.
//! 3. A body that cannot be read is [`Malformed`], and nothing of the request leaves.
//! 4. The address of the client leaves only in the vendor's own field of the query, cut to its network, where the operator says so; what a
//!    client writes in this field never does.
//! 5. The coding, the format, the order of fields and the text of what is not changed stay. White space between JSON's tokens, a multipart
//!    boundary, the names of files and parameters of the media type do not: nobody reads them, and they could carry anything.

use super::{
    ClientIp, Config, Unlisted,
    body::{self, Format},
    fields::Fields,
    google::Stamps,
    hash::Hasher,
    paths::Paths,
    redact::{Care, Redactor, network},
    report::Report,
    syntax::Syntax,
    url::{Leave, Urls},
    walk::{Outcome, Stamp, Walk},
};
use crate::{
    catalog::Dialect,
    coding::Coding,
    purpose::{Purpose, PurposeSet},
};
use regex::Regex;
use std::{borrow::Cow, collections::BTreeSet, net::IpAddr, rc::Rc, time::SystemTime};

/// What holds for all requests of one site, compiled once.
#[derive(Clone, Debug)]
pub struct Shaper {
    pub(super) unlisted: Unlisted,
    pub(super) urls: Urls,
    pub(super) hasher: Hasher,
    patterns: Vec<Regex>,
    client_ip: ClientIp,
    pub(super) sensitive: Paths,
}

/// A captured request.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The path on the vendor's host.
    pub path: &'a str,
    /// The query, without its `?`.
    pub query: Option<&'a str>,
    /// The body as it came, in its content coding.
    pub body: &'a [u8],
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'a str>,
    /// What the visitor allows, as the server saw it.
    pub purposes: PurposeSet,
    /// Where the request comes from.
    pub client_ip: Option<IpAddr>,
    /// When; it chooses the key of hashes.
    pub now: SystemTime,
}

/// What may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shaped {
    /// The path on the vendor's host.
    pub path: String,
    /// The query, without its `?`.
    pub query: Option<String>,
    /// The body, in its content coding; empty for none.
    pub body: Vec<u8>,
    /// `Content-Type`, where the request had one or the body needs one.
    pub content_type: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'static str>,
    /// What was done, for the ledger.
    pub report: Report,
    /// The hosts of URLs among the fields whose paths the operator calls sensitive; empty for those without a host.
    pub sensitive: BTreeSet<String>,
    /// The accounts with the vendor that the request names, where the catalogue knows how.
    pub accounts: BTreeSet<String>,
}

/// Why a request cannot be read. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Malformed {
    /// The body is not in the coding that it says, or in more than one.
    #[error("body in no readable content coding")]
    Coding,
    /// The body begins as JSON does and is none, or is too deep.
    #[error("broken JSON")]
    Json,
    /// The body begins as multipart does and is none.
    #[error("broken multipart body")]
    Multipart,
    /// The body is in no format that we know.
    #[error("unknown body format")]
    Unknown,
    /// There are more fields than a request may have.
    #[error("too many fields")]
    TooLarge,
}

// === impl Malformed ===

impl Malformed {
    /// The name in metrics and the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coding => "coding",
            Self::Json => "json",
            Self::Multipart => "multipart",
            Self::Unknown => "unknown",
            Self::TooLarge => "too_large",
        }
    }
}

// === impl Shaper ===

impl Shaper {
    /// The shaper of a site.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            unlisted: config.unlisted,
            urls: Urls::new(config),
            hasher: Hasher::new(config.secret.as_ref(), config.rotate),
            patterns: config.patterns.clone(),
            client_ip: config.client_ip,
            sensitive: Paths::new(&config.sensitive),
        }
    }

    /// What of a page's URL may leave beside the fields.
    pub(super) fn page(&self, url: &str, client: Option<IpAddr>) -> String {
        let mut redactor = Redactor::new(&self.patterns, client);
        self.urls.clean(url, Leave { marketing: false, listed: &|_| false }, &mut redactor)
    }

    /// Whether the detectors find nothing in a text that stands for a visitor or a browser.
    pub(super) fn finds_nothing(&self, text: &str, client: Option<IpAddr>) -> bool {
        Redactor::new(&self.patterns, client).redact(text, Care::Named) == text
    }

    /// What of a request to an endpoint with these fields may leave.
    ///
    /// # Errors
    /// [`Malformed`] when the body cannot be read.
    pub fn shape(&self, fields: &Fields, input: &Input<'_>) -> Result<Shaped, Malformed> {
        let redactor = Redactor::new(&self.patterns, input.client_ip);
        let mut walk = Walk::new(self, fields, redactor, input.now);
        let coding = body::declared(input.content_encoding)?;
        let plain = if input.body.is_empty() || coding == Coding::Identity {
            Cow::Borrowed(input.body)
        } else {
            let plain = body::decode(coding, input.body, &mut walk.budget);
            Cow::Owned(plain.ok_or(Malformed::Coding)?)
        };
        let bare = body::strip(plain, &mut walk.budget);
        let format = Format::of(&bare.bytes, &mut walk.budget)?;
        let marked = walk.consent(input, &format);
        let path = walk.path(input.path, marked.path)?;
        let query = walk.root_query(input, marked.query)?;
        let (bytes, boundary) = walk.body(format, marked.lines)?;
        let content_type = content_type(input.content_type, boundary, &bytes);
        let body = if bytes.is_empty() {
            bytes
        } else {
            body::encode(coding, &body::wrap(&bare.layers, bytes)?)?
        };
        let coded = coding != Coding::Identity && !body.is_empty();
        let content_encoding = coded.then(|| coding.name());
        let Walk { report, sensitive, mut accounts, .. } = walk;
        accounts.extend(fields.accounts_in(input.path).map(str::to_owned));
        Ok(Shaped {
            path,
            query,
            body,
            content_type,
            content_encoding,
            report,
            sensitive,
            accounts,
        })
    }

    /// The vendor's field for the client's address, and what is written there.
    fn address(&self, fields: &Fields, client: Option<IpAddr>) -> Option<(String, String)> {
        match self.client_ip {
            ClientIp::Drop => None,
            ClientIp::Truncate => {
                Some((fields.ip.as_deref()?.to_owned(), network(client?).to_string()))
            }
        }
    }
}

/// Where Consent Mode's parameters go.
#[derive(Clone, Copy)]
struct Marked {
    path: Stamp,
    query: Stamp,
    lines: Stamp,
}

// === impl Walk ===

impl Walk<'_> {
    /// Decides what the visitor's choice means for this request.
    fn consent(&mut self, input: &Input<'_>, format: &Format<'_>) -> Marked {
        self.marketing = input.purposes.contains(Purpose::Marketing);
        let parameters = input.path.split_once(';').map(|(_, parameters)| parameters);
        let lines = if let Format::Queries(text) = format { Some(*text) } else { None };
        match self.fields.dialect {
            Dialect::None => {
                return Marked { path: Stamp::No, query: Stamp::No, lines: Stamp::No };
            }
            Dialect::Google => {}
        }
        let queries = [parameters, input.query].into_iter().flatten();
        let queries = queries.chain(lines.into_iter().flat_map(str::lines));
        let stamps = Stamps::new(input.purposes, queries);
        self.marketing &= stamps.advertising;
        self.report.consent_mismatch = stamps.mismatch;
        self.stamps = Some(Rc::new(stamps));
        let all_if = |all| if all { Stamp::All } else { Stamp::Present };
        let has_query = input.query.is_some_and(|query| !query.is_empty());
        let in_query = parameters.is_none() && (has_query || lines.is_none());
        Marked {
            path: all_if(parameters.is_some()),
            query: all_if(in_query),
            lines: all_if(parameters.is_none() && !in_query),
        }
    }

    /// The path without what is in it of persons, its parameters as fields: all after the first `;`, since their values may hold `/`.
    fn path(&mut self, path: &str, stamp: Stamp) -> Result<String, Malformed> {
        let (path, parameters) = path.split_once(';').map_or((path, None), |(p, q)| (p, Some(q)));
        let mut out = String::with_capacity(path.len());
        for (at, segment) in path.split('/').enumerate() {
            if at > 0 {
                out.push('/');
            }
            let plain = body::decode_path(segment);
            let clean = self.redactor.redact(&plain, Care::Named);
            if clean == plain {
                out.push_str(segment)
            } else {
                body::encode_query(&clean, &mut out)
            }
        }
        self.count_hits();
        if let Some(parameters) = parameters {
            let left = self.query(parameters, Syntax::Path, stamp)?;
            if !left.is_empty() {
                out.push(';');
                out.push_str(&left);
            }
        }
        Ok(out)
    }

    fn root_query(&mut self, input: &Input<'_>, stamp: Stamp) -> Result<Option<String>, Malformed> {
        let mut query = self.query(input.query.unwrap_or_default(), Syntax::Query, stamp)?;
        if let Some((name, address)) = self.shaper.address(self.fields, input.client_ip) {
            if !query.is_empty() {
                query.push('&');
            }
            body::encode_query(&name, &mut query);
            query.push('=');
            body::encode_query(&address, &mut query);
        }
        Ok((!query.is_empty()).then_some(query))
    }

    /// What of a body leaves, and a multipart body's boundary.
    fn body(
        &mut self,
        format: Format<'_>,
        stamp: Stamp,
    ) -> Result<(Vec<u8>, Option<String>), Malformed> {
        match format {
            Format::Empty => Ok((Vec::new(), None)),
            Format::Documents(documents) => {
                let shaped: Result<_, _> = documents
                    .into_iter()
                    .map(|mut document| {
                        let empty = document.json.empty();
                        document.json = self.json(document.json)?.unwrap_or(empty);
                        Ok(document)
                    })
                    .collect();
                Ok((body::write_documents(shaped?).into_bytes(), None))
            }
            Format::Queries(text) => Ok((self.lines(text, stamp)?.into_bytes(), None)),
            Format::Multipart(parts) => {
                let mut left = Vec::with_capacity(parts.len());
                for part in parts {
                    left.extend(self.part(part)?);
                }
                let (body, boundary) = body::write_parts(&left);
                Ok((body, Some(boundary)))
            }
        }
    }

    fn lines(&mut self, text: &str, stamp: Stamp) -> Result<String, Malformed> {
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let pairs = line.trim_end_matches(['\r', '\n']);
            let left = if pairs.is_empty() {
                String::new()
            } else {
                self.query(pairs, Syntax::Query, stamp)?
            };
            if !left.is_empty() {
                out.push_str(&left);
                out.push_str(line.get(pairs.len()..).unwrap_or_default());
            }
        }
        Ok(out)
    }

    fn part<'p>(&mut self, mut part: body::Part<'p>) -> Result<Option<body::Part<'p>>, Malformed> {
        let left = self.within(&part.name, |walk| walk.part_value(&part.value))?;
        let Some(changed) = left else { return Ok(None) };
        if let Some(changed) = changed {
            part.value = Cow::Owned(changed);
        }
        part.name = self.name(part.name);
        Ok(Some(part))
    }

    /// What of a part's value leaves: nothing, or the value if it changed.
    fn part_value(&mut self, value: &[u8]) -> Result<Option<Option<Vec<u8>>>, Malformed> {
        if let Ok(text) = std::str::from_utf8(value) {
            return Ok(match self.text(text)? {
                Outcome::Dropped => None,
                Outcome::Same => Some(None),
                Outcome::Changed(text) => Some(Some(text.into_bytes())),
            });
        }
        if !self.enters() {
            self.dropped();
            return Ok(None);
        }
        let bare = body::strip(Cow::Borrowed(value), &mut self.budget);
        let inner = std::str::from_utf8(&bare.bytes).map_err(|_| Malformed::Unknown)?;
        match self.text(inner)? {
            Outcome::Dropped => Ok(None),
            Outcome::Same => Ok(Some(None)),
            Outcome::Changed(text) => {
                body::wrap(&bare.layers, text.into_bytes()).map(|v| Some(Some(v)))
            }
        }
    }
}

/// A media type that says no more than it must: clients could write anything into its parameters.
fn content_type(given: Option<&str>, boundary: Option<String>, body: &[u8]) -> Option<String> {
    if let Some(boundary) = boundary {
        return Some(format!("multipart/form-data; boundary={boundary}"));
    }
    if body.is_empty() {
        return None;
    }
    let (essence, parameters) = given?.split_once(';').unwrap_or((given?, ""));
    let known = KNOWN_TYPES.iter().find(|known| essence.trim().eq_ignore_ascii_case(known));
    let utf8 = parameters.to_ascii_lowercase().contains("charset=utf-8");
    let known = known.copied().unwrap_or("application/octet-stream");
    Some(if utf8 { format!("{known};charset=UTF-8") } else { known.to_owned() })
}

const KNOWN_TYPES: &[&str] = &[
    "text/plain",
    "application/json",
    "application/x-www-form-urlencoded",
    "application/x-ndjson",
    "application/ndjson",
    "application/x-sentry-envelope",
    "application/csp-report",
    "application/reports+json",
    "application/graphql",
    "application/gzip",
];
