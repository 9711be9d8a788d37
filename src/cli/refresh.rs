//! Turns the sites' filter lists, on disk and from afar, into compiled ones, and keeps them fresh.
//!
//! 1. Files and kept copies are read before anything is served; what has no copy yet is fetched in the background.
//! 2. A refresh that fails keeps the old list, is logged, and is tried again after [`RETRY`] or sooner.
//! 3. Lists are swapped whole, and only in the sites that use what changed.
//! 4. A line that no rule can be made of is skipped, and reported once.

use super::told;
use crate::{
    catalog::{List, ListSource, Lists, Scope, skipped_lines},
    config::{LONGEST_LIST, keep_copy, kept_copy, read_list},
    engine::Engine,
    proxy::client::{self, Limits},
    purpose::Purpose,
    rewrite::sniff,
};
use anyhow::{Context as _, bail};
use http::HeaderMap;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::available_parallelism,
    time::Duration,
};
use tokio::{task::JoinSet, time::sleep};
use url::Url;

/// How soon a refresh that failed is tried again, at most.
const RETRY: Duration = Duration::from_secs(600);
/// How long fetching one list may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many skipped lines of one list are named in the log.
const NAMED: usize = 5;

/// The lists of all sites.
pub(super) struct Shelf {
    texts: FxHashMap<ListSource, String>,
    sites: Vec<(Vec<List>, Arc<Scope>)>,
    cache: Option<PathBuf>,
    /// How old each kept copy was at the start.
    ages: FxHashMap<ListSource, Duration>,
    reported: FxHashSet<String>,
}

/// Gives the engine's sites the lists that are on this machine, once.
pub(super) fn from_disk(engine: &Engine, cache: Option<&Path>) -> anyhow::Result<()> {
    Shelf::open(engine, cache).map(drop)
}

/// Keeps the lists on `shelf` fresh, until the tasks are dropped.
pub(super) fn start(shelf: &Arc<Mutex<Shelf>>) -> JoinSet<()> {
    let due = shelf.lock().unwrap_or_else(PoisonError::into_inner).due();
    let mut tasks = JoinSet::new();
    for (source, every, first) in due {
        tasks.spawn(keep_fresh(shelf.clone(), source, every, first));
    }
    tasks
}

async fn keep_fresh(
    shelf: Arc<Mutex<Shelf>>,
    source: ListSource,
    every: Duration,
    mut wait: Duration,
) {
    loop {
        sleep(wait).await;
        wait = match refresh(&shelf, &source).await {
            Ok(()) => every,
            Err(error) => {
                log::warn!(
                    "{} was not refreshed, the old one stays: {}",
                    shown(&source),
                    told(&error)
                );
                every.min(RETRY)
            }
        };
    }
}

async fn refresh(shelf: &Arc<Mutex<Shelf>>, source: &ListSource) -> anyhow::Result<()> {
    let text = match source {
        ListSource::File(path) => tokio::task::spawn_blocking({
            let path = path.clone();
            move || read_list(&path)
        })
        .await
        .context("reading was cut off")??,
        ListSource::Url(url) => fetch(url).await?,
    };
    let (shelf, source) = (shelf.clone(), source.clone());
    // Compiling takes long: the threads that serve are left alone.
    let put = tokio::task::spawn_blocking(move || {
        shelf.lock().unwrap_or_else(PoisonError::into_inner).put(&source, text);
    });
    put.await.context("compiling was cut off")
}

async fn fetch(url: &str) -> anyhow::Result<String> {
    let url = Url::parse(url)?;
    let limits = Limits { size: LONGEST_LIST, time: PATIENCE, ..Limits::default() };
    let response = client::get(&url, &HeaderMap::new(), &limits).await?;
    if !response.status.is_success() {
        bail!("the answer is {}", response.status);
    }
    let start = response.body.get(..sniff::BOUND).unwrap_or(&response.body);
    if response.body.trim_ascii().is_empty() || sniff::is_html(start) == Some(true) {
        bail!("the answer is no list");
    }
    Ok(String::from_utf8_lossy(&response.body).into_owned())
}

impl Shelf {
    /// Reads what is on disk, and gives it to the engine's sites.
    pub(super) fn open(engine: &Engine, cache: Option<&Path>) -> anyhow::Result<Self> {
        Self::opened(engine, cache, &FxHashMap::default(), FxHashSet::default())
    }

    /// The same for another engine: lists from afar without a kept copy are those that this one has.
    pub(super) fn reopened(&self, engine: &Engine, cache: Option<&Path>) -> anyhow::Result<Self> {
        Self::opened(engine, cache, &self.texts, self.reported.clone())
    }

    fn opened(
        engine: &Engine,
        cache: Option<&Path>,
        known: &FxHashMap<ListSource, String>,
        reported: FxHashSet<String>,
    ) -> anyhow::Result<Self> {
        let sites: Vec<(Vec<List>, Arc<Scope>)> = engine
            .scopes()
            .filter(|(config, _)| !config.lists.is_empty())
            .map(|(config, scope)| (config.lists.clone(), scope.clone()))
            .collect();
        let cache = cache.map(Path::to_path_buf);
        let (texts, ages) = Default::default();
        let mut shelf = Self { texts, sites, cache, ages, reported };
        for (source, ..) in shelf.due() {
            shelf.read(source, known)?;
        }
        shelf.compile(|_| true);
        Ok(shelf)
    }

    fn read(
        &mut self,
        source: ListSource,
        known: &FxHashMap<ListSource, String>,
    ) -> anyhow::Result<()> {
        let text = match &source {
            ListSource::File(path) => read_list(path)
                .with_context(|| format!("the list {} cannot be read", path.display()))?,
            ListSource::Url(url) => {
                let copy = self.cache.as_deref().and_then(|cache| kept_copy(cache, url));
                match (copy, known.get(&source)) {
                    (Some(copy), _) => {
                        self.ages.insert(source.clone(), copy.age);
                        copy.text
                    }
                    // Its age is not known, so it is fetched at once, and serves meanwhile.
                    (None, Some(text)) => text.clone(),
                    (None, None) => return Ok(()),
                }
            }
        };
        self.report(&source, &text);
        self.texts.insert(source, text);
        Ok(())
    }

    /// Each list once, how often it is refreshed, and when first.
    fn due(&self) -> Vec<(ListSource, Duration, Duration)> {
        let mut all: Vec<(ListSource, Duration, Duration)> = Vec::new();
        for list in self.sites.iter().flat_map(|(lists, _)| lists) {
            let every = all.iter_mut().find(|(source, ..)| *source == list.source);
            match every {
                Some((_, every, _)) => *every = list.refresh.min(*every),
                None => all.push((list.source.clone(), list.refresh, Duration::ZERO)),
            }
        }
        for (source, every, first) in &mut all {
            *first = match source {
                ListSource::File(_) => *every,
                ListSource::Url(_) => {
                    self.ages.get(source).map_or(Duration::ZERO, |age| every.saturating_sub(*age))
                }
            };
        }
        all
    }

    /// Puts a new text in the place of the old one, where it is another.
    fn put(&mut self, source: &ListSource, text: String) {
        if let (ListSource::Url(url), Some(cache)) = (source, &self.cache)
            && let Err(error) = keep_copy(cache, url, &text)
        {
            log::warn!("no copy of {url} can be kept in {}: {error}", cache.display());
        }
        if self.texts.get(source) == Some(&text) {
            return;
        }
        self.report(source, &text);
        self.texts.insert(source.clone(), text);
        self.compile(|list| list.source == *source);
        log::info!("{} is in use", shown(source));
    }

    /// Compiles the lists of the sites that have one that `changed`; sites with the same lists share them.
    fn compile(&self, changed: impl Fn(&List) -> bool) {
        let mut done: Vec<(&[List], Arc<Lists>)> = Vec::new();
        for (lists, scope) in self.sites.iter().filter(|(lists, _)| lists.iter().any(&changed)) {
            let same = done.iter().find(|(others, _)| others == lists);
            let compiled = same.map(|(_, compiled)| compiled.clone());
            let compiled = compiled.unwrap_or_else(|| Arc::new(self.compiled(lists)));
            done.push((lists, compiled.clone()));
            scope.set_lists(compiled);
        }
    }

    fn compiled(&self, lists: &[List]) -> Lists {
        let texts: Vec<(Purpose, String)> = lists
            .iter()
            .filter_map(|list| Some((list.purpose, self.texts.get(&list.source)?.clone())))
            .collect();
        Lists::new(&texts, available_parallelism().map_or(1, usize::from))
    }

    fn report(&mut self, source: &ListSource, text: &str) {
        let name = shown(source);
        let lines: Vec<&str> = text.lines().collect();
        let mut skipped = skipped_lines(text);
        skipped.retain(|skipped| {
            let line = lines.get(skipped.line.saturating_sub(1)).unwrap_or(&"");
            self.reported.insert(format!("{name}\n{line}"))
        });
        for skipped in skipped.iter().take(NAMED) {
            log::warn!("{name}: line {} is skipped: {}", skipped.line, skipped.why);
        }
        let more = skipped.len().saturating_sub(NAMED);
        if more > 0 {
            log::warn!("{name}: {more} more lines are skipped");
        }
    }
}

fn shown(source: &ListSource) -> String {
    match source {
        ListSource::File(path) => format!("the list {}", path.display()),
        ListSource::Url(url) => format!("the list {url}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::{self, Destination},
        engine::{Client, Plan, Site},
    };
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::TcpListener,
    };

    /// A server of these answers, one after the other.
    fn server(answers: &'static [&'static str]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/list.txt", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut lines = BufReader::new(&stream).lines();
                while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                write!(stream, "HTTP/1.1 {answer}").unwrap();
            }
        });
        url
    }

    fn engine(url: &str) -> Engine {
        let every = Duration::from_secs(3600);
        let source = ListSource::Url(url.to_owned());
        let list = List { source, purpose: Purpose::Analytics, refresh: every };
        let gate = catalog::Config { lists: vec![list], ..catalog::Config::default() };
        let site = Site { gate, ..Site::default() };
        let catalog = Arc::new(catalog::Catalog::new(&[], &[]).unwrap());
        let fingerprint = String::new();
        let (sites, locator) = (vec![site], crate::engine::Locator::default());
        Engine::new(crate::engine::Config { catalog, sites, locator, fingerprint }).unwrap()
    }

    fn lists(engine: &Engine, url: &str) -> bool {
        let request = http::Request::get("http://shop.example/").body(()).unwrap().into_parts().0;
        let Plan::Proxy(view) = engine.plan(&request, Client::default()) else { panic!("no plan") };
        view.gate().url(url, Destination::Script).is_some()
    }

    #[tokio::test]
    async fn a_failed_refresh_keeps_the_old_list() {
        let url = server(&[
            "200 OK\r\nContent-Length: 16\r\n\r\n||quiet.example^",
            "500 Oh\r\nContent-Length: 16\r\n\r\n||other.example^",
            "200 OK\r\nContent-Length: 20\r\n\r\n<!doctype html><p>no",
            "200 OK\r\nContent-Length: 99\r\n\r\n||other.example^",
            "200 OK\r\nContent-Length: 16\r\n\r\n||other.example^",
        ]);
        let engine = engine(&url);
        let shelf = Arc::new(Mutex::new(Shelf::open(&engine, None).unwrap()));
        let source = ListSource::Url(url);
        assert!(!lists(&engine, "https://quiet.example/x"));
        refresh(&shelf, &source).await.unwrap();
        assert!(lists(&engine, "https://quiet.example/x"));
        for _ in 0..3 {
            refresh(&shelf, &source).await.unwrap_err();
            assert!(lists(&engine, "https://quiet.example/x"));
        }
        refresh(&shelf, &source).await.unwrap();
        assert!(lists(&engine, "https://other.example/x"));
        assert!(!lists(&engine, "https://quiet.example/x"));
    }

    #[test]
    fn what_is_kept_is_due_when_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, new) = ("http://127.0.0.1:1/kept.txt", "http://127.0.0.1:1/new.txt");
        keep_copy(folder.path(), kept, "||quiet.example^").unwrap();
        let engine = |url| {
            let engine = engine(url);
            let shelf = Shelf::open(&engine, Some(folder.path())).unwrap();
            let first = shelf.due().first().unwrap().2;
            (lists(&engine, "https://quiet.example/x"), first > Duration::from_secs(3000))
        };
        assert_eq!(engine(kept), (true, true));
        assert_eq!(engine(new), (false, false));
    }
}
