//! When somebody is seen, and what is looked for.

use super::{Implant, Onset, Spell, YEAR};
use crate::domain::Sex;
use crate::domain::calendar::Day;
use crate::domain::catalogue::at;
use crate::domain::codes::{self, Concept};
use crate::domain::demographics::Life;
use crate::domain::draw::{Draw, Draws, Part};

/// A visit that took place. The order of the kinds decides which remains when two fall on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::domain) enum Visit {
    Operation(&'static str),
    Found(&'static str),
    Acute { reason: &'static str, fever: bool },
    CheckUp,
    WellChild,
    FollowUp,
}

/// Colonoscopy and mammography at the check-ups of the ages at which they are advised (USPSTF): every tenth year from
/// 45 to 75, every other year from 40 to 74.
pub(super) fn screenings(sex: Sex, life: Life, visits: &[(Day, Visit)]) -> Vec<(Concept, Day)> {
    let mut done = Vec::new();
    let (mut colonoscopy, mut mammography) = (Day::MIN / 2, Day::MIN / 2);
    let check_ups = visits.iter().filter(|(_, visit)| *visit == Visit::CheckUp);
    for (day, _) in check_ups {
        let years = (day - life.born) / YEAR;
        if (45..=75).contains(&years) && day - colonoscopy >= 10 * YEAR {
            colonoscopy = *day;
            done.push((codes::COLONOSCOPY, *day));
        }
        if sex == Sex::Female && (40..=74).contains(&years) && day - mammography >= 2 * YEAR - 60 {
            mammography = *day;
            done.push((codes::MAMMOGRAPHY, *day));
        }
    }
    done
}

/// Days of age at which children are seen (American Academy of Pediatrics, periodicity schedule).
const INFANT_VISITS: [Day; 11] = [5, 30, 61, 122, 183, 274, 366, 457, 549, 731, 914];

pub(super) fn visits(
    onsets: &[Onset],
    spells: &[Spell],
    implants: &[Implant],
    life: Life,
    draws: &Draws,
) -> Vec<(Day, Visit)> {
    let mut visits = routine(life, &mut draws.part(Part::Visits));
    visits.extend(follow_ups(onsets, life));
    visits.extend(
        onsets
            .iter()
            .map(|onset| (onset.day, Visit::Found(onset.diagnosis.icd10.code))),
    );
    visits.extend(spells.iter().map(|spell| {
        let visit = Visit::Acute {
            reason: spell.episode.icd10.code,
            fever: spell.episode.fever,
        };
        (spell.first, visit)
    }));
    visits.extend(
        implants
            .iter()
            .map(|implant| (implant.day, Visit::Operation(implant.reason))),
    );
    visits.sort_unstable();
    visits.dedup_by_key(|(day, _)| *day);
    visits
}

/// Check-ups: as the schedule says for children, then every other year, from 50 on every year. One in seven is
/// missed, but nobody is never seen.
fn routine(life: Life, draw: &mut Draw) -> Vec<(Day, Visit)> {
    let infant = INFANT_VISITS.iter().map(|age| (*age, Visit::WellChild));
    let child = (3..22).map(|years| (years * YEAR + 10, Visit::WellChild));
    let adult = (22..50)
        .step_by(2)
        .map(|years| (years * YEAR + 40, Visit::CheckUp));
    let old = (50..=101).map(|years| (years * YEAR + 40, Visit::CheckUp));
    let mut seen = vec![(life.born, Visit::WellChild)];
    for (age, visit) in infant.chain(child).chain(adult).chain(old) {
        let (comes, delay) = (draw.chance(86), draw.between(0, 25));
        let day = life.born + age + delay;
        if day > life.end {
            break;
        }
        if comes {
            seen.push((day, visit));
        }
    }
    seen
}

/// Those with what needs watching are seen between the check-ups too.
fn follow_ups(onsets: &[Onset], life: Life) -> Vec<(Day, Visit)> {
    let watched = onsets
        .iter()
        .filter(|onset| onset.at <= at::CORONARY && onset.at != at::OBESITY);
    let Some(first) = watched.map(|onset| onset.day).min() else {
        return Vec::new();
    };
    let weeks = 52 * 7;
    (first + 90..=life.end)
        .step_by(weeks)
        .map(|day| (day, Visit::FollowUp))
        .collect()
}
