//! Memory of the real process, as the kernel counts it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use futures::future::join_all;
use tempfile::TempDir;

use super::*;

/// At rest, MiB.
const AT_REST: f64 = 30.0;
/// For passwords, MiB; the default.
const FOR_PASSWORDS: f64 = 152.0;
const LOGINS: usize = 500;

/// The service with the default settings over a database of its own. Killed at the end.
struct Process {
    child: Child,
    url: String,
    http: reqwest::Client,
    _files: TempDir,
}

impl Process {
    async fn start() -> Self {
        let postgres = SERVER.get(Postgres::start).unwrap();
        let (files, mut settings) = process::settings();
        for (name, text) in [("id", ADMIN.0), ("secret", ADMIN.1)] {
            std::fs::write(files.path().join(name), text).unwrap();
        }
        let path = |name: &str| files.path().join(name).display().to_string();
        settings.extend([
            ("AUTH_BOOTSTRAP_CLIENT_ID_FILE", path("id")),
            ("AUTH_BOOTSTRAP_CLIENT_SECRET_FILE", path("secret")),
            ("TRUSTED_PROXY_HOPS", "1".to_owned()),
        ]);
        settings.retain(|(name, _)| *name != "DATABASE_URL");
        settings.push(("DATABASE_URL", postgres.database().unwrap()));
        let mut child = Command::new(env!("CARGO_BIN_EXE_auth-service"))
            .env_clear()
            .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
            .env("HOST", "127.0.0.1")
            .env("PORT", "0")
            .env("LOG_LEVEL", "info")
            // Give large blocks back when they are free, as musl in the image does; glibc would keep some for each thread.
            .env("MALLOC_MMAP_THRESHOLD_", "1048576")
            .envs(settings)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = lines
            .by_ref()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
            .find(|line| line["message"] == "listening");
        let url = format!("http://{}", listening.unwrap()["address"].as_str().unwrap());
        std::thread::spawn(move || lines.for_each(drop));
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .unwrap();
        let process = Self {
            child,
            url,
            http,
            _files: files,
        };
        process.until_ready().await;
        process
    }

    async fn until_ready(&self) {
        for _ in 0..1500 {
            if self.admin_token().await.status == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not ready");
    }

    async fn admin_token(&self) -> Answer {
        let request = self
            .http
            .post(format!("{}/oauth2/token", self.url))
            .basic_auth(ADMIN.0, Some(encoded(ADMIN.1)))
            .form(&[("grant_type", "client_credentials")]);
        Answer::of(request.send().await.unwrap()).await
    }

    /// An app that people log in to.
    async fn portal(&self) {
        let client = json!({
            "name": "Patient portal",
            "authentication": "none",
            "grants": ["authorization_code"],
            "redirect_uris": [REDIRECT_URI],
            "scopes": ["records.read"],
            "roles": [],
            "audiences": ["records"],
        });
        let token = self.admin_token().await.member("access_token");
        let request = self
            .http
            .post(format!("{}/admin/clients", self.url))
            .bearer_auth(token);
        let request = request.json(&json!({"id": "portal", "client": client}));
        assert_eq!(request.send().await.unwrap().status(), 201);
    }

    async fn page(&self) -> Page {
        let query = query("portal", "records.read");
        let request = self.http.get(format!("{}/oauth2/authorize?{query}", self.url));
        Page::of(&Answer::of(request.send().await.unwrap()).await)
    }

    /// Somebody who is not known, from an address of their own: nothing but memory stands in the way of their password, and the
    /// work is the same.
    async fn log_in(&self, page: &Page, number: usize) -> u16 {
        let login = format!("person-{number}");
        let pairs = [
            ("authorization_request", page.query.as_str()),
            ("form_token", page.token.as_str()),
            ("login", login.as_str()),
            ("password", PASSWORD),
        ];
        let address = format!("192.0.{}.{}", 2 + number / 250, 1 + number % 250);
        let request = self
            .http
            .post(format!("{}/oauth2/authorize", self.url))
            .header("cookie", page.cookies())
            .header("x-forwarded-for", address)
            .form(&pairs);
        request.send().await.unwrap().status().as_u16()
    }

    /// A line of `proc_pid_status(5)`, MiB.
    fn memory(&self, field: &str) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// What passwords may take is a setting: however many come at once, the rest of the process stays as small as it was. Those for
/// whom there is no memory are told so.
#[tokio::test]
async fn five_hundred_logins_at_once_take_no_more_memory_than_passwords_are_given() {
    let process = Process::start().await;
    process.portal().await;
    let page = process.page().await;
    let at_rest = process.memory("VmRSS");
    let statuses = join_all((0..LOGINS).map(|number| process.log_in(&page, number))).await;
    let peak = process.memory("VmHWM");
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    let (checked, refused) = (count(403), count(503));
    println!("{at_rest:.1} MiB at rest, {peak:.1} MiB at most; {checked} checked, {refused} refused");
    assert_eq!(checked + refused, LOGINS, "{statuses:?}");
    assert!(checked >= 8, "{checked}");
    // Half a connection's buffers and a form, five hundred times, besides.
    assert!(
        peak <= FOR_PASSWORDS + AT_REST + 48.0,
        "{peak} MiB, {at_rest} at rest"
    );
    if !cfg!(debug_assertions) {
        assert!(at_rest <= AT_REST, "{at_rest} MiB at rest");
    }
    assert_eq!(process.admin_token().await.status, 200);
}
