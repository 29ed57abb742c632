//! The words of a request that say who is asked for.

use super::OLDEST;
use crate::domain::Sex;
use crate::domain::catalogue::DIAGNOSES;

/// How many conditions a cohort may require.
const MOST_CONDITIONS: usize = 6;

/// Why a cohort cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchCohort {
    /// A condition is not in the catalogue.
    #[error("conditions must be a comma-separated list of names of {}", names())]
    Condition,
    /// Too many of them.
    #[error("conditions can be at most {MOST_CONDITIONS}")]
    TooMany,
    /// The age is not a range.
    #[error("age must be a number of years or a range such as 40-64, from 0 to {OLDEST}")]
    Age,
    /// Nobody is like that.
    #[error("nobody of this age and sex has these conditions")]
    Empty,
}

fn names() -> String {
    DIAGNOSES
        .iter()
        .map(|diagnosis| diagnosis.key)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Which people a cohort consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub(super) required: Vec<usize>,
    pub(super) ages: Option<(u8, u8)>,
    sex: Option<Sex>,
}

impl Selection {
    /// From the words of a request: condition names or ICD-10-CM codes separated by commas, years such as `40-64`.
    pub fn parse(
        conditions: Option<&str>,
        age: Option<&str>,
        sex: Option<Sex>,
    ) -> Result<Self, NoSuchCohort> {
        let words = conditions
            .into_iter()
            .flat_map(|list| list.split(','))
            .map(str::trim);
        let mut required = words
            .filter(|word| !word.is_empty())
            .map(|word| position(word).ok_or(NoSuchCohort::Condition))
            .collect::<Result<Vec<usize>, _>>()?;
        required.sort_unstable();
        required.dedup();
        if required.len() > MOST_CONDITIONS {
            return Err(NoSuchCohort::TooMany);
        }
        Ok(Self {
            required,
            ages: age.map(years).transpose()?,
            sex,
        })
    }

    pub(super) fn admits(&self, sex: Sex, age: u8) -> bool {
        self.sex.is_none_or(|wanted| wanted == sex)
            && self
                .ages
                .is_none_or(|(first, last)| (first..=last).contains(&age))
    }
}

fn position(word: &str) -> Option<usize> {
    DIAGNOSES
        .iter()
        .position(|diagnosis| diagnosis.key == word || diagnosis.icd10.code.eq_ignore_ascii_case(word))
}

fn years(text: &str) -> Result<(u8, u8), NoSuchCohort> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .then(|| text.parse::<u8>().ok())
            .flatten()
            .filter(|age| *age <= OLDEST)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (number(first.trim()), number(last.trim())) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err(NoSuchCohort::Age),
    }
}
