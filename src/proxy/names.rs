//! Turns the names under the sites' own domains that pages use into what they are aliases of, and tells the engine.
//!
//! 1. No page waits: names are noted while pages are read, and resolved here, a few at a time. Until then they are the site's own.
//! 2. A chain is followed alias by alias (RFC 1034, 3.6.2), eight of them at most, by questions for `CNAME` alone: no address of
//!    anybody is asked for.
//! 3. An answer is kept as long as its records say, within bounds; that there is none, for a while (RFC 2308). What cannot be asked
//!    now keeps what was known, and is asked again soon.
//! 4. What is known is bounded: the names that were first are kept, for an attacker's are many and come later.
//! 5. Another engine gets what is known at once.

use super::Consentry;
use crate::{catalog::Aliases, engine::Engine};
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::{RData, RecordType},
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time};

/// How many aliases are followed.
const LINKS: usize = 8;
/// How many names are known at most.
const MOST: usize = 1024;
/// How many are resolved at a time.
const AT_A_TIME: usize = 8;
/// How often the engine is asked for names.
const PULSE: Duration = Duration::from_millis(500);
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(4);
/// Bounds of how long an answer is kept.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(86_400);
/// How long it is kept that there is no alias, and that nothing could be asked.
const NONE: Duration = Duration::from_secs(3600);
const FAILED: Duration = Duration::from_secs(60);

/// What is known of one name.
struct Known {
    /// From the first alias to the last.
    chain: Vec<String>,
    until: Instant,
}

/// What a question came to: the chain, and how long it is kept; nothing where nobody could be asked.
type Answer = Option<(Vec<String>, Duration)>;

/// Resolves names for the engines of a proxy.
struct Names {
    consentry: Consentry,
    resolver: Arc<TokioResolver>,
    known: BTreeMap<Box<str>, Known>,
    /// The engine that was told last.
    told: Weak<Engine>,
}

/// Resolves the names that the pages of `consentry` use, by the server `dns` or else the system's, until the task ends.
///
/// # Errors
/// When the system does not say whom to ask.
pub fn watch(consentry: Consentry, dns: Option<SocketAddr>) -> Result<JoinSet<()>, NetError> {
    let resolver = Arc::new(resolver(dns)?);
    let mut names = Names { consentry, resolver, known: BTreeMap::new(), told: Weak::new() };
    let mut task = JoinSet::new();
    task.spawn(async move {
        loop {
            time::sleep(PULSE).await;
            names.pulse().await;
        }
    });
    Ok(task)
}

fn resolver(dns: Option<SocketAddr>) -> Result<TokioResolver, NetError> {
    let mut builder = match dns {
        Some(server) => {
            let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            connections.iter_mut().for_each(|connection| connection.port = server.port());
            let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
                .with_options(ResolverOpts::default())
        }
        None => TokioResolver::builder_tokio()?,
    };
    let options = builder.options_mut();
    options.timeout = PATIENCE / 2;
    options.attempts = 1;
    // What is kept is kept here.
    options.cache_size = 0;
    builder.build()
}

impl Names {
    async fn pulse(&mut self) {
        let engine = self.consentry.engine();
        let due = self.due(&engine);
        let changed = self.ask(due).await;
        let is_new = self.told.upgrade().is_none_or(|told| !Arc::ptr_eq(&told, &engine));
        if changed || is_new && !self.known.is_empty() {
            engine.uncloak(&self.aliases());
        }
        self.told = Arc::downgrade(&engine);
    }

    /// The names that are to be asked about: new ones, and those whose answers are old.
    fn due(&self, engine: &Engine) -> Vec<Box<str>> {
        let (now, room) = (Instant::now(), MOST.saturating_sub(self.known.len()));
        let noted = engine.take_noted().into_iter();
        let new = noted.filter(|name| !self.known.contains_key(name)).take(room);
        let old = self.known.iter().filter(|(_, known)| known.until <= now);
        new.chain(old.map(|(name, _)| name.clone())).collect()
    }

    /// Asks about `names`; whether what is known changed.
    async fn ask(&mut self, names: Vec<Box<str>>) -> bool {
        let (mut changed, mut names) = (false, names.into_iter());
        let mut asked = JoinSet::new();
        loop {
            while asked.len() < AT_A_TIME {
                let Some(name) = names.next() else { break };
                let resolver = self.resolver.clone();
                asked.spawn(async move {
                    let answer = chain(&resolver, &name).await;
                    (name, answer)
                });
            }
            match asked.join_next().await {
                Some(Ok((name, answer))) => changed |= self.keep(name, answer),
                Some(Err(_)) => {}
                None => return changed,
            }
        }
    }

    fn keep(&mut self, name: Box<str>, answer: Answer) -> bool {
        let before = self.known.get(&name).map(|known| known.chain.clone());
        let (chain, kept) = answer.unwrap_or_else(|| (before.clone().unwrap_or_default(), FAILED));
        let changed = before.as_ref() != Some(&chain);
        self.known.insert(name, Known { chain, until: Instant::now() + kept });
        changed
    }

    fn aliases(&self) -> Aliases {
        self.known.iter().map(|(name, known)| (name.clone(), known.chain.clone())).collect()
    }
}

/// The aliases of `name`, one after the other.
async fn chain(resolver: &TokioResolver, name: &str) -> Answer {
    let (mut chain, mut kept) = (Vec::<String>::new(), LONGEST);
    for _ in 0..LINKS {
        let asked = chain.last().map_or(name, String::as_str);
        match alias(resolver, asked).await? {
            Some((alias, time)) if !chain.contains(&alias) => {
                kept = kept.min(time.max(SHORTEST));
                chain.push(alias);
            }
            Some(_) | None => break,
        }
    }
    Some(if chain.is_empty() { (chain, NONE) } else { (chain, kept) })
}

/// What `name` is an alias of, if it is one; nothing where nobody could be asked.
async fn alias(resolver: &TokioResolver, name: &str) -> Option<Option<(String, Duration)>> {
    // With its last dot no domain of this machine is tried behind it.
    let question = resolver.lookup(format!("{name}."), RecordType::CNAME);
    match time::timeout(PATIENCE, question).await.ok()? {
        Ok(lookup) => {
            let found = lookup.answers().iter().find_map(|record| {
                let RData::CNAME(alias) = &record.data else { return None };
                let name = alias.0.to_utf8().trim_end_matches('.').to_ascii_lowercase();
                Some((name, Duration::from_secs(record.ttl.into())))
            });
            Some(found)
        }
        Err(error) if error.is_no_records_found() => Some(None),
        Err(_) => None,
    }
}
