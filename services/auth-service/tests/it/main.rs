//! The service over real sockets, and its store, with a real PostgreSQL.

#[cfg(test)]
mod http;
#[cfg(test)]
mod store;
