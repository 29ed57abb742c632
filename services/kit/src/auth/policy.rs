//! What a route asks of its caller.

use std::borrow::Cow;

type Name = Cow<'static, str>;

/// What a caller must be or hold. What is not granted is denied: the default denies everybody, and so does an
/// empty [`Policy::all`] or [`Policy::any`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(Rule);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Deny,
    Authenticated,
    Role(Name),
    Scope(Name),
    Action(Name),
    All(Vec<Policy>),
    Any(Vec<Policy>),
}

/// What a policy is asked about: a caller's roles and scopes.
pub(crate) trait Grants {
    /// Whether the caller has the role.
    fn has_role(&self, role: &str) -> bool;
    /// Whether the caller's token carries the scope.
    fn has_scope(&self, scope: &str) -> bool;
}

/// Why a caller may not pass: with these scopes in the token they might.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denial {
    /// Scopes the policy names and the token lacks, for `WWW-Authenticate` (RFC 6750, section 3).
    pub missing_scopes: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self::deny()
    }
}

impl Policy {
    /// Nobody.
    pub const fn deny() -> Self {
        Self(Rule::Deny)
    }

    /// Everybody with a valid access token.
    pub const fn authenticated() -> Self {
        Self(Rule::Authenticated)
    }

    /// Callers with this role.
    pub fn role(name: impl Into<Cow<'static, str>>) -> Self {
        Self(Rule::Role(name.into()))
    }

    /// Callers whose token carries this scope.
    pub fn scope(name: impl Into<Cow<'static, str>>) -> Self {
        Self(Rule::Scope(name.into()))
    }

    /// Callers who may perform this action of the policy file. An action the file does not name is denied, and a
    /// service with such a route does not start.
    pub fn action(name: impl Into<Cow<'static, str>>) -> Self {
        Self(Rule::Action(name.into()))
    }

    /// Callers who satisfy every one of `policies`; nobody, when there are none.
    pub fn all(policies: impl IntoIterator<Item = Self>) -> Self {
        Self(Rule::All(policies.into_iter().collect()))
    }

    /// Callers who satisfy at least one of `policies`.
    pub fn any(policies: impl IntoIterator<Item = Self>) -> Self {
        Self(Rule::Any(policies.into_iter().collect()))
    }

    /// Whether the caller may pass. Actions are replaced beforehand; one that is left denies.
    pub(crate) fn check(&self, caller: &impl Grants) -> Result<(), Denial> {
        if self.permits(caller) {
            return Ok(());
        }
        let mut denial = Denial::default();
        self.collect_missing(caller, &mut denial.missing_scopes);
        Err(denial)
    }

    fn permits(&self, caller: &impl Grants) -> bool {
        match &self.0 {
            Rule::Deny | Rule::Action(_) => false,
            Rule::Authenticated => true,
            Rule::Role(name) => caller.has_role(name),
            Rule::Scope(name) => caller.has_scope(name),
            Rule::All(policies) => {
                !policies.is_empty() && policies.iter().all(|policy| policy.permits(caller))
            }
            Rule::Any(policies) => policies.iter().any(|policy| policy.permits(caller)),
        }
    }

    fn collect_missing(&self, caller: &impl Grants, missing: &mut Vec<String>) {
        match &self.0 {
            Rule::Scope(name) if !caller.has_scope(name) && !missing.iter().any(|known| known == name) => {
                missing.push(name.clone().into_owned());
            }
            Rule::All(policies) | Rule::Any(policies) => {
                for policy in policies {
                    policy.collect_missing(caller, missing);
                }
            }
            _ => {}
        }
    }

    /// Whether the policy file has a say in it.
    pub(crate) fn names_action(&self) -> bool {
        match &self.0 {
            Rule::Action(_) => true,
            Rule::All(policies) | Rule::Any(policies) => policies.iter().any(Self::names_action),
            Rule::Deny | Rule::Authenticated | Rule::Role(_) | Rule::Scope(_) => false,
        }
    }

    /// The policy with every action replaced by what `resolve` says; the name of the first it does not know.
    pub(crate) fn resolved<'a, F>(&'a self, resolve: &F) -> Result<Self, &'a str>
    where
        F: Fn(&str) -> Option<Self>,
    {
        let each = |policies: &'a [Self]| -> Result<Vec<Self>, &'a str> {
            policies.iter().map(|policy| policy.resolved(resolve)).collect()
        };
        Ok(match &self.0 {
            Rule::Action(name) => resolve(name).ok_or_else(|| name.as_ref())?,
            Rule::All(policies) => Self(Rule::All(each(policies)?)),
            Rule::Any(policies) => Self(Rule::Any(each(policies)?)),
            Rule::Deny | Rule::Authenticated | Rule::Role(_) | Rule::Scope(_) => self.clone(),
        })
    }
}

/// `scope-token` of RFC 6749, section 3.3.
pub(super) fn is_scope(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests;
