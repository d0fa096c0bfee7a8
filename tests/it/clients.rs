//! Real clients: the official Python packages, a session of Claude Code, and litellm's proxy as an upstream. They are installed here, pinned, from their
//! registries; where that is not possible the tests fail and say so.

mod anthropic_python;
mod claude_code;
mod claude_code_image;
mod claude_routes;
mod install;
mod litellm;
mod matrix;
mod scenes;
