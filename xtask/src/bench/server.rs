//! Starts the mock, nginx and the gateway, each on its core, and ends them when they are dropped.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::config::{gateway_config, nginx_config};
use crate::debian::{apt, is_root};
use crate::process::{Failure, Outcome, on_path, run, say};
use crate::workspace::Workspace;

/// Long enough for a first start, which compiles every plugin.
const START_LIMIT: Duration = Duration::from_secs(120);

/// Where everything of one run is, and how it is pinned.
pub(super) struct Bench<'a> {
    pub(super) workspace: &'a Workspace,
    folder: PathBuf,
    pinned: bool,
}

/// A process that was started here.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
}

impl<'a> Bench<'a> {
    /// An empty folder for configs, logs and the compile cache, so that no earlier run is in the figures.
    pub(super) fn new(workspace: &'a Workspace) -> Outcome<Self> {
        let folder = workspace.target.join("bench");
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).map_err(Failure::doing(format!("cannot make {}", folder.display())))?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let pinned = cores > 1 && on_path("taskset").is_some();
        if !pinned {
            say("without taskset and two cores nothing is pinned: latencies and requests per second mean little");
        }
        Ok(Self { workspace, folder, pinned })
    }

    /// How the run was set up, for the line under the tables.
    pub(super) fn note(&self) -> &'static str {
        if self.pinned {
            "Measured process on core 0, mock provider and load on core 1."
        } else {
            "Nothing pinned to cores."
        }
    }

    /// A command on the core of what is measured.
    fn alone(&self, program: &Path) -> Command {
        self.on_core("0", program)
    }

    /// A command on the other core.
    pub(super) fn beside(&self, program: &Path) -> Command {
        self.on_core("1", program)
    }

    fn on_core(&self, core: &str, program: &Path) -> Command {
        if !self.pinned {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", core]).arg(program);
        command
    }

    pub(super) fn mock(&self) -> Outcome<Server> {
        self.start(&mut self.beside(&self.workspace.release("mock-upstream")), "mock")
    }

    /// The gateway as a user starts it, but for its home folder and a port of its own.
    pub(super) fn gateway(&self, mock: &Server) -> Outcome<Server> {
        let home = self.folder.join("home");
        fs::create_dir_all(&home).map_err(Failure::doing("cannot make the gateway's home folder"))?;
        let config = home.join("config.json");
        fs::write(&config, gateway_config(&mock.url)).map_err(Failure::doing("cannot write the gateway's config"))?;
        let mut command = self.alone(&self.workspace.release("ccr"));
        command.arg("start").arg("--config").arg(&config).args(["--port", "0"]).env("CCR_HOME", &home);
        for set in ["HOST", "PORT", "APIKEY", "CCR_HOST", "CCR_PORT", "CCR_APIKEY"] {
            command.env_remove(set);
        }
        self.start(&mut command, "ccr")
    }

    /// nginx as a plain proxy: one process, kept-alive connections, nothing buffered or logged.
    pub(super) fn nginx(&self, program: &Path, mock: &Server) -> Outcome<Server> {
        let port = free_port()?;
        let config = self.folder.join("nginx.conf");
        let upstream = mock.url.trim_start_matches("http://");
        fs::write(&config, nginx_config(&self.folder, port, upstream))
            .map_err(Failure::doing("cannot write nginx's config"))?;
        let mut command = self.alone(program);
        command.arg("-p").arg(&self.folder).arg("-c").arg(&config).stderr(self.log("nginx")?);
        let child = command.spawn().map_err(Failure::doing("cannot start nginx"))?;
        let mut server = Server { child, url: format!("http://127.0.0.1:{port}") };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if began.elapsed() > START_LIMIT || !matches!(server.child.try_wait(), Ok(None)) {
                return Err(self.not_started("nginx"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    /// Starts a program that says `listening on URL` on its stdout.
    fn start(&self, command: &mut Command, name: &str) -> Outcome<Server> {
        command.stdout(Stdio::piped()).stderr(self.log(name)?);
        let mut child = command.spawn().map_err(Failure::doing(format!("cannot start {name}")))?;
        let stdout = child.stdout.take();
        let mut server = Server { child, url: String::new() };
        let mut lines = BufReader::new(stdout.ok_or_else(|| self.not_started(name))?).lines();
        let line = lines.find_map(|line| line.ok()?.split_once("listening on ").map(|(_, url)| url.trim().to_owned()));
        server.url = line.ok_or_else(|| self.not_started(name))?;
        // Whatever else it prints is read and dropped: a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(server)
    }

    fn log(&self, name: &str) -> Outcome<File> {
        let file = File::options().create(true).append(true).open(self.log_file(name));
        file.map_err(Failure::doing(format!("cannot write the log of {name}")))
    }

    fn log_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    fn not_started(&self, name: &str) -> Failure {
        Failure::told(format!("{name} ended before it listened; see {}", self.log_file(name).display()))
    }
}

impl Server {
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory now.
    pub(super) fn rss_mb(&self) -> Outcome<f64> {
        let file = format!("/proc/{}/status", self.pid());
        let status = fs::read_to_string(&file).map_err(Failure::doing(format!("cannot read {file}")))?;
        let kilobytes =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse().ok());
        kilobytes.map(|kilobytes: f64| kilobytes / 1024.0).ok_or_else(|| Failure::told(format!("{file} has no VmRSS")))
    }

    /// One small request, to its whole answer.
    pub(super) fn ask(&self, model: &str) -> Outcome {
        let authority = self.url.trim_start_matches("http://");
        let body = format!(r#"{{"model":"{model}","max_tokens":9,"messages":[{{"role":"user","content":"Hello"}}]}}"#);
        let length = body.len();
        let request = format!(
            "POST /v1/messages HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut answer = String::new();
        let exchange = TcpStream::connect(authority).and_then(|mut stream| {
            stream.write_all(request.as_bytes())?;
            stream.read_to_string(&mut answer)
        });
        exchange.map_err(Failure::doing(format!("the gateway at {authority} did not answer")))?;
        if answer.starts_with("HTTP/1.1 200") && answer.contains("\"stop_reason\"") {
            return Ok(());
        }
        Err(Failure::told(format!("the gateway's first answer is not a message: {answer}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Where nginx is; it is installed if it is missing and that can be done without asking.
pub(super) fn find_nginx() -> Option<PathBuf> {
    // A user's PATH often lacks the folder that Debian puts it in.
    let usual = || Some(PathBuf::from("/usr/sbin/nginx")).filter(|file| file.is_file());
    let find = || on_path("nginx").or_else(usual);
    if let Some(found) = find() {
        return Some(found);
    }
    if is_root() && on_path("apt-get").is_some() {
        say("installing nginx-light");
        run(apt().args(["update", "-qq"])).ok();
        run(apt().args(["install", "-y", "-qq", "--no-install-recommends", "nginx-light"])).ok();
    }
    find()
}

/// The system gives a port that is free; it stays so for the moment until nginx takes it.
fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(Failure::doing("no free port on 127.0.0.1"))
}
