//! Where manifests come from: files, directories and standard input. I/O.
//!
//! Everything that is not a `HealthcareService` is passed over, so that the output of kustomize or helm, or a whole
//! repository, can be given as it is.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use walkdir::{DirEntry, WalkDir};

mod booleans;
mod documents;
mod parse;
mod services;

/// Extensions of files that are read from a directory; a file that is named is read whatever its name.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];
/// Most bytes of one file: a repository's manifests are far below.
const LARGEST: u64 = 64 * 1024 * 1024;
/// How standard input is called in messages.
const STDIN: &str = "<stdin>";

/// Where a manifest stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// Path as it was given, or `<stdin>`.
    pub file: String,
    /// Number of the document in the file, from 1; empty ones do not count.
    pub document: usize,
    /// Line on which the document begins, from 1.
    pub line: usize,
    /// Number of the item, from 1, where the document is a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.document)?;
        match self.item {
            Some(item) => write!(f, "[{item}]"),
            None => Ok(()),
        }
    }
}

/// A manifest of a `HealthcareService`, not yet validated.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Where it stands.
    pub origin: Origin,
    /// What it says.
    pub object: Value,
}

/// A document that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where it stands.
    pub origin: Origin,
    /// Where in the document, as far as it is known.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "{}: {}", self.origin, self.message)
        } else {
            write!(f, "{}: {}: {}", self.origin, self.path, self.message)
        }
    }
}

/// Everything that was read.
#[derive(Debug, Default, PartialEq)]
pub struct Input {
    /// The manifests, in order.
    pub manifests: Vec<Manifest>,
    /// Documents that cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// How many objects of other kinds were passed over.
    pub others: usize,
}

impl Input {
    /// The manifests, if every document could be read and there is one at least.
    ///
    /// # Errors
    /// [`InputError::Unreadable`] or [`InputError::Nothing`].
    pub fn whole(self) -> Result<Vec<Manifest>, InputError> {
        let others = self.others;
        let manifests = self.readable()?;
        if manifests.is_empty() {
            return Err(InputError::Nothing { others });
        }
        Ok(manifests)
    }

    /// The manifests, if every document could be read; there may be none.
    ///
    /// # Errors
    /// [`InputError::Unreadable`].
    pub fn readable(self) -> Result<Vec<Manifest>, InputError> {
        let lines: Vec<_> = self.unreadable.iter().map(ToString::to_string).collect();
        if lines.is_empty() {
            Ok(self.manifests)
        } else {
            Err(InputError::Unreadable(lines.join("\n")))
        }
    }
}

/// Why nothing can be read.
#[derive(Debug, Error)]
pub enum InputError {
    /// No source was named.
    #[error("no manifest to read: name files or directories, or - for standard input")]
    NoSource,
    /// A file or directory cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Io {
        /// As it was given.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file is too large.
    #[error("{path}: larger than {LARGEST} bytes: give a file of manifests")]
    TooLarge {
        /// As it was given.
        path: String,
    },
    /// Documents cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// There is no `HealthcareService` in what was read.
    #[error("no HealthcareService among what was read ({others} objects of other kinds): check the path")]
    Nothing {
        /// Objects that were passed over.
        others: usize,
    },
}

/// Reads every source: `-` is standard input, a directory stands for the manifests below it.
///
/// # Errors
/// When a source cannot be read at all. What a document lacks is told in [`Input::unreadable`].
pub fn read(sources: &[PathBuf], stdin: &mut dyn Read) -> Result<Input, InputError> {
    if sources.is_empty() {
        return Err(InputError::NoSource);
    }
    let mut input = Input::default();
    for source in sources {
        if source.as_os_str() == "-" {
            let bytes = bytes(STDIN, stdin)?;
            services::collect(STDIN, &bytes, &mut input);
        } else {
            read_path(source, &mut input)?;
        }
    }
    Ok(input)
}

fn read_path(path: &Path, input: &mut Input) -> Result<(), InputError> {
    for file in files(path)? {
        let name = file.display().to_string();
        let mut open = File::open(&file).map_err(|source| io_error(&name, source))?;
        let bytes = bytes(&name, &mut open)?;
        services::collect(&name, &bytes, input);
    }
    Ok(())
}

/// The file itself, or the manifests below a directory by name. Hidden ones (`.git`) are left out.
fn files(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    let name = path.display().to_string();
    let metadata = std::fs::metadata(path).map_err(|source| io_error(&name, source))?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let walk = WalkDir::new(path).follow_links(true).sort_by_file_name();
    let visible = walk
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    let mut found = Vec::new();
    for entry in visible {
        let entry = entry.map_err(|error| {
            let at = error
                .path()
                .map_or_else(|| name.clone(), |path| path.display().to_string());
            let message = error.to_string();
            io_error(
                &at,
                error.into_io_error().unwrap_or_else(|| io::Error::other(message)),
            )
        })?;
        if entry.file_type().is_file() && is_manifest(entry.path()) {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    EXTENSIONS
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

fn bytes(name: &str, from: &mut dyn Read) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| io_error(name, source))?;
    if bytes.len() as u64 > LARGEST {
        return Err(InputError::TooLarge {
            path: name.to_owned(),
        });
    }
    Ok(bytes)
}

fn io_error(path: &str, source: io::Error) -> InputError {
    InputError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
