//! `/admin/keys`.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use service_kit::error::Problem;
use service_kit::extract::Query;
use utoipa::IntoParams;

use crate::app::App;
use crate::app::admin::Admin;

/// Which key is not to be trusted any more.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// `kid` of a key that somebody else may have: it goes at once, and the tokens it signed are good for nothing.
    withdraw: Option<String>,
}

/// Makes a new signing key
///
/// It is published at once, and used as soon as everybody can know it.
#[utoipa::path(post, path = "", tag = "keys", operation_id = "rotate_keys", params(Rotation), responses(
    (status = NO_CONTENT, description = "It is published."),
    (status = CONFLICT, description = "There are no keys, but a secret."),
))]
pub(crate) async fn rotate(
    State(app): State<App>,
    admin: Admin,
    Query(rotation): Query<Rotation>,
) -> Result<StatusCode, Problem> {
    app.rotate_keys(&admin, rotation.withdraw.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
