//! Settings from the environment (and flags), with all mistakes reported at once.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches};
use jiff::SignedDuration;

use crate::health::HealthConfig;
pub use crate::middleware::cors::CorsConfig;
use crate::rate_limit::RateLimitSettings;
use crate::server::Stopping;

/// Exit code for bad settings (`EX_CONFIG` of sysexits.h).
pub const EXIT_BAD_CONFIG: u8 = 78;

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// Not an error: `--help` or `--version` was asked for; the text to print.
    Info(String),
    /// Every setting that is wrong, one message each.
    Invalid(Vec<String>),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Info(text) => f.write_str(text),
            Self::Invalid(errors) => {
                write!(f, "{} wrong setting(s):", errors.len())?;
                errors.iter().try_for_each(|error| write!(f, "\n  - {error}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// Where the server listens and how it behaves.
#[derive(Args, Clone, Debug)]
pub struct ServerConfig {
    /// Address to listen on
    #[arg(long, env = "HOST", default_value = "0.0.0.0")]
    pub host: IpAddr,

    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "PORT", default_value = "8080")]
    pub port: u16,

    /// Largest request body, in bytes
    #[arg(long, env = "MAX_BODY_BYTES", default_value = "1048576")]
    pub max_body_bytes: u64,

    /// Longest a handler may take to answer
    #[arg(long, env = "REQUEST_TIMEOUT", default_value = "30s", value_parser = parse_duration)]
    pub request_timeout: Duration,

    /// How long the service goes on serving after SIGTERM, while it reports that it is not ready
    #[arg(long, env = "SHUTDOWN_DRAIN_DELAY", default_value = "5s", value_parser = parse_duration)]
    pub drain_delay: Duration,

    /// How long requests under way may take after the drain delay
    #[arg(long, env = "SHUTDOWN_DEADLINE", default_value = "15s", value_parser = parse_duration)]
    pub shutdown_deadline: Duration,

    /// Longest a readiness check may take
    #[arg(long, env = "HEALTH_CHECK_TIMEOUT", default_value = "1s", value_parser = parse_duration)]
    pub health_check_timeout: Duration,

    /// How long the answer of the readiness checks is kept
    #[arg(long, env = "HEALTH_CACHE_TTL", default_value = "1s", value_parser = parse_duration)]
    pub health_cache_ttl: Duration,

    /// How much callers may ask.
    #[command(flatten)]
    pub rate_limit: RateLimitSettings,

    /// Pages of other origins
    #[command(flatten)]
    pub cors: CorsConfig,
}

impl ServerConfig {
    /// What is wrong with settings that are right one by one, one message each.
    pub fn mistakes(&self) -> Vec<String> {
        self.cors.mistakes()
    }

    /// How checks are run.
    pub const fn health(&self) -> HealthConfig {
        HealthConfig {
            check_timeout: self.health_check_timeout,
            cache_ttl: self.health_cache_ttl,
        }
    }

    /// How the server stops.
    pub const fn stopping(&self) -> Stopping {
        Stopping {
            drain_delay: self.drain_delay,
            deadline: self.shutdown_deadline,
        }
    }
}

/// Reads `C` from the arguments and the environment. An empty variable counts as unset.
pub fn parse<C, I>(arguments: I) -> Result<C, ConfigError>
where
    C: CommandFactory + FromArgMatches,
    I: IntoIterator<Item = OsString>,
{
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    read(C::command(), &arguments, |_| Vec::new())
}

/// What `command` finds in the arguments and the environment, when that has no mistakes; `mistakes` finds those of
/// values that are right one by one.
pub(crate) fn read<C, F>(command: Command, arguments: &[OsString], mistakes: F) -> Result<C, ConfigError>
where
    C: FromArgMatches,
    F: FnOnce(&C) -> Vec<String>,
{
    let (matches, mut errors) = matches(command, arguments)?;
    match matches.map(|matches| C::from_arg_matches(&matches)) {
        Some(Ok(settings)) => {
            errors.extend(mistakes(&settings));
            if errors.is_empty() {
                return Ok(settings);
            }
        }
        Some(Err(error)) if errors.is_empty() => errors.push(brief(&error)),
        // Without the mistaken settings there may be too few.
        Some(Err(_)) | None => {}
    }
    Err(ConfigError::Invalid(errors))
}

/// The settings that can be read, and what is wrong with the others.
fn matches(
    command: Command,
    arguments: &[OsString],
) -> Result<(Option<ArgMatches>, Vec<String>), ConfigError> {
    let mut command = without_empty_variables(command);
    let mut errors: Vec<String> = Vec::new();
    // clap stops at the first mistake: note it, take the mistaken setting out, and look for the next.
    loop {
        let error = match command.clone().try_get_matches_from(arguments) {
            Ok(matches) => return Ok((Some(matches), errors)),
            Err(error) if is_info(&error) => return Err(ConfigError::Info(error.render().to_string())),
            Err(error) => error,
        };
        let culprits = culprits(&command, &error);
        // A wrong flag is met again once its variable is out of the way.
        if !errors.iter().any(|known| known.ends_with(&brief(&error))) {
            errors.push(describe(&culprits, &error));
        }
        match without_culprits(&command, &culprits) {
            Some(next) => command = next,
            None => return Ok((None, errors)),
        }
    }
}

fn is_info(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
}

fn without_empty_variables(command: Command) -> Command {
    let empty: Vec<String> = command
        .get_arguments()
        .filter(|arg| {
            arg.get_env()
                .is_some_and(|name| std::env::var_os(name).is_some_and(|v| v.is_empty()))
        })
        .map(|arg| arg.get_id().to_string())
        .collect();
    empty
        .into_iter()
        .fold(command, |command, id| command.mut_arg(id, ignore_environment))
}

/// The command again, with the mistaken settings no longer read from the environment nor required. `None` when
/// that would change nothing (a flag given on the command line): the loop must end.
fn without_culprits(command: &Command, culprits: &[Arg]) -> Option<Command> {
    let ids: Vec<String> = culprits
        .iter()
        .filter(|arg| arg.get_env().is_some() || arg.is_required_set())
        .map(|arg| arg.get_id().to_string())
        .collect();
    (!ids.is_empty()).then(|| {
        ids.into_iter()
            .fold(command.clone(), |c, id| c.mut_arg(id, ignore_environment))
    })
}

/// The settings an error is about.
fn culprits(command: &Command, error: &clap::Error) -> Vec<Arg> {
    let names = error.context().find_map(|(kind, value)| match (kind, value) {
        (ContextKind::InvalidArg, ContextValue::String(name)) => Some(vec![name.clone()]),
        (ContextKind::InvalidArg, ContextValue::Strings(names)) => Some(names.clone()),
        _ => None,
    });
    // Only a built command can print its arguments as the error names them.
    let mut built = command.clone();
    built.build();
    let is_named = |arg: &&Arg| names.iter().flatten().any(|name| *name == arg.to_string());
    built.get_arguments().filter(is_named).cloned().collect()
}

fn ignore_environment(arg: Arg) -> Arg {
    arg.env(Resettable::Reset).required(false)
}

/// The message, led by the variables that people of a cluster set.
fn describe(culprits: &[Arg], error: &clap::Error) -> String {
    let variables: Vec<_> = culprits
        .iter()
        .filter_map(Arg::get_env)
        .map(OsStr::to_string_lossy)
        .collect();
    if variables.is_empty() {
        brief(error)
    } else {
        format!("{}: {}", variables.join(", "), brief(error))
    }
}

/// clap's message without its usage and help lines.
fn brief(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let message: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    message.join(" ").trim_start_matches("error: ").to_owned()
}

/// A positive duration such as `500ms`, `5s` or `1m 30s`; for `value_parser`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "not a duration such as 500ms, 5s or 1m".to_owned())?;
    duration
        .try_into()
        .map_err(|_| "a duration cannot be negative".to_owned())
}

/// Makes settings an `Args` made of parts, which `Self::read(&ArgMatches) -> Result<Result<Self, Vec<String>>, clap::Error>`
/// reads and checks: clap reports every mistake it finds. The crate needs clap.
#[macro_export]
macro_rules! checked_args {
    ($settings:ty: $($part:ty),+) => {
        impl clap::Args for $settings {
            fn augment_args(command: clap::Command) -> clap::Command {
                $(let command = <$part as clap::Args>::augment_args(command);)+
                command
            }

            fn augment_args_for_update(command: clap::Command) -> clap::Command {
                $(let command = <$part as clap::Args>::augment_args_for_update(command);)+
                command
            }
        }

        impl clap::FromArgMatches for $settings {
            fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
                Self::read(matches)?.map_err(|mistakes| {
                    clap::Error::raw(clap::error::ErrorKind::ValueValidation, mistakes.join("\n"))
                })
            }

            fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}
pub(crate) use checked_args;

#[cfg(test)]
mod tests;
