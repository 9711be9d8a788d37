//! Turns `SIGHUP` and `POST /reload` into another engine, or into what is wrong with the file that it would be made of.
//!
//! 1. Everything is read and built before anything changes: what is wrong leaves the engine, the lists and the certificates as
//!    they are.
//! 2. One reload is done at a time, on a thread that serves nobody.
//! 3. What has changed is logged key by key, and so is what takes effect only after a restart.

use super::{
    ConfigFile, notify,
    refresh::{self, Shelf},
    serve, told,
};
use crate::{
    config::{Change, Config, Listen, Overrides, Problems, changes},
    engine::Engine,
    proxy::{
        Consentry,
        life::{Asked, Life, Reloaded},
        listen::facts,
        origins,
    },
};
use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
};

/// What a program is made of that can be read again.
pub(super) struct Source {
    pub(super) file: ConfigFile,
    pub(super) overrides: Overrides,
    /// What the file said last; empty without one.
    pub(super) text: String,
}

/// Reads the configuration again when it is asked to.
pub(super) struct Reloading {
    source: Source,
    shelf: Arc<Mutex<Shelf>>,
    consentry: Consentry,
    life: Life,
    hangup: Signal,
    asked: mpsc::Receiver<Asked>,
    /// What keeps the lists of this engine fresh.
    _fresh: JoinSet<()>,
}

/// Everything that takes the place of what was before.
struct Next {
    text: String,
    engine: Engine,
    shelf: Shelf,
    listen: Listen,
}

impl Reloading {
    /// Keeps the lists fresh, and waits for those who ask; has to be called within a runtime.
    pub(super) fn new(
        source: Source,
        shelf: Shelf,
        consentry: Consentry,
        life: Life,
    ) -> io::Result<Self> {
        let hangup = signal(SignalKind::hangup())?;
        let asked = life.reloads();
        let shelf = Arc::new(Mutex::new(shelf));
        let fresh = refresh::start(&shelf);
        Ok(Self { source, shelf, consentry, life, hangup, asked, _fresh: fresh })
    }

    /// Does what it is asked for, until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            let asked = tokio::select! {
                Some(()) = self.hangup.recv() => None,
                Some(asked) = self.asked.recv() => Some(asked),
                else => return,
            };
            notify::tell_reloading();
            let reloaded = self.once().await;
            notify::tell(notify::READY);
            self.count(&reloaded);
            if let Some(asked) = asked {
                // Whoever asked may have gone.
                let _ = asked.send(reloaded);
            }
        }
    }

    async fn once(&mut self) -> Reloaded {
        let Source { file, overrides, .. } = &self.source;
        let (file, overrides, shelf) = (file.clone(), overrides.clone(), self.shelf.clone());
        let next = spawn_blocking(move || Next::read(&file, &overrides, &shelf)).await;
        let next = next.unwrap_or_else(|error| Err(anyhow::anyhow!("it was cut off: {error}")));
        match next {
            Ok(next) => Ok(self.take(next)),
            Err(error) => Err(match error.downcast_ref::<Problems>() {
                Some(Problems(problems)) => problems.iter().map(ToString::to_string).collect(),
                None => vec![told(&error)],
            }),
        }
    }

    /// Puts `next` in the place of what was before; gives what is told of it.
    fn take(&mut self, next: Next) -> Vec<String> {
        let Next { text, engine, shelf, listen } = next;
        self.consentry.swap(engine);
        self.shelf = Arc::new(Mutex::new(shelf));
        self._fresh = refresh::start(&self.shelf);
        let mut lines = Vec::new();
        if let Err(error) = self.life.certify(&listen.listeners) {
            lines.push(format!("certificates are served as before: {error}"));
        }
        let changes = changes(&self.source.text, &text);
        self.source.text = text;
        lines.extend(changes.iter().map(Change::to_string));
        if changes.is_empty() {
            lines.push("the file says what it said; what it names is read again".to_owned());
        }
        lines
    }

    fn count(&self, reloaded: &Reloaded) {
        let outcome = match reloaded {
            Ok(lines) => {
                lines.iter().for_each(|line| log::info!("reload: {line}"));
                "taken"
            }
            Err(lines) => {
                lines.iter().for_each(|line| log::error!("reload: {line}"));
                log::error!("reload: refused, everything stays as it was");
                "refused"
            }
        };
        self.consentry.metrics().reloads.with_label_values(&[outcome]).inc();
    }
}

impl Next {
    fn read(
        file: &ConfigFile,
        overrides: &Overrides,
        shelf: &Mutex<Shelf>,
    ) -> anyhow::Result<Self> {
        let text = file.text()?;
        let config = file.parse(&text, overrides)?;
        serve::has_origin(&config)?;
        let engine = engine(&config)?;
        let shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let shelf = shelf.reopened(&engine, config.list_cache.as_deref())?;
        for files in config.listen.listeners.iter().filter_map(|listener| listener.tls.as_ref()) {
            files.certificates.iter().try_for_each(|files| facts(files).map(drop))?;
        }
        Ok(Self { text, engine, shelf, listen: config.listen })
    }
}

/// An engine whose origins can be asked.
pub(super) fn engine(config: &Config) -> anyhow::Result<Engine> {
    let engine = Engine::new(config.engine(&[])?)?.collecting(config.collection.clone());
    let engine = engine.holding(config.limits.capacity);
    origins::check(&engine)?;
    Ok(engine)
}

impl ConfigFile {
    /// What the file says; nothing without one.
    pub(super) fn text(&self) -> Result<String, Problems> {
        self.config.as_deref().map_or_else(|| Ok(String::new()), Config::read)
    }

    /// What `text` means, which the file says.
    pub(super) fn parse(&self, text: &str, overrides: &Overrides) -> Result<Config, Problems> {
        let Some(path) = &self.config else {
            return Config::parse(text, "the defaults", "".as_ref(), overrides);
        };
        let base = path.parent().unwrap_or(Path::new(""));
        Config::parse(text, &path.display().to_string(), base, overrides)
    }
}
