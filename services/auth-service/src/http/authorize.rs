//! `/oauth2/authorize`: the login page, and what it sends.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use utoipa::{IntoParams, ToSchema};

use super::answer::with_retry_after;
use super::form::Form;
use super::page::{self, LoginPage};
use super::token::OAuthErrorBody;
use super::{cookies, csrf};
use crate::app::{App, Credentials, Failure, LoggedIn, Login, Origin, Stop, ToLogIn, random_bytes};
use crate::domain::authorization::Location;
use crate::domain::parameters::Parameters;

/// Shown whatever was wrong, so that nobody learns which logins there are.
const WRONG: &str = "Login or password is wrong, or there were too many attempts. Check both; if that does not help, wait \
                     and try again.";

const STALE: &str = "The form was open for too long, or is not from this browser. Log in again.";

const BUSY: &str = "Too many people are logging in at the moment. Try again.";

/// RFC 6749, section 4.1.1; RFC 7636, section 4.3; OpenID Connect Core 1.0, section 3.1.2.1.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub(super) struct AuthorizationParameters {
    response_type: String,
    client_id: String,
    redirect_uri: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    code_challenge: String,
    code_challenge_method: String,
    nonce: Option<String>,
    prompt: Option<String>,
    max_age: Option<u32>,
    /// RFC 8707.
    resource: Option<String>,
    /// SMART App Launch 2.2: the FHIR server.
    aud: Option<String>,
}

/// What the login page sends, or the parameters of an authorization request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub(super) struct LoginForm {
    /// The query that the page was asked for with.
    authorization_request: String,
    /// From the page.
    form_token: String,
    login: String,
    password: String,
}

/// The login page
#[utoipa::path(get, path = "", tag = "oauth", params(AuthorizationParameters), responses(
    (status = OK, description = "The page.", body = String, content_type = "text/html"),
    (status = SEE_OTHER, description = "To the client, which is told what is wrong."),
    (status = BAD_REQUEST, description = "Nobody but the person can be told.", body = String, content_type = "text/html"),
))]
pub(super) async fn show(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    ask(&app, &origin, &headers, &query).await.unwrap_or_else(stopped)
}

/// Login and password
///
/// Or an authorization request in a body (OpenID Connect Core 1.0, section 3.1.2.1), which is answered with the page.
#[utoipa::path(post, path = "", tag = "oauth",
    request_body(content = LoginForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = SEE_OTHER, description = "To the client, with a code."),
        (status = OK, description = "The page.", body = String, content_type = "text/html"),
        (status = FORBIDDEN, description = "The page, with what is wrong.", body = String, content_type = "text/html"),
        (status = TOO_MANY_REQUESTS, description = "The same, after too many attempts.", body = String,
            content_type = "text/html"),
        (status = BAD_REQUEST, description = "Nobody but the person can be told; or this is no form.",
            content((String = "text/html"), (OAuthErrorBody = "application/json"))),
    ),
)]
pub(super) async fn submit(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    Form(form): Form,
) -> Response {
    let answer = match form.get("form_token") {
        Some(token) => log_in(&app, &origin, &headers, &form, token).await,
        None => ask(&app, &origin, &headers, &form.to_query()).await,
    };
    answer.unwrap_or_else(stopped)
}

/// The page for a request.
async fn ask(app: &App, origin: &Origin, headers: &HeaderMap, query: &str) -> Result<Response, Stop> {
    let to_log_in = app.authorization_request(origin, query).await?;
    login_page(app, headers, query, &to_log_in, None)
}

async fn log_in(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    form: &Parameters,
    token: &str,
) -> Result<Response, Stop> {
    let query = form.get("authorization_request").unwrap_or_default();
    let to_log_in = app.authorization_request(origin, query).await?;
    let again = |status, text| login_page(app, headers, query, &to_log_in, Some((status, text)));
    let is_ours = cookies::get(headers, cookies::FORM)
        .is_some_and(|cookie| app.secrets.forms.accepts(token, cookie, query, app.now()));
    if !is_ours {
        return again(StatusCode::FORBIDDEN, STALE);
    }
    let credentials = Credentials {
        login: form.get("login").unwrap_or_default(),
        password: form.get("password").unwrap_or_default().into(),
        device_cookie: cookies::get(headers, cookies::DEVICE),
    };
    match app.log_in(origin, &credentials).await {
        Ok(Login::Succeeded(logged_in)) => {
            let location = app.authorize(origin, &to_log_in.request, &logged_in).await?;
            Ok(with_device(redirect(&location), &logged_in))
        }
        Ok(Login::Failed) => again(StatusCode::FORBIDDEN, WRONG),
        Ok(Login::Locked) => again(StatusCode::TOO_MANY_REQUESTS, WRONG),
        Err(Failure::Busy) => again(StatusCode::SERVICE_UNAVAILABLE, BUSY),
        Err(failure) => Err(failure.into()),
    }
}

/// The login page, with the cookie of the browser it is shown to; again with a status and what is wrong.
fn login_page(
    app: &App,
    headers: &HeaderMap,
    query: &str,
    to_log_in: &ToLogIn,
    wrong: Option<(StatusCode, &str)>,
) -> Result<Response, Stop> {
    let known = cookies::get(headers, cookies::FORM).filter(|cookie| csrf::is_cookie(cookie));
    let cookie = match known {
        Some(cookie) => cookie.to_owned(),
        None => csrf::cookie(random_bytes().map_err(Stop::Failed)?),
    };
    let page = LoginPage {
        client: &to_log_in.client_name,
        request: query,
        token: &app.secrets.forms.token(&cookie, query, app.now()),
        alert: wrong.map(|(_, text)| text),
        redirect_uri: &to_log_in.request.response.redirect_uri,
    };
    let mut response = page.answer(wrong.map_or(StatusCode::OK, |(status, _)| status));
    if let Some(value) = cookies::form(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(with_retry_after(response))
}

/// 303: the browser must not send the password on (RFC 9700, section 4.12).
fn redirect(location: &Location) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(mut value) = HeaderValue::from_str(location.expose()) {
        value.set_sensitive(true);
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

fn with_device(mut response: Response, logged_in: &LoggedIn) -> Response {
    if let Some(value) = cookies::device(logged_in.device_cookie.expose_secret()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

fn stopped(stop: Stop) -> Response {
    match stop {
        Stop::Shown(error) => {
            let text = format!(
                "The app made a request that cannot be answered: {}.",
                error.description()
            );
            page::error(StatusCode::BAD_REQUEST, &text)
        }
        Stop::Redirect(location, _) => redirect(&location),
        Stop::Failed(failure) => {
            let error = failure.tell();
            let response = page::error(error.code.status(), error.description());
            with_retry_after(response)
        }
    }
}
