//! Which pages of other origins may read the answers (Fetch, "CORS protocol").

use std::time::Duration;

use clap::Args;
use http::{HeaderName, HeaderValue, Method, Uri};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer, ExposeHeaders, MaxAge};

use crate::config::parse_duration;

/// What stands for "all" in a list.
const ANY: &str = "*";

/// Answers that scripts may read beside the safelisted ones: what a client needs to report an error and to slow down.
const EXPOSED: [HeaderName; 4] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    http::header::RETRY_AFTER,
];

/// Whose pages may call the service from a browser. Without origins no page of another origin may.
#[derive(Args, Clone, Debug, Default)]
pub struct CorsConfig {
    /// Origins whose pages may read answers, comma-separated, such as https://portal.example.org; * for all
    #[arg(long, env = "CORS_ALLOWED_ORIGINS", value_delimiter = ',', value_parser = parse_origin)]
    pub cors_allowed_origins: Vec<String>,

    /// Methods they may use, comma-separated; * for all [default: GET, POST]
    #[arg(long, env = "CORS_ALLOWED_METHODS", value_delimiter = ',', value_parser = parse_method)]
    pub cors_allowed_methods: Vec<String>,

    /// Request headers they may send, comma-separated; * for all [default: authorization, content-type]
    #[arg(long, env = "CORS_ALLOWED_HEADERS", value_delimiter = ',', value_parser = parse_header)]
    pub cors_allowed_headers: Vec<String>,

    /// Whether browsers send cookies and other credentials along; not together with *
    #[arg(long, env = "CORS_ALLOW_CREDENTIALS", action = clap::ArgAction::Set, num_args = 0..=1,
          default_value = "false", default_missing_value = "true")]
    pub cors_allow_credentials: bool,

    /// How long browsers keep the answer to a preflight request [default: 10m]
    #[arg(long, env = "CORS_MAX_AGE", value_parser = parse_duration)]
    pub cors_max_age: Option<Duration>,
}

const DEFAULT_MAX_AGE: Duration = Duration::from_mins(10);

impl CorsConfig {
    /// What is wrong with the combination, one message each.
    pub fn mistakes(&self) -> Vec<String> {
        let lists = [
            ("CORS_ALLOWED_ORIGINS", &self.cors_allowed_origins),
            ("CORS_ALLOWED_METHODS", &self.cors_allowed_methods),
            ("CORS_ALLOWED_HEADERS", &self.cors_allowed_headers),
        ];
        let mut mistakes = Vec::new();
        for (variable, list) in lists {
            if !has_any(list) {
                continue;
            }
            if list.len() > 1 {
                mistakes.push(format!("{variable}: * means all and stands alone"));
            }
            // Browsers refuse such answers (Fetch, section 3.3.5), and any page could act for its visitor.
            if self.cors_allow_credentials {
                mistakes.push(format!(
                    "{variable}: * cannot be combined with CORS_ALLOW_CREDENTIALS=true: list the values"
                ));
            }
        }
        if self.cors_allowed_origins.is_empty() && self.is_set_at_all() {
            mistakes.push(
                "CORS_ALLOWED_ORIGINS: must be set for the other CORS_* variables to have an effect"
                    .to_owned(),
            );
        }
        mistakes
    }

    fn is_set_at_all(&self) -> bool {
        self.cors_allow_credentials
            || self.cors_max_age.is_some()
            || !self.cors_allowed_methods.is_empty()
            || !self.cors_allowed_headers.is_empty()
    }

    /// The layer; `None` when no origin is allowed. Call it only when there are no [`mistakes`](Self::mistakes).
    pub(crate) fn layer(&self) -> Option<CorsLayer> {
        (!self.cors_allowed_origins.is_empty()).then(|| {
            CorsLayer::new()
                .allow_origin(self.origins())
                .allow_methods(self.methods())
                .allow_headers(self.headers())
                .expose_headers(ExposeHeaders::list(EXPOSED))
                .allow_credentials(self.cors_allow_credentials)
                .max_age(MaxAge::exact(self.cors_max_age.unwrap_or(DEFAULT_MAX_AGE)))
        })
    }

    fn origins(&self) -> AllowOrigin {
        if has_any(&self.cors_allowed_origins) {
            return AllowOrigin::any();
        }
        AllowOrigin::list(
            self.cors_allowed_origins
                .iter()
                .filter_map(|o| HeaderValue::from_str(o).ok()),
        )
    }

    fn methods(&self) -> AllowMethods {
        match self.cors_allowed_methods.as_slice() {
            [] => AllowMethods::list([Method::GET, Method::POST]),
            list if has_any(list) => AllowMethods::any(),
            list => AllowMethods::list(list.iter().filter_map(|m| Method::from_bytes(m.as_bytes()).ok())),
        }
    }

    fn headers(&self) -> AllowHeaders {
        match self.cors_allowed_headers.as_slice() {
            [] => AllowHeaders::list([http::header::AUTHORIZATION, http::header::CONTENT_TYPE]),
            list if has_any(list) => AllowHeaders::any(),
            list => AllowHeaders::list(list.iter().filter_map(|h| HeaderName::try_from(h).ok())),
        }
    }
}

fn has_any(list: &[String]) -> bool {
    list.iter().any(|value| value == ANY)
}

/// An origin as browsers send it: scheme, host, port unless it is the scheme's own (RFC 6454, section 6.2). What a
/// browser never sends would never match, so it is refused here.
fn parse_origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text == ANY {
        return Ok(ANY.to_owned());
    }
    let form = || "not an origin such as https://portal.example.org or http://localhost:3000".to_owned();
    let uri: Uri = text.parse().map_err(|_| form())?;
    let (scheme, host) = uri.scheme_str().zip(uri.host()).ok_or_else(form)?;
    let default_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err(form()),
    };
    let port = uri.port_u16();
    let written = format!(
        "{scheme}://{host}{}",
        port.map(|port| format!(":{port}")).unwrap_or_default()
    );
    if text != written.to_ascii_lowercase() {
        return Err(format!("{}, in lower case and without path", form()));
    }
    if port == Some(default_port) {
        return Err("browsers leave out the port of the scheme: remove it".to_owned());
    }
    Ok(written)
}

fn parse_method(text: &str) -> Result<String, String> {
    let text = text.trim();
    Method::from_bytes(text.as_bytes())
        .ok()
        .filter(|_| text == text.to_ascii_uppercase())
        .map(|_| text.to_owned())
        .ok_or_else(|| "not a method such as GET or POST".to_owned())
}

fn parse_header(text: &str) -> Result<String, String> {
    let text = text.trim().to_ascii_lowercase();
    HeaderName::try_from(&text)
        .map(|_| text)
        .map_err(|_| "not a header name such as content-type".to_owned())
}

#[cfg(test)]
mod tests;
