//! Turns the built-in entries and the operator's into one list: of one id, what the operator's gives replaces, lists are added.

use super::VendorEntry;

/// `built_in` with `own` over it.
pub(super) fn merged(built_in: &[VendorEntry], own: &[VendorEntry]) -> Vec<VendorEntry> {
    let mut entries = built_in.to_vec();
    for entry in own {
        match entries.iter_mut().find(|e| e.id == entry.id) {
            Some(old) => old.extend(entry),
            None => entries.push(entry.clone()),
        }
    }
    entries
}

impl VendorEntry {
    fn extend(&mut self, over: &Self) {
        let Self {
            id: _,
            name,
            purpose,
            gvl,
            atp,
            facts,
            hosts,
            literals,
            inline,
            hides,
            cookies,
            workers,
            surrogate,
            setup,
            gated_only,
            endpoints,
        } = over;
        if !literals.is_empty() || !hosts.is_empty() {
            let both = if literals.is_empty() { hosts } else { literals };
            if !self.literals.is_empty() {
                self.literals.extend_from_slice(both);
            }
        }
        if !name.is_empty() {
            self.name.clone_from(name);
        }
        if !surrogate.is_empty() {
            self.surrogate.clone_from(surrogate);
        }
        if !setup.is_empty() {
            self.setup.clone_from(setup);
        }
        if !gated_only.is_empty() {
            self.gated_only.clone_from(gated_only);
        }
        self.purpose = purpose.or(self.purpose);
        self.gvl = gvl.or(self.gvl);
        self.atp = atp.or(self.atp);
        self.facts.replace(facts);
        self.hosts.extend_from_slice(hosts);
        self.inline.extend_from_slice(inline);
        self.hides.extend_from_slice(hides);
        self.cookies.extend_from_slice(cookies);
        self.workers.extend_from_slice(workers);
        self.endpoints.extend_from_slice(endpoints);
    }
}
