//! Turns a request about the visitor's choice into the state, and with a body into a choice that is [`Made`].
//!
//! 1. The cookie is the first party's (`Path=/`, `SameSite=Lax`, host-only unless the operator names a domain), on HTTPS `Secure`,
//!    and lives as long as what it says counts: a refusal [`LASTS`] days, what is allowed no longer than the operator says. With a
//!    domain, the host's own cookie of that name ends: browsers would send both.
//! 2. What is allowed gets a new receipt each time, so that none follows a visitor from choice to choice; a refusal gets none, and
//!    has the same value for all who refuse on a day.
//! 3. A visitor is asked where the law asks for consent, the site has a vendor that needs it, and no choice that was made before
//!    still says all that it said.
//! 4. A choice is about the list of vendors that was shown, whatever was found since (GDPR 4(11), 7(1)). Where that list is not known
//!    nothing can be allowed, and a refusal counts under the present one. Who names no list means the present one: a banner of the
//!    operator's own, which answers for what it showed.
//! 5. What the browser refuses by a signal is not allowed by a click, so it is neither in the choice nor among what was to be accepted:
//!    who accepts all the rest accepts all that he was asked about.
//! 6. What was chosen is told apart from what is granted: the law, the browser's signal and other sources have their say in that.

use super::{
    Format, Key, Offer, Poster, Proof, Refused, SiteTerms, State, Texts, Wanted, back, method,
};
use crate::{
    consent::{Choice, Consent, Day, Held, LASTS, OwnCookie, Terms as _, Vote},
    policy::{Policy, Regime},
    purpose::{Purpose, PurposeSet},
    record::{Entry, Method, Refusals, new_id},
};
use std::{sync::Arc, time::SystemTime};
use url::Url;

/// The field of the page without JavaScript that says that its list has changed.
pub const CHANGED: &str = "changed";
/// Seconds of a day.
const DAY: u32 = 86_400;

/// A request about the visitor's choice, as far as its head tells.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The site's name: what records and signatures call it.
    pub site: Box<str>,
    /// The URL that was asked for.
    pub page: Url,
    /// Who asks.
    pub poster: Poster,
    /// What was chosen before.
    pub held: Option<Held>,
    /// What a choice counts under, and is about.
    pub terms: SiteTerms,
    /// What the request says of him, what he chose before included.
    pub consent: Consent,
    /// The law in force for the visitor.
    pub regime: Regime,
    /// The operator's rules over the law's.
    pub policy: Policy,
    /// Whether the site shares nothing, whatever is allowed.
    pub shares_nothing: bool,
    /// Whether the site has the page that asks without JavaScript.
    pub has_page: bool,
    /// Whether it asks for a choice ([`law_asks`]).
    pub law_asks: bool,
    /// The name of the cookie.
    pub cookie: Box<str>,
    /// The domain whose hosts share it.
    pub domain: Option<Box<str>>,
    /// How long what is allowed counts; days.
    pub max_age_days: u32,
    /// Paths that are no pages: nobody goes back to what begins with one of them.
    pub own_paths: Vec<Box<str>>,
    /// What visitors are shown.
    pub texts: Arc<dyn Texts>,
    /// When.
    pub now: SystemTime,
}

/// A choice, and what is to be done with it.
#[derive(Clone, Debug)]
pub struct Made {
    /// It.
    pub cookie: OwnCookie,
    /// What is granted with it.
    pub granted: PurposeSet,
    /// The value of `Set-Cookie`.
    pub set_cookie: String,
    /// The same of the host's own cookie, which ends, where it is shared.
    pub ended: Option<String>,
    /// How it was made.
    pub method: Method,
    /// Its proof: the record, and before it what it names.
    pub entries: Vec<Entry>,
    /// The path to go back to.
    pub back: String,
}

/// Whether a visitor under `regime` has to be asked: nothing works for him otherwise.
#[must_use]
pub const fn law_asks(regime: Regime, allow_implied: bool) -> bool {
    match regime {
        Regime::OptIn => true,
        Regime::OptOut => !allow_implied,
        Regime::None => false,
    }
}

impl Asked {
    /// What `body` says, if it may be said here.
    ///
    /// # Errors
    /// When it cannot be read, or comes from elsewhere.
    pub fn read(&self, format: Format, body: &[u8]) -> Result<Wanted, Refused> {
        let wanted = format.read(body)?;
        self.poster.may_choose(format, wanted.purposes)?;
        let back = self.back(&wanted)?;
        if !wanted.purposes.is_empty() && self.shown(&wanted).is_none() {
            return Err(Refused::Outdated { back });
        }
        Ok(wanted)
    }

    /// Rule 4: what the visitor was asked about.
    fn shown(&self, wanted: &Wanted) -> Option<&Offer> {
        let Some(version) = &wanted.policy else { return Some(&self.terms.now) };
        self.terms.offer(version).map(|offer| &**offer)
    }

    /// What is allowed of what `offer` asks about. Who does not say what he was shown is taken at his word.
    fn allowed(&self, wanted: &Wanted, offer: Option<&Offer>) -> PurposeSet {
        let Some(offer) = offer else { return PurposeSet::EMPTY };
        let asked = offer.purposes();
        let counts = |purpose| wanted.policy.is_none() || asked.contains(purpose);
        Self::of(|purpose| wanted.purposes.contains(purpose) && counts(purpose))
            .without(self.refused())
    }

    /// Rule 5: what the browser refuses.
    fn refused(&self) -> PurposeSet {
        let signals = self.consent.signals.iter();
        let told = signals.filter(|signal| ["gpc", "dnt"].contains(&&*signal.name));
        let votes: Vec<_> = told.map(|signal| signal.votes).collect();
        Self::of(|purpose| votes.iter().any(|votes| votes.on(purpose) == Vote::Deny))
    }

    /// Rule 6: what one who says this is granted.
    fn granted_to(&self, consent: &Consent) -> PurposeSet {
        let ruling = self.policy.rule(consent, self.regime);
        Self::of(|purpose| !self.shares_nothing && ruling.grants(purpose))
    }

    /// Rule 6: what is granted now.
    #[must_use]
    pub fn granted(&self) -> PurposeSet {
        self.granted_to(&self.consent)
    }

    fn of(has: impl Fn(Purpose) -> bool) -> PurposeSet {
        Purpose::OPTIONAL.into_iter().filter(|purpose| has(*purpose)).collect()
    }

    fn back(&self, wanted: &Wanted) -> Result<String, Refused> {
        let own = |path: &str| self.own_paths.iter().any(|prefix| path.starts_with(&**prefix));
        wanted
            .back
            .as_deref()
            .map_or_else(|| Ok("/".to_owned()), |path| back(path, &self.page, own))
    }

    /// The choice that `wanted` is, signed with `key`, and its proof; `kept` says what of refusals.
    #[must_use]
    pub fn make(&self, wanted: &Wanted, key: &Key, kept: Refusals) -> Made {
        let offer = self.shown(wanted);
        let (purposes, refused) = (self.allowed(wanted, offer), self.refused());
        let offer = offer.unwrap_or(&self.terms.now);
        let choice = Choice { purposes, day: Day::of(self.now), policy: offer.version().clone() };
        let cookie = self.sign(choice, key);
        let before =
            self.held.as_ref().map_or(PurposeSet::EMPTY, |held| held.cookie.choice.purposes);
        let method = method(before.without(refused), purposes, offer.purposes().without(refused));
        let shown = wanted.text.as_deref();
        let shown = shown.and_then(|hash| self.texts.shown(hash, wanted.lang.as_deref(), offer));
        let proof = Proof { asked: self, offer, cookie: &cookie, method, shown };
        let entries = proof.entries(kept);
        // What cannot be gone back to was refused before.
        let back = self.back(wanted).unwrap_or_else(|_| "/".to_owned());
        let upheld = self.terms.upheld(&cookie);
        let granted = self.granted_to(&self.consent.choosing(&cookie.choice, upheld));
        let (set_cookie, ended) = (self.line(&cookie), self.ended());
        Made { set_cookie, ended, cookie, granted, method, entries, back }
    }

    /// Rule 2.
    fn sign(&self, choice: Choice, key: &Key) -> OwnCookie {
        let granted = !choice.purposes.is_empty();
        let receipt = granted.then(|| new_id().parse().ok()).flatten();
        let cookie = OwnCookie { receipt, ..OwnCookie::from(choice) };
        OwnCookie { signature: key.sign(&cookie, &self.site), ..cookie }
    }

    /// Rule 1.
    fn line(&self, cookie: &OwnCookie) -> String {
        let refusal = cookie.choice.purposes.is_empty();
        let days = if refusal { LASTS } else { self.max_age_days.min(LASTS) };
        let domain = self.domain.as_deref();
        let domain = domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
        let (name, age, secure) = (&self.cookie, days * DAY, self.secure());
        format!("{name}={cookie}; Path=/{domain}; Max-Age={age}; SameSite=Lax{secure}")
    }

    fn ended(&self) -> Option<String> {
        let (name, secure) = (&self.cookie, self.secure());
        self.domain.as_ref()?;
        Some(format!("{name}=; Path=/; Max-Age=0; SameSite=Lax{secure}"))
    }

    fn secure(&self) -> &'static str {
        if self.page.scheme() == "https" { "; Secure" } else { "" }
    }

    /// Rule 3.
    #[must_use]
    pub fn asks(&self) -> bool {
        let stands = self.held.as_ref().is_some_and(Held::stands);
        self.law_asks && !self.terms.now.is_empty() && !stands
    }

    /// The state, for a script.
    #[must_use]
    pub fn state(&self, key: &Key) -> State {
        let held = self.held.as_ref();
        State {
            purposes: held.map_or(PurposeSet::EMPTY, |held| held.upheld),
            granted: self.granted(),
            policy: held
                .map_or(self.terms.now.version(), |held| &held.cookie.choice.policy)
                .to_string(),
            day: held.map(|held| held.cookie.choice.day.to_string()),
            receipt: held.and_then(|held| held.cookie.receipt.as_ref()).map(ToString::to_string),
            recorded: None,
            asked: Some(self.asks()),
            verified: held
                .filter(|held| held.cookie.receipt.is_some())
                .map(|held| key.verifies(&held.cookie, &self.site)),
        }
    }
}

impl Made {
    /// The values of `Set-Cookie`. What ends comes first: to old browsers both are one cookie.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.ended.as_deref().into_iter().chain([&*self.set_cookie])
    }

    /// The state that it leads to, for a script; `recorded` says whether its proof is on the disk.
    #[must_use]
    pub fn state(&self, recorded: bool) -> State {
        let Choice { purposes, day, policy } = &self.cookie.choice;
        State {
            purposes: *purposes,
            granted: self.granted,
            policy: policy.to_string(),
            day: Some(day.to_string()),
            receipt: self.cookie.receipt.as_ref().map(ToString::to_string),
            recorded: Some(recorded),
            asked: None,
            verified: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        choice::Shown,
        consent::{Basis, Signal, Votes},
        record::{ConsentRecord, hash_of},
    };
    use std::{collections::BTreeSet, time::Duration};

    #[derive(Debug)]
    struct Text;

    impl Texts for Text {
        fn shown(&self, hash: &str, _: Option<&str>, _: &Offer) -> Option<Shown> {
            let shown = Shown { language: "nb".into(), body: "tekst".into() };
            (hash == hash_of("tekst")).then_some(shown)
        }
    }

    fn asked(cookie: Option<&str>) -> Asked {
        let now =
            Arc::new(Offer::new(None, [(Purpose::Analytics, "ga4"), (Purpose::Marketing, "meta")]));
        let held = cookie.map(|value| {
            let cookie: OwnCookie = value.parse().unwrap();
            Held { upheld: cookie.choice.purposes, cookie }
        });
        Asked {
            site: "shop.example".into(),
            page: Url::parse("https://www.shop.example/_consentry/choice").unwrap(),
            poster: Poster::Page,
            held,
            terms: SiteTerms { policy: None, now, known: Arc::default(), missing: Arc::default() },
            consent: Consent::default(),
            regime: Regime::OptIn,
            policy: Policy::default(),
            shares_nothing: false,
            has_page: true,
            law_asks: true,
            cookie: "consentry".into(),
            domain: None,
            max_age_days: 30,
            own_paths: vec!["/_consentry/v/".into()],
            texts: Arc::new(Text),
            // 2026-11-23 10:01:02.
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(20_780 * 86_400 + 36_062),
        }
    }

    fn made(asked: &Asked, body: &str, kept: Refusals) -> Made {
        let wanted = asked.read(Format::Form, body.as_bytes()).unwrap();
        asked.make(&wanted, &Key::new(b"secret"), kept)
    }

    fn record(made: &Made) -> &ConsentRecord {
        let [.., Entry::Record(record)] = &made.entries[..] else { panic!("{:?}", made.entries) };
        record
    }

    #[test]
    fn a_refusal_is_the_same_for_all() {
        let first = made(&asked(None), "back=/a", Refusals::Records);
        let (other, version) = (
            made(&asked(None), "", Refusals::Records),
            asked(None).terms.now.version().to_string(),
        );
        let line = format!(
            "consentry=v1.{version}.20261123.f0a0m0; Path=/; Max-Age=15552000; SameSite=Lax; Secure"
        );
        assert_eq!((&*first.set_cookie, &*other.set_cookie), (&*line, &*line));
        assert_eq!((&*first.back, &*other.back), ("/a", "/"));
        let record = record(&first);
        assert_eq!((record.receipt.as_deref(), record.method), (None, Method::RejectAll));
        assert_ne!(record.id, self::record(&other).id);
    }

    #[test]
    fn what_is_allowed_has_a_receipt_of_its_own() {
        let receipts: BTreeSet<_> = (0..100)
            .map(|_| {
                made(&asked(None), "purpose=analytics", Refusals::Counts)
                    .cookie
                    .receipt
                    .unwrap()
                    .to_string()
            })
            .collect();
        assert_eq!(receipts.len(), 100);
        let made = made(&asked(None), "purpose=analytics", Refusals::Counts);
        assert!(made.set_cookie.contains("; Max-Age=2592000; "), "{}", made.set_cookie);
        assert!(Key::new(b"secret").verifies(&made.cookie, "shop.example"));
        let record = record(&made);
        assert_eq!(record.receipt.as_deref(), made.cookie.receipt.as_ref().map(|r| r.as_str()));
        assert_eq!((record.method, record.at), (Method::Custom, (20_780 * 86_400 + 36_060) / 60));
        assert_eq!(record.vendors, asked(None).terms.now.hash());
        assert_eq!((&*record.text, &*record.language), ("unknown", "und"));
        assert!(!format!("{record:?}").contains("www."));
    }

    #[test]
    fn a_withdrawal_down_to_nothing_is_a_refusal_without_an_id() {
        let held = "v1.a1b2c3d4.20261101.f0a1m1.0123456789abcdef0123456789abcdef";
        let made = made(&asked(Some(held)), "", Refusals::Records);
        assert_eq!((made.method, made.cookie.receipt.as_ref()), (Method::Withdraw, None));
        assert!(!format!("{:?}", made.entries).contains("0123456789abcdef"));
        let counted = self::made(&asked(None), "", Refusals::Counts);
        let [Entry::Refusal { day, site, .. }] = &counted.entries[..] else {
            panic!("{:?}", counted.entries)
        };
        assert_eq!((*day, &**site), (20_780 * 1440, "shop.example"));
    }

    #[test]
    fn what_was_shown_is_kept_under_its_hash() {
        let asked = asked(None);
        let body = format!(r#"{{"purposes":["analytics"],"text":"{}"}}"#, hash_of("tekst"));
        let wanted = asked.read(Format::Json, body.as_bytes()).unwrap();
        let made = asked.make(&wanted, &Key::new(b"s"), Refusals::Records);
        let record = record(&made);
        assert_eq!((&*record.text, &*record.language), (&*hash_of("tekst"), "nb"));
        let text =
            Entry::Text { hash: hash_of("tekst"), language: "nb".into(), body: "tekst".into() };
        assert_eq!(made.entries[..2], [asked.terms.now.entry(), text]);
    }

    #[test]
    fn a_choice_is_about_what_was_shown() {
        let mut asked = asked(None);
        let then = Arc::new(Offer::new(None, [(Purpose::Analytics, "ga4")]));
        let now = asked.terms.now.version().clone();
        asked.terms.known =
            Arc::new([(then.version().clone(), then.clone())].into_iter().collect());
        let body = |version: &str| format!("purpose=analytics&purpose=marketing&policy={version}");
        let made = made(&asked, &body(then.version().as_str()), Refusals::Records);
        assert_eq!(made.cookie.choice.policy, *then.version());
        assert!(!made.cookie.choice.purposes.contains(Purpose::Marketing));
        assert!(made.cookie.choice.purposes.contains(Purpose::Analytics));
        assert_eq!(made.entries.first(), Some(&then.entry()));
        let record = record(&made);
        assert_eq!((&*record.vendors, &*record.policy), (then.hash(), then.version().as_str()));
        let present = self::made(&asked, "purpose=marketing", Refusals::Records);
        assert_eq!(present.cookie.choice.policy, now);
        let unknown = asked.read(Format::Form, body("00000000").as_bytes());
        let outdated = Refused::Outdated { back: "/".to_owned() };
        assert_eq!((outdated.status(), unknown), (409.try_into().unwrap(), Err(outdated)));
        let noted = asked.terms.missing.take();
        assert_eq!(noted.iter().map(|v| v.as_str()).collect::<Vec<_>>(), ["00000000"]);
        let refusal = self::made(&asked, "policy=00000000", Refusals::Records);
        assert!(refusal.cookie.choice.purposes.is_empty() && refusal.cookie.choice.policy == now);
    }

    #[test]
    fn what_is_chosen_is_told_apart_from_what_is_granted() {
        let letters = |purposes: PurposeSet| {
            purposes.iter().filter_map(|p| p.name().chars().next()).collect::<String>()
        };
        let gpc = || {
            let votes = Votes { marketing: Vote::Deny, ..Votes::default() };
            let (basis, note) = (Basis::Explicit, "".into());
            Consent::from(vec![Signal { name: "gpc".into(), basis, votes, note }])
        };
        let opt_out = |consent| {
            let policy = Policy { allow_implied: true, ..Policy::default() };
            Asked { regime: Regime::OptOut, policy, law_asks: false, consent, ..asked(None) }
        };
        assert_eq!(letters(asked(None).granted()), "");
        assert_eq!(letters(opt_out(Consent::default()).granted()), "fam");
        assert_eq!(letters(opt_out(gpc()).granted()), "fa");
        let silent = Asked { shares_nothing: true, ..opt_out(Consent::default()) };
        assert_eq!(letters(silent.granted()), "");
        let all = "purpose=analytics&purpose=marketing";
        for (asked, body, chosen, granted, how) in [
            (asked(None), all, "am", "am", Method::AcceptAll),
            (opt_out(Consent::default()), "", "", "", Method::RejectAll),
            (opt_out(Consent::default()), "purpose=analytics", "a", "a", Method::Custom),
            (
                Asked { consent: gpc(), ..asked(None) },
                "purpose=analytics",
                "a",
                "a",
                Method::AcceptAll,
            ),
            (Asked { consent: gpc(), ..asked(None) }, all, "a", "a", Method::AcceptAll),
            (Asked { consent: gpc(), ..asked(None) }, "", "", "", Method::RejectAll),
            (
                Asked { consent: gpc(), ..asked(Some("v1.a1b2c3d4.20261101.f0a1m1")) },
                "purpose=analytics",
                "a",
                "a",
                Method::AcceptAll,
            ),
        ] {
            let made = made(&asked, body, Refusals::Records);
            let purposes = made.cookie.choice.purposes;
            assert_eq!((letters(purposes), letters(made.granted)), (chosen.into(), granted.into()));
            assert_eq!((made.method, record(&made).purposes), (how, purposes), "{body}");
            let state = made.state(true);
            assert_eq!((state.purposes, state.granted), (purposes, made.granted));
        }
    }

    #[test]
    fn nobody_is_asked_twice_and_nobody_without_a_reason() {
        let refusal = "v1.a1b2c3d4.20261101.f0a0m0";
        let silenced = |mut asked: Asked| {
            asked.held.as_mut().unwrap().upheld = PurposeSet::EMPTY;
            asked
        };
        assert!(asked(None).asks());
        assert!(!asked(Some(refusal)).asks());
        assert!(!silenced(asked(Some(refusal))).asks());
        assert!(!asked(Some("v1.a1b2c3d4.20261101.f0a1m0")).asks());
        assert!(silenced(asked(Some("v1.a1b2c3d4.20261101.f0a1m0"))).asks());
        assert!(!Asked { law_asks: false, ..asked(None) }.asks());
        let mut nothing = asked(None);
        nothing.terms.now = Arc::new(Offer::new(None, []));
        assert!(!nothing.asks());
    }

    #[test]
    fn the_state_is_told() {
        let key = Key::new(b"secret");
        let version = asked(None).terms.now.version().to_string();
        assert_eq!(
            asked(None).state(&key).json(),
            format!(
                r#"{{"purposes":[],"granted":[],"policy":"{version}","day":null,"receipt":null,"recorded":null,"asked":true}}"#
            )
        );
        let made = made(&asked(None), "purpose=analytics", Refusals::Records);
        let receipt = made.cookie.receipt.as_ref().unwrap();
        let told =
            format!(r#""policy":"{version}","day":"20261123","receipt":"{receipt}","recorded""#);
        assert_eq!(
            made.state(false).json(),
            format!(r#"{{"purposes":["analytics"],"granted":["analytics"],{told}:false}}"#)
        );
        let mut later = asked(Some(&made.cookie.to_string()));
        later.consent = later.consent.choosing(&made.cookie.choice, made.cookie.choice.purposes);
        let state = |key: &Key| later.state(key).json();
        assert_eq!(
            state(&key),
            format!(
                r#"{{"purposes":["analytics"],"granted":["analytics"],{told}:null,"asked":false,"verified":true}}"#
            )
        );
        assert!(state(&Key::new(b"other")).ends_with(r#""verified":false}"#));
    }
}
