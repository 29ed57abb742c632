//! The caller of a request.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::policy::Grants;
use super::token::Claims;

/// The caller, known by a valid access token. As an argument of a handler it refuses requests without one;
/// `Option<User>` lets those through as `None`, but still refuses a token that is not valid.
#[derive(Clone, PartialEq)]
pub struct User(Arc<Claims>);

impl User {
    pub(super) fn new(claims: Claims) -> Self {
        Self(Arc::new(claims))
    }

    /// Whether the caller has the role.
    pub fn has_role(&self, role: &str) -> bool {
        self.0.has_role(role)
    }

    /// Whether the caller's token carries the scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.0.has_scope(scope)
    }
}

impl Deref for User {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.0
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("User").field(&self.0).finish()
    }
}
