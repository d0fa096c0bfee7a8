//! The watcher on real folders. Where "nothing is reported" is to be shown, a change that must be reported follows, and has to be the first.

use std::{
    fs,
    sync::{
        atomic::AtomicU32,
        mpsc::{self, Receiver},
    },
};

use super::*;

/// A folder of its own, deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("ccr-watch-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    fn paths(&self) -> WatchPaths {
        WatchPaths { config: self.0.join("config.json"), plugins: self.0.join("plugins") }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn start(folder: &Folder) -> (Watcher, Receiver<Changed>) {
    let (sender, receiver) = mpsc::channel();
    let watcher = Watcher::start(folder.paths(), move |changed| sender.send(changed).unwrap()).unwrap();
    (watcher, receiver)
}

fn next(receiver: &Receiver<Changed>) -> Changed {
    receiver.recv_timeout(Duration::from_secs(20)).unwrap()
}

const CONFIG: Changed = Changed { config: true, plugins: false };
const PLUGINS: Changed = Changed { config: false, plugins: true };

#[test]
fn a_file_that_is_renamed_into_place_is_a_change() {
    let folder = Folder::new();
    fs::write(folder.paths().config, "1").unwrap();
    let (_watcher, changes) = start(&folder);
    for content in ["2", "3"] {
        fs::write(folder.0.join("config.json.tmp"), content).unwrap();
        fs::rename(folder.0.join("config.json.tmp"), folder.paths().config).unwrap();
        assert_eq!(next(&changes), CONFIG);
    }
    fs::remove_file(folder.paths().config).unwrap();
    assert_eq!(next(&changes), CONFIG);
}

#[test]
fn the_same_content_and_other_files_are_no_change() {
    let folder = Folder::new();
    fs::create_dir(folder.paths().plugins).unwrap();
    fs::write(folder.paths().config, "1").unwrap();
    let (_watcher, changes) = start(&folder);
    fs::write(folder.paths().config, "1").unwrap();
    fs::write(folder.0.join("ccr.pid"), "42").unwrap();
    fs::write(folder.paths().plugins.join("README.md"), "text").unwrap();
    fs::write(folder.paths().plugins.join("a.wasm"), "code").unwrap();
    assert_eq!(next(&changes), PLUGINS);
}

#[test]
fn a_plugins_folder_may_come_and_go() {
    let folder = Folder::new();
    let (_watcher, changes) = start(&folder);
    let component = folder.paths().plugins.join("a.wasm");
    for _ in 0..2 {
        fs::create_dir(folder.paths().plugins).unwrap();
        fs::write(&component, "code").unwrap();
        assert_eq!(next(&changes), PLUGINS);
        fs::write(&component, "other").unwrap();
        assert_eq!(next(&changes), PLUGINS);
        fs::remove_dir_all(folder.paths().plugins).unwrap();
        assert_eq!(next(&changes), PLUGINS);
    }
}

#[test]
fn extra_files_count_as_plugins() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    let (watcher, changes) = start(&folder);
    let router = elsewhere.0.join("router.wasm");
    fs::write(&router, "1").unwrap();
    watcher.set_extra_files(vec![router.clone()]);
    fs::write(folder.paths().config, "1").unwrap();
    // The configuration's change is reported after the extra file was taken up, as no change of its own.
    assert_eq!(next(&changes), CONFIG);
    fs::write(&router, "2").unwrap();
    assert_eq!(next(&changes), PLUGINS);
}

#[cfg(unix)]
#[test]
fn links_are_followed() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    let real = elsewhere.0.join("real.json");
    fs::write(&real, "1").unwrap();
    std::os::unix::fs::symlink(&real, folder.paths().config).unwrap();
    let (_watcher, changes) = start(&folder);
    fs::write(&real, "2").unwrap();
    assert_eq!(next(&changes), CONFIG);
}

#[test]
fn nothing_is_called_after_the_end() {
    let folder = Folder::new();
    let (watcher, changes) = start(&folder);
    fs::write(folder.paths().config, "1").unwrap();
    drop(watcher);
    fs::write(folder.paths().config, "2").unwrap();
    // The sender went with the watcher's thread: at most the first change is there, then the end.
    assert!(changes.iter().count() <= 1);
}
