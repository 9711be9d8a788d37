//! A small Pingora proxy of somebody else's, with a cache and a module of its own, that embeds the library.

use async_trait::async_trait;
use consentry::proxy::Consentry;
use pingora_cache::{
    CacheMetaDefaults, MemCache, RespCacheable, cache_control::CacheControl,
    filters::resp_cacheable, key::CacheKey,
};
use pingora_core::{
    Result,
    apps::ServerApp as _,
    modules::http::{HttpModule, HttpModuleBuilder, HttpModules, Module},
    protocols::{GetSocketDigest as _, SocketDigest, l4::stream::Stream},
    server::configuration::ServerConf,
    upstreams::peer::HttpPeer,
};
use pingora_http::ResponseHeader;
use pingora_proxy::{ProxyHttp, Session, http_proxy};
use std::{any::Any, net::SocketAddr, os::fd::AsRawFd as _, sync::Arc};
use tokio::{net::TcpListener, sync::oneshot};

struct Host {
    consentry: Consentry,
    origin: SocketAddr,
    cache: &'static MemCache,
}

#[async_trait]
impl ProxyHttp for Host {
    type CTX = ();

    fn new_ctx(&self) {}

    fn init_downstream_modules(&self, modules: &mut HttpModules) {
        modules.add_module(self.consentry.module());
        modules.add_module(Box::new(StampBuilder));
    }

    async fn request_filter(&self, session: &mut Session, (): &mut ()) -> Result<bool> {
        if self.consentry.handle(session).await? {
            return Ok(true);
        }
        Ok(false)
    }

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.origin, false, String::new())))
    }

    fn request_cache_filter(&self, session: &mut Session, (): &mut ()) -> Result<()> {
        if session.req_header().method == http::Method::GET {
            session.cache.enable(self.cache, None, None, None, None);
        }
        Ok(())
    }

    fn cache_key_callback(&self, session: &Session, (): &mut ()) -> Result<CacheKey> {
        Ok(CacheKey::new(session.req_header().uri.to_string(), ""))
    }

    fn response_cache_filter(
        &self,
        _: &Session,
        response: &ResponseHeader,
        (): &mut (),
    ) -> Result<RespCacheable> {
        const DEFAULTS: CacheMetaDefaults = CacheMetaDefaults::new(|_| None, 0, 0);
        let control = CacheControl::from_resp_headers(response);
        Ok(resp_cacheable(control.as_ref(), response.clone(), false, &DEFAULTS))
    }
}

/// The host's own module: it puts a stamp on each response.
struct Stamp;

struct StampBuilder;

impl HttpModuleBuilder for StampBuilder {
    fn init(&self) -> Module {
        Box::new(Stamp)
    }
}

#[async_trait]
impl HttpModule for Stamp {
    async fn response_header_filter(
        &mut self,
        response: &mut ResponseHeader,
        _: bool,
    ) -> Result<()> {
        response.insert_header("x-stamp", "host")
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// Starts one; it ends with `stopped`.
pub(crate) async fn start(
    consentry: Consentry,
    origin: SocketAddr,
    stopped: oneshot::Receiver<()>,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Pingora asks for storage that lives as long as the program.
    let cache = Box::leak(Box::new(MemCache::new()));
    let proxy =
        Arc::new(http_proxy(&Arc::new(ServerConf::default()), Host { consentry, origin, cache }));
    let serve = async move {
        let (_tell, watch) = tokio::sync::watch::channel(false);
        while let Ok((stream, _)) = listener.accept().await {
            let (proxy, watch) = (proxy.clone(), watch.clone());
            // As Pingora's own listeners do, so that addresses can be asked for.
            let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
            let mut stream = Stream::from(stream);
            stream.set_socket_digest(digest);
            tokio::spawn(async move { proxy.process_new(Box::new(stream), &watch).await });
        }
    };
    tokio::spawn(async move {
        tokio::select! {
            () = serve => {}
            _ = stopped => {}
        }
    });
    address
}
