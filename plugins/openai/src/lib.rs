//! The component `openai`. The format itself is `ccr_protocols::openai`; what every field becomes is told in the README beside this crate.

use ccr_protocols::openai::OpenAi;

ccr_plugin::register!(OpenAi: upstream, client);
