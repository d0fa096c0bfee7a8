//! The component `openai`. The format itself is `ccr_protocols::openai`; what every field becomes is told in the README beside this crate.

ccr_plugin::register!(ccr_protocols::openai::OpenAi: upstream, client);
