//! What a drain tells, kept.

use consentry::record::News;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Waits until `done`, half a minute at most.
pub(crate) async fn until(done: impl Fn() -> bool) {
    for _ in 0..600 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen in time");
}

#[derive(Clone, Default)]
pub(crate) struct Said(Arc<Mutex<Vec<News>>>);

impl Said {
    /// What a drain tells things to.
    pub(crate) fn listener(&self) -> impl Fn(News) + Send + Sync + use<> {
        let said = self.0.clone();
        move |news| said.lock().unwrap().push(news)
    }

    /// What a person was told.
    pub(crate) fn all(&self) -> Vec<String> {
        let said = self.0.lock().unwrap();
        let words = said.iter().filter_map(|news| match news {
            News::Said(text) => Some(text.clone()),
            News::Stored(_) | News::Failed | News::Waiting(_) => None,
        });
        words.collect()
    }

    /// How many entries went into the store.
    pub(crate) fn stored(&self) -> u64 {
        let said = self.0.lock().unwrap();
        let numbers = said.iter().map(|news| match news {
            News::Stored(number) => *number,
            News::Said(_) | News::Failed | News::Waiting(_) => 0,
        });
        numbers.sum()
    }
}
