use super::{Admin, AdminError};
use crate::app::App;
use crate::app::Origin;
use crate::app::error::Failure;
use crate::app::keys::Rotated;
use crate::domain::audit::{Actor, AuditEvent, KeyChange};
use crate::domain::keys::KeyStep;

impl App {
    /// Makes a key that is used as soon as everybody can know it; with `withdrawn` one that takes the place of another at once,
    /// whose tokens are good for nothing from now on.
    pub(crate) async fn rotate_keys(&self, admin: &Admin, withdrawn: Option<&str>) -> Result<(), AdminError> {
        let rotated = match withdrawn {
            Some(kid) => self.rotator.withdraw(kid).await?,
            None => self.rotator.rotate().await?,
        };
        self.keys_changed(&admin.origin, &admin.by, &rotated, withdrawn)
            .await?;
        Ok(())
    }

    /// Writes down which steps were taken.
    pub(crate) async fn keys_changed(
        &self,
        origin: &Origin,
        by: &Actor,
        rotated: &Rotated,
        withdrawn: Option<&str>,
    ) -> Result<(), Failure> {
        for step in &rotated.steps {
            let (key_id, change) = match step {
                KeyStep::Add => (rotated.added.as_str(), KeyChange::Added),
                KeyStep::Activate(kid) => (kid.as_str(), KeyChange::Activated),
                KeyStep::Retire(kid) => (kid.as_str(), KeyChange::Retired),
                KeyStep::Remove(kid) if withdrawn == Some(kid) => (kid.as_str(), KeyChange::Withdrawn),
                KeyStep::Remove(kid) => (kid.as_str(), KeyChange::Removed),
            };
            let event = AuditEvent::KeyChanged {
                key_id: key_id.to_owned(),
                algorithm: rotated.algorithm.name().to_owned(),
                change,
                by: by.clone(),
            };
            self.record(origin, event).await?;
        }
        Ok(())
    }
}
