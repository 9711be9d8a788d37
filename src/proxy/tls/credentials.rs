//! Turns files of certificates into how an origin is known, and how it knows us.

use super::{
    Error,
    certificate::{Certificate, Stamp, load},
};
use crate::{engine::OriginTls, proxy::listen::Files};
use pingora_core::{
    protocols::tls::CaType,
    upstreams::peer::HttpPeer,
    utils::tls::{CertKey, WrappedX509, parse_x509},
};
use std::{fmt, fs, path::Path, sync::Arc};
use x509_parser::{certificate::X509Certificate, pem::Pem, prelude::FromDer as _};

/// What connections to an origin are made with.
#[derive(Clone)]
pub(in crate::proxy) struct Credentials {
    ca: Option<Arc<CaType>>,
    own: Option<Arc<CertKey>>,
    stamps: Vec<Stamp>,
}

impl Credentials {
    /// Reads the files.
    pub(in crate::proxy) fn read(tls: &OriginTls) -> Result<Self, Error> {
        // Of files that change meanwhile the state before is noted, so that they are read again.
        let stamps = stamps(tls);
        let ca = tls.ca.as_deref().map(authorities).transpose()?;
        let own = files(tls).as_ref().map(own).transpose()?;
        Ok(Self { ca, own, stamps })
    }

    /// Whether there are any, beside the system's.
    pub(in crate::proxy) const fn are_own(&self) -> bool {
        self.ca.is_some() || self.own.is_some()
    }

    /// Whether the files are as they were.
    pub(in crate::proxy) fn are_current(&self, tls: &OriginTls) -> bool {
        self.stamps == stamps(tls)
    }

    /// Has connections to `peer` be made with them.
    pub(in crate::proxy) fn put(&self, peer: &mut HttpPeer) {
        peer.options.ca.clone_from(&self.ca);
        peer.client_cert_key.clone_from(&self.own);
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

fn files(tls: &OriginTls) -> Option<Files> {
    let (chain, key) = tls.certificate.clone()?;
    Some(Files { chain, key })
}

fn stamps(tls: &OriginTls) -> Vec<Stamp> {
    let ca = tls.ca.as_ref().map(|ca| Files { chain: ca.clone(), key: ca.clone() });
    ca.iter().chain(files(tls).iter()).map(Stamp::of).collect()
}

fn authorities(path: &Path) -> Result<Arc<CaType>, Error> {
    let bytes = fs::read(path).map_err(|error| Error::Read(path.to_owned(), error))?;
    let mut found = Vec::new();
    for pem in Pem::iter_from_buffer(&bytes) {
        let pem = pem.map_err(|_| Error::Unreadable(path.to_owned()))?;
        if pem.label == "CERTIFICATE" {
            found.push(wrapped(pem.contents).ok_or_else(|| Error::Unreadable(path.to_owned()))?);
        }
    }
    if found.is_empty() { Err(Error::NoCertificate(path.to_owned())) } else { Ok(found.into()) }
}

/// Pingora's own parsing of a certificate stops the program where it is none.
fn wrapped(der: Vec<u8>) -> Option<WrappedX509> {
    X509Certificate::from_der(&der).ok()?;
    Some(WrappedX509::new(der, parse_x509))
}

fn own(files: &Files) -> Result<Arc<CertKey>, Error> {
    // Its key is looked at as a listener's is.
    Certificate::read(files)?;
    let (chain, key) = load(files)?;
    let chain: Vec<Vec<u8>> = chain.iter().map(|certificate| certificate.to_vec()).collect();
    if chain.iter().any(|der| X509Certificate::from_der(der).is_err()) {
        return Err(Error::Unreadable(files.chain.clone()));
    }
    Ok(Arc::new(CertKey::new(chain, key.secret_der().to_vec())))
}
