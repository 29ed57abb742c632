use clap::ValueEnum;

use super::quota::Quota;

/// How requests are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Counting {
    /// Generic cell rate algorithm; in Redis when there is one.
    #[default]
    Gcra,
    /// Token bucket; in Redis when there is one.
    TokenBucket,
    /// A log of requests in a sorted set; needs Redis.
    SlidingLog,
    /// Windows one after the other, each replica on its own.
    FixedWindow,
    /// Two windows, the former weighted, each replica on its own.
    TwoCounter,
}

/// What requests are counted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyBy {
    /// The network address of the client.
    #[default]
    Ip,
    /// The user a verified token names; the address on routes that ask for none.
    User,
    /// The endpoint, all callers together.
    Endpoint,
    /// User and endpoint.
    UserEndpoint,
    /// The header `X-Api-Key`; the address when there is none.
    ApiKey,
    /// What handlers say: nothing is limited but by [`super::Limit::check`].
    #[value(skip)]
    Manual,
}

impl KeyBy {
    /// Whether callers get past the limit by naming ever new keys, or none that is known, so that their addresses must
    /// be limited as well.
    pub(crate) const fn needs_address_limit(self) -> bool {
        matches!(self, Self::ApiKey | Self::User | Self::UserEndpoint)
    }

    /// Whether the key is known only after authentication.
    pub(crate) const fn needs_user(self) -> bool {
        matches!(self, Self::User | Self::UserEndpoint)
    }
}

/// One limit of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What callers and metrics call it: lower-case letters, digits and `-`. No two policies of a service share one.
    pub name: &'static str,
    /// How much a key has.
    pub quota: Quota,
    /// How it is counted.
    pub counting: Counting,
    /// What it is counted by.
    pub key: KeyBy,
}
