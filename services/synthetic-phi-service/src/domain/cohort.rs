//! Who is asked for: everybody, or people of an age, a sex, with given conditions. By construction, never by trying
//! until one fits: first a cell of the population is drawn among those that qualify, each weighted by how many people
//! in it qualify, then what the cell leaves open is drawn under the same condition. A cohort is therefore distributed
//! as the same people are within the whole population.

use super::Sex;
use super::catalogue::{COUNT, DIAGNOSES, Diagnosis};
use super::draw::{Draw, Draws, Part};

mod population;
mod selection;

use population::{deaths, people};
pub use selection::{NoSuchCohort, Selection};

/// Completed years nobody exceeds.
pub(super) const OLDEST: u8 = 100;

/// How many years back the records of the dead go.
const YEARS_OF_DEATHS: u8 = 10;

/// People alike in age and sex, and how their lives stand.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Completed years, at death if dead.
    age: u8,
    sex: Sex,
    /// Full years since death.
    died: Option<u8>,
    /// Weights of this cell and of those before it.
    until: u64,
}

/// A selection with everything computed that does not depend on the patient.
#[derive(Clone, Debug)]
pub struct Cohort {
    selection: Selection,
    cells: Vec<Cell>,
    total: u64,
}

/// Who a patient is, before any detail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) age: u8,
    pub(super) sex: Sex,
    pub(super) died: Option<u8>,
}

/// For each diagnosis the patient's rank among all people, as a fraction of 2³²: those ranked below the prevalence
/// have it.
pub(super) type Ranks = [u32; COUNT];

impl Cohort {
    /// Everybody.
    pub fn everybody() -> Self {
        Self::weighted(Selection::default())
    }

    /// Those of a selection; an error if there are none.
    pub fn new(selection: Selection) -> Result<Self, NoSuchCohort> {
        let cohort = Self::weighted(selection);
        if cohort.total == 0 {
            Err(NoSuchCohort::Empty)
        } else {
            Ok(cohort)
        }
    }

    fn weighted(selection: Selection) -> Self {
        let mut cohort = Self {
            selection,
            cells: Vec::new(),
            total: 0,
        };
        for sex in [Sex::Male, Sex::Female] {
            for age in 0..=OLDEST {
                cohort.add_people(sex, age);
            }
        }
        cohort
    }

    /// The living of an age, and those who were of that age when they died in one of the last years.
    fn add_people(&mut self, sex: Sex, age: u8) {
        if !self.selection.admits(sex, age) {
            return;
        }
        let chance = self.chance(sex, age);
        self.add(
            Cell {
                age,
                sex,
                died: None,
                until: 0,
            },
            people(sex, age) * chance,
        );
        for ago in 0..YEARS_OF_DEATHS {
            let deaths = deaths(sex, age, ago);
            self.add(
                Cell {
                    age,
                    sex,
                    died: Some(ago),
                    until: 0,
                },
                deaths * chance,
            );
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "weights are people, not negative, and far below 2^53"
    )]
    fn add(&mut self, cell: Cell, weight: f64) {
        // A thousandth of a person is the smallest weight that counts.
        let weight = (weight * 1000.0) as u64;
        if weight > 0 {
            self.total += weight;
            self.cells.push(Cell {
                until: self.total,
                ..cell
            });
        }
    }

    /// How likely somebody of this age and sex has everything required.
    fn chance(&self, sex: Sex, age: u8) -> f64 {
        let ways = self.ways(sex, age);
        ways.iter().map(|(_, weight)| weight).sum()
    }

    /// The ways to have everything required: which of the metabolic ones share one rank (bit set), and how likely
    /// that way is.
    fn ways(&self, sex: Sex, age: u8) -> Vec<(u32, f64)> {
        let shared: Vec<usize> = self.required().filter(|at| is_metabolic(*at)).collect();
        let subsets = 1_u32 << shared.len();
        (0..subsets)
            .map(|subset| {
                let sharing: u32 = shared
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| subset >> bit & 1 == 1)
                    .map(|(_, at)| 1 << at)
                    .sum();
                (sharing, self.likelihood(sharing, sex, age) / f64::from(subsets))
            })
            .collect()
    }

    fn likelihood(&self, sharing: u32, sex: Sex, age: u8) -> f64 {
        let share = |at: &usize| sharing >> at & 1 == 1;
        let least = self
            .required()
            .filter(share)
            .map(|at| prevalence(at, sex, age))
            .fold(1.0, f64::min);
        self.required()
            .filter(|at| !share(at))
            .map(|at| prevalence(at, sex, age))
            .fold(least, |product, factor| product * factor)
    }

    fn required(&self) -> impl Iterator<Item = usize> {
        self.selection.required.iter().copied()
    }

    /// One of the cohort's people.
    pub(super) fn place(&self, draws: &Draws) -> Place {
        let at = draws.part(Part::Place).below_u64(self.total);
        let position = self.cells.partition_point(|cell| cell.until <= at);
        // There is always one: `at` is below the total.
        let cell = self.cells.get(position).or_else(|| self.cells.last());
        cell.map_or(
            Place {
                age: 0,
                sex: Sex::Female,
                died: None,
            },
            |cell| Place {
                age: cell.age,
                sex: cell.sex,
                died: cell.died,
            },
        )
    }

    /// The ranks of one of the people at `place`.
    ///
    /// Half of the metabolic diagnoses of a person, by chance, share one rank: so they come together, while each is as
    /// frequent as published.
    pub(super) fn ranks(&self, place: Place, draws: &Draws) -> Ranks {
        let mut draw = draws.part(Part::Disease);
        let Place { sex, age, .. } = place;
        let sharing = self.sharing(place, &mut draw);
        let limit = |at: usize| {
            if self.selection.required.contains(&at) {
                threshold(at, sex, age)
            } else {
                1 << 32
            }
        };
        let common = (0..COUNT).filter(|at| sharing >> at & 1 == 1).map(limit).min();
        let shared = draw.below_u64(common.unwrap_or(1 << 32));
        let mut ranks = [0; COUNT];
        for (at, rank) in ranks.iter_mut().enumerate() {
            let own = draw.below_u64(limit(at));
            let chosen = if sharing >> at & 1 == 1 { shared } else { own };
            *rank = u32::try_from(chosen).unwrap_or(u32::MAX);
        }
        ranks
    }

    /// Which metabolic diagnoses share a rank: required ones by how likely each way is, the others one in two.
    fn sharing(&self, place: Place, draw: &mut Draw) -> u32 {
        let coins = draw.word();
        let free: u32 = (0..COUNT)
            .filter(|at| is_metabolic(*at) && !self.selection.required.contains(at))
            .map(|at| coins & (1 << at))
            .sum();
        free | self.required_sharing(place, draw)
    }

    fn required_sharing(&self, place: Place, draw: &mut Draw) -> u32 {
        let fraction = f64::from(draw.word()) / 4_294_967_296.0;
        if self.selection.required.is_empty() {
            return 0;
        }
        let ways = self.ways(place.sex, place.age);
        let mut left = fraction * ways.iter().map(|(_, weight)| weight).sum::<f64>();
        for (sharing, weight) in &ways {
            if left < *weight {
                return *sharing;
            }
            left -= weight;
        }
        0
    }
}

fn is_metabolic(at: usize) -> bool {
    DIAGNOSES.get(at).is_some_and(|diagnosis| diagnosis.metabolic)
}

fn prevalence(at: usize, sex: Sex, age: u8) -> f64 {
    f64::from(
        DIAGNOSES
            .get(at)
            .map_or(0, |diagnosis| diagnosis.prevalence(sex, age)),
    ) / 10_000.0
}

/// Below which rank somebody has the diagnosis.
fn threshold(at: usize, sex: Sex, age: u8) -> u64 {
    DIAGNOSES
        .get(at)
        .map_or(0, |diagnosis| rank_limit(diagnosis.prevalence(sex, age)))
}

/// A share of 10,000 as a fraction of 2³².
pub(super) const fn rank_limit(prevalence: u32) -> u64 {
    ((prevalence as u64) << 32) / 10_000
}

/// Whether somebody of this rank has the diagnosis at that age.
pub(super) fn has(diagnosis: &Diagnosis, rank: u32, sex: Sex, age: u8) -> bool {
    u64::from(rank) < rank_limit(diagnosis.prevalence(sex, age))
}

#[cfg(test)]
mod tests;
