//! A process of its own, because a panic hook is one for the whole process.

#[cfg(test)]
mod process_wide {
    use std::io;
    use std::sync::{Arc, Mutex};

    use service_kit::logging::{LogFormat, LoggingConfig};
    use service_kit::telemetry::{self, TelemetryConfig};
    use service_kit::{BuildInfo, Clock};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_one_log_line_without_its_message() {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let logging = LoggingConfig {
            log_level: "info".to_owned(),
            log_format: Some(LogFormat::Json),
            ..LoggingConfig::default()
        };
        let config = TelemetryConfig {
            logging,
            ..TelemetryConfig::default()
        };
        let build = BuildInfo {
            service: "demo",
            version: "0",
        };
        let (dispatch, _guard) =
            telemetry::subscriber(&config, &build, &Clock::system(), move || writer.clone()).unwrap();
        tracing::dispatcher::set_global_default(dispatch).unwrap();
        telemetry::log_panics();
        assert!(
            std::thread::spawn(|| panic!("Jane Roe, 000-12-3456"))
                .join()
                .is_err()
        );
        // Whatever is asserted from here on should be printed again.
        drop(std::panic::take_hook());
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&line["level"], &line["message"]),
            (&"ERROR".into(), &"panic".into())
        );
        assert!(
            line["location"].as_str().unwrap().contains("panic_hook.rs:"),
            "{text}"
        );
        assert!(!text.contains("Jane"), "{text}");
    }
}
