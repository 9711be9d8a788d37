//! Turns a request into the server that it goes to.
//!
//! 1. Servers that were tried already come last, then those that are unwell or left alone: one that may work is better
//!    than none.
//! 2. Weights hold among those that are left: a server that is gone gives its share to all others.
//! 3. One after the other means smoothly: with weights 2 and 1 it is a, b, a and not a, a, b.
//! 4. By key the server with the highest score gets it (rendezvous hashing, Thaler and Ravishankar 1998): when one goes only
//!    its own keys move, and the score is weighted as Schindelhauer and Schomaker 2005 do.

use super::target::Target;
use crate::engine::Balance;
use rand::Rng as _;
use rustc_hash::FxHasher;
use std::{
    hash::{Hash as _, Hasher as _},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// Where each server stands in the turns that are taken; by the place in the list.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Vec<i64>>);

/// The server of `all` that gets a request, which `tried` those; `key` is what it goes together with others by.
pub(super) fn choose(
    all: &[Arc<Target>],
    balance: &Balance,
    turns: &Turns,
    key: &[u8],
    tried: &[Arc<Target>],
) -> Option<Arc<Target>> {
    let now = Instant::now();
    let is_new = |target: &Arc<Target>| !tried.iter().any(|other| Arc::ptr_eq(other, target));
    let rank = |target: &Arc<Target>| (is_new(target), target.is_used(now));
    let best = all.iter().map(rank).max()?;
    let able: Vec<(usize, &Arc<Target>)> =
        all.iter().enumerate().filter(|(_, target)| rank(target) == best).collect();
    let chosen = match balance {
        Balance::RoundRobin => turns.next(&able, all.len()),
        Balance::Random => random(&able),
        Balance::LeastConnections => least(&able, turns, all.len()),
        Balance::Hash(_) => by_key(&able, key),
    };
    chosen.cloned()
}

type Able<'t> = [(usize, &'t Arc<Target>)];

impl Turns {
    /// Everybody's lead grows by its weight, and who leads pays for all.
    fn next<'t>(&self, able: &Able<'t>, count: usize) -> Option<&'t Arc<Target>> {
        if let [(_, only)] = able {
            return Some(only);
        }
        let mut leads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leads.resize(count, 0);
        let mut first: Option<(i64, usize, &'t Arc<Target>)> = None;
        let mut total = 0;
        for (place, target) in able {
            let weight = i64::from(target.weight);
            total += weight;
            let Some(lead) = leads.get_mut(*place) else { continue };
            *lead = lead.saturating_add(weight);
            if first.is_none_or(|(most, ..)| *lead > most) {
                first = Some((*lead, *place, target));
            }
        }
        let (_, place, target) = first?;
        if let Some(lead) = leads.get_mut(place) {
            *lead = lead.saturating_sub(total);
        }
        Some(target)
    }
}

fn random<'t>(able: &Able<'t>) -> Option<&'t Arc<Target>> {
    let total: u64 = able.iter().map(|(_, target)| u64::from(target.weight)).sum();
    let mut left = rand::rng().random_range(0..total.max(1));
    for (_, target) in able {
        match left.checked_sub(u64::from(target.weight)) {
            Some(rest) => left = rest,
            None => return Some(target),
        }
    }
    able.first().map(|(_, target)| *target)
}

/// The fewest requests for its weight; those that are equal take turns.
fn least<'t>(able: &Able<'t>, turns: &Turns, count: usize) -> Option<&'t Arc<Target>> {
    // One more for the request itself, so that among idle servers the weight counts; cross-multiplied to compare.
    let load = |target: &Target| (u64::try_from(target.busy()).unwrap_or(u64::MAX), target.weight);
    let less = |a: (u64, u32), b: (u64, u32)| {
        (a.0.saturating_add(1)).saturating_mul(u64::from(b.1))
            < (b.0.saturating_add(1)).saturating_mul(u64::from(a.1))
    };
    let mut fewest: Vec<(usize, &'t Arc<Target>)> = Vec::new();
    let mut bound = None;
    for (place, target) in able {
        let own = load(target);
        if bound.is_none_or(|bound| less(own, bound)) {
            fewest.clear();
            bound = Some(own);
        }
        if bound.is_some_and(|bound| !less(bound, own)) {
            fewest.push((*place, target));
        }
    }
    turns.next(&fewest, count)
}

fn by_key<'t>(able: &Able<'t>, key: &[u8]) -> Option<&'t Arc<Target>> {
    let scored = able.iter().map(|(_, target)| (score(target, key), *target));
    scored.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, target)| target)
}

/// `-weight / ln(h)` with `h` between 0 and 1, the same on every node and in every version of the list.
fn score(target: &Target, key: &[u8]) -> f64 {
    let mut hasher = FxHasher::default();
    target.name.hash(&mut hasher);
    hasher.write(key);
    // The hash is made for tables: mixed once more, its high bits are as good as any (David Stafford's mix 13).
    let mut bits = hasher.finish();
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    let part = u32::try_from(bits >> 32).unwrap_or(u32::MAX);
    let unit = (f64::from(part) + 0.5) / (f64::from(u32::MAX) + 1.0);
    -f64::from(target.weight) / unit.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Discovery, Key};
    use std::collections::BTreeMap;

    fn targets(weights: &[u32]) -> Vec<Arc<Target>> {
        let target = |(place, weight): (usize, &u32)| {
            let port = 1000 + u16::try_from(place).unwrap();
            let origin = format!("http://127.0.0.1:{port}").parse().unwrap();
            let address = ([127, 0, 0, 1], port).into();
            Arc::new(Target::new(origin, *weight, place, vec![address], Discovery::Static))
        };
        weights.iter().enumerate().map(target).collect()
    }

    /// The places of the servers of `count` requests.
    fn places(all: &[Arc<Target>], balance: &Balance, count: usize) -> Vec<usize> {
        let turns = Turns::default();
        let chosen = |n: usize| choose(all, balance, &turns, &n.to_be_bytes(), &[]);
        (0..count).map(|n| chosen(n).unwrap().server).collect()
    }

    fn shares(places: &[usize]) -> Vec<usize> {
        let mut shares = BTreeMap::new();
        places.iter().for_each(|place| *shares.entry(*place).or_insert(0) += 1);
        shares.into_values().collect()
    }

    #[test]
    fn turns_are_smooth_and_weighted() {
        let all = targets(&[3, 1, 2]);
        assert_eq!(places(&all, &Balance::RoundRobin, 6), [0, 2, 0, 1, 2, 0]);
        assert_eq!(shares(&places(&all, &Balance::RoundRobin, 600)), [300, 100, 200]);
    }

    #[test]
    fn chance_and_keys_keep_to_the_weights() {
        let all = targets(&[3, 1, 2]);
        for balance in [Balance::Random, Balance::Hash(Key::Address)] {
            for (share, weight) in
                shares(&places(&all, &balance, 12_000)).iter().zip([6000, 2000, 4000])
            {
                assert!(share.abs_diff(weight) < 400, "{balance:?}: {share} of {weight}");
            }
        }
    }

    #[test]
    fn only_the_keys_of_a_server_that_goes_move() {
        let balance = Balance::Hash(Key::Address);
        let mut all = targets(&[1, 1, 1, 1, 1]);
        let before = places(&all, &balance, 1000);
        all.remove(2);
        let after = places(&all, &balance, 1000);
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after || *before == 2);
        }
        assert!(!after.contains(&2) && shares(&after).len() == 4);
    }

    #[test]
    fn the_least_busy_server_for_its_weight_is_taken() {
        let all = targets(&[1, 3]);
        let turns = Turns::default();
        let mut held = Vec::new();
        for _ in 0..8 {
            let target = choose(&all, &Balance::LeastConnections, &turns, b"", &[]).unwrap();
            held.push((target.server, target.hold()));
        }
        assert_eq!(all.iter().map(|t| t.busy()).collect::<Vec<_>>(), [2, 6]);
        held.retain(|(place, _)| *place == 0);
        let next = choose(&all, &Balance::LeastConnections, &turns, b"", &[]).unwrap();
        assert_eq!(next.server, 1);
    }

    #[test]
    fn who_was_tried_or_is_unwell_comes_last() {
        let all = targets(&[1, 1, 1]);
        for balance in [Balance::RoundRobin, Balance::Random, Balance::Hash(Key::Address)] {
            let turns = Turns::default();
            all[0].probed(false, 1, 1);
            let first = choose(&all, &balance, &turns, b"k", &[]).unwrap();
            assert_ne!(first.server, 0);
            let second =
                choose(&all, &balance, &turns, b"k", std::slice::from_ref(&first)).unwrap();
            assert!(second.server != 0 && second.server != first.server);
            let tried = [first, second];
            assert_eq!(choose(&all, &balance, &turns, b"k", &tried).unwrap().server, 0);
            assert!(
                choose(&all, &balance, &turns, b"k", &all).is_some(),
                "any is better than none"
            );
            all[0].probed(true, 1, 1);
        }
        assert!(choose(&[], &Balance::Random, &Turns::default(), b"", &[]).is_none());
    }
}
