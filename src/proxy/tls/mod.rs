//! Turns an accepted connection into one over TLS, where the program was built with a backend that can.

#[cfg(feature = "rustls")]
mod acceptor;
#[cfg(feature = "rustls")]
mod certificate;
#[cfg(feature = "rustls")]
mod credentials;
#[cfg(not(feature = "rustls"))]
mod none;
#[cfg(feature = "rustls")]
mod store;

#[cfg(not(feature = "rustls"))]
pub(super) use self::none::{Acceptor, Credentials};
#[cfg(feature = "rustls")]
pub(super) use self::{acceptor::Acceptor, credentials::Credentials};
use super::listen::Files;
use pingora_core::protocols::Stream;
use std::{io, path::PathBuf, time::SystemTime};

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// The chain's file holds no certificate.
    #[error("{0} holds no certificate in PEM")]
    NoCertificate(PathBuf),
    /// The key's file holds no private key.
    #[error("{0} holds no private key in PEM that is not encrypted")]
    NoKey(PathBuf),
    /// The certificate cannot be understood.
    #[error("{0} holds a certificate that cannot be read")]
    Unreadable(PathBuf),
    /// The key is of a kind that is not known, or of another certificate.
    #[error("{key} is not the key of the certificate in {chain}")]
    Mismatch {
        /// The certificate's file.
        chain: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The program has no TLS backend that listens.
    #[error("this program listens in clear text only; build it with the feature rustls")]
    Backend,
    /// The program has no TLS backend that takes certificates for origins.
    #[error("this program takes no certificates for origins; build it with the feature rustls")]
    Origins,
}

/// What a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The host names in it, `*.` in front of those that stand for all of one level.
    pub names: Vec<String>,
    /// When it ends.
    pub until: SystemTime,
}

/// A connection over TLS.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) stream: Stream,
    /// Whether HTTP/2 was agreed on (RFC 7301).
    pub(super) is_http2: bool,
    /// The version, as a label.
    pub(super) version: &'static str,
}

/// Reads a certificate and its key, and says what it is for.
///
/// # Errors
/// When it cannot be served.
pub fn facts(files: &Files) -> Result<Facts, Error> {
    #[cfg(feature = "rustls")]
    return certificate::Certificate::read(files).map(|certificate| certificate.facts().clone());
    #[cfg(not(feature = "rustls"))]
    return none::facts(files);
}
