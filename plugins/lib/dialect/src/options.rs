//! The options of a use, read by spans. The host has checked them against the plugin's schema before they come here.

use ccr_plugin::messages::json::Document;
use ccr_plugin::{Fault, Settings};

/// The options as a document whose root is an object.
///
/// # Errors
/// They are not JSON, which is the host's fault or a test's.
pub fn options(settings: &Settings) -> Result<Document<'_>, Fault> {
    Document::parse(settings.json().as_bytes()).map_err(|error| Fault::own(format!("options: {error}")))
}
