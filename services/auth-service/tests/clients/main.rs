//! Clients that were not written here, unmodified, before three replicas behind a proxy; and forged tokens of those who are
//! known to have broken others.

#[cfg(test)]
#[path = "../replicas/cluster.rs"]
#[expect(dead_code, reason = "more of it is used where replicas fail")]
mod cluster;

#[cfg(test)]
#[path = "../replicas/api.rs"]
#[expect(dead_code, reason = "more of it is used where replicas fail")]
mod api;

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod programs;
