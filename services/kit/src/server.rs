//! Accepting connections, and stopping without losing a request.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use futures::FutureExt;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::client_address::PeerAddress;

/// How long a client may take to send the head of a request, and a connection may be idle.
const HEADER_TIMEOUT: Duration = Duration::from_mins(1);

/// Pause after a failed accept, which mostly means that there are no file descriptors left.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// How a server stops.
#[derive(Clone, Copy, Debug)]
pub struct Stopping {
    /// How long it keeps serving after the shutdown was requested, while it reports that it is not ready: the
    /// time others need to stop sending requests here.
    pub drain_delay: Duration,
    /// How long requests under way may take after that.
    pub deadline: Duration,
}

/// Serves `router` on `listener` until `shutdown` is cancelled, then stops in order: serve on for the drain delay →
/// stop accepting → finish what is under way, up to the deadline. Idle connections are closed at once.
pub async fn serve(listener: TcpListener, router: Router, stopping: Stopping, shutdown: CancellationToken) {
    let connections = Connections {
        router,
        graceful: GracefulShutdown::new(),
    };
    let drained = async {
        shutdown.cancelled().await;
        tokio::time::sleep(stopping.drain_delay).await;
    };
    tokio::select! {
        () = accept_all(&listener, &connections) => {},
        () = drained => {},
    }
    // Those who connected before the listener closes are answered, not reset.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        connections.start(stream, peer);
    }
    drop(listener);
    connections.finish(stopping.deadline).await;
}

/// Opens the listening socket; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

async fn accept_all(listener: &TcpListener, connections: &Connections) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => connections.start(stream, peer),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

struct Connections {
    router: Router,
    graceful: GracefulShutdown,
}

impl Connections {
    fn start(&self, stream: TcpStream, peer: SocketAddr) {
        // Only a matter of latency.
        let _ = stream.set_nodelay(true);
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT);
        builder.http2().timer(TokioTimer::new());
        let router = self
            .router
            .clone()
            .map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(PeerAddress(peer));
                request
            });
        let service = TowerToHyperService::new(router);
        let connection = builder
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let watched = self.graceful.watch(connection);
        // What ends a connection early is the client's affair: resets, broken heads.
        tokio::spawn(async move {
            let _ = watched.await;
        });
    }

    async fn finish(self, deadline: Duration) {
        let open = self.graceful.count();
        if tokio::time::timeout(deadline, self.graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(open, "requests were still under way at the shutdown deadline");
        }
    }
}

#[cfg(test)]
mod tests;
