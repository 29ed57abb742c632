//! A throw-away Redis.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

use super::process::{self, EndSignals, Process};

/// How many databases a server has, so that each test can have its own.
const DATABASES: u16 = 4096;

const SIGNALS: EndSignals = EndSignals {
    gentle: "TERM",
    quick: "KILL",
};

/// A Redis of the machine's own package (`redis-server`) on a free port of the loopback interface, with its data in
/// a temporary directory. It ends with this value or with the test process, whichever comes first.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    port: u16,
    databases: AtomicU16,
}

impl Redis {
    /// Starts a server that keeps nothing on disk. Blocks until it answers.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts it with further arguments, such as `["--appendonly", "yes"]` to keep its data over a restart.
    pub fn start_with(arguments: &[&str]) -> Result<Self> {
        let program = process::find("redis-server", &[], "redis-server")?;
        let port = process::free_port()?;
        let directory = process::directory("kit-redis-")?;
        let fixed = [
            "--bind",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--dir",
            &directory.display().to_string(),
            "--databases",
            &DATABASES.to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
        ]
        .map(str::to_owned);
        let command: Vec<_> = [program]
            .into_iter()
            .chain(fixed)
            .chain(arguments.iter().map(|&a| a.to_owned()))
            .collect();
        let redis = Self {
            process: Process::new(directory, SIGNALS, &command)?,
            port,
            databases: AtomicU16::new(0),
        };
        redis.restart().context("start redis-server")?;
        Ok(redis)
    }

    /// The URL of a database that no other caller of this function gets.
    pub fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed) % DATABASES;
        format!("redis://127.0.0.1:{}/{number}", self.port)
    }

    /// The port it listens on, of 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server in good order; connections are refused from now on.
    pub fn stop(&self) -> Result<()> {
        self.process.stop()
    }

    /// Kills the server.
    pub fn kill(&self) -> Result<()> {
        self.process.kill()
    }

    /// Starts a stopped or killed server again, on the same port. Blocks until it answers.
    pub fn restart(&self) -> Result<()> {
        self.process.start(|| self.answers())
    }

    /// Freezes the server: connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        self.process.pause()
    }

    /// Lets a frozen server go on.
    pub fn resume(&self) -> Result<()> {
        self.process.resume()
    }

    fn answers(&self) -> bool {
        self.ping().is_ok_and(|answer| answer == *b"+PONG")
    }

    fn ping(&self) -> std::io::Result<[u8; 5]> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests;
