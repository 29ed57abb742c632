//! Pages for people: the login form, and what went wrong. No scripts, and nothing is loaded from anywhere.

use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use service_kit::middleware::PagePolicy;
use sha2::{Digest, Sha256};
use url::Url;

/// The only style, which the policy names by its hash.
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:4rem auto;max-width:22rem;padding:0 1rem;color:#1a1a1a}\
label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}\
label{margin-top:1rem}input{padding:.5rem;border:1px solid #767676;border-radius:.25rem}\
button{margin-top:1.5rem;padding:.6rem;border:0;border-radius:.25rem;background:#0b57a4;color:#fff;cursor:pointer}\
[role=alert]{padding:.5rem .75rem;border-left:.25rem solid #b3261e;background:#fdeceb}";

/// The login form for a request.
pub(super) struct LoginPage<'a> {
    /// The client's name, for people.
    pub(super) client: &'a str,
    /// The query of the authorization request, which the form sends back.
    pub(super) request: &'a str,
    /// That the form is ours.
    pub(super) token: &'a str,
    /// Why it is shown again.
    pub(super) alert: Option<&'a str>,
    /// Where the client is sent to: browsers follow a form no further than the policy says.
    pub(super) redirect_uri: &'a str,
}

impl LoginPage<'_> {
    /// The page with this status.
    pub(super) fn answer(&self, status: StatusCode) -> Response {
        let form_action = form_action(self.redirect_uri);
        page(status, "Log in", &self.body(), &form_action)
    }

    fn body(&self) -> String {
        let alert = self.alert.map(alert).unwrap_or_default();
        format!(
            "<p>to continue to <strong>{}</strong></p>{alert}\
             <form method=\"post\" action=\"/oauth2/authorize\">\
             <input type=\"hidden\" name=\"authorization_request\" value=\"{}\">\
             <input type=\"hidden\" name=\"form_token\" value=\"{}\">\
             <label for=\"login\">Login</label>\
             <input id=\"login\" name=\"login\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" \
             maxlength=\"256\" required autofocus>\
             <label for=\"password\">Password</label>\
             <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" \
             maxlength=\"256\" required>\
             <button>Log in</button></form>",
            escaped(self.client),
            escaped(self.request),
            escaped(self.token),
        )
    }
}

/// A page that says what went wrong, to the person and nobody else.
pub(super) fn error(status: StatusCode, text: &str) -> Response {
    page(status, "This did not work", &alert(text), "'none'")
}

fn alert(text: &str) -> String {
    format!("<p role=\"alert\">{}</p>", escaped(text))
}

fn page(status: StatusCode, title: &str, body: &str, form_action: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    let html_type = HeaderValue::from_static("text/html; charset=utf-8");
    let mut response = (status, [(header::CONTENT_TYPE, html_type)], html).into_response();
    if let Some(policy) = policy(form_action) {
        response.extensions_mut().insert(policy);
    }
    response
}

fn policy(form_action: &str) -> Option<PagePolicy> {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    PagePolicy::with(&format!(
        "base-uri 'none'; form-action {form_action}; style-src 'sha256-{hash}'"
    ))
}

/// Where the form may lead: to us, and from there to the client (browsers apply the directive to the redirect as well).
fn form_action(redirect_uri: &str) -> String {
    let source = Url::parse(redirect_uri).ok().map(|url| match url.scheme() {
        "http" | "https" => url.origin().ascii_serialization(),
        own => format!("{own}:"),
    });
    format!("'self' {}", source.unwrap_or_default())
}

/// Text as it may stand in an element or a quoted attribute.
fn escaped(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut escaped, c| {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                c => escaped.push(c),
            }
            escaped
        })
}

#[cfg(test)]
mod tests;
