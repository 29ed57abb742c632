//! A client of the API server whose requests are counted.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::USER_AGENT;
use http::{HeaderValue, Request, Response, Uri};
use kube::client::ConfigExt;
use kube::{Client, Config};
use tower::{BoxError, Layer, Service, ServiceBuilder};

use crate::leader::Fence;
use crate::metrics::OperatorMetrics;
use crate::{connections, rest_retry};

/// How the operator names itself in the API server's audit log.
const AGENT: &str = concat!("healthcare-operator/", env!("CARGO_PKG_VERSION"));

/// A client with kube's own layers and ours around them, but for its retries: they would be below the count, and many. Every
/// try counts, as in client-go: also those that were answered with 429 and repeated. Nothing is sent once `fence` says that
/// leadership has run out.
///
/// # Errors
/// When the configuration is unusable, for example a certificate that cannot be read.
pub fn client(mut config: Config, metrics: &OperatorMetrics, fence: Option<Fence>) -> kube::Result<Client> {
    config.headers.push((USER_AGENT, HeaderValue::from_static(AGENT)));
    let layer = Counting {
        metrics: metrics.clone(),
        host: host_and_port(&config.cluster_url),
    };
    let service = ServiceBuilder::new()
        .layer(layer)
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(connections::pool(&config, fence)?);
    rest_retry::retrying(Client::new(service, config.default_namespace))
}

/// client-go's `host` label. Never the user information that a URL may carry.
fn host_and_port(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    url.port_u16()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The layer.
#[derive(Clone, Debug)]
struct Counting {
    metrics: OperatorMetrics,
    host: String,
}

impl<S> Layer<S> for Counting {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Counted {
            inner,
            counting: self.clone(),
        }
    }
}

/// A service whose requests are counted.
#[derive(Clone, Debug)]
struct Counted<S> {
    inner: S,
    counting: Counting,
}

impl<S, B, R> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send,
    R: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let method = request.method().clone();
        let Counting { metrics, host } = self.counting.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            // client-go's word for a request without an answer.
            let code = answer
                .as_ref()
                .map_or_else(|_| "<error>".to_owned(), |a| a.status().as_u16().to_string());
            metrics.request(&code, method.as_str(), &host);
            answer
        })
    }
}

#[cfg(test)]
mod tests;
