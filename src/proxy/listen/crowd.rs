//! Turns connections into whether there is room for one more: in all, and of one client.
//!
//! 1. An IPv6 client has its /64 for itself (RFC 6177), so that is what counts.
//! 2. What is counted is given back when the connection ends, however it ends.

use prometheus::IntGauge;
use rustc_hash::FxHashMap;
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// All connections of a program.
#[derive(Debug)]
pub(in crate::proxy) struct Crowd {
    most: usize,
    most_of_one: usize,
    all: AtomicUsize,
    clients: Mutex<FxHashMap<IpAddr, usize>>,
    open: Option<IntGauge>,
}

/// One connection's room; given back when it is dropped.
#[derive(Debug)]
pub(in crate::proxy) struct Room(Arc<Crowd>);

/// One connection's share of its client's room; given back when it is dropped.
#[derive(Debug)]
pub(in crate::proxy) struct Share {
    crowd: Arc<Crowd>,
    client: IpAddr,
}

impl Crowd {
    /// Room for `most` connections, `most_of_one` of them of one client; `open` shows how many there are.
    pub(in crate::proxy) fn new(most: usize, most_of_one: usize, open: IntGauge) -> Arc<Self> {
        let (all, clients) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Self { most, most_of_one, all, clients, open: Some(open) })
    }

    /// Room for all who come where no visitor does; nothing shows them.
    pub(in crate::proxy) fn unseen() -> Arc<Self> {
        let (all, clients) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Self { most: usize::MAX, most_of_one: usize::MAX, all, clients, open: None })
    }

    /// Room for one connection, if there is any.
    pub(in crate::proxy) fn room(self: &Arc<Self>) -> Option<Room> {
        let taken =
            self.all.fetch_update(Relaxed, Relaxed, |all| (all < self.most).then_some(all + 1));
        taken.ok().map(|_| {
            self.open.iter().for_each(IntGauge::inc);
            Room(self.clone())
        })
    }

    /// A share of the room of the client at `ip`, if there is any left.
    pub(in crate::proxy) fn share(self: &Arc<Self>, ip: IpAddr) -> Option<Share> {
        let client = block(ip);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let held = clients.entry(client).or_default();
        // A client without connections has no entry to be left behind, for the limit is at least one.
        (*held < self.most_of_one.max(1)).then(|| {
            *held += 1;
            Share { crowd: self.clone(), client }
        })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.all.fetch_sub(1, Relaxed);
        self.0.open.iter().for_each(IntGauge::dec);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut clients = self.crowd.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = clients.get_mut(&self.client) else { return };
        *held = held.saturating_sub(1);
        if *held == 0 {
            clients.remove(&self.client);
        }
    }
}

/// What one client has for itself.
pub(in crate::proxy) fn block(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn room_is_bounded_and_given_back() {
        let crowd = Crowd::new(2, 9, IntGauge::new("open", "open").unwrap());
        let (first, _second) = (crowd.room(), crowd.room());
        assert!(first.is_some() && crowd.room().is_none());
        drop(first);
        assert!(crowd.room().is_some());
    }

    #[test]
    fn a_client_has_its_share_whatever_others_do() {
        let crowd = Crowd::new(9, 1, IntGauge::new("open", "open").unwrap());
        let first = crowd.share(ip("2001:db8::1"));
        assert!(first.is_some());
        assert!(crowd.share(ip("2001:db8::2")).is_none(), "the same /64");
        assert!(crowd.share(ip("2001:db8:0:1::1")).is_some());
        drop(first);
        assert!(crowd.share(ip("2001:db8::2")).is_some());
        assert!(crowd.clients.lock().unwrap().is_empty());
    }
}
