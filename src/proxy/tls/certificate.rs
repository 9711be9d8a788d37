//! Turns a certificate's files into what TLS signs with, and into what it is for.
//!
//! 1. The key is the certificate's own, or nothing is served with it.
//! 2. The names are those of the `subjectAltName` (RFC 9525 6.1 knows no other place).

use super::{Error, Facts};
use crate::proxy::listen::Files;
use pingora_rustls::{
    CertificateDer, CryptoProvider, PrivateKeyDer, install_default_crypto_provider,
    load_certs_and_key_files, sign::CertifiedKey,
};
use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer as _};

/// A certificate with its key.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    key: Arc<CertifiedKey>,
    facts: Facts,
}

/// What tells one state of a certificate's files from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp([Option<(SystemTime, u64)>; 2]);

impl Certificate {
    /// Reads it from its files.
    pub(super) fn read(files: &Files) -> Result<Self, Error> {
        install_default_crypto_provider();
        let (chain, key) = load(files)?;
        let facts = chain.first().and_then(|own| facts(own));
        let facts = facts.ok_or_else(|| Error::Unreadable(files.chain.clone()))?;
        let mismatch = || Error::Mismatch { chain: files.chain.clone(), key: files.key.clone() };
        let provider = CryptoProvider::get_default().ok_or(Error::Backend)?;
        let key = CertifiedKey::from_der(chain, key, provider).map_err(|_| mismatch())?;
        Ok(Self { key: Arc::new(key), facts })
    }

    /// What it is for.
    pub(super) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What TLS signs with.
    pub(super) const fn key(&self) -> &Arc<CertifiedKey> {
        &self.key
    }
}

impl Stamp {
    /// The state that `files` are in.
    pub(super) fn of(files: &Files) -> Self {
        let stamp = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        };
        Self([stamp(&files.chain), stamp(&files.key)])
    }
}

pub(super) fn load(
    files: &Files,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
    let holds = |path: &Path, mark: &str| {
        let bytes = fs::read(path).map_err(|error| Error::Read(path.to_owned(), error))?;
        Ok(memchr::memmem::find(&bytes, mark.as_bytes()).is_some())
    };
    if !holds(&files.chain, "-----BEGIN CERTIFICATE-----")? {
        return Err(Error::NoCertificate(files.chain.clone()));
    }
    if !holds(&files.key, "PRIVATE KEY-----")? {
        return Err(Error::NoKey(files.key.clone()));
    }
    let path = |path: &Path| path.to_string_lossy().into_owned();
    match load_certs_and_key_files(&path(&files.chain), &path(&files.key)) {
        Ok(Some(both)) => Ok(both),
        Ok(None) => Err(Error::NoKey(files.key.clone())),
        Err(_) => Err(Error::Unreadable(files.chain.clone())),
    }
}

fn facts(own: &[u8]) -> Option<Facts> {
    let (_, certificate) = X509Certificate::from_der(own).ok()?;
    let alternatives = certificate.subject_alternative_name().ok()?;
    let names = alternatives.iter().flat_map(|names| &names.value.general_names);
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.trim_end_matches('.').to_ascii_lowercase()),
        GeneralName::OtherName(..)
        | GeneralName::RFC822Name(_)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::URI(_)
        | GeneralName::IPAddress(_)
        | GeneralName::RegisteredID(_) => None,
    });
    let until = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or(0);
    Some(Facts { names: names.collect(), until: UNIX_EPOCH + Duration::from_secs(until) })
}
