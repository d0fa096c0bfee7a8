//! The component `azure-openai`. What it does is in `plugins/lib/protocols/src/openai/azure`, and told in the README there.

ccr_plugin::register!(ccr_protocols::openai::azure::AzureOpenAi: upstream);
