//! Agents: components that give a model tools of their own and answer its calls of them, unseen by the client.
//!
//! They are asked for each target that a request is tried with ([`mod@prepare`]), so that they know where it goes. From there on the
//! answer may take several turns of the model, which the client sees as one ([`joined`]): [`conversation`] goes from turn to turn
//! and keeps what was said in all of them; [`turn`] reads one turn; [`calls`] has the agents answer. [`crate::pipeline`] asks for the next
//! turn. What the client did not see is kept for its next request ([`history`]). Models that an agent calls itself are
//! [`caller`]'s, and how far all of it may go is [`spend`]'s.

mod append;
pub mod caller;
mod calls;
mod conversation;
mod history;
mod joined;
mod prepare;
mod spend;
mod turn;

pub use caller::{Caller, Completer, Completion};
pub use conversation::{Conversation, ConversationTotals, Then};
pub use history::Turns;
pub use prepare::prepare;
pub use spend::Spend;
