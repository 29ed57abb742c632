//! Against a real HTTP server that publishes what the test tells it to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use jiff::SignedDuration;
use tokio::task::JoinHandle;

use super::{Jwks, JwksError, JwksSettings};
use crate::Clock;
use crate::auth::test_support::{eddsa_key, es256_key, expectations, jwks, noon, token};
use crate::auth::{KeyError, Keys, Reason, SigningKey, TokenKind, Verifier};
use crate::clock::ManualClock;
use crate::health::Status;

/// What the server answers.
#[derive(Clone)]
enum Published {
    Keys(Vec<u8>),
    Failure,
    Redirect,
}

#[derive(Clone)]
struct Issuer {
    published: Arc<Mutex<Published>>,
    asked: Arc<AtomicU64>,
}

async fn answer(State(issuer): State<Issuer>) -> Response {
    issuer.asked.fetch_add(1, Ordering::SeqCst);
    let published = issuer.published.lock().unwrap().clone();
    match published {
        Published::Keys(document) => document.into_response(),
        Published::Failure => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Published::Redirect => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
    }
}

struct Scene {
    issuer: Issuer,
    jwks: Jwks,
    verifier: Verifier,
    hand: ManualClock,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

const SETTINGS: JwksSettings = JwksSettings {
    max_age: Duration::from_mins(5),
    min_interval: Duration::from_secs(10),
    max_stale: Duration::from_hours(1),
    timeout: Duration::from_secs(2),
};

impl Scene {
    async fn new(keys: &[&SigningKey]) -> Self {
        let issuer = Issuer {
            published: Arc::new(Mutex::new(Published::Keys(jwks(keys.iter().copied())))),
            asked: Arc::default(),
        };
        let router = Router::new()
            .route("/jwks.json", get(answer))
            .route("/elsewhere", get(|| async { jwks([&es256_key()]) }))
            .with_state(issuer.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let (clock, hand) = Clock::manual(noon());
        let jwks = Jwks::from_url(
            &format!("http://{address}/jwks.json"),
            None,
            SETTINGS,
            clock.clone(),
        )
        .unwrap();
        let verifier = Verifier::new(expectations(TokenKind::Refresh), Keys::Jwks(jwks.clone()), clock);
        Self {
            issuer,
            jwks,
            verifier,
            hand,
            address,
            serving,
        }
    }

    fn publish(&self, keys: &[&SigningKey]) {
        *self.issuer.published.lock().unwrap() = Published::Keys(jwks(keys.iter().copied()));
    }

    fn answer_with(&self, published: Published) {
        *self.issuer.published.lock().unwrap() = published;
    }

    fn asked(&self) -> u64 {
        self.issuer.asked.load(Ordering::SeqCst)
    }

    /// Long-lived tokens: the tests move the clock.
    async fn verify(&self, key: &SigningKey) -> Result<(), Reason> {
        self.verifier
            .verify(&token(key, TokenKind::Refresh))
            .await
            .map(|_| ())
    }

    fn pass(&self, time: Duration) {
        self.hand.advance(SignedDuration::try_from(time).unwrap());
    }

    /// Lets a fetch in the background come to its end.
    async fn until_asked(&self, times: u64) {
        while self.asked() < times {
            tokio::task::yield_now().await;
        }
        let _ended = self.jwks.0.fetching.lock().await;
    }
}

#[tokio::test]
async fn keys_are_fetched_at_first_need_and_kept() {
    let (ec, ed) = (es256_key(), eddsa_key());
    let scene = Scene::new(&[&ec, &ed]).await;
    assert_eq!(scene.asked(), 0);
    for _ in 0..5 {
        assert_eq!(scene.verify(&ec).await, Ok(()));
        assert_eq!(scene.verify(&ed).await, Ok(()));
    }
    assert_eq!(scene.asked(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_and_made_up_names_do_not_burden_the_issuer() {
    let (old, new) = (es256_key(), eddsa_key());
    let scene = Scene::new(&[&old]).await;
    assert_eq!(scene.verify(&old).await, Ok(()));
    scene.publish(&[&old, &new]);
    // Within the interval since the last attempt nobody asks, however many names are made up.
    for _ in 0..50 {
        assert_eq!(scene.verify(&es256_key()).await, Err(Reason::UnknownKey));
    }
    assert_eq!(scene.verify(&new).await, Err(Reason::UnknownKey));
    assert_eq!(scene.asked(), 1);
    scene.pass(SETTINGS.min_interval);
    let stranger = es256_key();
    let at_once = (0..20).map(|n| scene.verify(if n % 2 == 0 { &new } else { &stranger }));
    let answers = futures::future::join_all(at_once).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert_eq!(scene.asked(), 2);
}

/// An issuer publishes its next key before it signs with it: no token waits for a fetch.
#[tokio::test]
async fn the_next_key_is_accepted_before_it_is_used() {
    let (active, next) = (es256_key(), es256_key());
    let scene = Scene::new(&[&active, &next]).await;
    assert_eq!(scene.verify(&active).await, Ok(()));
    assert_eq!(scene.verify(&next).await, Ok(()));
    assert_eq!(scene.asked(), 1);
}

#[tokio::test]
async fn a_key_that_was_taken_out_stops_working() {
    let (kept, gone) = (es256_key(), es256_key());
    let scene = Scene::new(&[&kept, &gone]).await;
    assert_eq!(scene.verify(&gone).await, Ok(()));
    scene.publish(&[&kept]);
    scene.pass(SETTINGS.max_age);
    // The first request afterwards is not held up: it starts the fetch.
    assert_eq!(scene.verify(&gone).await, Ok(()));
    scene.until_asked(2).await;
    assert_eq!(scene.verify(&gone).await, Err(Reason::UnknownKey));
    assert_eq!(scene.verify(&kept).await, Ok(()));
}

#[tokio::test]
async fn while_the_source_is_down_the_last_keys_serve_until_their_end() {
    let key = es256_key();
    let scene = Scene::new(&[&key]).await;
    assert_eq!(scene.verify(&key).await, Ok(()));
    assert_eq!(scene.jwks.status().await, Status::Ready);
    let broken = [
        Published::Failure,
        Published::Redirect,
        Published::Keys(b"<html>".to_vec()),
        Published::Keys(b"{\"keys\":[]}".to_vec()),
        Published::Keys(vec![b' '; 300 * 1024]),
    ];
    for published in broken {
        scene.answer_with(published);
        scene.pass(SETTINGS.max_age);
        assert!(matches!(scene.jwks.status().await, Status::Degraded(_)));
        assert_eq!(scene.verify(&key).await, Ok(()));
        assert_eq!(scene.verify(&es256_key()).await, Err(Reason::UnknownKey));
    }
    scene.serving.abort();
    scene.pass(SETTINGS.max_age);
    assert_eq!(scene.verify(&key).await, Ok(()));
    scene.pass(SETTINGS.max_stale);
    assert_eq!(scene.verify(&key).await, Err(Reason::Unavailable));
    assert!(matches!(scene.jwks.status().await, Status::NotReady(_)));
}

#[tokio::test]
async fn a_source_that_comes_up_later_is_found_without_a_restart() {
    let key = es256_key();
    let scene = Scene::new(&[&key]).await;
    scene.answer_with(Published::Failure);
    assert_eq!(scene.verify(&key).await, Err(Reason::Unavailable));
    assert!(matches!(scene.jwks.status().await, Status::NotReady(_)));
    scene.publish(&[&key]);
    scene.pass(SETTINGS.min_interval);
    assert_eq!(scene.verify(&key).await, Ok(()));
}

#[tokio::test]
async fn what_is_wrong_with_the_header_costs_the_issuer_nothing() {
    let key = es256_key();
    let scene = Scene::new(&[&key]).await;
    let access = token(&key, TokenKind::Access);
    assert_eq!(scene.verifier.verify(&access).await, Err(Reason::Type));
    assert_eq!(scene.asked(), 0);
}

/// The clock was set back by a day: keys are fetched anew, not relied on for longer.
#[tokio::test]
async fn a_clock_that_is_set_back_makes_keys_old() {
    let key = es256_key();
    let scene = Scene::new(&[&key]).await;
    scene.pass(Duration::from_hours(48));
    assert_eq!(scene.verify(&key).await, Ok(()));
    scene.hand.advance(SignedDuration::from_hours(-24));
    assert_eq!(scene.verify(&key).await, Ok(()));
    assert_eq!(scene.asked(), 2);
}

#[tokio::test]
async fn a_file_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwks.json");
    let (old, new) = (es256_key(), eddsa_key());
    std::fs::write(&path, jwks([&old])).unwrap();
    let (clock, hand) = Clock::manual(noon());
    let keys = Jwks::from_file(&path, SETTINGS, clock.clone());
    let verifier = Verifier::new(expectations(TokenKind::Refresh), Keys::Jwks(keys.clone()), clock);
    let verify = |key: &SigningKey| {
        let (verifier, token) = (verifier.clone(), token(key, TokenKind::Refresh));
        async move { verifier.verify(&token).await.map(|_| ()) }
    };
    assert_eq!(verify(&old).await, Ok(()));
    std::fs::write(&path, jwks([&new])).unwrap();
    hand.advance(SignedDuration::from_secs(10));
    assert_eq!(verify(&new).await, Ok(()));
    assert_eq!(verify(&old).await, Err(Reason::UnknownKey));
    std::fs::write(&path, "no longer").unwrap();
    assert!(matches!(
        keys.refresh().await,
        Err(JwksError::Keys(KeyError::NotAKeySet))
    ));
    std::fs::write(&path, vec![b' '; 300 * 1024]).unwrap();
    assert!(matches!(keys.refresh().await, Err(JwksError::TooLarge)));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(keys.refresh().await, Err(JwksError::File(_))));
    assert_eq!(verify(&new).await, Ok(()));
}

#[tokio::test]
async fn a_source_that_hangs_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let settings = JwksSettings {
        timeout: Duration::from_millis(50),
        ..SETTINGS
    };
    let keys = Jwks::from_url(&url, None, settings, Clock::fixed(noon())).unwrap();
    assert!(matches!(keys.refresh().await, Err(JwksError::Http(_))));
    assert_eq!(keys.keys_for(Some("any")).await.unwrap_err(), Reason::Unavailable);
}

#[tokio::test]
async fn errors_name_the_place() {
    let scene = Scene::new(&[&es256_key()]).await;
    scene.answer_with(Published::Failure);
    let error = scene.jwks.refresh().await.unwrap_err().to_string();
    assert!(
        error.contains(&scene.address.to_string()) && error.contains("500"),
        "{error}"
    );
}

/// Answers HTTPS with `document`, one connection after the other, as whoever `certificate` names.
fn serve_tls(certificate: &rcgen::CertifiedKey<rcgen::KeyPair>, document: Vec<u8>) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.cert.der().clone()],
            rustls::pki_types::PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der()).into(),
        )
        .unwrap();
    let (listener, config) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::new(config));
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let head = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                document.len()
            );
            // Callers that do not trust us hang up.
            let _ = stream
                .read(&mut [0; 4096])
                .and_then(|_| stream.write_all(&[head.as_bytes(), &document].concat()))
                .and_then(|()| stream.flush());
        }
    });
    address
}

#[tokio::test]
async fn over_https_only_who_the_given_authorities_vouch_for_is_believed() {
    let key = es256_key();
    let ours = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let address = serve_tls(&ours, jwks([&key]));
    let url = format!("https://localhost:{}/jwks.json", address.port());
    let with = |authorities: &str| {
        Jwks::from_url(&url, Some(authorities.as_bytes()), SETTINGS, Clock::fixed(noon()))
    };
    with(&ours.cert.pem()).unwrap().refresh().await.unwrap();
    let refused = with(&other.cert.pem()).unwrap().refresh().await;
    assert!(matches!(refused, Err(JwksError::Http(_))), "{refused:?}");
    assert!(matches!(with("no PEM"), Err(JwksError::Authorities)));
}
