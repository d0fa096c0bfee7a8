//! The component `openai-responses`. The format itself is `ccr_protocols::responses`; what every field becomes is told in the README beside this crate.

ccr_plugin::register!(ccr_protocols::responses::OpenAiResponses: upstream, client);
