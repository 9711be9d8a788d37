//! Turns who sent a request into the headers that tell the origin of it.
//!
//! 1. What a trusted proxy wrote in its family of headers is kept and added to; anything else in either family is what
//!    the visitor likes to be, and goes.
//! 2. `X-Forwarded-For`, `-Proto` and `-Host` are there in any case; `Forwarded` (RFC 7239) where a proxy wrote it.
//! 3. `X-Real-IP` is the visitor's address, not what stood there: proxies that do not write it pass it on.

use super::{
    consentry::Asker,
    listen::{Forwarding, node},
};
use http::HeaderName;
use pingora_core::Result;
use pingora_http::RequestHeader;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Writes who asked for `host` into `request`, whose trusted proxies write the headers of `family`.
pub(super) fn tell_origin(
    request: &mut RequestHeader,
    asker: Asker,
    family: Forwarding,
    host: &str,
) -> Result<()> {
    let keeps = |other| asker.is_proxy && family == other;
    if !keeps(Forwarding::XForwarded) {
        for name in [FOR, PROTO, HOST, PORT] {
            request.remove_header(&name);
        }
    }
    if !keeps(Forwarding::Forwarded) {
        request.remove_header(&FORWARDED);
    }
    if request.remove_header(&REAL_IP).is_some()
        && let Some(visitor) = asker.visitor.filter(|_| asker.is_proxy)
    {
        request.insert_header(REAL_IP, visitor.to_string())?;
    }
    let scheme = if asker.secure { "https" } else { "http" };
    if let Some(peer) = asker.peer.filter(|_| request.headers.contains_key(FORWARDED)) {
        request.append_header(FORWARDED, format!("for={};proto={scheme}", node(peer)))?;
    }
    // What was kept ends with the visitor or a proxy; the peer comes after it.
    let next = if keeps(Forwarding::Forwarded) { asker.visitor } else { asker.peer };
    if let Some(next) = next {
        request.append_header(FOR, next.to_string())?;
    }
    if !request.headers.contains_key(PROTO) {
        request.insert_header(PROTO, scheme)?;
    }
    if !host.is_empty() && !request.headers.contains_key(HOST) {
        request.insert_header(HOST, host)?;
    }
    Ok(())
}
