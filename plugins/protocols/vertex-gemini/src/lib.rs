//! The component `vertex-gemini`. What it does is in `plugins/lib/protocols/src/gemini/vertex`, and told in the README there.

ccr_plugin::register!(ccr_protocols::gemini::VertexGemini: upstream);
