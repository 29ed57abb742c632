use axum::extract::Request;
use http::header;

use crate::auth::Authenticator;

/// Hands the routes what they need to know their callers; each brings its own policy (`Routes::protected`). From
/// here on no debugging output shows the credentials.
pub(super) fn apply(mut request: Request, authenticator: Option<&Authenticator>) -> Request {
    if let Some(authenticator) = authenticator {
        request.extensions_mut().insert(authenticator.clone());
    }
    for name in [header::AUTHORIZATION, header::COOKIE] {
        if let Some(value) = request.headers_mut().get_mut(name) {
            value.set_sensitive(true);
        }
    }
    request
}
