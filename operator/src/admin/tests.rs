use prometheus::IntCounter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;

struct Running {
    address: SocketAddr,
    ready: watch::Sender<bool>,
    registry: Registry,
    shutdown: CancellationToken,
    served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (ready, is_ready) = watch::channel(false);
        let registry = Registry::new();
        let admin = Admin {
            registry: registry.clone(),
            ready: is_ready,
        };
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(serve_on(listener, admin, shutdown.clone()));
        Self {
            address,
            ready,
            registry,
            shutdown,
            served,
        }
    }

    /// One request over a connection of its own; the whole answer.
    async fn ask(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn status(&self, path: &str) -> String {
        let answer = self.ask("GET", path).await;
        answer.split(' ').nth(1).unwrap().to_owned()
    }
}

#[tokio::test]
async fn alive_before_it_is_ready() {
    let running = Running::start().await;
    assert_eq!(running.status("/healthz").await, "200");
    assert_eq!(running.status("/readyz").await, "503");
}

#[tokio::test]
async fn readiness_follows_the_controller() {
    let running = Running::start().await;
    running.ready.send_replace(true);
    assert_eq!(running.status("/readyz").await, "200");
    running.ready.send_replace(false);
    assert_eq!(running.status("/readyz").await, "503");
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let running = Running::start().await;
    let counter = IntCounter::new("things_total", "Things.").unwrap();
    running.registry.register(Box::new(counter.clone())).unwrap();
    counter.inc_by(3);
    let answer = running.ask("GET", "/metrics").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(
        head.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"),
        "{head}"
    );
    assert_eq!(
        body,
        "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 3\n"
    );
}

#[tokio::test]
async fn there_is_nothing_else() {
    let running = Running::start().await;
    for path in ["/", "/metrics/", "/debug/pprof", "/readyz/x"] {
        assert_eq!(running.status(path).await, "404", "{path}");
    }
    let posted = running.ask("POST", "/healthz").await;
    assert!(posted.starts_with("HTTP/1.1 405 "), "{posted}");
}

#[tokio::test]
async fn a_shutdown_closes_idle_connections_and_the_listener() {
    let running = Running::start().await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: admin\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");

    running.shutdown.cancel();
    running.served.await.unwrap().unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"ok"), "{}", String::from_utf8_lossy(&rest));
    let refused = TcpStream::connect(running.address).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let running = Running::start().await;
    let (_ready, is_ready) = watch::channel(false);
    let admin = Admin {
        registry: Registry::new(),
        ready: is_ready,
    };
    let error = serve(running.address, admin, CancellationToken::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}
