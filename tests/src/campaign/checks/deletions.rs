//! No wanted child and no foreign object is deleted by an operator. Pure.

use std::collections::BTreeSet;

use super::super::history::{Violation, Write};
use super::super::wanted::ChildName;

/// The rule.
pub(crate) const RULE: &str = "an operator deletes nothing that is wanted";
/// The rule about what is not its own.
pub(crate) const FOREIGN: &str = "an operator's writes leave foreign objects alone";

/// The plural, namespace and name in a path like `/apis/apps/v1/namespaces/a/deployments/b`.
pub(crate) fn object(path: &str) -> Option<ChildName> {
    let (_, rest) = path.split_once("/namespaces/")?;
    let mut parts = rest.split('/');
    let (namespace, plural, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some((plural.to_owned(), namespace.to_owned(), name.to_owned()))
}

/// Deletions of objects that were wanted all the time, whether the API server did them or not: those that the proxy
/// kept from it were meant, too.
pub(crate) fn check(writes: &[Write], wanted: &BTreeSet<ChildName>) -> Vec<Violation> {
    let deletions = writes.iter().filter(|write| write.method == "DELETE");
    deletions
        .filter(|write| match object(&write.path) {
            Some(object) => wanted.contains(&object),
            // Of a whole collection.
            None => true,
        })
        .map(|write| Violation::by(RULE, write, ""))
        .collect()
}

/// Writes that the API server did, or may have done, to a foreign object.
pub(crate) fn check_foreign(writes: &[Write], foreign: &BTreeSet<ChildName>) -> Vec<Violation> {
    let hits = |write: &&Write| object(&write.path).is_some_and(|object| foreign.contains(&object));
    let written = writes.iter().filter(hits).filter(|write| write.is_done());
    written.map(|write| Violation::by(FOREIGN, write, "")).collect()
}

#[cfg(test)]
mod tests;
