//! Compiled code of components, kept in the host's own folder so that a start does not compile again.
//!
//! Native code is as good as the host itself once it is loaded. So it is only read from `<home>/cache`, a folder that this
//! host made and that nobody else may write; the name of a file is the content hash of the component and of the engine's
//! settings, so a new version or another wasmtime never meets old code.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::engine::PluginEngine;

/// A component's content hash, in hexadecimal.
pub fn digest(wasm: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(wasm))
}

/// The folder, if there is one that can be trusted.
#[derive(Debug)]
pub struct CompileCache {
    folder: Option<PathBuf>,
}

impl CompileCache {
    /// Uses `folder`, which is made if it is missing. Without a folder that is the host's own, everything is compiled anew.
    pub fn open(folder: PathBuf) -> Self {
        match make_private(&folder) {
            Ok(()) => Self { folder: Some(folder) },
            Err(reason) => {
                tracing::warn!(folder = %folder.display(), "compiled plugins are not kept: {reason}");
                Self { folder: None }
            }
        }
    }

    /// The compiled component: from the cache, else compiled now and put there.
    pub(super) fn load(&self, engine: &PluginEngine, wasm: &[u8], digest: &str) -> wasmtime::Result<Component> {
        let Some(file) = self.file(engine.wasmtime(), digest) else { return engine.compile(wasm) };
        if file.is_file() {
            match read(engine.wasmtime(), &file) {
                Ok(component) => return Ok(component),
                Err(error) => {
                    tracing::warn!(file = %file.display(), "compiled again, the kept code is unusable: {error:#}")
                }
            }
        }
        let component = engine.compile(wasm)?;
        if let Err(error) = write(&component, &file) {
            tracing::warn!(file = %file.display(), "the compiled plugin could not be kept: {error:#}");
        }
        Ok(component)
    }

    fn file(&self, engine: &Engine, digest: &str) -> Option<PathBuf> {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Some(self.folder.as_ref()?.join(format!("{digest}-{:016x}.cwasm", hasher.finish())))
    }
}

fn read(engine: &Engine, file: &Path) -> wasmtime::Result<Component> {
    #[expect(
        unsafe_code,
        reason = "wasmtime cannot check native code; the folder is ours alone, see the module's words"
    )]
    // SAFETY: the file lies in a folder that only this user may write (`make_private`), and was written by `write`.
    unsafe {
        Component::deserialize_file(engine, file)
    }
}

/// Writes beside and renames: another process never sees half a file.
fn write(component: &Component, file: &Path) -> anyhow::Result<()> {
    let code = component.serialize().map_err(super::engine::plain)?;
    let beside = file.with_extension(format!("{}.part", std::process::id()));
    fs::write(&beside, code)?;
    fs::rename(&beside, file)?;
    Ok(())
}

#[cfg(unix)]
fn make_private(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| error.to_string())?;
    let about = fs::symlink_metadata(folder).map_err(|error| error.to_string())?;
    let me = rustix::process::geteuid().as_raw();
    if !about.is_dir() || about.uid() != me || about.mode() & 0o022 != 0 {
        return Err("the folder belongs to somebody else or others may write to it; `chmod 700` it or remove it".into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| error.to_string())
}
