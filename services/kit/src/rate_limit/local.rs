use std::hash::RandomState;
use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::RateLimiter;
use super::algorithm::{Algorithm, Decision};
use super::key::Key;
use crate::redis::RedisError;

/// Slots that one key may be in.
const WAYS: usize = 8;

/// Parts with a lock each, so that threads seldom wait for each other.
const SHARDS: usize = 64;

/// Limits the requests of this process, in memory of a fixed size.
///
/// The memory is a table of sets: a key may be in any of the eight slots of its set. A key that finds its set full
/// takes the place of the one that has spent least, so that a flood of new addresses pushes out other new addresses,
/// not the callers that are at their limits. Nothing grows, and nothing needs to be swept.
#[derive(Debug)]
pub struct Local<A: Algorithm> {
    algorithm: A,
    shards: Box<[Mutex<Shard<A::State>>]>,
    sets_per_shard: usize,
    hasher: RandomState,
    started: Instant,
}

/// Allocated when its first key comes.
type Shard<S> = Box<[Set<S>]>;

type Set<S> = [Option<Slot<S>>; WAYS];

#[derive(Clone, Copy, Debug)]
struct Slot<S> {
    fingerprint: NonZeroU64,
    state: S,
}

impl<A: Algorithm> Local<A> {
    /// A limiter that knows at most `keys` keys, rounded up to a multiple of 512.
    pub fn new(algorithm: A, keys: usize) -> Self {
        Self {
            algorithm,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            sets_per_shard: keys.div_ceil(SHARDS * WAYS).max(1),
            hasher: RandomState::new(),
            started: Instant::now(),
        }
    }

    /// Decides on a request that costs `cost`.
    pub fn decide(&self, key: &Key<'_>, cost: u32) -> Decision {
        self.decide_at(key, cost, self.now())
    }

    pub(super) fn decide_at(&self, key: &Key<'_>, cost: u32, now: u64) -> Decision {
        self.with_set(key, |set, fingerprint| {
            let known = set
                .iter_mut()
                .flatten()
                .find(|slot| slot.fingerprint == fingerprint);
            if let Some(slot) = known {
                let (decision, state) = self.algorithm.decide(Some(slot.state), now, cost);
                slot.state = state;
                return decision;
            }
            let (decision, state) = self.algorithm.decide(None, now, cost);
            if let Some(slot) = self.cheapest(set, now) {
                *slot = Some(Slot { fingerprint, state });
            }
            decision
        })
    }

    /// Takes from `key` what it has left above `remaining`: somebody else knows that it has spent more.
    pub(super) fn cap(&self, key: &Key<'_>, remaining: u32) {
        self.with_set(key, |set, fingerprint| {
            let now = self.now();
            if let Some(slot) = set
                .iter_mut()
                .flatten()
                .find(|slot| slot.fingerprint == fingerprint)
            {
                let (left, _) = self.algorithm.decide(Some(slot.state), now, 0);
                let excess = left.remaining.saturating_sub(remaining);
                slot.state = self.algorithm.decide(Some(slot.state), now, excess).1;
            }
        });
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Forgets what `key` has spent.
    pub fn forget(&self, key: &Key<'_>) {
        self.with_set(key, |set, fingerprint| {
            for slot in set
                .iter_mut()
                .filter(|slot| slot.is_some_and(|slot| slot.fingerprint == fingerprint))
            {
                *slot = None;
            }
        });
    }

    /// How many keys there is room for.
    pub fn capacity(&self) -> usize {
        SHARDS * self.sets_per_shard * WAYS
    }

    /// How many keys are known.
    pub fn len(&self) -> usize {
        self.sum(|shard| shard.iter().flatten().flatten().count())
    }

    /// Whether no key is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that its tables take up now.
    pub fn bytes(&self) -> usize {
        self.sum(|shard| size_of_val::<[Set<A::State>]>(shard))
    }

    /// Bytes that its tables can ever take up.
    pub fn max_bytes(&self) -> usize {
        SHARDS * self.sets_per_shard * size_of::<Set<A::State>>()
    }

    fn sum(&self, of: impl Fn(&Shard<A::State>) -> usize) -> usize {
        let locked = self
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        locked.map(|shard| of(&shard)).sum()
    }

    /// A free slot, or that of the key which would be given back least.
    fn cheapest<'s>(&self, set: &'s mut Set<A::State>, now: u64) -> Option<&'s mut Option<Slot<A::State>>> {
        set.iter_mut()
            .min_by_key(|slot| slot.map_or(0, |slot| self.algorithm.spent(slot.state, now).saturating_add(1)))
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "both indices are remainders of the lengths"
    )]
    fn with_set<T>(&self, key: &Key<'_>, act: impl FnOnce(&mut Set<A::State>, NonZeroU64) -> T) -> T {
        let hash = key.fingerprint(&self.hasher);
        let [shard, set] = self.place(hash);
        let mut sets = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if sets.is_empty() {
            *sets = vec![[None; WAYS]; self.sets_per_shard].into_boxed_slice();
        }
        act(&mut sets[set], NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }

    /// Shard and set of a key; from different bits of its hash.
    fn place(&self, hash: u64) -> [usize; 2] {
        let shards = self.shards.len() as u64;
        let (shard, rest) = (hash % shards, hash / shards);
        let set = rest % self.sets_per_shard as u64;
        [shard, set].map(|index| usize::try_from(index).unwrap_or(0))
    }
}

impl<A: Algorithm> RateLimiter for Local<A> {
    async fn check(&self, key: &Key<'_>, cost: u32) -> Decision {
        self.decide(key, cost)
    }

    async fn reset(&self, key: &Key<'_>) -> Result<(), RedisError> {
        self.forget(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
