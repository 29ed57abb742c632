//! The caller as an argument of handlers.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::authenticator::{Known, allowed, known};
use super::policy::Policy;
use super::refusal::Refusal;
use super::user::User;

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        allowed(parts, &Policy::authenticated()).await
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for User {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refusal> {
        known(parts).await.map(Known::optional)
    }
}

/// A role, named by a type for [`Require`].
pub trait Role: Send + Sync + 'static {
    /// As in the claim `roles`.
    const NAME: &'static str;
}

/// A scope, named by a type for [`RequireScope`].
pub trait Scope: Send + Sync + 'static {
    /// As in the claim `scope`.
    const NAME: &'static str;
}

/// A caller who has the role `R`; others are refused.
#[derive(Clone, Debug)]
pub struct Require<R>(User, PhantomData<R>);

/// A caller whose token carries the scope `S`; others are refused.
#[derive(Clone, Debug)]
pub struct RequireScope<S>(User, PhantomData<S>);

impl<R> Require<R> {
    /// The caller.
    pub const fn user(&self) -> &User {
        &self.0
    }
}

impl<S> RequireScope<S> {
    /// The caller.
    pub const fn user(&self) -> &User {
        &self.0
    }
}

impl<R: Role, S: Send + Sync> FromRequestParts<S> for Require<R> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let user = allowed(parts, &Policy::role(R::NAME)).await?;
        Ok(Self(user, PhantomData))
    }
}

impl<N: Scope, S: Send + Sync> FromRequestParts<S> for RequireScope<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let user = allowed(parts, &Policy::scope(N::NAME)).await?;
        Ok(Self(user, PhantomData))
    }
}
