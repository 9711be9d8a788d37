//! Turns responses to visitors who asked over TLS into ones that keep them there (RFC 6797).
//!
//! 1. In clear text the header is never sent (7.2), and it stands once (7.1), in the place of the origin's.

use async_trait::async_trait;
use http::{HeaderValue, header::STRICT_TRANSPORT_SECURITY};
use pingora_core::{
    Result,
    modules::http::{HttpModule, HttpModuleBuilder, Module},
};
use pingora_http::ResponseHeader;
use std::any::Any;

/// Builds one [`Hsts`] a request, with the header's value.
pub(super) struct Builder(pub(super) HeaderValue);

/// One request's.
pub(super) struct Hsts {
    value: HeaderValue,
    /// Whether the visitor asked over TLS.
    pub(super) secure: bool,
}

impl HttpModuleBuilder for Builder {
    fn init(&self) -> Module {
        Box::new(Hsts { value: self.0.clone(), secure: false })
    }
}

#[async_trait]
impl HttpModule for Hsts {
    async fn response_header_filter(&mut self, head: &mut ResponseHeader, _: bool) -> Result<()> {
        if self.secure && !head.status.is_informational() {
            head.insert_header(STRICT_TRANSPORT_SECURITY, self.value.clone())?;
        }
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
