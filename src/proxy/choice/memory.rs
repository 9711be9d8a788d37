//! Turns the sites' inventories into a file that outlives the program, and into rows of the store that all nodes share.
//!
//! 1. What is kept: by site the vendors that were found, as `purpose:id`, and the lists that visitors were asked about.
//! 2. The file is read before the first request, so that nobody is asked again because the program was restarted, with the store
//!    down too. A file that cannot be read is as good as none, and is said.
//! 3. Every 30 s what is new goes to the file and the store, and what other nodes found comes from there; the lists that
//!    visitors' choices name, and that are not known here, are looked up too.
//! 4. The file is written beside its place and put there whole.

use super::super::Consentry;
use crate::{
    catalog::Catalog,
    engine::{Engine, Inventory},
    purpose::Purpose,
    record::{Store, StoreError, StoreUrl},
    vendor::Vendor,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;

/// How often it is kept.
const PACE: Duration = Duration::from_secs(30);
/// The file's name in its folder.
const NAME: &str = "inventory.json";
/// The longest file that is read; bytes.
const LONGEST: u64 = 64 << 20;

/// Where inventories are kept.
#[derive(Debug)]
pub struct Memory {
    folder: PathBuf,
    store: Option<StoreUrl>,
    open: Option<Store>,
    written: Kept,
    stored: BTreeSet<(String, String)>,
    said: String,
}

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    sites: BTreeMap<String, KeptSite>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct KeptSite {
    /// `purpose:id`.
    vendors: BTreeSet<String>,
    /// As [`crate::choice::Offer::body`] gives them.
    lists: BTreeSet<String>,
}

impl Memory {
    /// The memory in `folder`, which is that of the spool, and in `store`.
    #[must_use]
    pub fn new(folder: &Path, store: Option<StoreUrl>) -> Self {
        let (written, stored) = Default::default();
        let (folder, said) = (folder.to_owned(), String::new());
        Self { folder, store, open: None, written, stored, said }
    }

    /// Adds what the file holds to the sites of `consentry`.
    pub fn recall(&mut self, consentry: &Consentry) {
        match read(&self.folder.join(NAME)) {
            Ok(kept) => {
                let engine = consentry.engine();
                for (name, inventory) in engine.inventories() {
                    let Some(site) = kept.sites.get(name) else { continue };
                    add(inventory, engine.catalog(), site.vendors.iter().map(String::as_str));
                    inventory.learn(site.lists.iter().map(String::as_str));
                }
                self.written = kept;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                log::warn!("what was known of the sites' vendors cannot be read: {error}")
            }
        }
    }

    /// Keeps the inventories of `consentry` until `end`, and then once more, where there is a place already.
    pub async fn keep(mut self, consentry: Consentry, end: impl Future<Output = ()>) {
        tokio::pin!(end);
        loop {
            self.pass(&consentry).await;
            if timeout(PACE, &mut end).await.is_ok() {
                break;
            }
        }
        if self.folder.exists() {
            self.pass(&consentry).await;
        }
    }

    /// Keeps them once.
    pub async fn pass(&mut self, consentry: &Consentry) {
        let engine = consentry.engine();
        let stored = self.share(&engine).await.map_err(|error| error.to_string());
        let written = self.write(&engine).map_err(|error| error.to_string());
        let why = stored.and(written).err().unwrap_or_default();
        if !why.is_empty() && why != self.said {
            log::warn!("what is known of the sites' vendors cannot be kept: {why}");
        }
        self.said = why;
    }

    async fn share(&mut self, engine: &Engine) -> Result<(), StoreError> {
        let Some(url) = &self.store else { return Ok(()) };
        if is_new(url) {
            return Ok(());
        }
        let ours: BTreeSet<_> = engine.inventories().flat_map(|(name, i)| found(name, i)).collect();
        let store = match self.open.take() {
            Some(open) => open,
            None => Store::open(url).await?,
        };
        let new: Vec<_> = ours.difference(&self.stored).cloned().collect();
        if !new.is_empty() {
            store.add_found(&new).await?;
        }
        self.stored = store.found().await?.into_iter().collect();
        for (name, inventory) in engine.inventories() {
            let of_site = self.stored.iter().filter(|(site, _)| site == name);
            add(inventory, engine.catalog(), of_site.map(|(_, vendor)| vendor.as_str()));
            let missing = inventory.now().terms().missing.take();
            for version in missing {
                let list = store.vendors_beginning(version.as_str()).await?;
                inventory.learn(list.iter().map(|(_, body)| body.as_str()));
            }
        }
        self.open = Some(store);
        Ok(())
    }

    fn write(&mut self, engine: &Engine) -> io::Result<()> {
        // Sites that are not served now may be again.
        let mut kept = self.written.clone();
        for (name, inventory) in engine.inventories() {
            let site = kept.sites.entry(name.to_owned()).or_default();
            let now = inventory.now();
            site.vendors = now.vendors().map(written).collect();
            site.lists = now.bodies().map(str::to_owned).collect();
        }
        kept.sites.retain(|_, site| *site != KeptSite::default());
        if kept == self.written {
            return Ok(());
        }
        let path = self.folder.join(NAME);
        let draft = self.folder.join(format!("{NAME}.new"));
        fs::create_dir_all(&self.folder)?;
        fs::write(&draft, serde_json::to_vec(&kept)?)?;
        fs::File::open(&draft)?.sync_all()?;
        fs::rename(&draft, &path)?;
        self.written = kept;
        Ok(())
    }
}

/// Whether it is a file that is not there yet; the first record makes it.
fn is_new(url: &StoreUrl) -> bool {
    match url {
        StoreUrl::Sqlite(path) => !path.exists(),
        StoreUrl::Postgres(_) => false,
    }
}

fn read(path: &Path) -> io::Result<Kept> {
    if fs::metadata(path)?.len() > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long"));
    }
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

fn written(vendor: &Arc<Vendor>) -> String {
    format!("{}:{}", vendor.purpose, vendor.id)
}

fn found(site: &str, inventory: &Inventory) -> Vec<(String, String)> {
    inventory.now().vendors().map(|vendor| (site.to_owned(), written(vendor))).collect()
}

/// Adds those of `kept` that the catalogue knows.
fn add<'k>(inventory: &Inventory, catalog: &Catalog, kept: impl Iterator<Item = &'k str>) {
    let known = kept.filter_map(|text| {
        let (purpose, id) = text.split_once(':')?;
        catalog.kept(purpose.parse::<Purpose>().ok()?, id)
    });
    inventory.add(known);
}
