use super::*;

#[test]
fn a_pause_is_shortened_and_never_prolonged() {
    let (short, long) = (Duration::from_secs(1), Duration::from_mins(1));
    for (next, longest, wanted) in [
        (Next::OnChange, None, Next::OnChange),
        (Next::OnChange, Some(long), Next::After(long)),
        (Next::After(short), None, Next::After(short)),
        (Next::After(short), Some(long), Next::After(short)),
        (Next::After(long), Some(short), Next::After(short)),
    ] {
        assert_eq!(next.within(longest), wanted, "{next:?} {longest:?}");
    }
}
