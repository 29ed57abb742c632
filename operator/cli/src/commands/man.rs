//! `man`: the manual pages.

use std::path::{Path, PathBuf};

use clap::Args;
use clap_mangen::Man;

use crate::cli;
use crate::report::{Error, Report};

/// Print the manual page, or write one for each command
///
/// gitops-health man | man -l -
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct ManArgs {
    /// Write gitops-health.1, gitops-health-render.1, gitops-health-rollout-status.1 and so on into this directory instead
    #[arg(long, value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
}

/// Writes them.
///
/// # Errors
/// When the directory cannot be written.
pub fn run(args: &ManArgs, called: &'static str) -> Result<Report, Error> {
    let mut definition = cli::definition(called);
    definition.build();
    let Some(directory) = &args.directory else {
        return Ok(Report::fine(page(&definition)?));
    };
    let name = definition.get_name().to_owned();
    pages(directory, &name, &definition)?;
    Ok(Report::fine(String::new()))
}

/// A page of a command, and one of each below it.
fn pages(directory: &Path, name: &str, command: &clap::Command) -> Result<(), Error> {
    write(directory, name, command)?;
    for command in command.get_subcommands() {
        pages(directory, &format!("{name}-{}", command.get_name()), command)?;
    }
    Ok(())
}

fn write(directory: &Path, name: &str, command: &clap::Command) -> Result<(), Error> {
    let file = directory.join(format!("{name}.1"));
    let text = page(&command.clone().name(name.to_owned()))?;
    let written = std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&file, text));
    written.map_err(|source| Error::Write {
        what: file.display().to_string(),
        source,
    })
}

fn page(command: &clap::Command) -> Result<String, Error> {
    let mut text = Vec::new();
    let rendered = Man::new(command.clone()).render(&mut text);
    rendered.map_err(|source| Error::Write {
        what: "the manual page".to_owned(),
        source,
    })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
