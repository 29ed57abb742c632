//! The course of a life: what somebody gets when, what is done about it, when they are seen.

use super::calendar::Day;
use super::catalogue::{COUNT, DIAGNOSES, DOSES, Diagnosis, Drug, EPISODES, Episode, at, of};
use super::codes::{self, Concept};
use super::cohort::{self, Cohort, Place, Ranks};
use super::demographics::Life;
use super::draw::{Draws, Part};
use super::{Sex, calendar};

mod allergies;
mod visits;

use allergies::{Sensitivity, allergies};
pub(super) use visits::Visit;
use visits::{screenings, visits};

/// A lasting condition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Onset {
    pub(super) diagnosis: &'static Diagnosis,
    /// Its place in the catalogue.
    pub(super) at: usize,
    pub(super) day: Day,
}

/// A passing condition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spell {
    pub(super) episode: &'static Episode,
    pub(super) first: Day,
    pub(super) last: Day,
}

/// A drug taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intake {
    pub(super) drug: &'static Drug,
    pub(super) reason: &'static str,
    /// The lasting condition it is for, if for one.
    pub(super) at: Option<usize>,
    pub(super) first: Day,
    pub(super) last: Option<Day>,
}

/// Something implanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Implant {
    pub(super) procedure: Concept,
    pub(super) device: Concept,
    pub(super) reason: &'static str,
    pub(super) day: Day,
}

/// Everything that happens to somebody, each list in the order of days.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) onsets: Vec<Onset>,
    pub(super) spells: Vec<Spell>,
    pub(super) intakes: Vec<Intake>,
    pub(super) implants: Vec<Implant>,
    pub(super) allergies: Vec<(Sensitivity, Day)>,
    pub(super) doses: Vec<(Concept, Day)>,
    pub(super) screenings: Vec<(Concept, Day)>,
    pub(super) visits: Vec<(Day, Visit)>,
}

const YEAR: Day = 365;

/// How many days before the end the last condition can be found: so that it can still be treated.
const BEFORE_END: Day = 30;

pub(super) fn course(cohort: &Cohort, place: Place, life: Life, draws: &Draws) -> Course {
    let ranks = cohort.ranks(place, draws);
    let onsets = onsets(&ranks, place, life, draws);
    let allergies = allergies(life, draws);
    let spells = spells(place, life, draws);
    let implants = implants(&onsets, life, draws);
    let intakes = intakes(&onsets, &spells, &allergies, life, draws);
    let visits = visits(&onsets, &spells, &implants, life, draws);
    Course {
        doses: doses(life, draws),
        screenings: screenings(place.sex, life, &visits),
        onsets,
        spells,
        intakes,
        implants,
        allergies,
        visits,
    }
}

/// When each lasting condition was found. The rank says in which age band somebody would first have had it; the day
/// lies between the middle of the band before and the middle of that one.
fn onsets(ranks: &Ranks, place: Place, life: Life, draws: &Draws) -> Vec<Onset> {
    let mut draw = draws.part(Part::Onset);
    let mut found = Vec::new();
    for at in 0..COUNT {
        let fraction = draw.below(10_000);
        let (Some(diagnosis), Some(rank)) = (DIAGNOSES.get(at), ranks.get(at)) else {
            continue;
        };
        if cohort::has(diagnosis, *rank, place.sex, place.age) {
            let day = onset_day(diagnosis, *rank, place.sex, life, fraction);
            found.push(Onset { diagnosis, at, day });
        }
    }
    found.sort_by_key(|onset| (onset.day, onset.at));
    found
}

fn onset_day(diagnosis: &Diagnosis, rank: u32, sex: Sex, life: Life, fraction: u32) -> Day {
    let (from, to) = onset_ages(diagnosis, rank, sex);
    let last = (life.end - BEFORE_END).max(life.born + 1);
    let low = (life.born + from * YEAR).clamp(life.born + 1, last);
    let high = (life.born + to * YEAR).clamp(low, last);
    low + scaled(high - low, fraction)
}

/// Years between which somebody of a rank first has it.
fn onset_ages(diagnosis: &Diagnosis, rank: u32, sex: Sex) -> (i32, i32) {
    let has = |prevalence| u64::from(rank) < cohort::rank_limit(prevalence);
    let first = diagnosis
        .bands
        .iter()
        .position(|band| has(of(band, sex)))
        .unwrap_or_default();
    let age = |at: usize| diagnosis.bands.get(at).map_or(90, |band| i32::from(band.from));
    let (here, next) = (age(first), age(first + 1));
    let before = first.checked_sub(1).map_or(0, age);
    // A band of nobody is no time of life in which it begins.
    let begins_here = first == 1;
    let low = if begins_here {
        here
    } else {
        i32::midpoint(before, here)
    };
    (low, i32::midpoint(here, next))
}

/// `fraction` ten-thousandths of a length.
fn scaled(length: i32, fraction: u32) -> i32 {
    let scaled = i64::from(length) * i64::from(fraction) / 10_000;
    i32::try_from(scaled).unwrap_or_default()
}

/// What passes, year by year.
fn spells(place: Place, life: Life, draws: &Draws) -> Vec<Spell> {
    let mut found = Vec::new();
    for age in 0..=place.age {
        let mut draw = draws.piece(Part::Acute, u32::from(age));
        for episode in &EPISODES {
            let (share, day, length) = (draw.below(10_000), draw.between(0, YEAR - 1), draw.between(5, 14));
            let first = life.born + i32::from(age) * YEAR + day;
            let yearly = match place.sex {
                Sex::Female => episode.women,
                Sex::Male => episode.men,
            };
            let due = share < yearly && (episode.first_age..=episode.last_age).contains(&age);
            if due && first + length < life.end {
                found.push(Spell {
                    episode,
                    first,
                    last: first + length,
                });
            }
        }
    }
    found.sort_by_key(|spell| spell.first);
    found
}

fn intakes(
    onsets: &[Onset],
    spells: &[Spell],
    allergies: &[(Sensitivity, Day)],
    life: Life,
    draws: &Draws,
) -> Vec<Intake> {
    let mut taken = Vec::new();
    for onset in onsets {
        let mut draw = draws.piece(Part::Treatment, u32::try_from(onset.at).unwrap_or_default());
        let mut first = onset.day + draw.between(0, 14);
        for (step, drug) in onset.diagnosis.drugs.iter().enumerate() {
            let (added, later) = (step == 0 || draw.chance(40), draw.between(YEAR, 5 * YEAR));
            first += if step == 0 { 0 } else { later };
            if added && first <= life.end {
                let reason = onset.diagnosis.icd10.code;
                taken.push(Intake {
                    drug,
                    reason,
                    at: Some(onset.at),
                    first,
                    last: None,
                });
            }
        }
    }
    taken.extend(spells.iter().filter_map(|spell| cure(spell, allergies)));
    taken.sort_by_key(|intake| intake.first);
    taken
}

/// Nobody known to be allergic to penicillin is given amoxicillin.
fn cure(spell: &Spell, allergies: &[(Sensitivity, Day)]) -> Option<Intake> {
    let allergic = allergies
        .iter()
        .any(|(sensitivity, _)| sensitivity.allergy == codes::PENICILLIN_ALLERGY);
    let drug = if allergic {
        spell.episode.instead.or(spell.episode.drug)
    } else {
        spell.episode.drug
    }?;
    Some(Intake {
        drug,
        reason: spell.episode.icd10.code,
        at: None,
        first: spell.first,
        last: Some(spell.last),
    })
}

/// Some of those with certain conditions are operated on.
fn implants(onsets: &[Onset], life: Life, draws: &Draws) -> Vec<Implant> {
    let kinds = [
        (at::CORONARY, 30, codes::CORONARY_INTERVENTION, codes::STENT),
        (at::FIBRILLATION, 20, codes::PACEMAKER_IMPLANT, codes::PACEMAKER),
        (at::ARTHRITIS, 15, codes::HIP_REPLACEMENT, codes::HIP_PROSTHESIS),
    ];
    let mut draw = draws.part(Part::Implant);
    let mut done = Vec::new();
    for (at, percent, procedure, device) in kinds {
        let (chosen, later) = (draw.chance(percent), draw.between(20, 8 * YEAR));
        let onset = onsets.iter().find(|onset| onset.at == at);
        if let Some(onset) = onset.filter(|onset| chosen && onset.day + later < life.end) {
            let reason = onset.diagnosis.icd10.code;
            done.push(Implant {
                procedure,
                device,
                reason,
                day: onset.day + later,
            });
        }
    }
    done.sort_by_key(|implant| implant.day);
    done
}

/// Vaccines at the age they are due, if they could be had by then.
fn doses(life: Life, draws: &Draws) -> Vec<(Concept, Day)> {
    let mut draw = draws.part(Part::Immunization);
    let mut given = Vec::new();
    for dose in &DOSES {
        let (comes, delay) = (draw.chance(90), draw.between(0, 20));
        let due = life.born + dose.due + delay;
        if comes && due < life.end && calendar::date(due).year() >= dose.since {
            given.push((dose.vaccine, due));
        }
    }
    // The influenza vaccine is renewed each autumn; records of it go back ten years.
    for year in 1..=10 {
        let (comes, day) = (draw.chance(48), -YEAR * year + draw.between(250, 330));
        if comes && day < life.end && day > life.born + 180 {
            given.push((codes::INFLUENZA, day));
        }
    }
    given.sort_by_key(|(concept, day)| (*day, concept.code));
    given
}
