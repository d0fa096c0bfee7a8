//! The component `openai`. What it does is in `plugins/lib/protocols/src/openai`, and told in the README there.

ccr_plugin::register!(ccr_protocols::openai::OpenAi: upstream, client);
