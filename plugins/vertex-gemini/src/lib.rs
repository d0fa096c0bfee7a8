//! The component `vertex-gemini`. The format itself is `ccr_protocols::gemini`; what differs on Vertex is told in the README beside this crate.

ccr_plugin::register!(ccr_protocols::gemini::VertexGemini: upstream);
