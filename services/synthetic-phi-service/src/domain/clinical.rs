//! From the course of a life to the record of it, as deep as asked for.

use jiff::civil::Date;

use super::body::Body;
use super::calendar::{self, Day};
use super::chart::{
    Allergy, Chart, Claim, Condition, Coverage, Device, Encounter, Immunization, Laboratory, Medication,
    Payer, Procedure, Setting, Vitals,
};
use super::codes::{self, Concept, System};
use super::cohort::{Cohort, Place};
use super::course::{Course, Implant, Visit, course};
use super::demographics::Life;
use super::draw::{Draw, Draws, Part};
use super::{Depth, implants};

/// Who the record is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) place: Place,
    pub(super) life: Life,
    pub(super) mrn: &'a str,
}

/// The record of a patient's health.
pub(super) fn chart(cohort: &Cohort, subject: Subject<'_>, depth: Depth, draws: &Draws) -> Chart {
    let course = course(cohort, subject.place, subject.life, draws);
    let body = Body::new(subject.place.sex, subject.life, &course, draws);
    let whole = depth == Depth::Lifetime;
    let (last_day, last_visit) = course
        .visits
        .last()
        .copied()
        .unwrap_or((subject.life.born, Visit::WellChild));
    let vitals = body.vitals(last_day, last_visit);
    let laboratory = body.laboratory(last_day);
    let encounters = if whole {
        encounters(&course, &body, subject.life)
    } else {
        vec![encounter(last_day, last_visit, vitals, Some(laboratory))]
    };
    Chart {
        conditions: conditions(&course, whole),
        medications: medications(&course, whole),
        vitals,
        laboratory,
        allergies: allergies(&course),
        immunizations: immunizations(&course, whole),
        procedures: procedures(&course, whole),
        devices: devices(&course, draws),
        coverage: coverage(subject, &mut draws.part(Part::Coverage)),
        claims: claims(&encounters),
        encounters,
    }
}

fn conditions(course: &Course, whole: bool) -> Vec<Condition> {
    let lasting = course
        .onsets
        .iter()
        .map(|onset| condition(onset.diagnosis.icd10, onset.diagnosis.snomed, onset.day, None));
    let passed = course.spells.iter().filter(|_| whole).map(|spell| {
        condition(
            spell.episode.icd10,
            spell.episode.snomed,
            spell.first,
            Some(spell.last),
        )
    });
    lasting.chain(passed).collect()
}

fn condition(icd10: Concept, snomed: Concept, onset: Day, end: Option<Day>) -> Condition {
    Condition {
        system: icd10.system,
        code: icd10.code,
        display: icd10.display,
        snomed,
        onset_date: calendar::date(onset),
        abatement_date: end.map(calendar::date),
    }
}

fn medications(course: &Course, whole: bool) -> Vec<Medication> {
    let known = course
        .intakes
        .iter()
        .filter(|intake| whole || intake.last.is_none());
    known
        .map(|intake| Medication {
            system: System::RxNorm,
            code: intake.drug.concept.code,
            display: intake.drug.concept.display,
            dose: intake.drug.dose,
            reason_code: intake.reason,
            start_date: calendar::date(intake.first),
            end_date: intake.last.map(calendar::date),
        })
        .collect()
}

/// Every visit. Blood is taken from adults at check-ups and follow-ups, and at the last visit of all.
fn encounters(course: &Course, body: &Body<'_>, life: Life) -> Vec<Encounter> {
    let last = course.visits.len().saturating_sub(1);
    let visits = course.visits.iter().enumerate();
    visits
        .map(|(number, (day, visit))| {
            let grown = day - life.born > 18 * 365;
            let routine = matches!(visit, Visit::CheckUp | Visit::FollowUp | Visit::Found(_));
            let blood = number == last || (grown && routine);
            encounter(
                *day,
                *visit,
                body.vitals(*day, *visit),
                blood.then(|| body.laboratory(*day)),
            )
        })
        .collect()
}

fn encounter(day: Day, visit: Visit, vitals: Vitals, laboratory: Option<Laboratory>) -> Encounter {
    let (r#type, reason_code) = match visit {
        Visit::Operation(reason) => (codes::ADMISSION, Some(reason)),
        Visit::Found(reason) | Visit::Acute { reason, .. } => (codes::SYMPTOM, Some(reason)),
        Visit::CheckUp => (codes::CHECK_UP, None),
        Visit::WellChild => (codes::WELL_CHILD, None),
        Visit::FollowUp => (codes::FOLLOW_UP, None),
    };
    let inpatient = matches!(visit, Visit::Operation(_));
    Encounter {
        date: calendar::date(day),
        setting: if inpatient {
            Setting::Inpatient
        } else {
            Setting::Ambulatory
        },
        r#type,
        reason_code,
        vitals,
        laboratory,
    }
}

fn allergies(course: &Course) -> Vec<Allergy> {
    let known = course.allergies.iter();
    known
        .map(|(sensitivity, day)| Allergy {
            concept: sensitivity.allergy,
            reaction: sensitivity.reaction,
            category: sensitivity.category,
            recorded_date: calendar::date(*day),
        })
        .collect()
}

fn immunizations(course: &Course, whole: bool) -> Vec<Immunization> {
    let later = |number: usize, concept: &Concept| {
        let mut rest = course.doses.iter().skip(number + 1);
        rest.any(|(other, _)| other.code == concept.code)
    };
    let doses = course.doses.iter().enumerate();
    doses
        .filter(|(number, (concept, _))| whole || !later(*number, concept))
        .map(|(_, (concept, day))| Immunization {
            concept: *concept,
            date: calendar::date(*day),
        })
        .collect()
}

fn procedures(course: &Course, whole: bool) -> Vec<Procedure> {
    let operations = course
        .implants
        .iter()
        .map(|implant| (implant.day, implant.procedure, Some(implant.reason)));
    let screening = course
        .screenings
        .iter()
        .filter(|_| whole)
        .map(|(concept, day)| (*day, *concept, None));
    let mut done: Vec<(Day, Concept, Option<&'static str>)> = operations.chain(screening).collect();
    done.sort_by_key(|(day, concept, _)| (*day, concept.code));
    done.into_iter()
        .map(|(day, concept, reason_code)| Procedure {
            concept,
            date: calendar::date(day),
            reason_code,
        })
        .collect()
}

fn devices(course: &Course, draws: &Draws) -> Vec<Device> {
    let numbered = (1..).zip(&course.implants);
    numbered
        .map(|(number, implant)| device(implant, &mut draws.piece(Part::Implant, number)))
        .collect()
}

fn device(implant: &Implant, draw: &mut Draw) -> Device {
    let made = implant.day - draw.between(60, 500);
    let (manufacture_date, expiration_date) = (calendar::date(made), calendar::date(made + 5 * 365));
    let lot_number = format!("L{:06}", draw.below(1_000_000));
    let serial_number = format!("SYN{:08}", draw.below(100_000_000));
    let udi_di = implants::model(implant.device);
    let udi = implants::printed(
        &udi_di,
        manufacture_date,
        expiration_date,
        &lot_number,
        &serial_number,
    );
    Device {
        concept: implant.device,
        udi_di,
        udi,
        manufacture_date,
        expiration_date,
        lot_number,
        serial_number,
        implant_date: calendar::date(implant.day),
    }
}

fn coverage(subject: Subject<'_>, draw: &mut Draw) -> Coverage {
    let poor = draw.chance(21);
    let old = subject.place.age >= 65;
    let (kind, since) = match (old, poor) {
        (true, _) => (Payer::Medicare, birthday(subject.life.birth, 65)),
        (false, true) => (Payer::Medicaid, subject.life.birth),
        (false, false) => (Payer::Commercial, subject.life.birth),
    };
    Coverage {
        kind,
        subscriber_id: subject.mrn.replace("SYN", "SYN-"),
        start_date: since,
    }
}

fn birthday(birth: Date, age: i32) -> Date {
    birth.saturating_add(jiff::Span::new().years(age))
}

fn claims(encounters: &[Encounter]) -> Vec<Claim> {
    let numbered = encounters.iter().enumerate();
    numbered
        .map(|(number, encounter)| {
            let visit = match encounter.setting {
                Setting::Ambulatory => 14_500,
                Setting::Inpatient => 1_820_000,
            };
            let blood = if encounter.laboratory.is_some() { 6_200 } else { 0 };
            Claim {
                date: encounter.date,
                encounter: number,
                total_cents: visit + blood,
            }
        })
        .collect()
}
