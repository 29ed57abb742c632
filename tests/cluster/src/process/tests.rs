use std::process::Command;
use std::time::Duration;

use super::{Process, Stop};
use crate::layout::Layout;

#[test]
fn a_command_ends_with_the_request_to_stop() {
    let stop = Stop::default();
    assert!(stop.run(&mut Command::new("true")).unwrap().success());
    stop.request();
    let stopped = stop.run(Command::new("sleep").arg("infinity")).unwrap_err();
    assert!(stopped.to_string().contains("told to end"), "{stopped}");
}

#[test]
fn a_process_that_ends_early_is_reported_with_its_last_words() {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(directory.path());
    layout.create().unwrap();
    for words in ["first", "second"] {
        let command = ["sh", "-c", "echo $0; exit 3", words].map(str::to_owned);
        let mut process = Process::start(&layout, "short", &command).unwrap();
        let ended = process.wait_until(&layout, Duration::from_hours(1), &Stop::default(), || false);
        let ended = ended.unwrap_err().to_string();
        assert!(
            ended.contains("exit status: 3") && ended.contains(words),
            "{ended}"
        );
    }
    let log = std::fs::read_to_string(layout.log().join("short.log")).unwrap();
    assert_eq!(log, "first\nsecond\n", "the log holds both runs");
}
