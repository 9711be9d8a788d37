//! Turns a request for one of our own paths into what is sent: the state of the visitor's choice, the page that asks, the banner.
//!
//! 1. `choice` reads the state and takes choices, on every site: a banner of the operator's own may use it.
//! 2. `consent` is the page without JavaScript, `banner/LANG/HASH.js` the script; they are where the banner can be.
//! 3. The page goes back to where its visitor came from, which must be a page of the site.
//! 4. It says where the visitor stands: what he chose, what is granted, and, behind `changed`, that he has to choose once more.

use super::{
    Client, Engine, PREFIX, Plan, Reply,
    banner::spoken,
    own::{Own, READS, reads},
    sites::{Compiled, Visitor},
};
use crate::{
    choice::{Asked, CHANGED, Offer, Poster, Shown, Texts, back, law_asks},
    page::banner::{Standing, Told, form},
    site::{canonical, ends_at_label},
};
use http::{
    Method, StatusCode,
    header::{ACCEPT_LANGUAGE, HeaderMap},
    request,
};
use std::{sync::Arc, time::SystemTime};
use url::Url;

/// The methods of the choice.
const CHOICES: &str = "GET, HEAD, POST";

impl Engine {
    /// What becomes of a request for the path `own` behind [`PREFIX`].
    pub(super) fn own(
        &self,
        own: &str,
        site: &Arc<Compiled>,
        request: &request::Parts,
        client: Client,
        page: Url,
    ) -> Plan {
        let (headers, method, now) = (&request.headers, &request.method, SystemTime::now());
        let location = self.locator.location(headers, client.ip);
        let host = page.host_str().unwrap_or_default().to_owned();
        let visitor = || site.visitor(&host, headers, location.clone(), now);
        let asked = |visitor: &Visitor| self.asked(site, visitor, headers, page.clone(), now);
        let mut parts = own.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("choice"), None, ..) => match method {
                &Method::GET | &Method::HEAD | &Method::POST => {
                    Plan::Own(Own::Choice(Box::new(asked(&visitor()))))
                }
                &Method::OPTIONS => allowing(StatusCode::NO_CONTENT, CHOICES),
                _ => allowing(StatusCode::METHOD_NOT_ALLOWED, CHOICES),
            },
            _ if !site.banners.is_on(&site.config.consent) => Reply::NOT_FOUND.into(),
            (Some("consent"), None, ..) if reads(method) => {
                let visitor = visitor();
                page_of(site, &visitor, &asked(&visitor), headers)
            }
            (Some("banner"), Some(lang), Some(name), None) if reads(method) => {
                script(site, lang, name)
            }
            (Some("consent"), None, ..) | (Some("banner"), Some(_), Some(_), None) => {
                allowing(StatusCode::METHOD_NOT_ALLOWED, READS)
            }
            _ => Reply::NOT_FOUND.into(),
        }
    }

    fn asked(
        &self,
        site: &Arc<Compiled>,
        visitor: &Visitor,
        headers: &HeaderMap,
        page: Url,
        now: SystemTime,
    ) -> Asked {
        let (regime, _) = site.ruling(visitor, &self.locator.regions);
        let config = &site.config;
        Asked {
            site: site.name(page.host_str().unwrap_or_default()),
            poster: Poster::of(headers, &page),
            held: site.held(page.host_str().unwrap_or_default(), headers, now),
            terms: site.inventory.now().terms().clone(),
            consent: visitor.consent.clone(),
            regime,
            policy: config.policy,
            shares_nothing: site.shares_nothing(),
            has_page: site.banners.is_on(&config.consent),
            law_asks: law_asks(regime, config.policy.allow_implied)
                && site.banners.asks(&site.config.consent, &visitor.consent),
            cookie: config.consent.cookie.as_str().into(),
            domain: shared(config.consent.cookie_domain.as_deref(), &page),
            max_age_days: config.consent.max_age_days,
            own_paths: vec![PREFIX.into(), config.collect.prefix.as_str().into()],
            texts: site.clone(),
            now,
            page,
        }
    }
}

/// Rule 3.
fn page_of(site: &Compiled, visitor: &Visitor, asked: &Asked, headers: &HeaderMap) -> Plan {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = site.banners.language(None, accepted);
    let said = |named: &str| asked.page.query_pairs().find(|(name, _)| name == named);
    let wanted = said("back").map(|(_, path)| path.into_owned());
    let own = |path: &str| asked.own_paths.iter().any(|prefix| path.starts_with(&**prefix));
    let back = wanted.and_then(|path| back(&path, &asked.page, own).ok());
    let held = asked.held.as_ref();
    let stands = held.filter(|held| held.stands());
    let standing = Standing {
        is_chosen: stands.is_some(),
        granted: asked.granted(),
        has_changed: held.is_some() && stands.is_none() || said(CHANGED).is_some(),
        signal: told(visitor),
        receipt: stands.and_then(|held| held.cookie.receipt.as_ref()).map(ToString::to_string),
        just_saved: false,
        back: back.unwrap_or_else(|| "/".to_owned()),
    };
    let made = site.banners.made(language, site.inventory.now().offer());
    Plan::Own(Own::Page(Box::new(form(&made.data, &standing))))
}

impl Texts for Compiled {
    fn shown(&self, hash: &str, lang: Option<&str>, offer: &Offer) -> Option<Shown> {
        self.banners.shown(hash, lang, offer)
    }
}

/// What the visitor's browser says for him.
fn told(visitor: &Visitor) -> Option<Told> {
    let says = |name: &str| visitor.consent.signals.iter().any(|signal| signal.name == name);
    match (says("gpc"), says("dnt")) {
        (true, _) => Some(Told::Gpc),
        (false, true) => Some(Told::Dnt),
        (false, false) => None,
    }
}

/// The domain that the cookie is for, where it is one that `page` is in: elsewhere browsers would refuse it.
fn shared(domain: Option<&str>, page: &Url) -> Option<Box<str>> {
    let host = canonical(page.host_str()?);
    domain.filter(|domain| ends_at_label(&host, domain)).map(Into::into)
}

fn script(site: &Compiled, lang: &str, name: &str) -> Plan {
    let Some((language, name)) = spoken(lang).zip(name.strip_suffix(".js")) else {
        return Reply::NOT_FOUND.into();
    };
    let served = site.banners.made(language, site.inventory.now().offer()).script.clone();
    let caching = served.caching(name);
    Plan::Own(Own::File { served, caching })
}

fn allowing(status: StatusCode, methods: &'static str) -> Plan {
    Reply { allow: Some(methods), ..Reply::new(status, "") }.into()
}
