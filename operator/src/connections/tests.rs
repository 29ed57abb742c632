use axum::Router;
use futures::StreamExt;
use http::Request;
use http_body_util::BodyExt;
use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn a_long_answer_takes_a_small_buffer() {
    const LONG: usize = 4 << 20;
    service_kit::crypto::install_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let app = Router::new().fallback(|| async { "x".repeat(LONG) });
    tokio::spawn(async move { axum::serve(listener, app).await });

    let pool = pool(&Config::new(url.parse().unwrap())).unwrap();
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

#[test]
fn a_proxy_is_refused() {
    let mut config = Config::new("https://cluster.example.org".parse().unwrap());
    config.proxy_url = Some("http://proxy.example.org:3128".parse().unwrap());
    let refused = pool(&config).unwrap_err();
    assert!(
        matches!(refused, Error::ProxyProtocolUnsupported { .. }),
        "{refused}"
    );
}
