//! The component `gemini`. What it does is in `plugins/lib/protocols/src/gemini`, and told in the README there.

ccr_plugin::register!(ccr_protocols::gemini::Gemini: upstream, client);
