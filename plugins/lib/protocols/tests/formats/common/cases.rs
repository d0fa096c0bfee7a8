//! Golden files: what goes in beside what must come out, in `fixtures/`. With `UPDATE_GOLDEN=1` in the environment the
//! expectations are rewritten: read the difference before keeping it.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a folder of `fixtures/` whose names end so, in order.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(extension));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn write(file: &Path, value: &Value) {
    fs::write(file, format!("{}\n", serde_json::to_string_pretty(value).unwrap())).unwrap();
}

pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Runs every case of a folder whose files hold `expect` beside the input.
pub(crate) fn cases(folder: &str, run: impl Fn(&Path, &Value) -> Value) {
    for file in files(folder, ".json") {
        let mut case = read(&file);
        let found = run(&file, &case);
        if updating() {
            case["expect"] = found;
            write(&file, &case);
        } else {
            assert_eq!(found, case["expect"], "{}", file.display());
        }
    }
}

/// Runs every case of a folder whose files are bytes, with what they must come to in `.events.json` beside them.
pub(crate) fn bytes(folder: &str, extension: &str, run: impl Fn(&Path, &[u8]) -> Value) {
    for file in files(folder, extension) {
        let found = run(&file, &fs::read(&file).unwrap());
        let expected = file.with_extension("events.json");
        if updating() {
            write(&expected, &found);
        } else {
            assert_eq!(found, read(&expected), "{}", file.display());
        }
    }
}
