//! Turns the bytes of something of ours into a file that is served: with its type, its name and its policy.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Something that the browser gets from us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// What is sent.
    pub body: Bytes,
    /// The start of the body's SHA-256, 20 hexadecimal digits: its name in a URL.
    pub hash: String,
    /// The value of `Content-Security-Policy`, where it is a page.
    pub policy: Option<String>,
}

impl File {
    /// A script.
    #[must_use]
    pub fn script(text: String) -> Self {
        let hash = digits(text.as_bytes()).chars().take(20).collect();
        Self {
            content_type: "text/javascript; charset=utf-8",
            body: text.into(),
            hash,
            policy: None,
        }
    }

    /// The value of `integrity` for it (Subresource Integrity, 3.5).
    #[must_use]
    pub fn integrity(&self) -> String {
        format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(&self.body)))
    }

    /// A page, with its content security policy.
    #[must_use]
    pub fn page(markup: String, policy: String) -> Self {
        let hash = digits(markup.as_bytes()).chars().take(20).collect();
        let content_type = "text/html; charset=utf-8";
        Self { content_type, body: markup.into(), hash, policy: Some(policy) }
    }
}

/// The SHA-256 of `bytes`, 64 hexadecimal digits.
pub(super) fn digits(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
