//! The component `azure-openai`. The format itself is `ccr_protocols::openai::azure`; what is different from `openai` is told in the
//! README beside this crate.

ccr_plugin::register!(ccr_protocols::openai::azure::AzureOpenAi: upstream);
