//! Stands in for TLS where the program was built without a backend that listens.

use super::{Accepted, Error, Facts};
use crate::{
    engine::OriginTls,
    proxy::listen::{Files, Tls},
};
use pingora_core::{protocols::l4::stream::Stream, upstreams::peer::HttpPeer};

/// Nothing that anybody has.
#[derive(Clone, Debug)]
pub(in crate::proxy) enum Acceptor {}

impl Acceptor {
    pub(in crate::proxy) const fn new(_: &Tls) -> Result<Self, Error> {
        Err(Error::Backend)
    }

    pub(in crate::proxy) fn accept(&self, _: Stream) -> std::future::Ready<Option<Accepted>> {
        match *self {}
    }

    pub(in crate::proxy) const fn facts(&self) -> Vec<Facts> {
        match *self {}
    }

    pub(in crate::proxy) const fn serve(&self, _: &[Files]) -> Result<(), Error> {
        match *self {}
    }

    pub(in crate::proxy) const fn refresh(&self) -> Vec<Result<Facts, Error>> {
        match *self {}
    }
}

pub(super) const fn facts(_: &Files) -> Result<Facts, Error> {
    Err(Error::Backend)
}

/// The system's, which every backend knows.
#[derive(Clone, Debug)]
pub(in crate::proxy) struct Credentials;

impl Credentials {
    pub(in crate::proxy) const fn read(tls: &OriginTls) -> Result<Self, Error> {
        if tls.ca.is_some() || tls.certificate.is_some() { Err(Error::Origins) } else { Ok(Self) }
    }

    pub(in crate::proxy) const fn are_own(&self) -> bool {
        false
    }

    pub(in crate::proxy) const fn are_current(&self, _: &OriginTls) -> bool {
        true
    }

    pub(in crate::proxy) const fn put(&self, _: &mut HttpPeer) {}
}
