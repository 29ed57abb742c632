use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use super::{Index, Seed};

/// Part of every key: a new number makes new patients of all seeds.
const VERSION: &[u8] = b"synthetic-phi-service/1";

/// Random choices for one patient. The methods are our own, because the numbers a library makes of the same
/// stream may change between its versions.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// ChaCha keyed by the seed, stream number = index: patients are independent of each other and of the order
    /// in which they are made.
    pub(super) fn for_patient(seed: Seed, index: Index) -> Self {
        let mut rng = Self::keyed(seed, b"patient");
        rng.0.set_stream(index.get());
        rng
    }

    /// Choices that hold for all patients of a seed.
    pub(super) fn for_population(seed: Seed) -> Self {
        Self::keyed(seed, b"population")
    }

    fn keyed(seed: Seed, purpose: &[u8]) -> Self {
        let digest = Sha256::new()
            .chain_update(VERSION)
            .chain_update(purpose)
            .chain_update(seed.get().to_le_bytes());
        Self(ChaCha8Rng::from_seed(digest.finalize().into()))
    }

    /// From 0 to `bound` − 1, each as likely (to within 2⁻³² · `bound`).
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let product = u64::from(self.0.next_u32()) * u64::from(bound);
        u32::try_from(product >> 32).unwrap_or_default()
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = u32::try_from(high - low + 1).unwrap_or(1);
        low + i32::try_from(self.below(span)).unwrap_or_default()
    }

    /// True in `percent` of 100 cases.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `items`; they must not be empty.
    #[expect(
        clippy::indexing_slicing,
        reason = "below() is below the length, and the lists are constants"
    )]
    pub(super) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        let bound = u32::try_from(items.len()).unwrap_or(u32::MAX);
        items[self.below(bound) as usize]
    }
}
