//! The component `gemini`. The format itself is `ccr_protocols::gemini`; what every field becomes is told in the README beside this crate.

ccr_plugin::register!(ccr_protocols::gemini::Gemini: upstream, client);
