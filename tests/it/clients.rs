//! Real clients: the official Python package, and a session of Claude Code. Both are installed here, pinned, from their
//! registries; where that is not possible the tests fail and say so.

mod anthropic_python;
mod claude_code;
mod install;
mod matrix;
mod scenes;
