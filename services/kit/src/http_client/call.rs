use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use reqwest::{Request, Url};
use serde::Serialize;

/// A call to an [`Upstream`](super::Upstream). Its body is in memory, so that it can be sent again.
#[derive(Clone)]
pub struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Option<Bytes>,
    idempotent: bool,
    limit: Option<Duration>,
}

/// Method and size: path, headers and body may hold PHI.
impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

impl Call {
    /// A call of `path`, which starts with a slash and may have a query; what of it is not fit for a URL has to be
    /// percent-encoded.
    pub fn new(method: Method, path: &str) -> Self {
        Self {
            // RFC 9110, section 9.2.2.
            idempotent: method.is_idempotent(),
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: None,
            limit: None,
        }
    }

    /// GET `path`.
    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    /// POST to `path`.
    pub fn post(path: &str) -> Self {
        Self::new(Method::POST, path)
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn body(mut self, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.header(CONTENT_TYPE, content_type)
    }

    /// Sets a body of JSON.
    pub fn json(self, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(value)?;
        Ok(self.body(HeaderValue::from_static("application/json"), body))
    }

    /// Declares that doing it twice does no more than doing it once, whatever the method: a POST with an
    /// idempotency key, a query by POST. Only such calls are tried again.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// The time for all tries, body included, instead of the usual one. What is left of the current request is less
    /// in any case.
    #[must_use]
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    pub(super) const fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    pub(super) const fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// The method if it is one of RFC 9110 or PATCH: a metric label.
    pub(super) fn method_label(&self) -> &'static str {
        match self.method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            Method::DELETE => "DELETE",
            Method::OPTIONS => "OPTIONS",
            _ => "_OTHER",
        }
    }

    /// The path below `base`; `None` when it would lead elsewhere.
    pub(super) fn url(&self, base: &Url) -> Option<Url> {
        if !self.path.starts_with('/') {
            return None;
        }
        let prefix = base.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{prefix}{}", self.path)).ok()?;
        // Dots lead upwards, also percent-encoded ones.
        let below = format!("{}/", base.path().trim_end_matches('/'));
        let stays = url.path().starts_with(&below) && url.origin() == base.origin();
        stays.then_some(url)
    }

    pub(super) fn request(&self, url: Url) -> Request {
        let mut request = Request::new(self.method.clone(), url);
        *request.headers_mut() = self.headers.clone();
        *request.body_mut() = self.body.clone().map(reqwest::Body::from);
        request
    }
}
