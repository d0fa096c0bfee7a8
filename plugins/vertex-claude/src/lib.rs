//! The component `vertex-claude`. The format itself is `ccr_protocols::anthropic`; what every field becomes is told in the README beside
//! this crate.

ccr_plugin::register!(ccr_protocols::anthropic::VertexClaude: upstream);
