use proptest::prelude::*;

use super::super::super::history::Outcome;
use super::*;

const LEASE: Duration = Duration::from_secs(6);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A record that was known a tenth of a second after it was sent.
fn record(revision: u64, holder: &str, sent: f64) -> LeaseRecord {
    LeaseRecord {
        revision,
        holder: holder.to_owned(),
        known: seconds(sent + 0.1),
        sent: Some(seconds(sent)),
    }
}

fn write(operator: &str, arrived: f64, revision: Option<u64>) -> Write {
    Write {
        operator: operator.to_owned(),
        method: "PATCH".to_owned(),
        path: "/apis/apps/v1/namespaces/a/deployments/b".to_owned(),
        arrived: seconds(arrived),
        answered: None,
        outcome: revision.map_or(Outcome::Withheld, |_| Outcome::Answered(200)),
        revision,
    }
}

/// `a` leads from 1 s and renews at 3 s; `b` takes over at 10 s.
fn handed_over() -> Records {
    Records::of([record(10, "a", 1.0), record(20, "a", 3.0), record(30, "b", 10.0)])
}

fn rules(records: &Records, writes: &[Write]) -> Vec<&'static str> {
    let violations = records.check(writes, LEASE).into_iter();
    violations.map(|violation| violation.rule).collect()
}

#[test]
fn each_writes_in_its_time() {
    let writes = [
        write("a", 1.5, Some(11)),
        write("a", 8.9, Some(29)),
        write("b", 10.2, Some(31)),
        write("b", 15.0, Some(40)),
    ];
    assert_eq!(rules(&handed_over(), &writes), Vec::<&str>::new());
}

#[test]
fn a_write_of_the_former_leader_is_a_violation_even_when_it_comes_to_nothing() {
    assert_eq!(rules(&handed_over(), &[write("a", 10.2, Some(31))]), [SENT]);
    assert_eq!(rules(&handed_over(), &[write("a", 10.2, None)]), [SENT]);
}

#[test]
fn a_write_that_was_under_way_and_is_done_after_the_change_is_one() {
    assert_eq!(rules(&handed_over(), &[write("a", 8.9, Some(31))]), [DONE]);
}

#[test]
fn a_write_that_changed_nothing_keeps_an_old_revision() {
    let unchanged = [
        write("a", 8.9, Some(15)),
        write("b", 10.2, Some(15)),
        write("b", 10.2, Some(5)),
    ];
    assert_eq!(rules(&handed_over(), &unchanged), Vec::<&str>::new());
}

#[test]
fn a_leader_that_does_not_renew_writes_no_longer_than_a_lease() {
    let alone = Records::of([record(10, "a", 1.0)]);
    assert_eq!(rules(&alone, &[write("a", 6.9, Some(12))]), Vec::<&str>::new());
    assert_eq!(rules(&alone, &[write("a", 7.1, Some(12))]), [FENCED]);
}

#[test]
fn a_standby_and_one_who_gave_the_lease_up_do_not_write() {
    assert_eq!(rules(&handed_over(), &[write("c", 4.0, Some(21))]), [SENT]);
    let released = Records::of([record(10, "a", 1.0), record(20, "", 2.0)]);
    assert_eq!(rules(&released, &[write("a", 2.5, Some(21))]), [SENT]);
}

#[test]
fn before_anybody_leads_nobody_writes() {
    assert_eq!(rules(&Records::default(), &[write("a", 1.0, Some(1))]), [FENCED]);
}

#[test]
fn what_a_watch_saw_counts_too() {
    let watched = LeaseRecord {
        sent: None,
        known: seconds(10.5),
        ..record(30, "b", 10.0)
    };
    let records = Records::of([record(10, "a", 1.0), record(20, "a", 8.0), watched]);
    assert_eq!(rules(&records, &[write("a", 10.4, None)]), Vec::<&str>::new());
    assert_eq!(rules(&records, &[write("a", 10.6, None)]), [SENT]);
}

#[test]
fn leases_are_not_judged_and_changes_of_hands_are_counted() {
    let mut election = write("a", 20.0, Some(50));
    election.path = "/apis/coordination.k8s.io/v1/namespaces/a/leases/l".to_owned();
    assert_eq!(rules(&handed_over(), &[election]), Vec::<&str>::new());
    assert_eq!(handed_over().transitions(), 1);
}

/// Terms of two operators in turn: how often the leader renews, each second, and how long nobody leads afterwards.
fn terms() -> impl Strategy<Value = Vec<(u32, u32)>> {
    proptest::collection::vec((0_u32..5, 7_u32..20), 1..6)
}

/// Records and writes of operators that keep to the rules: a write half a second after each renewal.
fn lawful(terms: &[(u32, u32)]) -> (Records, Vec<Write>) {
    let (mut records, mut writes) = (Vec::new(), Vec::new());
    let (mut time, mut revision) = (1.0, 0);
    for (number, (renewals, pause)) in terms.iter().enumerate() {
        let holder = ["a", "b"][number % 2];
        for _ in 0..=*renewals {
            records.push(record(revision + 1, holder, time));
            writes.push(write(holder, time + 0.5, Some(revision + 2)));
            (time, revision) = (time + 1.0, revision + 2);
        }
        time += f64::from(*pause);
    }
    (Records::of(records), writes)
}

proptest! {
    #[test]
    fn operators_that_keep_to_the_rules_break_none(terms in terms()) {
        let (records, writes) = lawful(&terms);
        prop_assert_eq!(records.check(&writes, LEASE), Vec::new());
        prop_assert_eq!(records.transitions(), terms.len() - 1);
    }

    #[test]
    fn a_write_in_the_name_of_the_other_is_always_found(terms in terms(), which: prop::sample::Index) {
        let (records, mut writes) = lawful(&terms);
        let forged = which.get(&writes).arrived;
        for write in writes.iter_mut().filter(|write| write.arrived == forged) {
            write.operator = if write.operator == "a" { "b" } else { "a" }.to_owned();
        }
        prop_assert_eq!(records.check(&writes, LEASE).len(), 1);
    }

    #[test]
    fn a_write_that_is_done_after_the_next_took_over_is_always_found(terms in terms()) {
        let (records, writes) = lawful(&terms);
        let Some(next) = writes.iter().position(|write| write.operator != "a") else {
            return Ok(());
        };
        let late = Write { revision: writes[next].revision, ..writes[next - 1].clone() };
        prop_assert_eq!(records.check(&[late], LEASE).len(), 1);
    }
}
