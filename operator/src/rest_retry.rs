//! What happens to requests that the API server is too busy for.

use std::time::Duration;

use http::Request;
use kube::Client;
use kube::client::Body;
use kube::client::retry::RetryPolicy;
use tower::retry::RetryLayer;
use tower::{BoxError, ServiceBuilder};

/// Pause before the second try; it doubles, and up to twice itself is added at random.
const FIRST: Duration = Duration::from_millis(250);
/// Longest pause, unless the API server asks for more.
const LONGEST: Duration = Duration::from_secs(5);
/// Tries after the first.
const RETRIES: u32 = 4;

/// `client`, whose requests are sent again after 429, 503 and 504, no sooner than `Retry-After` says (API Priority and
/// Fairness and a server that shuts down send it).
///
/// After few tries the answer goes to the pass, and its service back to the queue with a pause of its own: a request
/// that waits holds one of the passes' slots, and kube's own fifteen tries would hold it for minutes.
///
/// # Errors
/// Never with the numbers above.
pub fn retrying(client: Client) -> kube::Result<Client> {
    let policy = RetryPolicy::new(FIRST, LONGEST, RETRIES, true);
    let policy = policy.map_err(|error| kube::Error::Service(error.into()))?;
    let namespace = client.default_namespace().to_owned();
    let until = *client.valid_until();
    let send = tower::service_fn(move |request: Request<Body>| {
        let client = client.clone();
        async move { client.send(request).await.map_err(BoxError::from) }
    });
    let service = ServiceBuilder::new().layer(RetryLayer::new(policy)).service(send);
    Ok(Client::new(service, namespace).with_valid_until(until))
}

#[cfg(test)]
mod tests;
