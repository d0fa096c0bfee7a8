//! Several plugins of one name: which of them serves.
//!
//! A file that the config names goes before everything. A file in the plugins folder that calls itself like a built-in plugin is
//! set aside: whoever can put a file there must not get the requests of a plugin that is trusted already. Two files of which the
//! config says nothing are both set aside, and it is an error if their name is used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Broken, Registry, is_built_in};
use crate::plugins::component::{Origin, Plugin};

/// A file that loads and is not used, since its name is another's.
#[derive(Debug, Clone)]
pub struct SetAside {
    /// What it calls itself.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// What makes it serve.
    pub hint: String,
}

/// Files of one name of which the config does not say which is meant: none of them serves.
#[derive(Debug, Clone)]
pub struct Clash {
    /// What they are called, in lower case.
    pub name: String,
    /// All of them.
    pub files: Vec<PathBuf>,
    /// Where the config names them, if it does; else the clash matters only when the name is used.
    pub at: Option<String>,
}

/// A file with what the config says of its name.
pub(super) struct Named {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// What it is to be called; its own name unless given.
    pub(super) name: Option<String>,
    /// The name must be the one that the plugin has itself.
    pub(super) own_name: bool,
    /// Where it stands in the config.
    pub(super) at: String,
}

impl Registry {
    /// A file that the config names has the name, unless the config gives it to another one too.
    pub(super) fn take_named(&mut self, named: &Named, plugin: Arc<Plugin>) {
        let name = named.name.as_deref().unwrap_or(&plugin.name);
        if named.own_name && !name.eq_ignore_ascii_case(&plugin.name) {
            let reason = format!("it calls itself `{}`, and the config names it `{name}` ({})", plugin.name, named.at);
            tracing::error!(file = %named.path.display(), "plugin not used: {reason}");
            let (name, path) = (name.to_owned(), named.path.clone());
            self.broken.push(Broken { name, path, reason, earlier_serves: false });
            return;
        }
        let key = name.to_ascii_lowercase();
        if self.plugins.get(&key).is_some_and(|other| !Arc::ptr_eq(other, &plugin)) || self.clash(&key).is_some() {
            return self.add_clash(key, &named.path, Some(named.at.clone()));
        }
        if is_built_in(&key) {
            tracing::info!(plugin = %plugin.label(), "takes the place of the built-in plugin of that name");
        }
        self.plugins.insert(key, plugin);
    }

    /// A file of the plugins folder has its name if nobody else has it.
    pub(super) fn take(&mut self, plugin: Arc<Plugin>, path: &Path) {
        let key = plugin.name.to_ascii_lowercase();
        let by_config =
            self.plugins.get(&key).is_some_and(|other| self.by_path.values().any(|by| Arc::ptr_eq(by, other)));
        if is_built_in(&key) || by_config {
            let whose = if by_config {
                "the config names another file for it"
            } else {
                "the built-in plugin of that name serves"
            };
            return self.put_aside(&plugin.name, path, format!("it calls itself `{}`, and {whose}", plugin.name));
        }
        if self.plugins.contains_key(&key) || self.clash(&key).is_some() {
            return self.add_clash(key, path, None);
        }
        self.plugins.insert(key, plugin);
    }

    pub(super) fn clash(&mut self, name: &str) -> Option<&mut Clash> {
        self.clashes.iter_mut().find(|clash| clash.name == name)
    }

    /// Takes the name from whoever has it, since nothing says whose it is.
    fn add_clash(&mut self, name: String, path: &Path, at: Option<String>) {
        if let Some(clash) = self.clash(&name) {
            clash.files.push(path.to_owned());
        } else {
            let first = self.plugins.remove(&name).map(|plugin| match &plugin.origin {
                Origin::File(path) => path.clone(),
                Origin::BuiltIn => PathBuf::from("(built in)"),
            });
            if let Some(first) = &first {
                self.put_aside(&name, first, format!("several plugins are called `{name}`"));
            }
            let files = first.into_iter().chain([path.to_owned()]).collect();
            self.clashes.push(Clash { name: name.clone(), files, at });
        }
        self.put_aside(&name, path, format!("several plugins are called `{name}`"));
    }

    fn put_aside(&mut self, name: &str, path: &Path, reason: String) {
        let hint = choose(name, path);
        self.set_aside.push(SetAside { name: name.to_owned(), path: path.to_owned(), reason, hint });
    }
}

/// How the config says which file is meant.
pub fn choose(name: &str, path: &Path) -> String {
    format!("to use it, add `plugins: [{{ name: {name:?}, path: {:?} }}]`", path.display().to_string())
}
