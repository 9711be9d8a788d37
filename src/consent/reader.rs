//! Turns a request's headers into a [`Consent`] by every source that the operator enabled.

use super::{
    cmp::Cmp,
    config::Config,
    cookies::Cookies,
    date::Clock,
    gpc,
    held::Held,
    iab::{Asked, Strings},
    mirror,
    own::{self, Named, Terms},
    rule,
    signal::{Consent, Signal},
    source::{Said, Source},
    traces::Traces,
};
use http::HeaderMap;
use std::{collections::BTreeSet, time::SystemTime};

/// Reads the consent of one site's visitors.
#[derive(Clone, Debug)]
pub struct Reader {
    config: Config,
    traces: Traces,
    asked: Asked,
    /// The cookies of the mirrors.
    mirrored: Vec<(Cmp, String)>,
}

impl Reader {
    /// The reader of a site; nothing in `config` is wrong for it.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let config = config.clone();
        let renamed = |cmp| config.cookies.get(&cmp).map(String::as_str);
        let mirrored: Vec<_> = config.mirrored().map(|cmp| (cmp, mirror::cookie(cmp))).collect();
        let traces =
            Traces::new(&config.cmps, renamed).always(mirrored.iter().map(|(cmp, _)| *cmp));
        let mut asked = Asked::default();
        asked.tcf.uses = config.tcf_purposes;
        Self { config, traces, asked, mirrored }
    }

    /// The same reader, which asks TC strings about the vendors with these ids in the Global Vendor List; without it, none
    /// is ever allowed by such a string.
    #[must_use]
    pub fn asking_about(mut self, vendors: impl IntoIterator<Item = u16>) -> Self {
        let sorted: BTreeSet<u16> = vendors.into_iter().collect();
        self.asked.tcf.vendors = sorted.into_iter().collect();
        self
    }

    /// The same reader, which asks Additional Consent strings about the providers with these ids in Google's list.
    #[must_use]
    pub fn asking_about_providers(mut self, providers: impl IntoIterator<Item = u32>) -> Self {
        let sorted: BTreeSet<u32> = providers.into_iter().collect();
        self.asked.providers = sorted.into_iter().collect();
        self
    }

    /// What a request with these `headers` says at the time `now`, where a choice of our own counts under the name of the
    /// operator's policy.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap, now: SystemTime) -> Consent {
        self.read_under(headers, now, &Named(self.config.policy.as_ref()))
    }

    /// What a request with these `headers` says at the time `now`, a choice of our own under `terms`: own choice, consent
    /// managers, rules, strings of the IAB's frameworks and opt-out headers, in this order.
    #[must_use]
    pub fn read_under(&self, headers: &HeaderMap, now: SystemTime, terms: &dyn Terms) -> Consent {
        let clock = Clock::new(now, self.config.max_age_days);
        let mut consent = match Cookies::read(headers) {
            Ok(cookies) => self.cookies(&cookies, clock, terms),
            Err(_) => vec![Said::opaque("the Cookie header is too long").named("cookies")].into(),
        };
        consent.signals.extend(gpc::read(headers, self.config.gpc));
        consent.signals.extend(gpc::read_dnt(headers, self.config.dnt));
        consent
    }

    /// The visitor's choice on our own banner, if there is one that is not too old; of several the newest, and of those of one
    /// day the one that allows least.
    #[must_use]
    pub fn held(&self, headers: &HeaderMap, now: SystemTime, terms: &dyn Terms) -> Option<Held> {
        let clock = Clock::new(now, self.config.max_age_days);
        let cookies = Cookies::read(headers).ok()?;
        let values = cookies.values(&self.config.cookie);
        let held = values.iter().filter_map(|forms| forms.find(|value| value.parse().ok()));
        held.filter_map(|cookie| Held::new(cookie, clock, terms)).max_by_key(Held::rank)
    }

    fn cookies(&self, cookies: &Cookies<'_>, clock: Clock, terms: &dyn Terms) -> Consent {
        let mut signals = self.cookie_signals(cookies, clock, terms);
        let google = self.config.cmps.contains(&Cmp::GoogleFc).then(|| self.cookie(Cmp::GoogleFc));
        let strings = Strings::read(cookies, clock, &self.asked, &self.config.iab, google);
        signals.extend(strings.signals);
        let told = own::told(&Source::new(cookies, clock, &self.config.cookie), terms);
        Consent { signals, tcf: strings.tcf, ac: strings.ac, told }
    }

    fn cookie_signals(
        &self,
        cookies: &Cookies<'_>,
        clock: Clock,
        terms: &dyn Terms,
    ) -> Vec<Signal> {
        let source = Source::new(cookies, clock, &self.config.cookie);
        let own = own::read(&source, terms).map(|said| said.named(own::OWN));
        let cmps = self.traces.seen(cookies).filter_map(|cmp| {
            let said = cmp.read(&self.cmp(cmp, cookies, clock));
            let said = self.mirrored(cmp, said, cookies, clock);
            said.map(|said| said.named(cmp.name()))
        });
        let rules = self.config.rules.iter().filter_map(|rule| {
            let source = Source::new(cookies, clock, &rule.cookie);
            rule::read(rule, &source).map(|said| said.named(format!("rule:{}", rule.cookie)))
        });
        own.into_iter().chain(cmps).chain(rules).collect()
    }

    /// What the mirror of `cmp`, which says `said` by itself, makes of that.
    fn mirrored(
        &self,
        cmp: Cmp,
        said: Option<Said>,
        cookies: &Cookies<'_>,
        clock: Clock,
    ) -> Option<Said> {
        let mirror = self.mirrored.iter().find(|(mirrored, _)| *mirrored == cmp);
        let Some((_, cookie)) = mirror else { return said };
        let terms = Named(self.config.policy.as_ref());
        mirror::with(cmp, said, &Source::new(cookies, clock, cookie), &terms)
    }

    fn cmp<'a>(&'a self, cmp: Cmp, cookies: &'a Cookies<'a>, clock: Clock) -> Source<'a> {
        let source = Source::new(cookies, clock, self.cookie(cmp));
        let map = self.config.maps.get(&cmp).unwrap_or(source.map);
        let revision = self.config.revisions.get(&cmp).map(String::as_str);
        Source { map, revision, iab: &self.config.iab, ..source }
    }

    /// The name of the cookie that holds the choice, on this site.
    fn cookie(&self, cmp: Cmp) -> &str {
        self.config.cookies.get(&cmp).map_or(cmp.cookie(), |name| name.trim_end_matches('*'))
    }
}
