//! The component `vertex-claude`. What it does is in `plugins/lib/protocols/src/anthropic/vertex`, and told in the README there.

ccr_plugin::register!(ccr_protocols::anthropic::VertexClaude: upstream);
