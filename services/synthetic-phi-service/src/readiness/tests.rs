use super::*;

#[test]
fn the_generator_is_ready() {
    assert_eq!(data_generator(), Status::Ready);
}

#[test]
fn lost_spans_degrade_once() {
    let dropped = IntCounter::new("dropped", "test").unwrap();
    let losses = Losses::new(dropped.clone());
    assert_eq!(losses.since_last(), Status::Ready);
    dropped.inc_by(3);
    assert_eq!(
        losses.since_last(),
        Status::Degraded("3 spans did not reach the collector".to_owned())
    );
    assert_eq!(losses.since_last(), Status::Ready);
}
