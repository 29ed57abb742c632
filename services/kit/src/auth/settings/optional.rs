//! Auth that a service can be started without.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{AuthSettings, Written};
use crate::Clock;
use crate::auth::authenticator::Auth;
use crate::auth::jwks::JwksError;

const ISSUER: &str = "jwt_issuer";
const AUDIENCE: &str = "jwt_audience";

/// [`AuthSettings`] of a service that asks nobody who they are unless `JWT_ISSUER` is set. Any other setting of auth without it is
/// a mistake: who sets one expects that callers are asked.
#[derive(Clone, Debug)]
pub struct OptionalAuthSettings(Option<AuthSettings>);

impl OptionalAuthSettings {
    /// The part of a service that knows its callers, if there is to be one.
    pub fn auth(&self, clock: &Clock) -> Result<Option<Auth>, JwksError> {
        self.0.as_ref().map(|settings| settings.auth(clock)).transpose()
    }
}

impl Args for OptionalAuthSettings {
    fn augment_args(command: Command) -> Command {
        [ISSUER, AUDIENCE]
            .into_iter()
            .fold(AuthSettings::augment_args(command), |command, name| {
                command.mut_arg(name, |arg| arg.required(false))
            })
    }

    fn augment_args_for_update(command: Command) -> Command {
        AuthSettings::augment_args_for_update(command)
    }
}

impl FromArgMatches for OptionalAuthSettings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let names = given(matches);
        let has = |name: &str| names.iter().any(|(id, _)| id == name);
        match (has(ISSUER), has(AUDIENCE)) {
            (true, true) => AuthSettings::from_arg_matches(matches).map(|settings| Self(Some(settings))),
            (true, false) => Err(mistake("JWT_AUDIENCE: is missing; with JWT_ISSUER it is needed")),
            (false, _) => names.first().map_or(Ok(Self(None)), |(_, variable)| {
                Err(mistake(&format!(
                    "JWT_ISSUER: is missing; {variable} is set, but without an issuer nobody is asked for a token"
                )))
            }),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Name and variable of each setting of auth that somebody set.
fn given(matches: &ArgMatches) -> Vec<(String, String)> {
    let all = Written::augment_args(Command::new("auth"));
    let is_given = |arg: &&Arg| {
        let source = matches.value_source(arg.get_id().as_str());
        source.is_some_and(|source| source != ValueSource::DefaultValue)
    };
    let named = |arg: &Arg| {
        let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned());
        (arg.get_id().to_string(), variable.unwrap_or_default())
    };
    all.get_arguments().filter(is_given).map(named).collect()
}

fn mistake(text: &str) -> clap::Error {
    clap::Error::raw(ErrorKind::ValueValidation, text)
}

#[cfg(test)]
mod tests;
