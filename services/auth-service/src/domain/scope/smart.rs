//! Scopes for FHIR resources: `patient/Observation.rs?category=laboratory` (SMART App Launch 2.2, "Scopes for requesting FHIR
//! resources"), and those of version 1, such as `user/*.read`, in the meaning that version 2 gives them.

use std::fmt;

/// Whose records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Those of the one patient the launch is about.
    Patient,
    /// Those the person who is logged in may see.
    User,
    /// Those the client itself may see.
    System,
}

/// What may be done: a set of create, read, update, delete and search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions(u8);

/// The letters of version 2, in the only order they may have.
const LETTERS: &str = "cruds";

/// The words of version 1 and what they mean in version 2.
const VERSION_1: [(&str, &str); 3] = [("read", "rs"), ("write", "cud"), ("*", "cruds")];

impl Permissions {
    /// Letters of [`LETTERS`] in order, each at most once, one at least; or a word of version 1.
    fn parse(text: &str) -> Option<Self> {
        let of_version_1 = VERSION_1.iter().find(|(word, _)| *word == text);
        let letters = of_version_1.map_or(text, |(_, letters)| letters);
        let mut known = LETTERS.chars().enumerate();
        let mut permissions = 0;
        for letter in letters.chars() {
            let (at, _) = known.find(|(_, known)| *known == letter)?;
            permissions |= 1 << at;
        }
        (permissions != 0).then_some(Self(permissions))
    }

    const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The letters of version 2.
impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = LETTERS
            .chars()
            .enumerate()
            .filter(|(at, _)| self.0 & (1 << at) != 0);
        held.map(|(_, letter)| letter)
            .try_for_each(|letter| fmt::Write::write_char(f, letter))
    }
}

/// A scope for FHIR resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmartScope<'a> {
    context: Context,
    /// `*` for all.
    resource: &'a str,
    permissions: Permissions,
    /// Search parameters, sorted; all must hold.
    query: Vec<&'a str>,
}

impl<'a> SmartScope<'a> {
    /// The scope of this text; `None` when it is none of these, or a malformed one.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scope, query) = match text.split_once('?') {
            Some((scope, query)) => (scope, parse_query(query)?),
            None => (text, Vec::new()),
        };
        let (context, rest) = scope.split_once('/')?;
        let (resource, permissions) = rest.split_once('.')?;
        Some(Self {
            context: parse_context(context)?,
            resource: is_resource(resource).then_some(resource)?,
            permissions: Permissions::parse(permissions)?,
            query,
        })
    }

    /// Whose records.
    pub const fn context(&self) -> Context {
        self.context
    }

    /// What may be done.
    pub const fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// The type of resource; `None` for all.
    pub fn resource(&self) -> Option<&'a str> {
        (self.resource != "*").then_some(self.resource)
    }

    /// Whether this allows everything that `other` does. The contexts are compared as they are: a user may see less than
    /// a system and other records than those of one patient. A query only covers the same query.
    pub fn covers(&self, other: &Self) -> bool {
        self.context == other.context
            && self.resource().is_none_or(|resource| resource == other.resource)
            && self.permissions.contains(other.permissions)
            && (self.query.is_empty() || self.query == other.query)
    }
}

fn parse_context(text: &str) -> Option<Context> {
    match text {
        "patient" => Some(Context::Patient),
        "user" => Some(Context::User),
        "system" => Some(Context::System),
        _ => None,
    }
}

/// The name of a type of resource (FHIR R4, section 2.1): a capital letter and then letters.
fn is_resource(text: &str) -> bool {
    let is_name = text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    text == "*" || is_name
}

/// `name=value` at least once, with `&` between two.
fn parse_query(text: &str) -> Option<Vec<&str>> {
    let is_parameter = |part: &&str| matches!(part.split_once('='), Some((name, value)) if !name.is_empty() && !value.is_empty());
    let mut parameters: Vec<_> = text.split('&').collect();
    if !parameters.iter().all(is_parameter) {
        return None;
    }
    parameters.sort_unstable();
    Some(parameters)
}

#[cfg(test)]
mod tests;
