//! Turns what a running program is told into what it does next: to go on, to be read again, to end.
//!
//! 1. What it is told to do only ever gets more urgent.
//! 2. It is ready from when it listens until it is first told to end: balancers that ask send nobody more, and those who come
//!    all the same are served.

use super::{
    listen::{Address, CertificateError, Listener},
    tls::Acceptor,
};
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use tokio::sync::{mpsc, oneshot, watch};

/// What a running program is to do; later ones are more urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// To go on.
    #[default]
    Run,
    /// To say that it is not ready any more, to wait a while, and then to [`Drain`](Self::Drain).
    Leave,
    /// To take no more connections, and to end when requests on their way are answered.
    Drain,
    /// To end now.
    Stop,
}

/// What became of reading the configuration again: what has changed, or what is wrong; in lines.
pub type Reloaded = Result<Vec<String>, Vec<String>>;

/// Somebody who asks that the configuration be read again, and waits for what becomes of it.
pub type Asked = oneshot::Sender<Reloaded>;

/// How many may wait for that.
const WAITING: usize = 16;

/// A running program, seen by those who tell it what to do; a handle that can be cloned.
#[derive(Clone, Debug, Default)]
pub struct Life(Arc<Inner>);

#[derive(Default)]
struct Inner {
    order: watch::Sender<Order>,
    listens: AtomicBool,
    reload: OnceLock<mpsc::Sender<Asked>>,
    doors: Mutex<Vec<(Address, Acceptor)>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Life").field("order", &*self.order.borrow()).finish_non_exhaustive()
    }
}

impl Life {
    /// Tells it what to do, unless it was told something more urgent.
    pub fn tell(&self, order: Order) {
        self.0.order.send_if_modified(|now| {
            let is_new = order > *now;
            *now = order.max(*now);
            is_new
        });
    }

    /// What it is to do.
    #[must_use]
    pub fn order(&self) -> Order {
        *self.0.order.borrow()
    }

    /// Waits until it is told to do `order`, or something more urgent.
    pub async fn told(&self, order: Order) {
        let mut orders = self.0.order.subscribe();
        // The sender is our own.
        let _ = orders.wait_for(|now| *now >= order).await;
    }

    /// Whether visitors should be sent here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.listens.load(Relaxed) && self.order() == Order::Run
    }

    /// Whoever reads the configuration again, and answers those who ask for it; only the first one is asked.
    #[must_use]
    pub fn reloads(&self) -> mpsc::Receiver<Asked> {
        let (ask, asked) = mpsc::channel(WAITING);
        let _ = self.0.reload.set(ask);
        asked
    }

    /// Has the configuration be read again; `None` where nobody does.
    pub async fn reload(&self) -> Option<Reloaded> {
        let (asked, answer) = oneshot::channel();
        self.0.reload.get()?.send(asked).await.ok()?;
        answer.await.ok()
    }

    /// Serves the certificates of `listeners` where they are listened on, from the next handshake on.
    ///
    /// # Errors
    /// The first that cannot be served; those before it are.
    pub fn certify(&self, listeners: &[Listener]) -> Result<(), CertificateError> {
        let doors = self.0.doors.lock().unwrap_or_else(PoisonError::into_inner);
        for (address, acceptor) in &*doors {
            let now = listeners.iter().find(|listener| listener.address == *address);
            if let Some(tls) = now.and_then(|listener| listener.tls.as_ref()) {
                acceptor.serve(&tls.certificates)?;
            }
        }
        Ok(())
    }

    /// It listens, and makes handshakes with these.
    pub(super) fn listens(&self, doors: Vec<(Address, Acceptor)>) {
        *self.0.doors.lock().unwrap_or_else(PoisonError::into_inner) = doors;
        self.0.listens.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn orders_only_get_more_urgent() {
        let life = Life::default();
        assert!(!life.is_ready(), "it does not listen yet");
        life.listens(Vec::new());
        assert!(life.is_ready());
        life.tell(Order::Drain);
        life.tell(Order::Leave);
        assert_eq!((life.order(), life.is_ready()), (Order::Drain, false));
        life.told(Order::Leave).await;
        life.told(Order::Drain).await;
    }

    #[tokio::test]
    async fn who_asks_gets_the_answer() {
        let life = Life::default();
        assert_eq!(life.reload().await, None);
        let mut asked = life.reloads();
        let answer =
            async { asked.recv().await.unwrap().send(Err(vec!["no".to_owned()])).unwrap() };
        let (told, ()) = tokio::join!(life.reload(), answer);
        assert_eq!(told, Some(Err(vec!["no".to_owned()])));
        drop(asked);
        assert_eq!(life.reload().await, None);
    }
}
