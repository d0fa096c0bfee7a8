//! What everything else stands on: a request in the inner form, what goes over the wire, the bodies of answers, errors, ids and
//! secrets. Nothing here knows of the config, of plugins or of a provider.

pub mod body;
pub mod error;
pub mod ids;
pub mod request;
pub mod secret;
pub mod wire;
