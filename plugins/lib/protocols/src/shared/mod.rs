//! What several wire formats have in common: reading the inner request, and writing what is the same everywhere.
//!
//! Each module is one idea. What a provider's API asks for in its own way stays with the format; what is here knows none of
//! them and is told by parameters where they differ.

pub(crate) mod base64;
pub(crate) mod block;
pub(crate) mod body;
pub(crate) mod context;
pub(crate) mod data_url;
pub(crate) mod ending;
pub(crate) mod errors;
pub(crate) mod forward;
pub(crate) mod ids;
pub(crate) mod media_types;
pub(crate) mod members;
pub(crate) mod notes;
pub(crate) mod options;
pub(crate) mod parameters;
pub(crate) mod percent;
pub(crate) mod placeholder;
pub(crate) mod request;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod system;
pub(crate) mod text_files;
pub(crate) mod tool_names;
pub(crate) mod upstream;
