//! Turns the fields of a request, wherever they are, into those that leave: the one place where a field's rule is applied.
//!
//! 1. A value that holds JSON, base64 of JSON, or a query string (from `?`, or where rules speak of what is in it) is gone into. If no rule
//!    speaks of what is in it, the rule of the field holds for all of it, as for a field that is listed by no name.
//! 2. A container of which nothing is left goes too; one that was empty stays if a rule lists it or something in it.
//! 3. Detectors look at a value before it is cut, and never at a hash.
//! 4. Names that leave pass the detectors as well.

use super::{
    Malformed, Shaper,
    body::{self, Base64, Budget, Json, MAX_DEPTH},
    fields::{Fields, Rule, escape},
    google::{STAMPED, Stamps},
    redact::{Care, REDACTED, Redactor},
    report::{Report, note},
    syntax::Syntax,
    url::Leave,
};
use crate::catalog::Action;
use crate::collect::Unlisted;
use std::{borrow::Cow, collections::BTreeSet, rc::Rc, time::SystemTime};

/// The bytes of the longest path: each value below it costs a look at all of it.
const MAX_PATH: usize = 1024;

/// A walk over one request.
pub(super) struct Walk<'a> {
    pub(super) shaper: &'a Shaper,
    pub(super) fields: &'a Fields,
    pub(super) redactor: Redactor<'a>,
    /// Shared, for each line of a batch reads it.
    pub(super) stamps: Option<Rc<Stamps>>,
    pub(super) marketing: bool,
    pub(super) now: SystemTime,
    pub(super) budget: Budget,
    pub(super) report: Report,
    /// Hosts of URLs on paths that share nothing.
    pub(super) sensitive: BTreeSet<String>,
    /// The accounts that the request names.
    pub(super) accounts: BTreeSet<String>,
    /// Where the walk is.
    path: String,
    depth: usize,
    /// Whether all of what the walk is in leaves.
    all: bool,
}

/// What becomes of a text.
#[derive(Debug)]
pub(super) enum Outcome {
    Dropped,
    Same,
    Changed(String),
}

/// Which of Consent Mode's parameters a query string gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// None: it is a field's value.
    No,
    /// Those that it has.
    Present,
    /// All.
    All,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        shaper: &'a Shaper,
        fields: &'a Fields,
        redactor: Redactor<'a>,
        now: SystemTime,
    ) -> Self {
        Self {
            shaper,
            fields,
            redactor,
            stamps: None,
            marketing: false,
            now,
            budget: Budget::default(),
            report: Report::default(),
            sensitive: BTreeSet::new(),
            accounts: BTreeSet::new(),
            path: String::new(),
            depth: 0,
            all: false,
        }
    }

    /// What of `json` leaves; `None` for nothing.
    pub(super) fn json<'j>(&mut self, json: Json<'j>) -> Result<Option<Json<'j>>, Malformed> {
        match json {
            Json::Null | Json::Bool(_) => Ok(self.leaves().then_some(json)),
            Json::Number(literal) => Ok(match self.scalar(&literal, self.rule()) {
                Outcome::Dropped => None,
                Outcome::Same => Some(Json::Number(literal)),
                Outcome::Changed(text) => Some(Json::Text(Cow::Owned(text))),
            }),
            Json::Text(text) => Ok(match self.text(&text)? {
                Outcome::Dropped => None,
                Outcome::Same => Some(Json::Text(text)),
                Outcome::Changed(text) => Some(Json::Text(Cow::Owned(text))),
            }),
            Json::List(items) => self.container(items, Json::List, Self::json),
            Json::Object(members) => {
                self.container(members, Json::Object, |walk, (name, value)| {
                    let left = walk.within(&name, |walk| walk.json(value))?;
                    Ok(left.map(|value| (walk.name(name), value)))
                })
            }
        }
    }

    fn container<T, J>(
        &mut self,
        items: Vec<T>,
        make: impl FnOnce(Vec<T>) -> J,
        shape: impl Fn(&mut Self, T) -> Result<Option<T>, Malformed>,
    ) -> Result<Option<J>, Malformed> {
        let rule = self.rule();
        if rule == Rule::Drop {
            self.dropped();
            return Ok(None);
        }
        if items.is_empty() {
            let listed = rule != Rule::Unlisted || self.fields.reach_below(&self.path);
            return Ok(listed.then(|| make(items)));
        }
        self.depth += 1;
        let left: Result<Vec<T>, _> =
            items.into_iter().filter_map(|item| shape(self, item).transpose()).collect();
        self.depth -= 1;
        let left = left?;
        Ok((!left.is_empty()).then(|| make(left)))
    }

    /// What of `text`, the value of the field where the walk is, leaves.
    pub(super) fn text(&mut self, text: &str) -> Result<Outcome, Malformed> {
        let rule = self.rule();
        match rule {
            Rule::Unlisted | Rule::Leave(Action::Keep, _) => {
                if let Some(outcome) = self.held(text, rule)? {
                    return Ok(outcome);
                }
            }
            Rule::Drop | Rule::Leave(..) => {}
        }
        Ok(self.scalar(text, rule))
    }

    /// What of a value that holds no fields leaves by `rule`, that of where the walk is.
    fn scalar(&mut self, text: &str, rule: Rule) -> Outcome {
        self.place(text, rule);
        if self.fields.is_account(&self.path) {
            self.accounts.insert(text.to_owned());
        }
        let Rule::Leave(action, care) = rule else {
            self.dropped();
            return Outcome::Dropped;
        };
        let left = match action {
            Action::Drop => {
                self.dropped();
                return Outcome::Dropped;
            }
            Action::Hash if text.is_empty() => Cow::Borrowed(text),
            Action::Hash => Cow::Owned(self.shaper.hasher.hash(text, self.now)),
            Action::Keep => self.redactor.redact(text, care),
            Action::Truncate(chars) => {
                let clean = self.redactor.redact(text, care);
                let end = clean.char_indices().nth(chars.into()).map(|(at, _)| at);
                end.map_or(clean.clone(), |end| {
                    clean.get(..end).unwrap_or_default().to_owned().into()
                })
            }
            Action::Url => Cow::Owned(self.url(text)),
        };
        let outcome =
            if left == text { Outcome::Same } else { Outcome::Changed(left.into_owned()) };
        self.kept(care);
        outcome
    }

    /// Notes a URL on a path that shares nothing, also in a field that does not leave: it says where the visitor is.
    fn place(&mut self, text: &str, rule: Rule) {
        if self.shaper.sensitive.is_empty() {
            return;
        }
        let is_url = matches!(rule, Rule::Leave(Action::Url, _)) || text.contains("//");
        if is_url && let Some(host) = self.shaper.sensitive.host(text) {
            self.sensitive.insert(host);
        }
    }

    fn url(&mut self, text: &str) -> String {
        let (fields, marketing) = (self.fields, self.marketing);
        let listed = |name: &str| fields.is_marketing(name);
        let leave = Leave { marketing, listed: &listed };
        let clean = self.shaper.urls.clean(text, leave, &mut self.redactor);
        if clean == REDACTED {
            let redactor = &mut self.redactor;
            let names = &mut self.report.redacted_fields;
            note(names, &self.path, |name| redactor.clean_name(name));
        }
        clean
    }

    /// What of the fields that `text` holds leaves; `None` if it holds none, or none that need looking at.
    fn held(&mut self, text: &str, rule: Rule) -> Result<Option<Outcome>, Malformed> {
        let below = self.fields.reach_below(&self.path);
        let listed = rule != Rule::Unlisted;
        if self.depth >= MAX_DEPTH || !(below || listed) {
            return Ok(None);
        }
        let before = self.all;
        self.all |= listed && !below;
        self.depth += 1;
        let outcome = match text.trim_ascii_start().as_bytes() {
            [b'{' | b'[', ..] => self.held_json(text),
            [b'e' | b'W' | b'H', _, _, _, ..] => self.held_base64(text),
            [b'?', ..] | [b'/', ..] | [_, ..] if below => self.held_query(text),
            [b'?', ..] if text.contains('=') => self.held_query(text),
            _ => Ok(None),
        };
        self.depth -= 1;
        self.all = before;
        outcome
    }

    fn held_json(&mut self, text: &str) -> Result<Option<Outcome>, Malformed> {
        let Some(json) = Json::parse(text, self.depth, &mut self.budget) else { return Ok(None) };
        let Some(left) = self.json(json)? else { return Ok(Some(Outcome::Dropped)) };
        let mut written = String::with_capacity(text.len());
        left.write(&mut written);
        Ok(Some(if written == text { Outcome::Same } else { Outcome::Changed(written) }))
    }

    fn held_base64(&mut self, text: &str) -> Result<Option<Outcome>, Malformed> {
        if Base64::read(text.trim_ascii()).is_none() {
            return if self.fields.reach_below(&self.path) {
                self.held_query(text)
            } else {
                Ok(None)
            };
        }
        let layered = Cow::Borrowed(text.trim_ascii().as_bytes());
        let bare = body::strip(layered, &mut self.budget);
        let inner = std::str::from_utf8(&bare.bytes).ok().filter(|_| !bare.layers.is_empty());
        let Some(inner) = inner else { return Ok(None) };
        let Some(outcome) = self.held_json(inner)? else { return Ok(None) };
        let Outcome::Changed(inner) = outcome else { return Ok(Some(outcome)) };
        let wrapped = body::wrap(&bare.layers, inner.into_bytes())?;
        Ok(String::from_utf8(wrapped).ok().map(Outcome::Changed))
    }

    /// A query string, with or without a path before it.
    fn held_query(&mut self, text: &str) -> Result<Option<Outcome>, Malformed> {
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (Some(path), query),
            None => (None, text),
        };
        if !query.contains('=') {
            return Ok(None);
        }
        let left = self.query(query, Syntax::Query, Stamp::No)?;
        let Some(path) = path else {
            let dropped = left.is_empty();
            return Ok(Some(if dropped { Outcome::Dropped } else { Outcome::Changed(left) }));
        };
        let path = self.redactor.redact(path, Care::All).into_owned();
        Ok(Some(Outcome::Changed(format!("{path}?{left}"))))
    }

    /// What of a query string leaves.
    pub(super) fn query(
        &mut self,
        query: &str,
        syntax: Syntax,
        stamp: Stamp,
    ) -> Result<String, Malformed> {
        let mut out = String::with_capacity(query.len());
        let stamps = self.stamps.clone().filter(|_| stamp != Stamp::No);
        let mut missing = STAMPED.to_vec();
        for pair in query.split(syntax.separator()).filter(|pair| !pair.is_empty()) {
            self.budget.take_field().ok_or(Malformed::TooLarge)?;
            let (raw, value) = pair.split_once('=').map_or((pair, None), |(n, v)| (n, Some(v)));
            let name = syntax.decode(raw);
            if let Some(stamped) = stamps.as_ref().and_then(|stamps| stamps.get(&name)) {
                if missing.contains(&&*name) {
                    missing.retain(|stamped| **stamped != *name);
                    syntax.push(&name, stamped, &mut out);
                }
                continue;
            }
            let plain = syntax.decode(value.unwrap_or_default());
            let outcome = self.within(&name, |walk| walk.text(&plain))?;
            let left = match outcome {
                Outcome::Dropped => continue,
                Outcome::Same => None,
                Outcome::Changed(text) => Some(text),
            };
            let clean = self.name(Cow::Borrowed(&*name));
            if left.is_none() && clean == name {
                syntax.push_raw(pair, &mut out);
            } else {
                syntax.push(&clean, left.as_deref().unwrap_or(&plain), &mut out);
            }
        }
        if let Some(stamps) = stamps.filter(|_| stamp == Stamp::All) {
            for name in missing {
                syntax.push(name, stamps.get(name).unwrap_or_default(), &mut out);
            }
        }
        Ok(out)
    }

    /// Does `act` at the field `name` below where the walk is.
    pub(super) fn within<T>(
        &mut self,
        name: &str,
        act: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let len = self.path.len();
        if len + name.len() > MAX_PATH {
            return Err(Malformed::TooLarge);
        }
        if len > 0 {
            self.path.push('/');
        }
        self.path.push_str(&escape(name));
        let result = act(self);
        self.path.truncate(len);
        result
    }

    /// A name as it leaves.
    pub(super) fn name<'n>(&mut self, name: Cow<'n, str>) -> Cow<'n, str> {
        let clean = match self.redactor.redact(&name, Care::Named) {
            Cow::Borrowed(_) => return name,
            Cow::Owned(clean) => clean,
        };
        self.count_hits();
        Cow::Owned(clean)
    }

    /// What the rules say of where the walk is.
    pub(super) fn rule(&self) -> Rule {
        let keep = self.all || self.shaper.unlisted == Unlisted::Keep;
        match self.fields.rule(&self.path, self.marketing) {
            Rule::Unlisted if keep => Rule::Leave(Action::Keep, Care::All),
            rule @ (Rule::Unlisted | Rule::Drop | Rule::Leave(..)) => rule,
        }
    }

    /// Whether something of the value where the walk is may leave.
    pub(super) fn enters(&self) -> bool {
        match self.rule() {
            Rule::Drop => false,
            Rule::Unlisted => self.fields.reach_below(&self.path),
            Rule::Leave(..) => true,
        }
    }

    /// Whether what holds no text leaves.
    fn leaves(&mut self) -> bool {
        let Rule::Leave(_, care) = self.rule() else {
            self.dropped();
            return false;
        };
        self.kept(care);
        true
    }

    pub(super) fn dropped(&mut self) {
        let redactor = &mut self.redactor;
        note(&mut self.report.dropped, &self.path, |name| redactor.clean_name(name));
    }

    /// Notes that the field leaves. The catalogue itself has the names of those that it lists by name.
    fn kept(&mut self, care: Care) {
        let found = self.count_hits();
        let redactor = &mut self.redactor;
        note(&mut self.report.kept, &self.path, |name| match care {
            Care::Named => None,
            Care::All => redactor.clean_name(name),
        });
        if found {
            let names = &mut self.report.redacted_fields;
            note(names, &self.path, |name| redactor.clean_name(name));
        }
    }

    /// Counts what was found since the last time; whether anything was.
    pub(super) fn count_hits(&mut self) -> bool {
        let hits = self.redactor.take_hits();
        for hit in &hits {
            *self.report.redacted.entry(*hit).or_default() += 1;
        }
        !hits.is_empty()
    }
}
