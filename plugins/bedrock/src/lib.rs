//! The component `bedrock`. The format itself is `ccr_protocols::bedrock`; what every field becomes is told in the README beside this crate.

ccr_plugin::register!(ccr_protocols::bedrock::Bedrock: upstream);
