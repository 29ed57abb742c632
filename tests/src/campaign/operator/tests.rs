use super::*;

#[test]
fn passes_are_summed_over_their_results() {
    let text = "# TYPE controller_runtime_reconcile_total counter\n\
        controller_runtime_reconcile_total{controller=\"h\",result=\"error\"} 2\n\
        controller_runtime_reconcile_total{controller=\"h\",result=\"success\"} 40\n\
        controller_runtime_reconcile_errors_total{controller=\"h\"} 2\n\
        other 9\n";
    assert_eq!(passes(text), 42);
    assert_eq!(passes("nothing"), 0);
}

/// A stand-in for the operator: `true`, `false` and `sleep` end or stay as they are told.
fn slot(binary: &str, arguments: &[&str], logs: &Path) -> Slot {
    let script = logs.join("program");
    let arguments = arguments.join(" ");
    std::fs::write(&script, format!("#!/bin/sh\n{binary} {arguments}\n")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, mode).unwrap();
    let program = Program {
        binary: script,
        logs: logs.to_owned(),
        arguments: Vec::new(),
        memory_mib: 1000.0,
    };
    Slot::new("one", program, Path::new("/nowhere")).unwrap()
}

fn tended(slot: &Slot, enough: impl Fn(&Life) -> bool) -> Vec<&'static str> {
    let mut rules = Vec::new();
    for _ in 0..100 {
        rules.extend(slot.tend().unwrap().into_iter().map(|violation| violation.rule));
        if enough(&slot.life()) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    rules
}

#[test]
fn an_end_for_a_lost_lease_is_as_it_should_be_and_another_is_started() {
    let logs = tempfile::tempdir().unwrap();
    let slot = slot("echo leadership lost; exit", &["1"], logs.path());
    slot.start().unwrap();
    assert_eq!(tended(&slot, |life| life.starts == 2), Vec::<&str>::new());
    assert!(slot.life().lost_leases >= 1);
}

#[test]
fn another_end_is_a_violation() {
    for end in [
        "exit 1",
        "exit 0",
        "kill -SEGV $$",
        "echo leadership lost; exit 2",
    ] {
        let logs = tempfile::tempdir().unwrap();
        let slot = slot(end, &[], logs.path());
        slot.start().unwrap();
        assert_eq!(tended(&slot, |life| life.starts == 2), [ENDS], "{end}");
    }
}

#[test]
fn one_that_was_killed_stays_down_until_it_is_allowed_up() {
    let logs = tempfile::tempdir().unwrap();
    let slot = slot("exec sleep", &["60"], logs.path());
    slot.start().unwrap();
    slot.kill();
    assert_eq!(tended(&slot, |_| false), Vec::<&str>::new());
    assert_eq!(slot.life().starts, 1);
    slot.allow();
    assert_eq!(tended(&slot, |life| life.starts == 2), Vec::<&str>::new());
    assert_eq!(slot.life().starts, 2);
}

#[test]
fn too_much_memory_is_told_once() {
    let logs = tempfile::tempdir().unwrap();
    let mut slot = slot("exec sleep", &["60"], logs.path());
    slot.program.memory_mib = 0.01;
    slot.start().unwrap();
    assert_eq!(tended(&slot, |_| false), [MEMORY]);
}
