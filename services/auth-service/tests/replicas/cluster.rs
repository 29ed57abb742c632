//! Replicas of the binary as processes, behind a proxy that gives each connection to the next one.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// The id and the secret of the client that is there from the start.
pub(crate) const ADMIN: (&str, &str) = ("first", "a secret of the first client, 32 bytes or more");

/// Longest a replica may take to start, on a machine that does much else.
const START: Duration = Duration::from_mins(1);

/// Letters of a secret that nobody finds by chance.
const PIECE: usize = 16;

/// Some replicas with the same settings.
pub(crate) struct Cluster {
    /// `iss`: the proxy.
    pub(crate) issuer: String,
    pub(crate) replicas: Vec<Replica>,
    /// Settings of all of them, which a restart reads again.
    settings: Mutex<Vec<(String, String)>>,
    addresses: Arc<Mutex<Vec<SocketAddr>>>,
    files: TempDir,
}

/// One process after another, with one log.
pub(crate) struct Replica {
    child: Mutex<Option<Child>>,
    log: PathBuf,
    /// Settings of its own.
    own: Vec<(&'static str, String)>,
}

impl Cluster {
    /// As many replicas as there are lists of settings of their own, which all have `settings`; ready.
    pub(crate) async fn start(settings: &[(&str, String)], own: Vec<Vec<(&'static str, String)>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let files = tempfile::tempdir().unwrap();
        let replicas = own.into_iter().enumerate().map(|(number, own)| Replica {
            child: Mutex::new(None),
            log: files.path().join(format!("log-{number}")),
            own,
        });
        let cluster = Self {
            replicas: replicas.collect(),
            settings: Mutex::default(),
            addresses: Arc::default(),
            issuer,
            files,
        };
        cluster.set(&cluster.usual());
        cluster.set(settings);
        for number in 0..cluster.replicas.len() {
            cluster.start_replica(number);
        }
        tokio::spawn(proxy(listener, Arc::clone(&cluster.addresses)));
        for number in 0..cluster.replicas.len() {
            cluster.until_ready(number).await;
        }
        cluster
    }

    fn usual(&self) -> Vec<(&'static str, String)> {
        let file = |name: &str, text: &str| self.file(name, text);
        vec![
            ("HOST", "127.0.0.1".to_owned()),
            ("PORT", "0".to_owned()),
            ("LOG_LEVEL", "debug".to_owned()),
            ("SHUTDOWN_DRAIN_DELAY", "0s".to_owned()),
            ("DATABASE_MAX_CONNECTIONS", "8".to_owned()),
            ("AUTH_ISSUER", self.issuer.clone()),
            ("JWT_ACCESS_SECRET_FILE", file("access", &"a".repeat(32))),
            ("JWT_REFRESH_SECRET_FILE", file("refresh", &"r".repeat(32))),
            ("KEY_ENCRYPTION_KEY_FILE", file("sealing", &"k".repeat(32))),
            ("AUTH_BOOTSTRAP_CLIENT_ID_FILE", file("id", ADMIN.0)),
            ("AUTH_BOOTSTRAP_CLIENT_SECRET_FILE", file("secret", ADMIN.1)),
        ]
    }

    /// Writes a file for the replicas; its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.files.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Settings for the next start of a replica, in the place of those of the same name.
    pub(crate) fn set(&self, settings: &[(&str, String)]) {
        let mut all = self.settings.lock().unwrap();
        for (name, value) in settings {
            all.retain(|(other, _)| other != name);
            all.push(((*name).to_owned(), value.clone()));
        }
    }

    pub(crate) fn setting(&self, name: &str) -> String {
        let all = self.settings.lock().unwrap();
        let found = all.iter().find(|(other, _)| other == name);
        found.unwrap().1.clone()
    }

    /// Starts a replica that is not running; it listens when this returns.
    pub(crate) fn start_replica(&self, number: usize) {
        let replica = &self.replicas[number];
        let start = fs::metadata(&replica.log).map_or(0, |found| found.len());
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&replica.log)
            .unwrap();
        let mut command = self.command();
        command.envs(replica.own.iter().map(|(name, value)| (name, value)));
        let child = with_output(&mut command, &log).spawn().unwrap();
        *replica.child.lock().unwrap() = Some(child);
        let address = replica.until_listening(usize::try_from(start).unwrap());
        let mut addresses = self.addresses.lock().unwrap();
        if number < addresses.len() {
            addresses[number] = address;
        } else {
            addresses.push(address);
        }
    }

    /// Kills a replica as a power cut would, and starts another in its place.
    pub(crate) async fn replace(&self, number: usize) {
        self.replicas[number].kill();
        self.start_replica(number);
        self.until_ready(number).await;
    }

    /// Runs the binary to its end with the settings of the replicas.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auth-service"));
        command
            .env_clear()
            // For the lines that a coverage run sees in the child.
            .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
            .envs(self.settings.lock().unwrap().clone());
        command
    }

    /// Where a replica is reached without the proxy.
    pub(crate) fn url(&self, number: usize) -> String {
        format!("http://{}", self.addresses.lock().unwrap()[number])
    }

    pub(crate) async fn until_ready(&self, number: usize) {
        let url = format!("{}/readiness", self.url(number));
        let started = Instant::now();
        loop {
            let said = match reqwest::get(&url).await {
                Ok(answer) if answer.status() == 200 => return,
                Ok(answer) => answer.text().await.unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            assert!(
                started.elapsed() < START,
                "replica {number}: {said}\n{}",
                self.replicas[number].last_words()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Nothing of any of these is in what any replica ever wrote.
    pub(crate) fn has_not_logged(&self, secrets: impl IntoIterator<Item = String>) {
        let logs: Vec<_> = self.replicas.iter().map(Replica::logs).collect();
        let written: HashSet<_> = logs.iter().flat_map(|log| pieces(log)).collect();
        assert!(written.len() > 100);
        let mut count = 0;
        for secret in secrets {
            // Of a token, the signature is what nobody else could write.
            let part = secret.rsplit('.').next().unwrap();
            assert!(part.len() >= PIECE, "too short to look for");
            let is_in = pieces(part).any(|piece| written.contains(piece));
            assert!(
                !is_in && !logs.iter().any(|log| part.contains(' ') && log.contains(part)),
                "logged: {secret}"
            );
            count += 1;
        }
        assert!(count > 0);
    }
}

/// Whatever could be a piece of a token, code or secret.
fn pieces(text: &str) -> impl Iterator<Item = &[u8]> {
    let is_base64 = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '+' | '/');
    text.split(move |letter| !is_base64(letter))
        .flat_map(|run| run.as_bytes().windows(PIECE))
}

fn with_output<'a>(command: &'a mut Command, log: &File) -> &'a mut Command {
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log.try_clone().unwrap())
}

impl Replica {
    /// SIGKILL: requests under way get no answer.
    pub(crate) fn kill(&self) {
        let child = self.child.lock().unwrap().take();
        if let Some(mut child) = child {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn logs(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    fn last_words(&self) -> String {
        let logs = self.logs();
        let lines: Vec<_> = logs.lines().rev().take(20).collect();
        lines.join("\n")
    }

    /// Where it listens, from what it logged after the first `start` bytes.
    fn until_listening(&self, start: usize) -> SocketAddr {
        let started = Instant::now();
        while started.elapsed() < START {
            let logs = self.logs();
            let lines = logs.get(start..).unwrap_or_default().lines();
            let found = lines
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .find(|line| line["message"] == "listening");
            if let Some(line) = found {
                return line["address"].as_str().unwrap().parse().unwrap();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not listen:\n{}", self.last_words());
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Each connection goes to the next replica that takes it.
async fn proxy(listener: TcpListener, addresses: Arc<Mutex<Vec<SocketAddr>>>) {
    let mut turn = 0;
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            return;
        };
        turn += 1;
        let mut candidates = addresses.lock().unwrap().clone();
        let count = candidates.len();
        candidates.rotate_left(turn % count);
        tokio::spawn(async move {
            for address in candidates {
                if let Ok(mut server) = TcpStream::connect(address).await {
                    // Either may be killed.
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                    return;
                }
            }
        });
    }
}
