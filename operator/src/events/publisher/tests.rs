use tokio::time::Instant;

use super::*;

/// How long an Event gives way, in virtual time.
async fn waited(busy: &watch::Sender<bool>) -> Duration {
    let began = Instant::now();
    give_way(&mut busy.subscribe()).await;
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn an_event_gives_way_while_every_slot_is_taken_but_not_for_ever() {
    let busy = watch::Sender::new(false);
    assert_eq!(waited(&busy).await, Duration::ZERO);
    busy.send_replace(true);
    assert!(waited(&busy).await >= PAUSE);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_written_as_soon_as_a_slot_is_free() {
    const FREE: Duration = Duration::from_millis(30);
    let busy = watch::Sender::new(true);
    let free = async {
        tokio::time::sleep(FREE).await;
        busy.send_replace(false);
    };
    let (waited, ()) = tokio::join!(waited(&busy), free);
    assert!((FREE..PAUSE).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn at_the_end_of_the_process_nothing_gives_way() {
    let busy = watch::Sender::new(true);
    let mut seen = busy.subscribe();
    drop(busy);
    let began = Instant::now();
    give_way(&mut seen).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}
