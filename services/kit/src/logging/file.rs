use std::path::{Path, PathBuf};

use tracing_appender::rolling::{RollingFileAppender, Rotation};

/// Why log files cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum LogFileError {
    /// The path names no file.
    #[error("{} names no file", .0.display())]
    NoName(PathBuf),
    /// The first file could not be opened.
    #[error("a log file in {} could not be opened", directory.display())]
    Open {
        /// Where files were to lie.
        directory: PathBuf,
        /// What the system says.
        source: tracing_appender::rolling::InitError,
    },
}

/// Writes to `<stem>.<date>.<extension>` beside `path`, a file a day (UTC), of which the newest `kept` stay.
pub(super) fn rolling(path: &Path, kept: usize) -> Result<RollingFileAppender, LogFileError> {
    let text = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let stem = text(path.file_stem()).ok_or_else(|| LogFileError::NoName(path.to_owned()))?;
    // A bare name has an empty parent, which is no directory that could be opened.
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    let mut builder = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(stem)
        .max_log_files(kept);
    if let Some(extension) = text(path.extension()) {
        builder = builder.filename_suffix(extension);
    }
    builder.build(directory).map_err(|source| LogFileError::Open {
        directory: directory.to_owned(),
        source,
    })
}
