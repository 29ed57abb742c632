//! Watches that begin with what there is now. Pure.

use http::Request;
use http::uri::{PathAndQuery, Uri};

/// The version by which an API server may begin with whatever it remembers.
const ANY_VERSION: &str = "resourceVersion=0";

/// A request for the objects that there are, as a stream, asks for those of now: kube asks for those of any time, and an API
/// server that lags behind would show services as they were before what this process has seen already. Without a version the
/// API server waits until its memory is as new as etcd (KEP-3157).
pub fn most_recent<B>(mut request: Request<B>) -> Request<B> {
    if let Some(uri) = without_version(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn without_version(uri: &Uri) -> Option<Uri> {
    let query = uri.query()?;
    if !query.split('&').any(|pair| pair == "sendInitialEvents=true") {
        return None;
    }
    let kept: Vec<_> = query.split('&').filter(|pair| *pair != ANY_VERSION).collect();
    let mut parts = uri.clone().into_parts();
    let path_and_query = format!("{}?{}", uri.path(), kept.join("&"));
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests;
