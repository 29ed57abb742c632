use super::*;

const SIGNALS: EndSignals = EndSignals {
    gentle: "TERM",
    quick: "KILL",
};

fn sleeper() -> (Process, PathBuf, String) {
    let directory = directory("kit-test-").unwrap();
    let command = ["sleep", "1000"].map(str::to_owned);
    let process = Process::new(directory.clone(), SIGNALS, &command).unwrap();
    let pid = process.command("start").unwrap();
    // Until then it is a shell, or setpriv on its way.
    wait_until(|| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n"));
    (process, directory, pid)
}

fn wait_until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < deadline, "waited in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn server_and_directory_go_with_the_value() {
    let (process, directory, pid) = sleeper();
    assert!(!has_ended(&pid) && directory.exists());
    drop(process);
    assert!(has_ended(&pid) && !directory.exists());
}

#[test]
fn a_frozen_server_goes_too() {
    let (process, _directory, pid) = sleeper();
    process.pause().unwrap();
    drop(process);
    assert!(has_ended(&pid));
}

/// The kernel closes the pipe of a process that was killed: the shell sees the end of its input.
#[test]
fn server_and_directory_go_when_the_owner_is_gone() {
    let (process, directory, pid) = sleeper();
    let pipe = process.supervisor.lock().unwrap().commands.take();
    drop(pipe);
    wait_until(|| has_ended(&pid) && !directory.exists());
}

#[test]
fn the_server_goes_when_its_supervisor_is_killed() {
    let (process, directory, pid) = sleeper();
    process.supervisor.lock().unwrap().shell.kill().unwrap();
    wait_until(|| has_ended(&pid));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_server_that_ends_at_once_is_reported_with_its_last_words() {
    let directory = directory("kit-test-").unwrap();
    let command = ["sh", "-c", "echo no such luck; exit 3"].map(str::to_owned);
    let process = Process::new(directory, SIGNALS, &command).unwrap();
    let error = process.start(|| false).unwrap_err().to_string();
    assert!(error.contains("no such luck"), "{error}");
}

#[test]
fn a_missing_program_is_told_with_its_package() {
    let error = find("no-such-server", &["/nowhere"], "some-package")
        .unwrap_err()
        .to_string();
    assert!(error.contains("apt-get install some-package"), "{error}");
    assert!(find("sh", &[], "dash").is_ok());
}
