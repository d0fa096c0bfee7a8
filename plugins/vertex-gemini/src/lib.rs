//! The component `vertex-gemini`. The format itself is `ccr_protocols::gemini`; what differs on Vertex is told in the README beside this crate.

use ccr_protocols::gemini::VertexGemini;

ccr_plugin::register!(VertexGemini: upstream);
