//! The component `azure-openai`. The format itself is `ccr_protocols::openai::azure`; what is different from `openai` is told in the
//! README beside this crate.

use ccr_protocols::openai::azure::AzureOpenAi;

ccr_plugin::register!(AzureOpenAi: upstream);
