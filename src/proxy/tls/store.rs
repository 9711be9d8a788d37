//! Turns the name that a visitor asks for (SNI, RFC 6066 3) into a certificate, and files that change into new ones.
//!
//! 1. A name as it is comes before a wildcard, which stands for one label (RFC 9525 6.3); what no certificate has gets
//!    the first one, and so does a visitor who asks for no name.
//! 2. Of several for a name the first counts whose key the visitor knows: one may be of RSA, the other of ECDSA.
//! 3. A certificate that cannot be read does not take the place of the one before.

use super::{
    Error, Facts,
    certificate::{Certificate, Stamp},
};
use crate::proxy::listen::Files;
use arc_swap::ArcSwap;
use pingora_rustls::{ClientHello, ResolvesServerCert, SignatureScheme, sign::CertifiedKey};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The certificates of one listener.
#[derive(Debug)]
pub(in crate::proxy) struct Store {
    table: ArcSwap<Table>,
    held: Mutex<Vec<Held>>,
}

/// A certificate with where it came from.
#[derive(Debug)]
struct Held {
    files: Files,
    stamp: Stamp,
    failed: bool,
    certificate: Certificate,
}

#[derive(Debug, Default)]
struct Table {
    /// By name; wildcards by what follows their `*`.
    names: FxHashMap<String, Vec<Arc<CertifiedKey>>>,
    first: Vec<Arc<CertifiedKey>>,
}

impl Store {
    /// Reads all certificates.
    pub(super) fn read(all: &[Files]) -> Result<Self, Error> {
        let held = all.iter().map(Held::read).collect::<Result<Vec<_>, Error>>()?;
        Ok(Self { table: ArcSwap::from_pointee(Table::of(&held)), held: Mutex::new(held) })
    }

    /// Has these in the place of all that there are.
    pub(super) fn replace(&self, all: &[Files]) -> Result<(), Error> {
        let new = all.iter().map(Held::read).collect::<Result<Vec<_>, Error>>()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.table.store(Arc::new(Table::of(&new)));
        *held = new;
        Ok(())
    }

    /// What each certificate is for.
    pub(in crate::proxy) fn facts(&self) -> Vec<Facts> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().map(|held| held.certificate.facts().clone()).collect()
    }

    /// Reads those again whose files have changed, and gives what became of each.
    pub(in crate::proxy) fn refresh(&self) -> Vec<Result<Facts, Error>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let told: Vec<_> = held.iter_mut().filter_map(Held::refresh).collect();
        if told.iter().any(Result::is_ok) {
            self.table.store(Arc::new(Table::of(&held)));
        }
        told
    }

    fn find(&self, name: Option<&str>, known: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let table = self.table.load();
        let keys = name.and_then(|name| table.named(name)).unwrap_or(&table.first);
        let fitting = keys.iter().find(|key| key.key.choose_scheme(known).is_some());
        fitting.or_else(|| keys.first()).cloned()
    }
}

impl Held {
    fn read(files: &Files) -> Result<Self, Error> {
        let stamp = Stamp::of(files);
        let certificate = Certificate::read(files)?;
        Ok(Self { files: files.clone(), stamp, failed: false, certificate })
    }

    fn refresh(&mut self) -> Option<Result<Facts, Error>> {
        let stamp = Stamp::of(&self.files);
        let changed = stamp != self.stamp;
        // The two files change one after the other: what does not fit together may do so the next time.
        if !changed && !self.failed {
            return None;
        }
        self.stamp = stamp;
        match Certificate::read(&self.files) {
            Ok(certificate) => {
                (self.certificate, self.failed) = (certificate, false);
                Some(Ok(self.certificate.facts().clone()))
            }
            Err(error) => {
                self.failed = true;
                // What has been said once is not said again.
                changed.then_some(Err(error))
            }
        }
    }
}

impl Table {
    fn of(held: &[Held]) -> Self {
        let mut table = Self::default();
        for held in held {
            for name in &held.certificate.facts().names {
                let name = name.strip_prefix('*').unwrap_or(name).to_owned();
                table.names.entry(name).or_default().push(held.certificate.key().clone());
            }
        }
        // The first one's names may have another of another kind, which serves without a name as well.
        let first = held.first().map(|held| &held.certificate);
        let name = first.and_then(|first| first.facts().names.first());
        let same = name.and_then(|name| table.names.get(name.strip_prefix('*').unwrap_or(name)));
        let own = || first.map(|first| first.key().clone()).into_iter().collect();
        table.first = same.cloned().unwrap_or_else(own);
        table
    }

    /// The certificates for `name`, in which dots cannot stand at the beginning, as in the keys of wildcards.
    fn named(&self, name: &str) -> Option<&Vec<Arc<CertifiedKey>>> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let wild = || name.find('.').and_then(|dot| self.names.get(name.get(dot..)?));
        self.names.get(&name).or_else(wild)
    }
}

impl ResolvesServerCert for Store {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name(), hello.signature_schemes())
    }
}
