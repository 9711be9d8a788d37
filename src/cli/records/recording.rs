//! Turns the records' configuration into a recorder that runs beside the proxy, and ends after it.
//!
//! 1. A spool or a store that cannot be used keeps nobody from the website: it is said, and choices go on.
//! 2. At the end what is in the queue goes to the disk before the program ends.

use crate::{
    proxy::Consentry,
    record::{Config, News, Recorder},
};
use std::{io, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

/// How long the store may take at the end.
const LAST_MOMENT: Duration = Duration::from_secs(4);

/// What keeps records while the program runs.
pub(in crate::cli) struct Recording(Option<Running>);

struct Running {
    recorder: Recorder,
    end: oneshot::Sender<()>,
    drain: JoinHandle<()>,
}

impl Recording {
    /// Records the choices that `consentry` is sent from here on; has to be called within a runtime.
    pub(in crate::cli) fn start(config: &Config, consentry: &Consentry) -> io::Result<Self> {
        let Some((recorder, drain)) = config.start()? else { return Ok(Self(None)) };
        let (end, ended) = oneshot::channel();
        let counting = consentry.clone().recording(recorder.clone());
        let tell = move |news: News| {
            if let Some(text) = counting.count_news(news) {
                log::warn!("records: {text}");
            }
        };
        let drain = tokio::spawn(drain.run(tell, async {
            // Whoever holds the other end is gone or asks for the end: it is the same.
            let _ = ended.await;
        }));
        Ok(Self(Some(Running { recorder, end, drain })))
    }

    /// Waits until nothing that was acknowledged, or was about to be, is in memory alone.
    pub(in crate::cli) async fn end(self) {
        let Some(Running { recorder, end, drain }) = self.0 else { return };
        if !recorder.flush().await {
            log::error!("records: not all choices could be put on the disk");
        }
        let _ = end.send(());
        let _ = timeout(LAST_MOMENT, drain).await;
    }
}
