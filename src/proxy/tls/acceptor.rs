//! Turns a listener's settings into handshakes (RFC 8446, RFC 5246) that agree on HTTP/2 or HTTP/1.1 (RFC 7301).

use super::{Accepted, Error, Facts, store::Store};
use crate::proxy::listen::{Files, Tls, Version};
use pingora_core::{
    listeners::tls::Acceptor as Handshakes,
    protocols::{ALPN, Ssl as _, l4::stream::Stream},
};
use pingora_rustls::{ServerConfig, install_default_crypto_provider, version};
use std::sync::Arc;

/// Makes the handshakes of one listener.
#[derive(Clone)]
pub(in crate::proxy) struct Acceptor {
    handshakes: Arc<Handshakes>,
    store: Arc<Store>,
}

impl Acceptor {
    /// Reads the certificates.
    pub(in crate::proxy) fn new(tls: &Tls) -> Result<Self, Error> {
        install_default_crypto_provider();
        let store = Arc::new(Store::read(&tls.certificates)?);
        let versions = match tls.oldest {
            Version::Tls12 => &[&version::TLS13, &version::TLS12][..],
            Version::Tls13 => &[&version::TLS13],
        };
        let config = ServerConfig::builder_with_protocol_versions(versions);
        let mut config = config.with_no_client_auth().with_cert_resolver(store.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let handshakes = Arc::new(Handshakes::from_server_config(Arc::new(config)));
        Ok(Self { handshakes, store })
    }

    /// Makes the handshake; none when the visitor does not.
    pub(in crate::proxy) async fn accept(&self, stream: Stream) -> Option<Accepted> {
        let stream = self.handshakes.tls_handshake(stream).await;
        let stream = stream.inspect_err(|error| log::debug!("no TLS: {error}")).ok()?;
        let digest = stream.get_ssl_digest();
        let version = match digest.as_ref().map(|digest| &*digest.version) {
            Some("TLSv1_3" | "TLSv1.3") => "1.3",
            Some(_) | None => "1.2",
        };
        let is_http2 = stream.selected_alpn_proto() == Some(ALPN::H2);
        Some(Accepted { stream: Box::new(stream), is_http2, version })
    }

    /// What each certificate is for.
    pub(in crate::proxy) fn facts(&self) -> Vec<Facts> {
        self.store.facts()
    }

    /// Serves these certificates in the place of those before.
    pub(in crate::proxy) fn serve(&self, certificates: &[Files]) -> Result<(), Error> {
        self.store.replace(certificates)
    }

    /// Reads changed certificates again, and gives what became of each.
    pub(in crate::proxy) fn refresh(&self) -> Vec<Result<Facts, Error>> {
        self.store.refresh()
    }
}
