//! Stand-in for the shaping of requests: it lets nothing through.

use super::Config;
use crate::{catalog::Endpoint, purpose::PurposeSet};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::SystemTime,
};

/// Fields.
#[derive(Debug)]
pub struct Fields;

impl Fields {
    /// New.
    #[must_use]
    pub const fn new(_: &Endpoint) -> Self {
        Self
    }
}

/// Shaper.
#[derive(Debug)]
pub struct Shaper;

/// Detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detector {
    /// Mail.
    Email,
}

impl Detector {
    /// Name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        "email"
    }
}

/// Malformed.
#[derive(Debug)]
pub struct Malformed;

/// Input.
#[derive(Debug)]
pub struct Input<'a> {
    /// a
    pub path: &'a str,
    /// a
    pub query: Option<&'a str>,
    /// a
    pub body: &'a [u8],
    /// a
    pub content_type: Option<&'a str>,
    /// a
    pub content_encoding: Option<&'a str>,
    /// a
    pub purposes: PurposeSet,
    /// a
    pub client_ip: Option<IpAddr>,
    /// a
    pub now: SystemTime,
}

/// Shaped.
#[derive(Debug)]
pub struct Shaped {
    /// a
    pub path: String,
    /// a
    pub query: Option<String>,
    /// a
    pub body: Vec<u8>,
    /// a
    pub content_type: Option<String>,
    /// a
    pub content_encoding: Option<&'static str>,
    /// a
    pub report: Report,
}

/// Report.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// a
    pub kept: BTreeSet<String>,
    /// a
    pub dropped: BTreeSet<String>,
    /// a
    pub redacted: BTreeMap<Detector, u32>,
}

impl Shaper {
    /// New.
    #[must_use]
    pub const fn new(_: &Config) -> Self {
        Self
    }

    /// Shape.
    ///
    /// # Errors
    /// Malformed.
    pub fn shape(&self, _: &Fields, input: &Input<'_>) -> Result<Shaped, Malformed> {
        if input.body == b"malformed" {
            return Err(Malformed);
        }
        Ok(Shaped {
            path: input.path.to_owned(),
            query: None,
            body: Vec::new(),
            content_type: None,
            content_encoding: None,
            report: Report::default(),
        })
    }
}
