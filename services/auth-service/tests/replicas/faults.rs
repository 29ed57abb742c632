//! Replicas, Redis and PostgreSQL are killed under load, and come back. What callers got meanwhile is checked for safety.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::{StreamExt, stream};
use serde_json::json;
use service_kit::testing::{Postgres, PostgresOptions, Redis};

use crate::api::{Answer, Api, Client};
use crate::cluster::Cluster;
use crate::consistency::Key;
use crate::history::{Event, Refreshed, What, violations};
use crate::servers::REPLICAS;

const GRACE: Duration = Duration::from_secs(10);

/// Callers at the same time; each has some logins, one after another.
const CALLERS: usize = 6;
const LOGINS: usize = 4;

/// Codes and assertions, each of which two present.
const PAIRS: usize = 12;

/// Between two requests of a caller.
const PAUSE: Duration = Duration::from_millis(80);

/// A login as its client knows it.
struct Session {
    family: usize,
    refresh: String,
    access: String,
}

/// What all callers share.
struct Load {
    api: Api,
    portal: Client,
    started: Instant,
    is_over: AtomicBool,
    events: Mutex<Vec<Event>>,
    /// Status, and whether it was said when to come back.
    statuses: Mutex<BTreeSet<(u16, bool)>>,
}

impl Load {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Asks, and writes down when, and what the answer means.
    async fn ask(
        &self,
        family: usize,
        request: impl Future<Output = Option<Answer>>,
        meaning: impl FnOnce(Option<&Answer>) -> Option<What>,
    ) -> Option<Answer> {
        let from = self.started.elapsed();
        let answer = request.await;
        let to = self.started.elapsed();
        if let Some(answer) = &answer {
            let status = (answer.status, answer.has_retry_after);
            self.statuses.lock().unwrap().insert(status);
        }
        if let Some(what) = meaning(answer.as_ref()) {
            let event = Event {
                family,
                from,
                to,
                what,
            };
            self.events.lock().unwrap().push(event);
        }
        answer
    }

    async fn refresh(&self, session: &Session) -> Option<Answer> {
        let meaning = |answer: Option<&Answer>| {
            let answer = match answer {
                Some(answer) if answer.status == 200 => Refreshed::Given {
                    successor: answer.member("refresh_token"),
                },
                Some(answer) if answer.status == 400 => Refreshed::Refused,
                _ => Refreshed::Unknown,
            };
            let presented = session.refresh.clone();
            Some(What::Refresh { presented, answer })
        };
        let request = self.api.refresh(&self.portal, &session.refresh);
        let answer = self.ask(session.family, request, meaning).await;
        answer.filter(|answer| answer.status == 200)
    }

    async fn introspect(&self, session: &Session) {
        let pairs = [("token", session.access.as_str())];
        let request = self.api.form("/oauth2/introspect", &self.portal, &pairs);
        let meaning = |answer: Option<&Answer>| {
            let answer = answer.filter(|answer| answer.status == 200)?;
            let is_active = answer.json()["active"] == true;
            Some(What::Introspect { is_active })
        };
        self.ask(session.family, request, meaning).await;
    }

    async fn revoke(&self, session: &Session) -> bool {
        let request = self.api.revoke(&self.portal, &session.refresh);
        let confirmed = |answer: Option<&Answer>| answer.is_some_and(|answer| answer.status == 200);
        let meaning = |answer: Option<&Answer>| {
            let is_confirmed = confirmed(answer);
            Some(What::Revoke { is_confirmed })
        };
        let answer = self.ask(session.family, request, meaning).await;
        confirmed(answer.as_ref())
    }

    /// A code or an assertion.
    async fn redeem(&self, family: usize, text: &str, request: impl Future<Output = Option<Answer>>) {
        let meaning = |answer: Option<&Answer>| {
            let is_given = answer?.status == 200;
            let code = text.to_owned();
            Some(What::Redeem { code, is_given })
        };
        self.ask(family, request, meaning).await;
    }

    /// Two requests cross, again and again; then the login is ended, and asked for once more.
    async fn live(&self, session: &mut Session, steps: usize, is_last: bool) {
        let mut step = 0;
        while (is_last || step < steps) && !self.is_over() {
            step += 1;
            let (one, two) = tokio::join!(self.refresh(session), self.refresh(session));
            if let Some(answer) = one.or(two) {
                session.refresh = answer.member("refresh_token");
                session.access = answer.member("access_token");
            }
            self.introspect(session).await;
            tokio::time::sleep(PAUSE).await;
        }
        while !self.revoke(session).await {
            tokio::time::sleep(PAUSE).await;
        }
        self.refresh(session).await;
        tokio::time::sleep(Duration::from_millis(1050)).await;
        for _ in 0..REPLICAS {
            self.introspect(session).await;
        }
    }
}

struct Scene {
    cluster: Cluster,
    postgres: Postgres,
    redis: Redis,
}

impl Scene {
    async fn new() -> Self {
        // What was confirmed is written: a server that is killed has not forgotten it.
        let durable = PostgresOptions {
            settings: &["synchronous_commit=on", "max_connections=200"],
            tls: None,
        };
        let postgres = Postgres::start_with(durable).unwrap();
        let redis = Redis::start().unwrap();
        let settings = [
            ("DATABASE_URL", postgres.database().unwrap()),
            ("REDIS_URL", redis.database()),
        ];
        Self {
            cluster: Cluster::start(&settings, vec![Vec::new(); REPLICAS]).await,
            postgres,
            redis,
        }
    }

    async fn sessions(&self, api: &Api, portal: &Client) -> Vec<Session> {
        let families = stream::iter(0..CALLERS * LOGINS).map(|family| async move {
            let tokens = api.tokens(portal, "alice").await;
            let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
            Session {
                family,
                refresh: text("refresh_token"),
                access: text("access_token"),
            }
        });
        // More of one person at once would have to wait.
        families.buffer_unordered(2).collect().await
    }

    /// Kills one thing after another; each time all goes on by itself.
    async fn fail(&self, load: &Load) {
        for number in 0..REPLICAS {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.cluster.replicas[number].kill();
            // The others serve on.
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(load.api.own_token(&load.portal).await.unwrap().status, 200);
            self.cluster.start_replica(number);
            self.cluster.until_ready(number).await;
        }
        self.redis.kill().unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(load.api.own_token(&load.portal).await.unwrap().status, 200);
        self.redis.restart().unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.postgres.kill().unwrap();
        for number in 0..REPLICAS {
            let replica = load.api.replica(&self.cluster, number);
            let answer = replica.own_token(&load.portal).await.unwrap();
            assert!(answer.is_unavailable(), "{answer:?}");
        }
        self.postgres.restart().unwrap();
        for number in 0..REPLICAS {
            self.cluster.until_ready(number).await;
            until_issuing(&load.api.replica(&self.cluster, number), &load.portal).await;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

async fn until_issuing(api: &Api, client: &Client) {
    for _ in 0..300 {
        if api
            .own_token(client)
            .await
            .is_some_and(|answer| answer.status == 200)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not recover");
}

/// Each caller's logins, the last of which lasts as long as the load.
async fn callers(load: Arc<Load>, mut sessions: Vec<Session>) {
    let mut all = Vec::new();
    for caller in 0..CALLERS {
        let mut mine = sessions.split_off(sessions.len() - LOGINS);
        let load = &load;
        all.push(async move {
            for (number, session) in mine.iter_mut().enumerate() {
                let steps = 8 + (7 * caller + 13 * number) % 25;
                load.live(session, steps, number + 1 == LOGINS).await;
            }
        });
    }
    join_all(all).await;
}

/// Codes and assertions, each brought twice at the same time, while things fail.
async fn pairs(load: Arc<Load>, codes: Vec<String>, key: Key, issuer: String) {
    for (number, code) in codes.iter().enumerate() {
        let family = 1000 + number;
        let request = || load.redeem(family, code, load.api.redeem(&load.portal, code));
        tokio::join!(request(), request());
        let assertion = key.assertion("robot", &issuer, 0);
        load.api.see(&assertion);
        let request = || load.redeem(family, &assertion, load.api.asserted(&assertion));
        tokio::join!(request(), request());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_unsafe_happens_and_all_goes_on_by_itself() {
    let scene = Scene::new().await;
    let api = Api::of(&scene.cluster);
    let portal = api.client("portal", json!({})).await;
    let key = Key::new();
    api.client(
        "robot",
        json!({"authentication": "private_key_jwt", "jwks": key.jwks()}),
    )
    .await;
    api.user("alice").await;
    let sessions = scene.sessions(&api, &portal).await;
    let codes = stream::iter(0..PAIRS).map(|_| api.code(&portal, "records.read", "alice"));
    let codes: Vec<_> = codes.buffer_unordered(2).collect().await;
    let load = Arc::new(Load {
        api: api.clone(),
        portal,
        started: Instant::now(),
        is_over: AtomicBool::new(false),
        events: Mutex::default(),
        statuses: Mutex::default(),
    });
    // Tasks of their own: servers are stopped and started by blocking calls.
    let issuer = scene.cluster.issuer.clone();
    let tasks = [
        tokio::spawn(callers(Arc::clone(&load), sessions)),
        tokio::spawn(pairs(Arc::clone(&load), codes, key, issuer)),
    ];
    scene.fail(&load).await;
    load.is_over.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
    judge(&load);
    let verified = scene.cluster.run(&["verify-audit"]);
    assert!(verified.status.success(), "{verified:?}");
    scene.cluster.has_not_logged(api.seen());
}

fn judge(load: &Load) {
    let events = load.events.lock().unwrap();
    assert_eq!(violations(&events, GRACE), Vec::<String>::new());
    let count = |meant: fn(&What) -> bool| events.iter().filter(|event| meant(&event.what)).count();
    let given = count(|what| {
        matches!(
            what,
            What::Refresh {
                answer: Refreshed::Given { .. },
                ..
            }
        )
    });
    let unknown = count(|what| {
        matches!(
            what,
            What::Refresh {
                answer: Refreshed::Unknown,
                ..
            }
        )
    });
    let redeemed = count(|what| matches!(what, What::Redeem { is_given: true, .. }));
    let ended = count(|what| matches!(what, What::Revoke { is_confirmed: true }));
    // The load was one, and the faults were felt.
    assert!(given > 100 && unknown > 0, "{given} {unknown}");
    assert_eq!(ended, CALLERS * LOGINS);
    // Of two that redeem one code at the same time, it may be that none gets anything.
    assert!(redeemed > PAIRS / 2, "{redeemed}");
    for (status, has_retry_after) in load.statuses.lock().unwrap().iter() {
        let is_stated = matches!(status, 200 | 400 | 401) || (*status == 503 && *has_retry_after);
        assert!(is_stated, "{status}");
    }
}
