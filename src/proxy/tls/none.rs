//! Stands in for TLS where the program was built without a backend that listens.

use super::{Accepted, Error, Facts};
use crate::proxy::listen::{Files, Tls};
use pingora_core::protocols::l4::stream::Stream;

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

    pub(in crate::proxy) const fn refresh(&self) -> Vec<Result<Facts, Error>> {
        match *self {}
    }
}

pub(super) const fn facts(_: &Files) -> Result<Facts, Error> {
    Err(Error::Backend)
}
