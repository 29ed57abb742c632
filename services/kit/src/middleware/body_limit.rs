use axum::body::Body;
use axum::extract::Request;
use http_body::Body as _;
use http_body_util::Limited;

use crate::error::{ErrorCode, Problem};

/// Refuses a body that says it is too long; one that does not say is cut off while it is read, which the
/// extractors of [`crate::extract`] answer with 413 too.
pub(super) fn apply(request: Request, limit: u64) -> Result<Request, Problem> {
    if request.body().size_hint().lower() > limit {
        let detail = format!("The body is larger than the {limit} bytes this service accepts.");
        return Err(Problem::new(ErrorCode::BodyTooLarge, detail));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(request.map(|body| Body::new(Limited::new(body, limit))))
}
