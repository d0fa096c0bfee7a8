//! The component `anthropic`. What it does is in `plugins/lib/protocols/src/anthropic`, and told in the README there.

ccr_plugin::register!(ccr_protocols::anthropic::Anthropic: upstream);
