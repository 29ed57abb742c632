use axum::extract::Request;
use http::header::{self, Entry};

use crate::auth::Authenticator;

/// Hands the routes what they need to know their callers; each brings its own policy (`Routes::protected`). From
/// here on no debugging output shows the credentials.
pub(super) fn apply(mut request: Request, authenticator: Option<&Authenticator>) -> Request {
    if let Some(authenticator) = authenticator {
        request.extensions_mut().insert(authenticator.clone());
    }
    for name in [header::AUTHORIZATION, header::COOKIE] {
        if let Entry::Occupied(mut values) = request.headers_mut().entry(name) {
            values.iter_mut().for_each(|value| value.set_sensitive(true));
        }
    }
    request
}

#[cfg(test)]
mod tests;
