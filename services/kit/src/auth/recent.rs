//! What was met lately, in bounded memory.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// The latest entries, in two generations of half the capacity each: when the younger is full the older is dropped. That bounds
/// the memory at a constant cost per entry.
pub(super) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// Room for `capacity` entries, at least two.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            half: (capacity / 2).max(1),
        }
    }

    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    pub(super) fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn the_latest_are_kept_and_never_more_than_the_capacity() {
        let mut recent = Recent::new(10);
        for number in 0..1000 {
            recent.put(number, -number);
            assert!(recent.len() <= 10);
            for latest in (0..=number).rev().take(5) {
                assert_eq!(recent.get(&latest), Some(&-latest));
            }
        }
        assert_eq!(recent.get(&0), None);
    }

    #[test]
    fn the_latest_value_counts() {
        let mut recent = Recent::new(4);
        for (key, value) in [("a", 1), ("b", 2), ("c", 3), ("a", 4)] {
            recent.put(key, value);
        }
        assert_eq!(recent.get("a"), Some(&4));
    }
}
