//! Turns the names of a request's cookies into the consent managers that have to be asked, in one pass.
//!
//! 1. A manager is asked where a cookie is there whose name it writes, or begins with the name that the site gave its cookie.
//! 2. One that keeps its choice in the browser is always asked: it speaks without a cookie too.
//! 3. Nothing else is left out: a decoder says nothing without its cookies.

use super::{Cmp, cookies::Cookies};
use rustc_hash::FxHashMap;

/// The managers that a site reads, by what their cookies are called.
#[derive(Clone, Debug)]
pub(super) struct Traces {
    cmps: Vec<Cmp>,
    /// Those of rule 2, one bit for each of `cmps`, as in the fields below.
    always: u64,
    exact: FxHashMap<Box<[u8]>, u64>,
    prefixes: Vec<(Box<[u8]>, u64)>,
    /// Whether any of the names begins with this byte: those of most cookies do not.
    first: [bool; 256],
}

const _: () = assert!(Cmp::NAMED.len() <= 64, "each manager has a bit");

impl Traces {
    /// The traces of `cmps`, each once, whose cookie is called what `renamed` says.
    pub(super) fn new<'n>(cmps: &[Cmp], renamed: impl Fn(Cmp) -> Option<&'n str>) -> Self {
        let (exact, prefixes) = (FxHashMap::default(), Vec::new());
        let mut traces = Self { cmps: Vec::new(), always: 0, exact, prefixes, first: [false; 256] };
        for cmp in cmps {
            if !traces.cmps.contains(cmp) {
                traces.add(*cmp, renamed(*cmp));
            }
        }
        traces
    }

    /// The same, with these asked whatever cookies there are.
    pub(super) fn always(mut self, cmps: impl Iterator<Item = Cmp>) -> Self {
        for cmp in cmps {
            let at = self.cmps.iter().position(|known| *known == cmp);
            self.always |= at.map_or(0, |at| 1 << at);
        }
        self
    }

    fn add(&mut self, cmp: Cmp, renamed: Option<&str>) {
        let bit = 1 << self.cmps.len();
        self.cmps.push(cmp);
        if cmp.is_in_browser() {
            self.always |= bit;
        }
        for name in cmp.cookies() {
            match name.strip_suffix('*') {
                Some(prefix) => self.add_prefix(prefix, bit),
                None => {
                    self.note_first(name);
                    *self.exact.entry(name.as_bytes().into()).or_default() |= bit;
                }
            }
        }
        if let Some(name) = renamed {
            self.add_prefix(name.trim_end_matches('*'), bit);
        }
    }

    fn add_prefix(&mut self, prefix: &str, bit: u64) {
        match prefix.is_empty() {
            true => self.always |= bit,
            false => {
                self.note_first(prefix);
                self.prefixes.push((prefix.as_bytes().into(), bit));
            }
        }
    }

    fn note_first(&mut self, name: &str) {
        let first = name.bytes().next().and_then(|byte| self.first.get_mut(usize::from(byte)));
        if let Some(first) = first {
            *first = true;
        }
    }

    /// Those that have to be asked, in the order in which they were given.
    pub(super) fn seen(&self, cookies: &Cookies<'_>) -> impl Iterator<Item = Cmp> {
        let seen = cookies.names().fold(self.always, |seen, name| seen | self.of(name));
        self.cmps
            .iter()
            .enumerate()
            .filter_map(move |(at, cmp)| (seen >> at & 1 == 1).then_some(*cmp))
    }

    /// The managers that write a cookie called `name`.
    fn of(&self, name: &[u8]) -> u64 {
        let is_known = |byte: &u8| self.first.get(usize::from(*byte)) == Some(&true);
        if !name.first().is_some_and(is_known) {
            return 0;
        }
        let exact = self.exact.get(name).copied().unwrap_or_default();
        let prefixes = self.prefixes.iter().filter(|(prefix, _)| name.starts_with(prefix));
        prefixes.fold(exact, |seen, (_, bit)| seen | bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, header::COOKIE};

    fn seen(traces: &Traces, line: &'static str) -> Vec<Cmp> {
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(line))]);
        traces.seen(&Cookies::read(&headers).unwrap()).collect()
    }

    #[test]
    fn only_managers_with_cookies_are_asked_and_each_once() {
        let cmps: Vec<Cmp> = Cmp::all().filter(|cmp| !cmp.is_in_browser()).collect();
        let traces = Traces::new(&[&cmps[..], &cmps[..]].concat(), |_| None);
        assert_eq!(seen(&traces, "a=1; klaro2=x; Complianz=1; c; =1"), []);
        let line = "cmplz_x=1; OptanonConsent=1; OptanonConsent=2; _iub_cs-1=2; wp_consent_a=1";
        assert_eq!(
            seen(&traces, line),
            [Cmp::Complianz, Cmp::Iubenda, Cmp::OneTrust, Cmp::WpConsentApi]
        );
        for cmp in cmps {
            for name in cmp.cookies() {
                assert!(traces.of(name.replace('*', "x").as_bytes()) != 0, "{name}");
            }
        }
    }

    #[test]
    fn renamed_cookies_and_managers_without_any_are_asked() {
        let renamed = |cmp| (cmp == Cmp::DrupalEucc).then_some("agreed-de");
        let traces = Traces::new(&[Cmp::DrupalEucc, Cmp::Usercentrics], renamed);
        assert_eq!(seen(&traces, "x=1"), [Cmp::Usercentrics]);
        assert_eq!(seen(&traces, "agreed-de-categories=1"), [Cmp::DrupalEucc, Cmp::Usercentrics]);
    }
}
