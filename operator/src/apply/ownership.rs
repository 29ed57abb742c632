//! Whether an existing object may be applied to.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::outcome::Error;
use crate::plan::Plan;
use crate::render::Child;

/// The uid of an object that is ours, or that may be taken over. An object with another controller never may.
pub(super) fn check(child: &Child, found: &ObjectMeta, plan: &Plan, adopt: bool) -> Result<String, Error> {
    let (kind, name) = (child.kind.kind(), child.name.clone());
    if found.deletion_timestamp.is_some() {
        return Err(Error::Terminating { kind, name });
    }
    let owners = found.owner_references.as_deref().unwrap_or_default();
    match owners.iter().find(|owner| owner.controller == Some(true)) {
        Some(owner) if owner.uid == plan.owner.uid => {}
        Some(owner) => {
            let owner = format!("controlled by {} {}", owner.kind, owner.name);
            return Err(Error::Conflict { kind, name, owner });
        }
        None if adopt => {}
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
