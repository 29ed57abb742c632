//! The life of the process: arguments, command, output, exit code.

use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::FromArgMatches;
use service_kit::Clock;

use crate::cli::{self, Cli, Color};
use crate::commands::{self, World};
use crate::report::{Error, Report};
use crate::style::{BAD, paint};

/// What could not be done.
const NOT_DONE: u8 = 2;

/// Runs the program under the name by which it is called. A provider of cryptography must have been installed.
pub fn main(called: &'static str) -> ExitCode {
    // The parser of PromQL panics on some input and is caught; nobody should read of it.
    panic::set_hook(Box::new(|_| {}));
    let ended = panic::catch_unwind(|| start(called));
    ended.unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        say(
            Color::Auto,
            &format!("internal error, please report it: {}", said.unwrap_or("unknown")),
        );
        ExitCode::from(NOT_DONE)
    })
}

fn start(called: &'static str) -> ExitCode {
    let definition = cli::definition(called);
    let parsed = definition
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => {
            let report = in_runtime(called, &cli);
            end(cli.color, report)
        }
        Err(error) => {
            // Help goes to standard output; that nobody reads it is no failure.
            let _unread = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(NOT_DONE))
        }
    }
}

fn in_runtime(called: &'static str, cli: &Cli) -> Result<Report, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::Write {
            what: "the runtime".to_owned(),
            source,
        })?;
    let color = cli.color;
    let mut world = World {
        called,
        stdin: &mut io::stdin().lock(),
        clock: Clock::system(),
        tell: &mut move |text: &str| write_now(color, text),
    };
    runtime.block_on(commands::execute(cli, &mut world))
}

fn end(color: Color, report: Result<Report, Error>) -> ExitCode {
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            say(color, &format!("{}: {error}", paint(BAD, "error")));
            return ExitCode::from(NOT_DONE);
        }
    };
    if let Err(source) = write(color, &report.text) {
        let what = "standard output".to_owned();
        say(
            color,
            &format!("{}: {}", paint(BAD, "error"), Error::Write { what, source }),
        );
        return ExitCode::from(NOT_DONE);
    }
    for note in &report.notes {
        say(color, note);
    }
    report.verdict.into()
}

/// A reader that has seen enough (`| head`) is no failure: the verdict stands.
fn write(color: Color, text: &str) -> io::Result<()> {
    match write_now(color, text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn write_now(color: Color, text: &str) -> io::Result<()> {
    let mut out = AutoStream::new(io::stdout().lock(), choice(color));
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn say(color: Color, line: &str) {
    let mut err = AutoStream::new(io::stderr().lock(), choice(color));
    // Nobody is left to tell.
    let _unheard = writeln!(err, "{line}");
}

const fn choice(color: Color) -> ColorChoice {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}
