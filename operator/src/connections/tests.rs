use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use futures::StreamExt;
use http::Request;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

use super::*;
use crate::leader::Fenced;

#[tokio::test]
async fn a_long_answer_takes_a_small_buffer() {
    const LONG: usize = 4 << 20;
    service_kit::crypto::install_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let app = Router::new().fallback(|| async { "x".repeat(LONG) });
    tokio::spawn(async move { axum::serve(listener, app).await });

    let pool = pool(&Config::new(url.parse().unwrap()), None).unwrap();
    let request = Request::get(url).body(Body::empty()).unwrap();
    let answer = pool.request(request).await.unwrap();
    let pieces: Vec<_> = answer
        .into_body()
        .into_data_stream()
        .map(|piece| piece.unwrap().len())
        .collect()
        .await;
    assert_eq!(pieces.iter().sum::<usize>(), LONG);
    let largest = pieces.into_iter().max().unwrap();
    // Room that is left over is used, too.
    assert!(largest <= 2 * READ_BUFFER, "{largest} bytes at a time");
}

/// Answers every request, and counts the bytes that come in.
async fn counting_server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let received = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = socket.read(&mut buffer).await {
                    counter.fetch_add(count, Ordering::SeqCst);
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    socket.write_all(answer).await.unwrap();
                }
            });
        }
    });
    (url, received)
}

/// What passed the fence before the process was stopped is at the connection when it goes on.
#[tokio::test]
async fn nothing_is_sent_once_leadership_ran_out() {
    service_kit::crypto::install_provider();
    let (url, received) = counting_server().await;
    let (term, until) = watch::channel(None);
    let pool = pool(&Config::new(url.parse().unwrap()), Some(Fence::new(until))).unwrap();
    let send = || pool.request(Request::get(&url).body(Body::empty()).unwrap());
    send().await.unwrap();
    term.send_replace(Some(Instant::now() + Duration::from_mins(1)));
    send().await.unwrap();
    let before = received.load(Ordering::SeqCst);
    assert!(before > 0);

    term.send_replace(Some(Instant::now()));
    // On the connection that is there, and on a new one.
    for _ in 0..2 {
        let error = send().await.unwrap_err();
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        assert!(
            causes
                .map(ToString::to_string)
                .any(|cause| cause == Fenced.to_string()),
            "{error:?}"
        );
    }
    assert_eq!(received.load(Ordering::SeqCst), before);
}

#[test]
fn a_proxy_is_refused() {
    let mut config = Config::new("https://cluster.example.org".parse().unwrap());
    config.proxy_url = Some("http://proxy.example.org:3128".parse().unwrap());
    let refused = pool(&config, None).err().unwrap();
    assert!(
        matches!(refused, Error::ProxyProtocolUnsupported { .. }),
        "{refused}"
    );
}
