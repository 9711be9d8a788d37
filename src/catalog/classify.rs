//! Turns a URL on a page into the [`Vendor`] whose it is.
//!
//! A URL is looked at in this order, and the first that speaks decides:
//! 1. the operator's `allow`: nobody's;
//! 2. the operator's `deny`;
//! 3. on the page's own site: the operator's own host rules and first-party copies, and names that are aliases of a vendor's
//!    host, and nothing else;
//! 4. the vendor catalogue, the operator's entries with it;
//! 5. the long tail of tracker domains;
//! 6. the operator's filter lists;
//! 7. heuristics, where they are on, unless the host is known to be harmless or to belong to the page's own company, or goes by its name;
//! 8. any other site, where `third_party = "all"`.

use super::{
    Catalog, Destination, Lists, Page, Scope, Shape, Target, ThirdParty, heuristics,
    long_tail::{Known, Standing},
    scope::Word,
};
use crate::{site::Site, vendor::Vendor};
use std::sync::Arc;

impl Catalog {
    /// Whose `target` is, seen from `page`.
    #[must_use]
    pub fn classify(
        &self,
        target: &Target<'_>,
        page: &Page,
        scope: &Scope,
        lists: &Lists,
    ) -> Option<&Arc<Vendor>> {
        let (host, path) = (target.host(), target.path());
        match scope.word(host) {
            Some(Word::Allow) => return None,
            Some(Word::Deny) => return Some(&self.unnamed.denied),
            None => {}
        }
        if page.site().contains(host) {
            let cloaked = || scope.cloaked(host).filter(|_| page.url().host_str() != Some(host));
            let own = self.own_hosts.find(host, path).or_else(|| scope.copy(path)).or_else(cloaked);
            return own.and_then(|index| self.vendors.get(index));
        }
        if let Some(index) = self.hosts.find(host, path) {
            return self.vendors.get(index);
        }
        let known = self.tail.find(host, path);
        if let Some(Known { standing: Standing::Tracker(index), visited, .. }) = known {
            let link = visited
                && target.shape() == Shape::Mention
                && target.destination() == Destination::Other;
            return self.vendors.get(index).filter(|_| !link);
        }
        if let Some(purpose) = lists.find(target, page) {
            return self.unnamed.listed(purpose);
        }
        if scope.heuristics
            && heuristics::announces_itself(target)
            && !known.is_some_and(|known| self.is_innocent(known, page))
            && !is_akin(host, page)
        {
            return Some(&self.unnamed.heuristic);
        }
        (scope.third_party == ThirdParty::All).then_some(&self.unnamed.third_party)
    }

    /// Whether the host is known to serve files for others: hosting, CDN, utility.
    #[must_use]
    pub fn is_harmless(&self, target: &Target<'_>) -> bool {
        let known = self.tail.find(target.host(), target.path());
        known.is_some_and(|known| known.standing == Standing::Harmless)
    }

    /// Whether a known host is harmless, or belongs to the page's own company.
    fn is_innocent(&self, known: Known, page: &Page) -> bool {
        let own = || self.tail.find(page.site().as_str(), "/").map(|own| own.entity);
        known.standing == Standing::Harmless || own() == Some(known.entity)
    }
}

/// Whether a host goes by the page's own name, as `shop-cdn.example` on `shop.example`: then it is the site's own.
fn is_akin(host: &str, page: &Page) -> bool {
    let name = |site: &Site| site.as_str().split('.').next().unwrap_or_default().to_owned();
    let (own, other) = (name(page.site()), name(&Site::of_host(host)));
    let holds = |long: &str, short: &str| short.len() > 2 && long.contains(short);
    holds(&other, &own) || holds(&own, &other)
}
