use std::sync::Arc;

use axum::routing::get;
use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;

struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
    /// Lets the handler of `/slow` answer.
    release: Arc<Notify>,
    /// Told when the handler of `/slow` has begun.
    begun: Arc<Notify>,
}

async fn start(stopping: Stopping) -> Running {
    let (release, begun) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (handler_released, handler_begun) = (Arc::clone(&release), Arc::clone(&begun));
    let slow = move || async move {
        handler_begun.notify_one();
        handler_released.notified().await;
        "late"
    };
    let router = Router::new()
        .route("/", get(|| async { "ok" }))
        .route("/slow", get(slow));
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, router, stopping, shutdown.clone()));
    Running {
        address,
        shutdown,
        serving,
        release,
        begun,
    }
}

const LONG: Duration = Duration::from_mins(10);

fn at_once(deadline: Duration) -> Stopping {
    Stopping {
        drain_delay: Duration::ZERO,
        deadline,
    }
}

#[tokio::test]
async fn a_request_under_way_is_finished_and_idle_connections_hold_nothing() {
    let running = start(at_once(LONG)).await;
    let mut never_used = TcpStream::connect(running.address).await.unwrap();
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(idle.read(&mut [0; 1024]).await.unwrap() > 0);

    let request = tokio::spawn(
        Client::new()
            .get(format!("http://{}/slow", running.address))
            .send(),
    );
    running.begun.notified().await;
    running.shutdown.cancel();
    // Both are closed by the server while the slow request is still under way.
    assert_eq!(idle.read(&mut [0; 1024]).await.unwrap(), 0);
    assert_eq!(never_used.read(&mut [0; 1024]).await.unwrap(), 0);
    assert!(!running.serving.is_finished());

    running.release.notify_one();
    assert_eq!(request.await.unwrap().unwrap().text().await.unwrap(), "late");
    running.serving.await.unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn the_deadline_ends_what_does_not_end() {
    let running = start(at_once(Duration::from_millis(50))).await;
    let request = tokio::spawn(
        Client::new()
            .get(format!("http://{}/slow", running.address))
            .send(),
    );
    running.begun.notified().await;
    running.shutdown.cancel();
    running.serving.await.unwrap();
    assert!(!request.is_finished());
}

#[tokio::test]
async fn new_connections_are_served_through_the_drain_delay() {
    let running = start(Stopping {
        drain_delay: LONG,
        deadline: LONG,
    })
    .await;
    running.shutdown.cancel();
    for _ in 0..3 {
        let answer = Client::new()
            .get(format!("http://{}/", running.address))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
    running.serving.abort();
}
