use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::advance;

use self::server::{Answer, Server, Step};
use super::*;

mod server;
mod standby;

fn config(identity: &str) -> LeaseConfig {
    LeaseConfig {
        namespace: "clinic".to_owned(),
        name: "healthcare-operator".to_owned(),
        identity: identity.to_owned(),
        duration: Duration::from_secs(15),
        renew_deadline: Duration::from_secs(10),
        retry_period: Duration::from_secs(2),
    }
}

fn candidate(server: &Server, identity: &str, steps: Vec<Step>) -> Candidate {
    let clock = Clock::fixed("2026-01-02T03:04:05Z".parse().unwrap());
    Candidate::new(server.client(steps), config(identity), clock)
}

async fn leading(server: &Server, identity: &str, steps: Vec<Step>) -> Leadership {
    candidate(server, identity, steps).acquire_owned().await
}

fn quick(answers: &[Answer]) -> Vec<Step> {
    answers
        .iter()
        .map(|answer| Step {
            answer: *answer,
            ..Step::default()
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_makes_the_lease_and_renews_it_every_period() {
    let server = Server::default();
    let _leadership = leading(&server, "one", Vec::new()).await;
    assert_eq!(server.requests(), ["GET 404", "POST 201"]);
    tokio::time::sleep(Duration::from_millis(4500)).await;
    assert_eq!(
        server.requests()[2..],
        ["GET 200", "PUT 200", "GET 200", "PUT 200"]
    );
    assert_eq!(server.holder().as_deref(), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_standby_takes_over_once_the_leader_fell_silent_for_the_duration() {
    let server = Server::default();
    let first = leading(&server, "one", Vec::new()).await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    let standby = tokio::spawn(candidate(&server, "two", Vec::new()).acquire_owned());
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(
        server.holder().as_deref(),
        Some("one"),
        "a leader that renews is left alone"
    );

    let silent_since = Instant::now();
    drop(first);
    let _second = standby.await.unwrap();
    let waited = silent_since.elapsed();
    // The last renewal was up to a retry period before.
    assert!(
        waited >= Duration::from_secs(13) && waited <= Duration::from_secs(15),
        "{waited:?}"
    );
    assert_eq!(server.transitions(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn release_tries_again_when_somebody_else_writes_meanwhile() {
    let server = Server::default();
    let first = leading(
        &server,
        "one",
        quick(&[Answer::Serve, Answer::Serve, Answer::Serve, Answer::Conflict]),
    )
    .await;
    first.release().await;
    assert_eq!(server.holder().as_deref(), Some(""));
}

#[tokio::test(start_paused = true)]
async fn release_leaves_the_lease_of_another_alone() {
    let server = Server::default();
    let first = leading(&server, "one", Vec::new()).await;
    server.set_holder("two");
    first.release().await;
    assert_eq!(server.holder().as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn release_does_not_wait_for_ever() {
    let server = Server::default();
    let first = leading(
        &server,
        "one",
        quick(&[Answer::Serve, Answer::Serve, Answer::Hang]),
    )
    .await;
    let asked = Instant::now();
    first.release().await;
    assert_eq!(asked.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_when_taking_is_a_race_lost() {
    let server = Server::default();
    let steps = quick(&[Answer::Serve, Answer::Conflict, Answer::Serve, Answer::Serve]);
    let _leadership = leading(&server, "one", steps).await;
    assert_eq!(server.requests(), ["GET 404", "POST 409", "GET 404", "POST 201"]);
}

#[tokio::test(start_paused = true)]
async fn errors_and_silence_of_the_server_are_outlasted() {
    let server = Server::default();
    let steps = quick(&[Answer::Fail, Answer::Hang, Answer::Serve, Answer::Fail]);
    let token = CancellationToken::new();
    let started = Instant::now();
    let candidate = candidate(&server, "one", steps);
    assert!(candidate.acquire(&token).await.is_ok());
    // One hung request costs half the renew deadline.
    assert!(
        started.elapsed() < Duration::from_secs(5 + 3 * 3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn leadership_ends_when_the_deadline_passes_without_an_answer() {
    for answer in [Answer::Fail, Answer::Hang] {
        let server = Server::default();
        let mut steps = quick(&[Answer::Serve; 2]);
        steps.extend(quick(&[answer; 20]));
        let mut leadership = leading(&server, "one", steps).await;
        let since = Instant::now();
        assert_eq!(leadership.lost().await, Loss::Deadline(Duration::from_secs(10)));
        assert_eq!(since.elapsed(), Duration::from_secs(10), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_request_that_hangs_does_not_cost_the_leadership() {
    let server = Server::default();
    let mut leadership = leading(
        &server,
        "one",
        quick(&[Answer::Serve, Answer::Serve, Answer::Hang]),
    )
    .await;
    let lost = tokio::time::timeout(Duration::from_mins(2), leadership.lost()).await;
    assert!(lost.is_err(), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_label_put_on_the_lease_meanwhile_does_not_cost_the_leadership() {
    let server = Server::default();
    let steps = quick(&[Answer::Serve, Answer::Serve, Answer::Serve, Answer::Conflict]);
    let mut leadership = leading(&server, "one", steps).await;
    let lost = tokio::time::timeout(Duration::from_mins(1), leadership.lost()).await;
    assert!(lost.is_err(), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn leadership_ends_when_another_name_stands_in_the_lease() {
    let server = Server::default();
    let mut leadership = leading(&server, "one", Vec::new()).await;
    server.set_holder("two");
    let since = Instant::now();
    assert_eq!(leadership.lost().await, Loss::Taken);
    assert!(since.elapsed() <= Duration::from_secs(2));
    assert_eq!(server.holder().as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn a_lease_deleted_under_its_leader_is_made_anew_and_changes_no_hands() {
    let server = Server::default();
    let mut leadership = leading(&server, "one", Vec::new()).await;
    let standby = tokio::spawn(candidate(&server, "two", Vec::new()).acquire_owned());
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.delete();
    let lost = tokio::time::timeout(Duration::from_secs(30), leadership.lost()).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(server.holder().as_deref(), Some("one"));
    standby.abort();
}

/// A write whose answer comes late is worth less: a standby counts from when it saw it.
#[tokio::test(start_paused = true)]
async fn the_deadline_counts_from_before_the_write_was_sent() {
    let server = Server::default();
    let late = Step {
        after: Duration::from_secs(4),
        ..Step::default()
    };
    let mut steps = vec![Step::default(), late];
    steps.extend(quick(&[Answer::Hang; 20]));
    let started = Instant::now();
    let mut leadership = leading(&server, "one", steps).await;
    assert_eq!(leadership.lost().await, Loss::Deadline(Duration::from_secs(10)));
    assert_eq!(started.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_after_shutdown() {
    let server = Server::default();
    let token = CancellationToken::new();
    token.cancel();
    let ended = candidate(&server, "one", Vec::new()).acquire(&token).await;
    assert!(matches!(ended, Err(LeaderError::Shutdown)));
    advance(Duration::from_mins(1)).await;
    assert_eq!(server.requests(), Vec::<String>::new());
}

impl Candidate {
    /// Far more (virtual) time than any test needs: one that waits for ever fails instead of spinning.
    async fn acquire_owned(self) -> Leadership {
        let token = CancellationToken::new();
        let acquired = timeout(Duration::from_hours(1), self.acquire(&token)).await;
        acquired.expect("leadership within an hour").unwrap()
    }
}

/// How one life of a candidate goes.
#[derive(Clone, Copy, Debug)]
struct Life {
    /// Seconds before it starts.
    rest: u64,
    /// Seconds it leads unless it loses that before.
    term: u64,
    /// Whether it gives the Lease up at its end, or just dies.
    graceful: bool,
}

#[derive(Clone, Debug)]
struct Script {
    lives: Vec<Life>,
    steps: Vec<Step>,
}

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    let life = (0_u64..20, 0_u64..90, any::<bool>()).prop_map(|(rest, term, graceful)| Life {
        rest,
        term,
        graceful,
    });
    let answer = prop_oneof![12 => Just(Answer::Serve), 2 => Just(Answer::Fail), 2 => Just(Answer::Hang)];
    // Mostly quick, now and then slower than any deadline.
    let delay = prop_oneof![6 => 0_u64..50, 2 => 0_u64..6_000, 1 => 0_u64..20_000];
    let step = (delay.clone(), delay, answer).prop_map(|(before, after, answer)| Step {
        before: Duration::from_millis(before),
        after: Duration::from_millis(after),
        answer,
    });
    let script = (
        prop::collection::vec(life, 1..5),
        prop::collection::vec(step, 1..60),
    )
        .prop_map(|(lives, steps)| Script { lives, steps });
    prop::collection::vec(script, 2..4)
}

/// Runs every candidate through its lives; gives the most that led at a time.
async fn most_leaders(scripts: Vec<Script>) -> usize {
    let (server, leaders, most) = (
        Server::default(),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut candidates = JoinSet::new();
    for (number, script) in scripts.into_iter().enumerate() {
        let (server, leaders, most) = (server.clone(), Arc::clone(&leaders), Arc::clone(&most));
        candidates.spawn(async move {
            let client = server.client_for_ever(script.steps);
            for (life, Life { rest, term, graceful }) in script.lives.into_iter().enumerate() {
                tokio::time::sleep(Duration::from_secs(rest)).await;
                let clock = Clock::fixed(jiff::Timestamp::UNIX_EPOCH);
                let candidate = Candidate::new(client.clone(), config(&format!("{number}-{life}")), clock);
                let mut leadership = candidate.acquire_owned().await;
                most.fetch_max(leaders.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let lost = tokio::time::timeout(Duration::from_secs(term), leadership.lost()).await;
                leaders.fetch_sub(1, Ordering::SeqCst);
                if lost.is_err() && graceful {
                    leadership.release().await;
                }
            }
        });
    }
    let _enough = tokio::time::timeout(Duration::from_mins(10), candidates.join_all()).await;
    most.load(Ordering::SeqCst)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Requests and answers are delayed, lost and refused, candidates die and come back: never do two lead at once.
    #[test]
    fn never_two_leaders(scripts in scripts()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        prop_assert!(runtime.block_on(most_leaders(scripts)) <= 1);
    }
}
