use super::*;

#[test]
fn without_a_key_nobody_is_sent_here() {
    let state = |can_sign, age_seconds| {
        Some(KeysState {
            can_sign,
            age_seconds,
        })
    };
    assert_eq!(status(None), Status::Ready);
    assert_eq!(status(state(true, Some(0))), Status::Ready);
    assert_eq!(status(state(true, Some(60))), Status::Ready);
    assert!(matches!(status(state(true, Some(61))), Status::Degraded(_)));
    assert!(matches!(status(state(false, Some(0))), Status::NotReady(_)));
    assert!(matches!(status(state(false, None)), Status::NotReady(_)));
}
