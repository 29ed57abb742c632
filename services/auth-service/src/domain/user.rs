//! People who log in.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A person's account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// `sub` of its tokens: never given to another.
    pub id: Uuid,
    /// What is typed in; case does not count.
    pub login: String,
    /// A PHC string (argon2id).
    pub password_hash: String,
    /// Roles in tokens.
    pub roles: Vec<String>,
    /// `fhirUser` (SMART App Launch 2.2): an absolute URL of a Practitioner, Patient or RelatedPerson.
    pub fhir_user: Option<String>,
    /// Whether it may log in at all.
    pub is_enabled: bool,
}

/// A login without its case: by way of capitals, since some letters (ß, ς) have capitals in common with others.
pub fn folded(login: &str) -> String {
    let lower = login.chars().flat_map(char::to_lowercase);
    let upper = lower.flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
