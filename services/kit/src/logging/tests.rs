use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn lines(&self) -> Vec<Value> {
        let bytes = self.0.lock().unwrap();
        String::from_utf8(bytes.clone())
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(level: &str, emit: impl FnOnce()) -> Vec<Value> {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let config = LoggingConfig {
        log_level: level.to_owned(),
        log_format: Some(LogFormat::Json),
        ..LoggingConfig::default()
    };
    let clock = Clock::fixed("2026-11-21T12:00:00.5Z".parse().unwrap());
    let layer = layer(&config, &clock, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), emit);
    buffer.lines()
}

#[test]
fn an_event_is_one_flat_object() {
    let lines = logged("info", || {
        tracing::warn!(
            count = 3_u64,
            ok = true,
            name = "x",
            "a \"message\"\nwith a break"
        );
    });
    let expected = serde_json::json!([{
        "time": "2026-11-21T12:00:00.500000Z",
        "level": "WARN",
        "target": "service_kit::logging::tests",
        "message": "a \"message\"\nwith a break",
        "count": 3,
        "ok": true,
        "name": "x",
    }]);
    assert_eq!(Value::from(lines), expected);
}

#[test]
fn span_fields_reach_the_line_and_the_innermost_wins() {
    let lines = logged("info", || {
        let outer = tracing::info_span!("outer", request_id = "r1", step = 1, otel.name = "hidden");
        let _outer = outer.enter();
        let inner = tracing::info_span!("inner", step = 2, late = tracing::field::Empty);
        inner.record("late", 7);
        inner.in_scope(|| tracing::info!("done"));
    });
    let line = lines.first().unwrap();
    assert_eq!(line["request_id"], "r1");
    assert_eq!(line["step"], 2);
    assert_eq!(line["late"], 7);
    assert_eq!(line.get("otel.name"), None);
}

#[test]
fn a_higher_level_still_knows_the_request() {
    let lines = logged("warn", || {
        tracing::info_span!("request", request_id = "r1").in_scope(|| {
            tracing::info!("not logged");
            tracing::warn!("logged");
        });
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["request_id"], "r1");
}

#[test]
fn levels_are_checked() {
    assert!(parse_level("info,hyper=debug").is_ok());
    assert!(
        parse_level("info,hyper=loud")
            .unwrap_err()
            .contains("use error, warn")
    );
}

/// Lines of a config that logs to a file too: on the console as text, and in the file.
fn logged_to_file(directory: &std::path::Path, format: LogFormat, emit: impl FnOnce()) -> (String, String) {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let config = LoggingConfig {
        log_level: "info".to_owned(),
        log_format: Some(format),
        log_file: Some(directory.join("app.log")),
        log_files_kept: NonZeroUsize::new(3),
    };
    let layer = layer(&config, &Clock::system(), move || writer.clone()).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), emit);
    let newest = files(directory).pop().unwrap();
    let console = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    (console, std::fs::read_to_string(newest).unwrap())
}

fn files(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = directory
        .read_dir()
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn the_file_holds_json_whatever_the_console_shows() {
    for format in [LogFormat::Json, LogFormat::Text] {
        let directory = tempfile::tempdir().unwrap();
        let (console, file) = logged_to_file(directory.path(), format, || {
            tracing::info_span!("request", request_id = "r1").in_scope(|| tracing::info!("done"));
        });
        let line: Value = serde_json::from_str(&file).unwrap();
        assert_eq!(
            (&line["message"], &line["request_id"]),
            (&"done".into(), &"r1".into())
        );
        assert_eq!(console == file, format == LogFormat::Json, "{console}");
        assert!(
            console.contains("done") && !console.contains('\u{1b}'),
            "{console}"
        );
    }
}

#[test]
fn a_day_has_a_file_and_only_the_newest_stay() {
    let directory = tempfile::tempdir().unwrap();
    for day in 1..=5 {
        std::fs::write(directory.path().join(format!("app.2026-01-0{day}.log")), "").unwrap();
    }
    std::fs::write(directory.path().join("other.log"), "").unwrap();
    logged_to_file(directory.path(), LogFormat::Json, || tracing::info!("done"));
    let left = files(directory.path());
    let ours = left
        .iter()
        .filter(|file| file.to_string_lossy().contains("app."))
        .count();
    assert_eq!((ours, left.len()), (3, 4), "{left:?}");
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let blocked = directory.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    for (path, says) in [
        (blocked.join("app.log"), "could not be opened"),
        ("/".into(), "names no file"),
    ] {
        let config = LoggingConfig {
            log_file: Some(path),
            ..LoggingConfig::default()
        };
        let layer = layer::<tracing_subscriber::Registry, _>(&config, &Clock::system(), io::sink);
        let error = layer.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
