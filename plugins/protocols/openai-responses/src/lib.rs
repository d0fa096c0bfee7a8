//! The component `openai-responses`. What it does is in `plugins/lib/protocols/src/responses`, and told in the README there.

ccr_plugin::register!(ccr_protocols::responses::OpenAiResponses: upstream, client);
