//! The policy file: which roles and scopes there are, and which action asks for what.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::policy::Policy;
use super::policy::is_scope;

/// Why a policy file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Not YAML, or not of the form of a policy file.
    #[error("the policy file cannot be read: {0}")]
    Unreadable(String),
    /// A role or scope that the file does not declare: likely a slip of the pen.
    #[error("action {action:?} asks for the {kind} {name:?}, which the file does not declare")]
    Undeclared {
        /// The action.
        action: String,
        /// `role` or `scope`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A name that no token could carry.
    #[error(
        "{0:?} cannot be a scope: only visible ASCII without quote and backslash (RFC 6749, section 3.3)"
    )]
    InvalidScope(String),
    /// A policy of a route names it, the file does not.
    #[error("a route asks for the action {0:?}, which the policy file does not name")]
    UnknownAction(String),
}

/// The actions of a service and who may perform them. What is not named is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(BTreeMap<String, Policy>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    roles: BTreeSet<String>,
    scopes: BTreeSet<String>,
    #[serde(deserialize_with = "serde_yaml::with::singleton_map_recursive::deserialize")]
    actions: Actions,
}

/// The names of actions, each once: of two the reader would not know which counts.
#[derive(Default)]
struct Actions(BTreeMap<String, Entry>);

/// What an action asks for, as written.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Authenticated,
    Role(String),
    Scope(String),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Rules {
    /// Reads a policy file.
    pub fn from_yaml(text: &str) -> Result<Self, RulesError> {
        let file: File =
            serde_yaml::from_str(text).map_err(|error| RulesError::Unreadable(error.to_string()))?;
        if let Some(scope) = file.scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(RulesError::InvalidScope(scope.clone()));
        }
        let policy = |(action, entry): (&String, &Entry)| {
            let policy = file
                .policy(entry)
                .map_err(|(kind, name)| RulesError::Undeclared {
                    action: action.clone(),
                    kind,
                    name: name.to_owned(),
                })?;
            Ok((action.clone(), policy))
        };
        file.actions
            .0
            .iter()
            .map(policy)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The policy with its actions replaced by what this file says about them.
    pub fn resolve<'p>(&self, policy: &'p Policy) -> Result<Cow<'p, Policy>, RulesError> {
        if !policy.names_action() {
            return Ok(Cow::Borrowed(policy));
        }
        policy
            .resolved(&|action: &str| self.0.get(action).cloned())
            .map(Cow::Owned)
            .map_err(|action| RulesError::UnknownAction(action.to_owned()))
    }

    /// The actions the file names.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl File {
    fn policy<'a>(&self, entry: &'a Entry) -> Result<Policy, (&'static str, &'a str)> {
        let each = |entries: &'a [Entry]| -> Result<Vec<_>, _> {
            entries.iter().map(|entry| self.policy(entry)).collect()
        };
        match entry {
            Entry::Authenticated => Ok(Policy::authenticated()),
            Entry::Role(name) if !self.roles.contains(name) => Err(("role", name)),
            Entry::Role(name) => Ok(Policy::role(name.clone())),
            Entry::Scope(name) if !self.scopes.contains(name) => Err(("scope", name)),
            Entry::Scope(name) => Ok(Policy::scope(name.clone())),
            Entry::All(entries) => Ok(Policy::all(each(entries)?)),
            Entry::Any(entries) => Ok(Policy::any(each(entries)?)),
        }
    }
}

impl<'de> Deserialize<'de> for Actions {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ActionsVisitor)
    }
}

struct ActionsVisitor;

impl<'de> serde::de::Visitor<'de> for ActionsVisitor {
    type Value = Actions;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("actions by name")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut entries: A) -> Result<Actions, A::Error> {
        let mut actions = BTreeMap::new();
        while let Some((name, entry)) = entries.next_entry::<String, Entry>()? {
            if actions.insert(name, entry).is_some() {
                return Err(serde::de::Error::custom("an action is named twice"));
            }
        }
        Ok(Actions(actions))
    }
}

#[cfg(test)]
mod tests;
