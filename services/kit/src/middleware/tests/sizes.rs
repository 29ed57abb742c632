//! What bodies weigh, in both directions.

use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::Client;

use super::INFO;
use crate::routing::{get, post};
use crate::testing::TestServer;
use crate::{Clock, Context, Routes, Service};

/// An answer in three parts whose length is not told in advance.
fn streamed() -> axum::body::Body {
    let parts = ["one", "two", "three"].map(|part| Ok::<_, std::io::Error>(Frame::data(Bytes::from(part))));
    axum::body::Body::new(StreamBody::new(futures::stream::iter(parts)))
}

async fn server() -> TestServer {
    let build = |_: &Context| {
        Ok(Service {
            routes: Routes::new()
                .public(
                    "/length",
                    post(|body: Bytes| async move { body.len().to_string() }),
                )
                .public("/unread", post(|| async { "not read" }))
                .public("/stream", get(|| async { streamed() })),
            ..Service::default()
        })
    };
    TestServer::start(&INFO, Clock::system(), build).await.unwrap()
}

fn check(server: &TestServer, lines: &[&str]) {
    let text = server.metrics().unwrap();
    for line in lines {
        assert!(text.lines().any(|found| found == *line), "{line} not in\n{text}");
    }
}

#[tokio::test]
async fn bodies_are_measured_as_they_pass() {
    let server = server().await;
    let client = Client::new();
    let body = "x".repeat(300);
    let length = client
        .post(server.url("/length"))
        .body(body.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(length.text().await.unwrap(), "300");
    let frames = (0..3).map(|_| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"abc"))));
    let chunked = reqwest::Body::wrap(StreamBody::new(futures::stream::iter(frames)));
    client
        .post(server.url("/length"))
        .body(chunked)
        .send()
        .await
        .unwrap();
    client
        .post(server.url("/unread"))
        .body(body)
        .send()
        .await
        .unwrap();
    let stream = client.get(server.url("/stream")).send().await.unwrap();
    assert_eq!(stream.text().await.unwrap(), "onetwothree");
    client.head(server.url("/stream")).send().await.unwrap();
    let sum = |side: &str, method: &str, route: &str, bytes: usize| {
        format!(
            r#"http_server_{side}_body_size_bytes_sum{{http_request_method="{method}",http_response_status_code="200",http_route="{route}"}} {bytes}"#
        )
    };
    check(
        &server,
        &[
            &sum("request", "POST", "/length", 309),
            // "300" and "9"
            &sum("response", "POST", "/length", 4),
            // What a handler leaves unread is not counted.
            &sum("request", "POST", "/unread", 0),
            &sum("response", "GET", "/stream", 11),
            &sum("response", "HEAD", "/stream", 0),
        ],
    );
}
