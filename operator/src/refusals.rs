//! What an answer of the API server means, by its code. Pure.

/// Somebody else was first (409): the object has another version, is another one, or is there already.
pub fn is_conflict(error: &kube::Error) -> bool {
    has_code(error, 409)
}

/// A right is missing (403).
pub fn is_forbidden(error: &kube::Error) -> bool {
    has_code(error, 403)
}

/// What was sent is refused for what it says (422).
pub fn is_invalid(error: &kube::Error) -> bool {
    has_code(error, 422)
}

fn has_code(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}
