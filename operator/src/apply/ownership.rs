//! Whether an existing object may be applied to.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::metadata::controller;
use crate::outcome::Error;
use crate::plan::Plan;
use crate::render::{Child, labels};

/// The uid of an object that is ours, or that may be taken over. An object with another controller never may.
/// One that was made by us stays ours, also when somebody took the owner out.
///
/// # Errors
/// [`Error::Conflict`] for one that is somebody else's, [`Error::Terminating`] for one that is about to go.
pub fn check(
    child: &Child,
    found: &ObjectMeta,
    plan: &Plan,
    adopt: bool,
    known: Option<&str>,
) -> Result<String, Error> {
    let (kind, name) = (child.kind.kind(), child.name.clone());
    if found.deletion_timestamp.is_some() {
        return Err(Error::Terminating { kind, name });
    }
    match controller(found) {
        Some(owner) if owner.uid == plan.owner.uid => {}
        Some(owner) if is_predecessor(owner, plan) => return Err(Error::Terminating { kind, name }),
        Some(owner) => {
            let owner = format!("controlled by {} {}", owner.kind, owner.name);
            return Err(Error::Conflict { kind, name, owner });
        }
        None if adopt || known.is_some() && known == found.uid.as_deref() => {}
        None => {
            return Err(Error::Conflict {
                kind,
                name,
                owner: "not managed by this operator".to_owned(),
            });
        }
    }
    Ok(found.uid.clone().unwrap_or_default())
}

/// An earlier service of the same name, which must be gone as two cannot bear it: the garbage collector is about to take
/// its children.
fn is_predecessor(owner: &OwnerReference, plan: &Plan) -> bool {
    labels::is_service(owner) && owner.name == plan.owner.name
}

#[cfg(test)]
mod tests;
