//! The real binary, with a config, a plugins folder and a home of its own.

use std::fs;
use std::io::Read as _;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::artifacts;
use crate::client::{Answer, Client};
use crate::time::{eventually, within};
use crate::upstream::FakeUpstream;

/// A gateway that is about to be started.
#[derive(Debug)]
pub struct Setup {
    config: Option<String>,
    plugins: Vec<(PathBuf, String)>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

/// A gateway that runs. Dropping it kills it.
#[derive(Debug)]
pub struct TestGateway {
    child: Child,
    address: SocketAddr,
    home: TempDir,
    log: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
}

/// What a gateway leaves behind.
#[derive(Debug)]
pub struct Stopped {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// The request records, in the order in which they were closed.
    pub records: Vec<Value>,
    /// What it said on standard error and in its log files.
    pub log: String,
}

impl Setup {
    /// With this config.
    pub fn config(config: &Value) -> Self {
        Self::config_text(&config.to_string())
    }

    /// With a config file of this text.
    pub fn config_text(text: &str) -> Self {
        Self { config: Some(text.to_owned()), plugins: Vec::new(), arguments: Vec::new(), environment: Vec::new() }
    }

    /// Without a config file.
    pub fn without_config() -> Self {
        Self { config: None, ..Self::config_text("") }
    }

    /// With one provider called `up` that speaks OpenAI's format, and its model `m` for everything.
    pub fn openai(upstream: &FakeUpstream) -> Self {
        Self::config(&openai_config(&upstream.base_url()))
    }

    /// As [`Setup::openai`], with a provider that speaks Anthropic's format.
    pub fn anthropic(upstream: &FakeUpstream) -> Self {
        let mut config = openai_config(&upstream.base_url());
        config["Providers"][0]["transformer"] = json!({"use": ["Anthropic"]});
        Self::config(&config)
    }

    /// Puts a component into the plugins folder: one of `target/plugins`, by its path without the ending.
    #[must_use]
    pub fn plugin(self, name: &str) -> Self {
        let file = artifacts::component(name);
        let as_name = file.file_name().expect("a file").to_string_lossy();
        let as_name = as_name.into_owned();
        self.plugin_file(&file, &as_name)
    }

    /// Puts any file into the plugins folder under this name.
    #[must_use]
    pub fn plugin_file(mut self, file: &Path, name: &str) -> Self {
        self.plugins.push((file.to_owned(), name.to_owned()));
        self
    }

    /// Adds an argument to `ccr start`.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Sets a variable of its environment, which is empty otherwise.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it and waits until it listens.
    pub async fn start(self) -> TestGateway {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut command = self.command(home.path());
        fill_cache(home.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect("it starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        let stderr = child.stderr.take().expect("it is piped");
        let reading = tokio::spawn(keep(stderr, Arc::clone(&log)));
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let listening = within("the line `listening on`", async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(address) = line.strip_prefix("listening on http://") {
                    return address.trim_end_matches('/').parse().ok();
                }
            }
            None
        });
        let Some(address) = listening.await else {
            let status = within("its end", child.wait()).await;
            within("the end of its log", reading).await.expect("read");
            panic!("it did not come to listen: {status:?}\n{}", text(&log));
        };
        // Nothing more is expected there, but a full pipe would block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        TestGateway { child, address, home, log, reading }
    }

    /// Starts one that is expected to give up at once; its exit code, and what it said.
    pub async fn fails(self) -> (Option<i32>, String) {
        let home = tempfile::tempdir().expect("a temporary folder");
        let output = self.command(home.path()).kill_on_drop(true).output();
        let output = within("its end", output).await.expect("it starts");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    fn command(&self, home: &Path) -> Command {
        let plugins = home.join("plugins");
        fs::create_dir_all(&plugins).expect("a folder");
        for (file, name) in &self.plugins {
            fs::copy(file, plugins.join(name)).expect("the component is there");
        }
        let mut command = ccr(home);
        command.arg("start").args(["-p", "0"]);
        command.arg("--plugins").arg(&plugins);
        if let Some(text) = &self.config {
            let file = home.join("config.json");
            fs::write(&file, text).expect("a file");
            command.arg("-c").arg(file);
        }
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// The config of [`Setup::openai`] for a provider at this base URL.
pub fn openai_config(base_url: &str) -> Value {
    json!({
        "Providers": [{"name": "up", "api_base_url": base_url, "api_key": "sk-upstream-secret", "models": ["m"]}],
        "Router": {"default": "up,m"},
    })
}

/// The binary with an environment that has nothing in it but its home folder.
pub fn ccr(home: &Path) -> Command {
    let mut command = Command::new(artifacts::binary());
    command.env_clear().env("CCR_HOME", home).env("HOME", home).current_dir(home).stdin(Stdio::null());
    command
}

impl TestGateway {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// `POST /v1/messages`.
    pub async fn messages(&self, body: &Value) -> Answer {
        self.client().messages(body).await
    }

    /// Its home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Its plugins folder.
    pub fn plugins(&self) -> PathBuf {
        self.home().join("plugins")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// What `/health` says.
    pub async fn health(&self) -> Value {
        self.client().get("/health").await.json().await
    }

    /// Waits until `/health` says what is wanted.
    pub async fn healthy(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            let health = self.health().await;
            wanted(&health).then_some(health)
        })
        .await
    }

    /// Writes the config file anew, the way editors do: beside it, then in its place.
    pub fn write_config(&self, text: &str) {
        let beside = self.home().join("config.json.new");
        fs::write(&beside, text).expect("a file");
        fs::rename(beside, self.home().join("config.json")).expect("the same folder");
    }

    /// Tells it to stop, and does not wait.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("it runs");
    }

    /// Waits for its end, and reads what it left.
    pub async fn exited(mut self) -> Stopped {
        let status = within("the gateway's end", self.child.wait()).await;
        within("the end of its log", &mut self.reading).await.expect("read");
        keep_cache(self.home());
        let status = status.expect("it was started");
        Stopped {
            code: status.code(),
            signal: status.signal(),
            records: records(self.home()),
            log: text(&self.log) + &log_files(self.home()),
        }
    }

    /// Tells it to stop and waits for its end.
    pub async fn stop(self) -> Stopped {
        self.terminate();
        self.exited().await
    }
}

impl Stopped {
    /// The only record. Fails the test if there are none or several.
    pub fn record(&self) -> &Value {
        assert_eq!(self.records.len(), 1, "{self:#?}");
        &self.records[0]
    }

    /// The records of requests to `/v1/messages`.
    pub fn messages(&self) -> Vec<&Value> {
        let all = self.records.iter();
        all.filter(|record| record["path"] == "/v1/messages").collect()
    }
}

async fn keep(mut from: impl tokio::io::AsyncRead + Unpin, log: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = vec![0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(&bytes[..read]);
    }
}

fn text(log: &Mutex<Vec<u8>>) -> String {
    let log = log.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&log).into_owned()
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == ending)).collect();
    files.sort();
    files
}

fn records(home: &Path) -> Vec<Value> {
    let files = files(&home.join("logs"), "jsonl");
    let texts = files.iter().map(|file| fs::read_to_string(file).expect("readable"));
    texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| serde_json::from_str(&line).unwrap_or_else(|error| panic!("record {line}: {error}")))
        .collect()
}

fn log_files(home: &Path) -> String {
    let mut text = String::new();
    for file in files(&home.join("logs"), "log") {
        let mut file = fs::File::open(file).expect("readable");
        file.read_to_string(&mut text).expect("a log is text");
    }
    text
}

/// Where compiled plugins outlive a test's home folder: each gateway would compile the same ones again.
fn shared_cache() -> PathBuf {
    artifacts::target().join("tmp").join("compile-cache")
}

fn fill_cache(home: &Path) {
    use std::os::unix::fs::DirBuilderExt as _;
    let cache = home.join("cache");
    // The gateway does not trust a folder that others may write to.
    fs::DirBuilder::new().mode(0o700).create(&cache).expect("a folder");
    link_all(&shared_cache(), &cache);
}

fn keep_cache(home: &Path) {
    let shared = shared_cache();
    fs::create_dir_all(&shared).expect("a folder");
    link_all(&home.join("cache"), &shared);
}

/// Each file is written once and never changed, so that one that is there already is the same.
fn link_all(from: &Path, to: &Path) {
    for file in files(from, "cwasm") {
        let name = file.file_name().expect("a file");
        if let Err(error) = fs::hard_link(&file, to.join(name))
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            // Another file system: compiling again is slower, not wrong.
            let _ = fs::copy(&file, to.join(name));
        }
    }
}
