//! The component `bedrock`. What it does is in `plugins/lib/protocols/src/bedrock`, and told in the README there.

ccr_plugin::register!(ccr_protocols::bedrock::Bedrock: upstream);
