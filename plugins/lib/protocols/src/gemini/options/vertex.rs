//! Where on Vertex the model is. The names in capitals are those of claude-code-router.

use crate::shared::options::{Setting, property, read};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Value, Writer};

/// claude-code-router's location where none is given.
const DEFAULT_LOCATION: &str = "us-central1";

const PROJECT: &str = "GOOGLE_CLOUD_PROJECT";
const LOCATION: &str = "GOOGLE_CLOUD_LOCATION";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Vertex {
    pub(crate) project: Option<String>,
    pub(crate) location: String,
    /// With an API key, without project and location.
    pub(crate) express: bool,
}

impl Default for Vertex {
    fn default() -> Self {
        Self { project: None, location: DEFAULT_LOCATION.into(), express: false }
    }
}

impl Vertex {
    pub(super) fn set(&mut self, name: &str, value: Value<'_>) -> Result<bool, Fault> {
        match name {
            PROJECT | "project" => self.project = read(name, value)?,
            LOCATION | "location" => {
                let given: Option<String> = read(name, value)?;
                self.location = given.unwrap_or_else(|| DEFAULT_LOCATION.into());
            }
            "express" => self.express = read(name, value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn properties(out: &mut Writer) {
        for (name, short, description) in [
            (PROJECT, "project", "The project's id. Not needed in express mode, nor where api_base_url names it."),
            (
                LOCATION,
                "location",
                "The place in the path, us-central1 unless given. The host of api_base_url must be that of the same place.",
            ),
        ] {
            property(name, description, |it: &Self| &it.project, out);
            out.key(short).begin_object();
            Option::<String>::schema(out);
            out.key("description").string(&format!("The same as {name}.")).key("x-ccr-env").string(name).end_object();
        }
        property(
            "express",
            "Express mode: with an API key, without project and location.",
            |it: &Self| &it.express,
            out,
        );
    }
}
