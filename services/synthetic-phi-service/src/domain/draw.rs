use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use super::{Index, Seed};

/// Part of every key: a new number makes new patients of all seeds.
const VERSION: &[u8] = b"synthetic-phi-service/2";

/// What a choice is about. Each part of a patient reads from its own stretch of the stream, so that a further choice
/// in one leaves all others as they are, and a deeper record says the same as a shallow one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Place = 1,
    Person,
    Disease,
    Onset,
    Treatment,
    Body,
    Visits,
    Measurement,
    Allergy,
    Immunization,
    Implant,
    Coverage,
    Acute,
}

/// Words of the stream from one part to the next, and within a part from one numbered piece to the next.
const WORDS_PER_PART: u128 = 1 << 24;
const WORDS_PER_PIECE: u128 = 1 << 8;

/// Makes the random numbers of one seed.
#[derive(Clone, Debug)]
pub(super) struct Source(Key);

/// The random numbers of one patient.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    key: Key,
    stream: u64,
}

type Key = [u8; 32];

/// Random choices. The methods are our own, because the numbers a library makes of the same stream may change
/// between its versions. Whole numbers only: results of the C library's functions differ between platforms.
#[derive(Debug)]
pub(super) struct Draw(ChaCha8Rng);

impl Source {
    pub(super) fn of(seed: Seed) -> Self {
        Self(key(seed, b"patient"))
    }

    /// ChaCha keyed by the seed, stream number = index: patients are independent of each other and of the order
    /// in which they are made.
    pub(super) const fn patient(&self, index: Index) -> Draws {
        Draws {
            key: self.0,
            stream: index.number(),
        }
    }
}

impl Draws {
    pub(super) fn part(&self, part: Part) -> Draw {
        self.piece(part, 0)
    }

    /// A numbered piece of a part: the numbers of one do not depend on how many the others took.
    pub(super) fn piece(&self, part: Part, number: u32) -> Draw {
        let mut rng = ChaCha8Rng::from_seed(self.key);
        rng.set_stream(self.stream);
        rng.set_word_pos(part as u128 * WORDS_PER_PART + u128::from(number) * WORDS_PER_PIECE);
        Draw(rng)
    }
}

fn key(seed: Seed, purpose: &[u8]) -> Key {
    let digest = Sha256::new()
        .chain_update(VERSION)
        .chain_update(purpose)
        .chain_update(seed.number().to_le_bytes());
    digest.finalize().into()
}

impl Draw {
    /// Choices that hold for all patients of a seed.
    pub(super) fn for_population(seed: Seed) -> Self {
        Self(ChaCha8Rng::from_seed(key(seed, b"population")))
    }

    /// From 0 to `bound` − 1, each as likely (to within 2⁻³² · `bound`).
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let product = u64::from(self.word()) * u64::from(bound);
        u32::try_from(product >> 32).unwrap_or_default()
    }

    /// The same for large bounds (to within 2⁻⁶⁴ · `bound`).
    pub(super) fn below_u64(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or_default()
    }

    /// A fraction of 2³².
    pub(super) fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// From `low` to `high`, both included; `low` when there is nothing between them.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = u32::try_from(high.saturating_sub(low).saturating_add(1)).unwrap_or(1);
        low + i32::try_from(self.below(span.max(1))).unwrap_or_default()
    }

    /// About normally distributed (the sum of four even ones, so never beyond 3.5 deviations).
    pub(super) fn bell(&mut self, mean: i32, deviation: i32) -> i32 {
        let sum: i32 = (0..4).map(|_| self.between(0, 1000)).sum();
        mean + deviation * (sum - 2000) / 577
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
    pub(super) fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let bound = u32::try_from(items.len()).unwrap_or(u32::MAX);
        items[self.below(bound) as usize]
    }
}
