//! A throw-away PostgreSQL.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use uuid::Uuid;

use super::process::{self, EndSignals, Process};

/// Where Debian 12 keeps the programs that are not on `PATH`.
const DEBIAN: &[&str] = &["/usr/lib/postgresql/15/bin"];

const PACKAGE: &str = "postgresql";

/// What a server says whose predecessor has sessions left.
const IN_USE: &str = "pre-existing shared memory block";

/// Longest they may take to end.
const SESSIONS_END: Duration = Duration::from_secs(10);

/// The superuser, reached through the socket only.
const ADMIN: &str = "postgres";

/// The role that owns the tests' databases: no superuser, as a service's role should be.
const OWNER: &str = "app";

/// The "fast" and the "immediate" shutdown: both tell the sessions to end, the second writes nothing to disk.
const SIGNALS: EndSignals = EndSignals {
    gentle: "INT",
    quick: "QUIT",
};

/// What a throw-away server does otherwise than usual.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresOptions<'a> {
    /// Settings, each as `name=value`.
    pub settings: &'a [&'a str],
    /// The server's certificate chain and its private key, both PEM: the server then takes TLS connections.
    pub tls: Option<(&'a str, &'a str)>,
}

/// A PostgreSQL of the machine's own package (`postgresql`) on a free port of the loopback interface, with its data in
/// a temporary directory. It ends with this value or with the test process, whichever comes first.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    directory: PathBuf,
    port: u16,
    password: String,
    psql: String,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts a server. Blocks until it answers.
    pub fn start() -> Result<Self> {
        Self::start_with(PostgresOptions::default())
    }

    /// Starts a server with other settings, such as `max_connections=5`.
    pub fn start_with(options: PostgresOptions<'_>) -> Result<Self> {
        let server = process::find("postgres", DEBIAN, PACKAGE)?;
        let port = process::free_port()?;
        let directory = process::directory("kit-postgres-")?;
        let command = command(server, &directory, port, &options);
        let postgres = Self {
            process: Process::new(directory.clone(), SIGNALS, &command)?,
            psql: process::find("psql", DEBIAN, PACKAGE)?,
            password: Uuid::new_v4().simple().to_string(),
            databases: AtomicU32::new(0),
            directory,
            port,
        };
        postgres.initialise(&options)?;
        postgres.restart().context("start postgres")?;
        let role = format!("CREATE ROLE {OWNER} LOGIN PASSWORD '{}'", postgres.password);
        postgres.admin(ADMIN, &role)?;
        Ok(postgres)
    }

    fn initialise(&self, options: &PostgresOptions<'_>) -> Result<()> {
        let initdb = process::find("initdb", DEBIAN, PACKAGE)?;
        let data = data(&self.directory);
        let arguments = [
            "-D",
            &data,
            "-U",
            ADMIN,
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
        ]
        .map(str::to_owned);
        let command: Vec<_> = [initdb].into_iter().chain(arguments).collect();
        process::run(&self.directory, &command)?;
        if let Some((certificate, key)) = options.tls {
            process::write_private(&Path::new(&data).join("server.crt"), certificate)?;
            process::write_private(&Path::new(&data).join("server.key"), key)?;
        }
        Ok(())
    }

    /// The URL of a new, empty database, with the password of the role that owns it.
    pub fn database(&self) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.admin(ADMIN, &format!("CREATE DATABASE {name} OWNER {OWNER}"))?;
        Ok(format!(
            "postgres://{OWNER}:{}@127.0.0.1:{}/{name}",
            self.password, self.port
        ))
    }

    /// Runs SQL in `database` as the superuser, and gives the rows as text, columns separated by `|`.
    pub fn admin(&self, database: &str, sql: &str) -> Result<String> {
        let directory = self.directory.display().to_string();
        let port = self.port.to_string();
        let words = [
            self.psql.as_str(),
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            &directory,
            "-p",
            &port,
            "-U",
            ADMIN,
            "-d",
            database,
            "-c",
            sql,
        ]
        .map(str::to_owned);
        process::run(&self.directory, &words)
    }

    /// The port it listens on, of 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server in good order; connections are closed and refused from now on.
    pub fn stop(&self) -> Result<()> {
        self.process.stop()
    }

    /// Kills the server and all its sessions.
    pub fn kill(&self) -> Result<()> {
        self.process.kill()
    }

    /// Starts a stopped or killed server again, on the same port and data. Blocks until it answers.
    pub fn restart(&self) -> Result<()> {
        let deadline = Instant::now() + SESSIONS_END;
        loop {
            match self.process.start(|| self.admin(ADMIN, "SELECT 1").is_ok()) {
                // Sessions of a killed server take a moment to notice that it is gone.
                Err(error) if error.to_string().contains(IN_USE) && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                result => return result,
            }
        }
    }

    /// Freezes the server and all its sessions: connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        self.process.pause()
    }

    /// Lets a frozen server go on.
    pub fn resume(&self) -> Result<()> {
        self.process.resume()
    }
}

fn data(directory: &Path) -> String {
    directory.join("data").display().to_string()
}

/// The server's command line. What a test loses in a power cut is of no interest: nothing is synced.
fn command(server: String, directory: &Path, port: u16, options: &PostgresOptions<'_>) -> Vec<String> {
    let fixed = [
        format!("port={port}"),
        format!("unix_socket_directories={}", directory.display()),
    ];
    let settings = [
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "shared_buffers=16MB",
    ];
    let tls = options.tls.map(|_| "ssl=on");
    let all = settings
        .into_iter()
        .chain(tls)
        .chain(options.settings.iter().copied())
        .map(str::to_owned);
    let data = ["-D".to_owned(), data(directory)];
    let settings = fixed
        .into_iter()
        .chain(all)
        .flat_map(|setting| ["-c".to_owned(), setting]);
    [server].into_iter().chain(data).chain(settings).collect()
}

#[cfg(test)]
mod tests;
