use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::{Admin, AdminError};
use crate::app::App;
use crate::domain::audit::{AuditEvent, Change};
use crate::domain::password;
use crate::domain::user::User;
use crate::store::{ChangeError, RevocationReason, Stored};

/// Longest login, characters.
const MAX_LOGIN_CHARS: usize = 256;

/// Why something is no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UserError {
    /// Nobody could type it.
    #[error(
        "a login is 1 to {MAX_LOGIN_CHARS} characters, none of them a control character, and no space at either end"
    )]
    Login,
    /// SMART App Launch 2.2.
    #[error("fhir_user is an absolute URL")]
    FhirUser,
}

impl App {
    /// Adds an account.
    pub(crate) async fn create_user(
        &self,
        admin: &Admin,
        user: User,
        password: SecretString,
    ) -> Result<Stored<User>, AdminError> {
        check(&user)?;
        let user = User {
            password_hash: self.hashed(password).await?,
            ..user
        };
        let created = self.store.users.create(&user, self.now()).await?;
        self.user_changed(admin, user.id, Change::Created).await?;
        Ok(created)
    }

    /// Replaces an account that is still in the version the caller read, but for its password. One that is disabled is logged out
    /// everywhere.
    pub(crate) async fn replace_user(
        &self,
        admin: &Admin,
        user: User,
        read_version: i64,
    ) -> Result<Stored<User>, AdminError> {
        check(&user)?;
        let before = self
            .store
            .users
            .find(user.id)
            .await?
            .ok_or(ChangeError::Missing)?
            .value;
        let user = User {
            password_hash: before.password_hash.clone(),
            ..user
        };
        let replaced = self.store.users.replace(&user, read_version, self.now()).await?;
        if !user.is_enabled {
            self.end_logins_of_user(user.id, RevocationReason::UserDisabled)
                .await?;
        }
        let change = match (before.is_enabled, user.is_enabled) {
            (true, false) => Change::Disabled,
            (false, true) => Change::Enabled,
            _ => Change::Updated,
        };
        self.user_changed(admin, user.id, change).await?;
        Ok(replaced)
    }

    /// Sets a password, and logs the person out everywhere: whoever knew the old one is out.
    pub(crate) async fn set_password(
        &self,
        admin: &Admin,
        id: Uuid,
        password: SecretString,
    ) -> Result<(), AdminError> {
        let hash = self.hashed(password).await?;
        let users = &self.store.users;
        let before = users.find(id).await?.ok_or(ChangeError::Missing)?.value;
        users
            .change_password_hash(id, &before.password_hash, &hash, self.now())
            .await?;
        self.end_logins_of_user(id, RevocationReason::PasswordChanged)
            .await?;
        self.user_changed(admin, id, Change::CredentialChanged).await
    }

    /// Takes from a person the right to log in, and logs them out everywhere.
    pub(crate) async fn disable_user(&self, admin: &Admin, id: Uuid) -> Result<(), AdminError> {
        self.store.users.disable(id, self.now()).await?;
        self.end_logins_of_user(id, RevocationReason::UserDisabled)
            .await?;
        self.user_changed(admin, id, Change::Disabled).await
    }

    /// Logs a person out everywhere.
    pub(crate) async fn log_out(&self, admin: &Admin, id: Uuid) -> Result<(), AdminError> {
        self.store.users.find(id).await?.ok_or(ChangeError::Missing)?;
        self.end_logins_of_user(id, RevocationReason::Logout).await?;
        let event = AuditEvent::LoggedOut { user: id };
        Ok(self.record(&admin.origin, event).await?)
    }

    async fn hashed(&self, password: SecretString) -> Result<String, AdminError> {
        password::check(&password)?;
        Ok(self.passwords.hash(password).await??)
    }

    async fn end_logins_of_user(&self, id: Uuid, why: RevocationReason) -> Result<(), AdminError> {
        let families = &self.store.families;
        families.kill_of_subject(&id.to_string(), why, self.now()).await?;
        self.shared.tell_soon();
        Ok(())
    }

    async fn user_changed(&self, admin: &Admin, user: Uuid, change: Change) -> Result<(), AdminError> {
        let event = AuditEvent::UserChanged {
            user,
            change,
            by: admin.by.clone(),
        };
        Ok(self.record(&admin.origin, event).await?)
    }
}

fn check(user: &User) -> Result<(), UserError> {
    let login = &user.login;
    let is_short = (1..=MAX_LOGIN_CHARS).contains(&login.chars().count());
    if !is_short || login.trim() != login || login.chars().any(char::is_control) {
        return Err(UserError::Login);
    }
    match user.fhir_user.as_deref().map(Url::parse) {
        Some(Err(_)) => Err(UserError::FhirUser),
        Some(Ok(_)) | None => Ok(()),
    }
}
