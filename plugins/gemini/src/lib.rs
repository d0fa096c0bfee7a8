//! The component `gemini`. The format itself is `ccr_protocols::gemini`; what every field becomes is told in the README beside this crate.

use ccr_protocols::gemini::Gemini;

ccr_plugin::register!(Gemini: upstream, client);
