//! The component `bedrock`. The format itself is `ccr_protocols::bedrock`; what every field becomes is told in the README beside this crate.

use ccr_protocols::bedrock::Bedrock;

ccr_plugin::register!(Bedrock: upstream);
