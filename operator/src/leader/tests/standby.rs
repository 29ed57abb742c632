use super::*;

const DURATION: Duration = Duration::from_secs(15);

/// A server whose Lease names a leader that is dead from now on.
async fn silent_leader() -> Server {
    let server = Server::default();
    drop(leading(&server, "one", Vec::new()).await);
    server
}

fn standby(server: &Server, identity: &str, steps: Vec<Step>) -> JoinHandle<Leadership> {
    tokio::spawn(candidate(server, identity, steps).acquire_owned())
}

async fn pause(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// How long it takes from now on until the standby leads.
async fn until_leading(standby: JoinHandle<Leadership>) -> (Duration, Leadership) {
    let since = Instant::now();
    let leadership = standby.await.unwrap();
    (since.elapsed(), leadership)
}

#[tokio::test(start_paused = true)]
async fn expiry_is_tried_without_waiting_for_the_next_look() {
    for watches in [Answer::Serve, Answer::Refuse, Answer::Fail, Answer::Hang] {
        let server = silent_leader().await;
        server.set_watches(watches);
        let (waited, _second) = until_leading(standby(&server, "two", Vec::new())).await;
        assert_eq!(waited, DURATION, "{watches:?}");
    }
}

/// The standby's own looks fail when the Lease is renewed, and see that only after the first record expired.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_only_the_watch_shows_postpones_the_takeover() {
    let server = silent_leader().await;
    let started = Instant::now();
    let standby = standby(&server, "two", Vec::new());
    pause(1.0).await;
    server.set_outage(true);
    pause(4.0).await;
    server.set_holder("one");
    pause(9.999).await;
    server.set_outage(false);
    let (_, _second) = until_leading(standby).await;
    assert_eq!(started.elapsed(), Duration::from_secs(5) + DURATION);
}

/// It counts from when it was shown, not from when the try that was under way ended.
#[tokio::test(start_paused = true)]
async fn a_renewal_shown_while_a_look_hangs_counts_from_then() {
    let server = silent_leader().await;
    let started = Instant::now();
    let standby = standby(
        &server,
        "two",
        quick(&[Answer::Serve, Answer::Hang, Answer::Fail]),
    );
    pause(4.0).await;
    server.set_holder("one");
    let (_, _second) = until_leading(standby).await;
    assert_eq!(started.elapsed(), Duration::from_secs(4) + DURATION);
}

/// Its own looks are ahead of the watch then, which goes back to a record that is gone.
#[tokio::test(start_paused = true)]
async fn an_event_that_comes_late_only_makes_it_wait_longer() {
    let server = silent_leader().await;
    server.delay_events(Duration::from_secs(3));
    let standby = standby(&server, "two", Vec::new());
    pause(4.0).await;
    server.set_holder("one");
    pause(0.1).await;
    server.set_holder("one");
    let (waited, _second) = until_leading(standby).await;
    let late = waited.checked_sub(DURATION).unwrap();
    assert!(
        late > Duration::ZERO && late <= Duration::from_secs(6),
        "{late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_released_lease_is_taken_at_once() {
    let server = Server::default();
    let first = leading(&server, "one", Vec::new()).await;
    let standby = standby(&server, "two", Vec::new());
    pause(5.0).await;
    first.release().await;
    let (waited, _second) = until_leading(standby).await;
    assert_eq!(waited, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn of_two_standbys_one_takes_a_released_lease_and_the_other_waits() {
    let server = Server::default();
    let first = leading(&server, "one", Vec::new()).await;
    let mut standbys = JoinSet::new();
    for identity in ["two", "three"] {
        standbys.spawn(candidate(&server, identity, Vec::new()).acquire_owned());
    }
    pause(1.5).await;
    let before = server.requests().len();
    first.release().await;
    let _second = standbys.join_next().await.unwrap().unwrap();
    pause(1.9).await;
    assert!(standbys.try_join_next().is_none(), "the other is to wait");
    let asked = server.requests().split_off(before);
    let writes: Vec<_> = asked.iter().filter(|asked| asked.starts_with("PUT")).collect();
    assert_eq!(
        writes,
        ["PUT 200", "PUT 200", "PUT 409"],
        "the release, and one try of each"
    );
    assert!(asked.len() <= 8, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_try_in_vain_is_not_repeated_before_the_next_look() {
    let server = silent_leader().await;
    let _standby = standby(&server, "two", Vec::new());
    pause(1.0).await;
    server.set_outage(true);
    pause(13.9).await;
    let before = server.requests().len();
    pause(10.0).await;
    let tries = server.requests().len() - before;
    assert!((4..=6).contains(&tries), "{tries} tries in ten seconds");
}

/// What was released and could not be taken is taken once it is gone.
#[tokio::test(start_paused = true)]
async fn a_deletion_is_seen_at_once() {
    let server = silent_leader().await;
    let standby = standby(&server, "two", Vec::new());
    pause(5.0).await;
    server.set_outage(true);
    server.set_holder("");
    pause(0.1).await;
    server.set_outage(false);
    server.delete();
    let (waited, _second) = until_leading(standby).await;
    assert_eq!(waited, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lease_deleted_while_it_is_held_is_not_taken_before_it_expires() {
    let server = silent_leader().await;
    let standby = standby(&server, "two", Vec::new());
    pause(5.0).await;
    server.delete();
    let (waited, _second) = until_leading(standby).await;
    assert_eq!(waited, Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn without_a_watch_a_released_lease_is_taken_at_the_next_look() {
    for watches in [Answer::Refuse, Answer::Fail, Answer::Hang] {
        let server = Server::default();
        server.set_watches(watches);
        let first = leading(&server, "one", Vec::new()).await;
        let standby = standby(&server, "two", Vec::new());
        pause(5.0).await;
        first.release().await;
        assert_eq!(server.holder().as_deref(), Some(""));
        let (waited, _second) = until_leading(standby).await;
        assert!(
            waited > Duration::ZERO && waited <= Duration::from_millis(2500),
            "{watches:?} {waited:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_refused_is_seldom_asked_for_again() {
    let server = Server::default();
    let _first = leading(&server, "one", Vec::new()).await;
    server.set_watches(Answer::Refuse);
    let before = server.watches().0;
    let _standby = standby(&server, "two", Vec::new());
    pause(170.0).await;
    assert_eq!(server.watches().0 - before, 3);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_cut_or_silent_is_opened_again() {
    for (watches, lost_for) in [(Answer::Serve, 1.1), (Answer::Fail, 2.1), (Answer::Hang, 17.1)] {
        let server = Server::default();
        let first = leading(&server, "one", Vec::new()).await;
        let standby = standby(&server, "two", Vec::new());
        pause(5.0).await;
        server.set_watches(watches);
        server.cut_watches();
        pause(lost_for - 1.0).await;
        server.set_watches(Answer::Serve);
        pause(1.0).await;
        first.release().await;
        let (waited, _second) = until_leading(standby).await;
        assert_eq!(waited, Duration::ZERO, "{watches:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_leads_or_gave_up_watches_no_more() {
    let server = Server::default();
    let _first = leading(&server, "one", Vec::new()).await;
    let token = CancellationToken::new();
    let waiting = candidate(&server, "two", Vec::new());
    let stop = async {
        pause(1.0).await;
        assert_eq!(server.watches().1, 1);
        token.cancel();
    };
    let (acquired, ()) = tokio::join!(waiting.acquire(&token), stop);
    assert!(acquired.is_err());
    pause(0.1).await;
    assert_eq!(server.watches().1, 0);
}
