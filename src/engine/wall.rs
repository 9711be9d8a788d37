//! Turns what the operator says a site needs, and what a response's own policies say, into the policy of our own that the response gets.
//!
//! 1. What a site needs is what the operator says: his hosts that are never gated, `csp_hosts`, and what the site's own policy names.
//!    Nothing that is only seen adds to it.
//! 2. What is a vendor's is needed where the visitor allows the vendor. Where a gated vendor has a part of a host, or a host below it,
//!    that part is left out, and the host itself where a part of it cannot be (CSP has no exceptions).
//! 3. A vendor's host that the site serves on its own paths is not needed.
//! 4. Where a purpose is granted to the vendors of a list alone, these are needed: everybody else is stopped, and the visitor was told
//!    of them by name.
//! 5. Where everything is granted nothing is gated, and there is no policy of our own.
//! 6. A page whose own policy names every host that it may load from needs no other one.
//! 7. Where the site's own policies are so long that a head could become too long for a server, there is no other one.
//! 8. A 304 gets one only beside a policy of that name of its own: the stored response keeps what it has (RFC 9111, 3.2), and one
//!    line alone would take the place of all of them.

use super::Site;
use crate::{
    catalog::{Catalog, Destination, Page, Scope, TailRule},
    consent::VendorLists,
    policy::{
        Gate,
        csp::{self, Built, Fit, HostSource, Needed, Place, Wall},
    },
    site::Site as Domain,
    vendor::Vendor,
};
use http::{
    HeaderMap,
    header::{CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY},
};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// How long the policies of a response may be together, for it to get one of our own; bytes. Servers and browsers take heads of 8 KiB
/// and more (nginx, Apache), and there is more in a head.
const TOGETHER: usize = 6 << 10;

/// A page on a site that nobody has, for what is the same on all.
const NOWHERE: &str = "https://consentry.invalid/";

/// For how many lists of vendors their hosts are kept; all go when there are more.
const MOST: usize = 16;

/// What one site needs.
#[derive(Debug)]
pub(super) struct Needs {
    items: Vec<Item>,
    catalog: Arc<Catalog>,
    scope: Arc<Scope>,
    /// By what the lists are stamped with.
    told: Mutex<FxHashMap<String, Arc<[Item]>>>,
}

/// A host that the site needs.
#[derive(Debug)]
struct Item {
    needed: Needed,
    /// The URL of the host, or of the path on it.
    url: Option<Url>,
    /// Whose it is where a vendor was named, and so the site may serve it.
    vendor: Option<Arc<Vendor>>,
    /// Who can be reached on the host itself, and who below it.
    there: Vec<Arc<Vendor>>,
    below: Vec<Arc<Vendor>>,
}

impl Needs {
    pub(super) fn new(site: &Site, catalog: &Arc<Catalog>, scope: &Arc<Scope>) -> Self {
        let named = site.csp.hosts.iter().flat_map(|entry| match catalog.vendor(entry) {
            Some(vendor) => {
                let rules = catalog.rules_of(entry).iter();
                rules.map(|rule| (rule.to_string(), Some(vendor.clone()))).collect()
            }
            None => vec![(entry.clone(), None)],
        });
        let allowed = site.gate.allow.iter().map(|host| (host.clone(), None));
        let items = items(named.chain(allowed), catalog, scope);
        let (catalog, scope, told) = (catalog.clone(), scope.clone(), Mutex::default());
        Self { items, catalog, scope, told }
    }

    /// What is needed behind `gate`.
    fn needed(&self, gate: &Gate) -> Vec<Needed> {
        let lists = gate.ruling().lists();
        let told = (!lists.is_empty()).then(|| self.told(lists));
        let told = told.iter().flat_map(|items| items.iter());
        self.items.iter().chain(told).filter_map(|item| item.needed(gate)).collect()
    }

    /// Rule 4.
    fn told(&self, lists: &VendorLists) -> Arc<[Item]> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = lists.stamp();
        if told.len() >= MOST && !told.contains_key(&stamp) {
            told.clear();
        }
        told.entry(stamp).or_insert_with(|| self.items_of(lists).into()).clone()
    }

    fn items_of(&self, lists: &VendorLists) -> Vec<Item> {
        let (catalog, nobody) = (&*self.catalog, Domain::of_host("invalid"));
        let entries = catalog.vendors().filter(|vendor| lists.have(vendor)).flat_map(|vendor| {
            let rules = catalog.rules_of(&vendor.id).iter();
            rules.map(|rule| (rule.to_string(), Some(vendor.clone())))
        });
        let tail = catalog.tail_rules(&nobody).filter_map(|(host, rule)| match rule {
            TailRule::Tracker(vendor) if lists.have(vendor) => {
                Some((host.to_owned(), Some(vendor.clone())))
            }
            TailRule::Tracker(_) | TailRule::Innocent | TailRule::Mixed => None,
        });
        items(entries.chain(tail), catalog, &self.scope)
    }
}

fn items(
    rules: impl Iterator<Item = (String, Option<Arc<Vendor>>)>,
    catalog: &Catalog,
    scope: &Scope,
) -> Vec<Item> {
    let Ok(nowhere) = Url::parse(NOWHERE) else { return Vec::new() };
    let page = Page::new(nowhere);
    rules.map(|(rule, whose)| Item::new(&rule, whose, catalog, &page, scope)).collect()
}

impl Item {
    fn new(
        rule: &str,
        vendor: Option<Arc<Vendor>>,
        catalog: &Catalog,
        page: &Page,
        scope: &Scope,
    ) -> Self {
        let needed = Needed::new(rule, true);
        let (host, path) = (&*needed.host, needed.path.trim_end_matches('*'));
        let reach = |below| {
            let reach = catalog.reach(host, below, path, page, scope);
            reach.vendors.into_iter().cloned().collect()
        };
        let url = Url::parse(&format!("https://{host}{path}")).ok();
        Self { url, vendor, there: reach(false), below: reach(true), needed }
    }

    fn needed(&self, gate: &Gate) -> Option<Needed> {
        let held = |vendors: &[Arc<Vendor>]| vendors.iter().any(|vendor| !gate.allows(vendor));
        let own = self.vendor.as_ref();
        let is_gated = || {
            let judged =
                self.url.as_ref().and_then(|url| gate.url(url.as_str(), Destination::Other));
            judged.is_some_and(|judged| judged.is_held())
        };
        if own
            .is_some_and(|vendor| !gate.allows(vendor) || gate.serves_on(vendor, &self.needed.host))
            || held(&self.there)
            || is_gated()
        {
            return None;
        }
        Some(Needed { below: !held(&self.below), ..self.needed.clone() })
    }
}

/// The policy of our own for a response, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ours {
    pub(super) wall: Wall,
    pub(super) built: Built,
}

impl Ours {
    /// What the response gets; `not_modified` is whether it is a 304.
    pub(super) fn new(
        site: &Site,
        needs: &Needs,
        gate: &Gate,
        headers: &HeaderMap,
        not_modified: bool,
    ) -> Option<Self> {
        let wall = site.csp.wall;
        let name = match wall {
            Wall::Off => return None,
            Wall::Report => CONTENT_SECURITY_POLICY_REPORT_ONLY,
            Wall::Enforce => CONTENT_SECURITY_POLICY,
        };
        if gate.ruling().allows_everything() || not_modified && !headers.contains_key(name) {
            return None;
        }
        let lines = headers.get_all(CONTENT_SECURITY_POLICY).iter();
        let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        let mixed = |source: HostSource<'_>| gate.holds_within(source);
        // What serves gated vendors alone is taken out of the site's own policies.
        let left = |policy: &str| csp::narrowed(policy, |source| gate.only_held(source));
        let left: Vec<String> = lines
            .iter()
            .flat_map(|line| line.split(','))
            .map(|policy| left(policy).unwrap_or_else(|| policy.to_owned()))
            .collect();
        let surveys: Vec<_> = left.iter().map(|policy| csp::survey(policy, mixed)).collect();
        if surveys.iter().any(|survey| survey.is_closed) {
            return None;
        }
        let sources: Vec<&str> = surveys.iter().flat_map(|survey| survey.hosts.clone()).collect();
        let page = gate.page();
        let place =
            Place { url: page.url(), site: page.site(), is_whole: !gate.holds_on_own_site() };
        let needed = needs.needed(gate);
        let widens = |domain: &str| {
            let source = HostSource { host: domain, below: true, path: "" };
            !gate.holds_within(source)
        };
        let mut built = csp::build(place, &needed, &sources, widens);
        let own: usize = lines.iter().map(|line| line.len()).sum();
        if built.policy.as_ref().is_some_and(|policy| own + policy.len() > TOGETHER) {
            built = Built { policy: None, fit: Fit::TooMany };
        }
        Some(Self { wall, built })
    }

    /// The policy of a page that leaves unread, whoever the visitor is: it holds, and reports nothing.
    pub(super) fn of_unread(needs: &Needs, gate: &Gate) -> String {
        let page = gate.page();
        let place =
            Place { url: page.url(), site: page.site(), is_whole: !gate.holds_on_own_site() };
        let built = |needed: &[Needed]| csp::build(place, needed, &[], |_| false).policy;
        let policy = built(&needs.needed(gate)).or_else(|| built(&[]));
        let policy = policy.unwrap_or_else(|| "default-src 'self'".to_owned());
        policy.split(';').next().unwrap_or_default().to_owned()
    }

    /// How the hosts found room.
    pub(super) const fn fit(&self) -> Fit {
        self.built.fit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::{Config as GateConfig, VendorEntry},
        choice::Offer,
        consent::{Basis, Consent, Signal, VendorList, Vote, Votes},
        policy::{Policy, Regime, Ruling},
        purpose::Purpose,
    };
    use http::HeaderValue;

    fn entry(id: &str, purpose: Purpose, hosts: &[&str]) -> VendorEntry {
        let hosts = hosts.iter().map(ToString::to_string).collect();
        VendorEntry { id: id.into(), purpose: Some(purpose), hosts, ..VendorEntry::default() }
    }

    /// The policy of a page on `https://www.shop.test` that needs `needed`, for a visitor who allowed nothing.
    fn policy(own: &[VendorEntry], needed: &[&str], allow: &[&str], csp: &str) -> Option<String> {
        policy_for(&Consent::default(), own, needed, allow, csp)
    }

    /// The same for one who says this.
    fn policy_for(
        consent: &Consent,
        own: &[VendorEntry],
        needed: &[&str],
        allow: &[&str],
        csp: &str,
    ) -> Option<String> {
        let built_in = [
            entry("held", Purpose::Marketing, &["held.test", "ads.mixed.test", "paths.test/track"]),
            entry(
                "kept",
                Purpose::Necessary,
                &["kept.test", "kept.mixed.test", "kept.paths.test/pay*"],
            ),
        ];
        let catalog = Arc::new(Catalog::new(&built_in, own).unwrap());
        let text = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let gate = GateConfig { allow: text(allow), ..GateConfig::default() };
        let csp_config = csp::Config { wall: Wall::Enforce, hosts: text(needed) };
        let site = Site { csp: csp_config, gate, ..Site::default() };
        let scope = Arc::new(catalog.scope(&site.gate));
        let needs = Needs::new(&site, &catalog, &scope);
        let ruling: Ruling = Policy::default().rule(consent, Regime::OptIn);
        let page = Arc::new(Page::new(Url::parse("https://www.shop.test/p").unwrap()));
        let gate = Gate::new(catalog, scope, Arc::new(ruling), page);
        let mut headers = HeaderMap::new();
        if !csp.is_empty() {
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_str(csp).unwrap());
        }
        Ours::new(&site, &needs, &gate, &headers, false)?.built.policy
    }

    fn list(own: &[VendorEntry], needed: &[&str], allow: &[&str], csp: &str) -> String {
        let policy = policy(own, needed, allow, csp).unwrap();
        let list =
            policy.strip_prefix("default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ");
        list.unwrap().split(';').next().unwrap().to_owned()
    }

    const SITE: &str = "shop.test:* *.shop.test:*";

    #[test]
    fn what_is_needed_is_in_without_what_is_gated() {
        for (needed, expected) in [
            (&["cdn.test"][..], " *.cdn.test cdn.test"),
            (&["held.test", "sub.held.test", "held"], ""),
            (&["kept.test"], " *.kept.test kept.test"),
            (
                &["kept"],
                " *.kept.mixed.test *.kept.paths.test/ *.kept.test kept.mixed.test kept.paths.test/ kept.test",
            ),
            // A gated vendor has a host below it, or a path on it.
            (&["mixed.test"], " mixed.test"),
            (&["paths.test"], ""),
            (
                &["paths.test/shop"],
                " *.paths.test/shop *.paths.test/shop/ paths.test/shop paths.test/shop/",
            ),
        ] {
            assert_eq!(list(&[], needed, &[], ""), format!("{SITE}{expected}"), "{needed:?}");
        }
        assert_eq!(list(&[], &[], &["held.test"], ""), format!("{SITE} *.held.test held.test"));
    }

    #[test]
    fn a_gated_vendor_on_the_site_itself_is_left_out() {
        let own = [entry("held", Purpose::Marketing, &["stats.shop.test"])];
        assert_eq!(list(&own, &["cdn.test"], &[], ""), "www.shop.test:* *.cdn.test cdn.test");
        let own = [entry("kept", Purpose::Necessary, &["pay.shop.test"])];
        assert_eq!(list(&own, &[], &[], ""), SITE);
    }

    #[test]
    fn what_the_sites_own_policy_names_is_in() {
        let own = "img-src https: data:, script-src 'nonce-a' https://cdn.test/x held.test *.mixed.test kept.test:8443";
        assert_eq!(list(&[], &[], &[], own), format!("{SITE} https://cdn.test/x kept.test:8443"));
        let long = format!("img-src https: {}", "https://cdn.test/x ".repeat(400));
        assert_eq!(policy(&[], &[], &[], &long), None);
        for closed in ["default-src 'self'", "default-src 'none'; script-src held.test cdn.test"] {
            assert_eq!(policy(&[], &[], &[], closed), None, "{closed}");
        }
    }

    /// Who allowed everything under a list gets a policy with the vendors of the list, and without any other.
    #[test]
    fn a_list_is_what_is_needed() {
        let all = Votes::all(Vote::Grant);
        let signal = |name: &'static str| Signal {
            name: name.into(),
            basis: Basis::Explicit,
            votes: all,
            note: "".into(),
        };
        let told = |ids: &[&str]| {
            let offer = Offer::new(None, ids.iter().map(|id| (Purpose::Marketing, *id)));
            let offer: Arc<dyn VendorList> = Arc::new(offer);
            Consent { told: [offer].into_iter().collect(), ..vec![signal("own")].into() }
        };
        let own = [entry("new", Purpose::Marketing, &["new.test", "cdn.new.test"])];
        for (ids, hosts) in [
            (&["held"][..], " *.ads.mixed.test ads.mixed.test"),
            (&["new"], " *.cdn.new.test *.new.test cdn.new.test new.test"),
            (&["nobody"], ""),
        ] {
            let policy = policy_for(&told(ids), &own, &["new.test", "cdn.test"], &[], "").unwrap();
            assert_eq!(policy.contains("new.test"), ids.contains(&"new"), "{policy}");
            assert_eq!(policy.contains("held.test"), ids.contains(&"held"), "{policy}");
            assert!(policy.contains("cdn.test"), "{policy}");
            hosts.split(' ').for_each(|host| assert!(policy.contains(host), "{host}: {policy}"));
        }
        let another = Consent::from(vec![signal("own"), signal("cookiebot")]);
        assert_eq!(policy_for(&another, &own, &[], &[], ""), None);
    }
}
