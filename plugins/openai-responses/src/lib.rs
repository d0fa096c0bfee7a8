//! The component `openai-responses`. The format itself is `ccr_protocols::responses`; what every field becomes is told in the README beside this crate.

use ccr_protocols::responses::OpenAiResponses;

ccr_plugin::register!(OpenAiResponses: upstream, client);
