//! Installs clients below the target folder, once; later runs find them there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use gateway_tests::artifacts;

/// Two tests that install the same thing at the same time would undo each other's work.
static INSTALLING: Mutex<()> = Mutex::new(());

const PIP: [&str; 3] = ["-m", "pip", "--disable-pip-version-check"];

/// What pins the clients' versions, and the programs that use them.
pub(super) fn sources() -> PathBuf {
    artifacts::workspace().join("tests/clients")
}

/// The Python of a virtual environment with the pinned packages.
pub(super) fn python() -> PathBuf {
    let folder = artifacts::target().join("clients-venv");
    let python = folder.join("bin/python");
    once(&folder, "requirements.txt", |pins| {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        run(Command::new(&python).args(PIP).args(["install", "--quiet", "-r"]).arg(pins));
    });
    python
}

/// The program `litellm` in an environment of its own: it needs another version of the package `openai`.
pub(super) fn litellm() -> PathBuf {
    let pip = python();
    let folder = artifacts::target().join("clients-litellm");
    once(&folder, "requirements-litellm.txt", |pins| {
        run(Command::new("python3").args(["-m", "venv", "--clear", "--without-pip"]).arg(&folder));
        let mut install = Command::new(&pip);
        install.args(PIP).arg("--python").arg(folder.join("bin/python"));
        // The list is complete. Compiling it all takes longer than compiling what is used, each time it is new.
        run(install.args(["install", "--quiet", "--no-deps", "--no-compile", "-r"]).arg(pins));
    });
    folder.join("bin/litellm")
}

/// The program `claude` of the pinned package.
pub(super) fn claude() -> PathBuf {
    let folder = artifacts::target().join("clients-node");
    once(&folder, "package.json", |pins| {
        fs::create_dir_all(&folder).unwrap();
        fs::copy(pins, folder.join("package.json")).unwrap();
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel", "error", "--prefix"]).arg(&folder);
        run(npm.current_dir(&folder));
    });
    folder.join("node_modules/.bin/claude")
}

/// Does the work unless it was done to its end with the same pins before.
fn once(folder: &Path, pins: &str, install: impl FnOnce(&Path)) {
    let _alone = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (pins, done) = (sources().join(pins), folder.join("installed"));
    let wanted = fs::read(&pins).unwrap();
    if fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return;
    }
    install(&pins);
    fs::write(done, wanted).unwrap();
}

fn run(command: &mut Command) {
    let output = command.output();
    let output =
        output.unwrap_or_else(|error| panic!("{command:?} does not start: {error}; the tests need Python 3 and Node"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        output.status.success(),
        "a client cannot be installed; are the package registries reachable?\n{command:?}\n{said}"
    );
}
