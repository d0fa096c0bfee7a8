//! `register!`: what a component exports, which is what the host calls.
//!
//! A trait that is implemented and not registered would be code that never runs, so that is an error at compile time, in the
//! component as well as in its native tests.

use std::marker::PhantomData;

/// Makes a component of a type: `register!(MyPlugin: request_transformer, router);`, once per crate.
///
/// The type implements [`Plugin`](crate::Plugin), and the trait of everything that is named:
///
/// | Name | Trait |
/// |---|---|
/// | `upstream` | [`UpstreamProtocol`](crate::UpstreamProtocol) |
/// | `token_count` | [`TokenCount`](crate::TokenCount) |
/// | `models` | [`Models`](crate::Models) |
/// | `client` | [`ClientProtocol`](crate::ClientProtocol) |
/// | `request_transformer` | [`RequestTransformer`](crate::RequestTransformer) |
/// | `wire_transformer` | [`WireTransformer`](crate::WireTransformer) |
/// | `answer_transformer` | [`AnswerTransformer`](crate::AnswerTransformer) |
/// | `router` | [`Router`](crate::Router) |
/// | `agent` | [`Agent`](crate::Agent) |
/// | `agent_answer` | [`AgentAnswer`](crate::AgentAnswer) |
/// | `observer` | [`Observer`](crate::Observer) |
///
/// A trait that the type implements and that is not named does not compile:
///
/// ```compile_fail
/// use ccr_plugin::prelude::*;
///
/// struct Both;
///
/// impl Plugin for Both {
///     fn describe() -> Description {
///         Description::new("both", "0.1.0", "Edits requests and answers.")
///     }
/// }
///
/// impl RequestTransformer for Both {
///     fn transform_request(_: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
///         Ok(())
///     }
/// }
///
/// impl AnswerTransformer for Both {
///     fn answer(_: &Settings) -> Box<dyn AnswerStream> {
///         Box::new(Unchanged)
///     }
/// }
///
/// register!(Both: request_transformer); // and `answer_transformer`
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! register {
    ($plugin:ty: $($role:ident),+ $(,)?) => {
        const _: () = {
            #[allow(unused_imports, reason = "needed for each trait that is not implemented")]
            use $crate::registration::NotImplemented as _;
            $crate::registration::check(&[$(stringify!($role)),+], &$crate::implemented!($plugin));
        };
        // Natively there is nobody to export to, and linkers for other targets refuse the names of a component's exports.
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Description = $crate::registration::describe::Export<$plugin>;
            $crate::bindings::description::export!(Description with_types_in $crate::bindings::description);
        };
        $(
            #[cfg(target_family = "wasm")]
            const _: () = {
                type Role = $crate::registration::$role::Export<$plugin>;
                $crate::bindings::$role::export!(Role with_types_in $crate::bindings::$role);
            };
        )+
    };
}

/// The component's sides of the traits, by the names that they are registered with.
#[doc(hidden)]
pub mod registration {
    pub use super::{Implements, NotImplemented, check};
    pub mod describe {
        pub use crate::describe::Export;
    }
    pub use crate::role::{
        agent, agent as agent_answer, client, observer, router, transformer as answer_transformer,
        transformer as request_transformer, transformer as wire_transformer, upstream, upstream as models,
        upstream as token_count,
    };
}

/// Has a constant for each trait, `true` where `T` implements it: the compiler takes the constant of the type before that of
/// the trait [`NotImplemented`], where the type has it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Implements<T>(PhantomData<T>);

macro_rules! traits {
    ($($role:ident: $implemented:ident),+ $(,)?) => {
        /// The constants of what is not implemented.
        #[doc(hidden)]
        #[allow(non_upper_case_globals, reason = "named like the roles")]
        pub trait NotImplemented {
            $(const $role: bool = false;)+
        }

        impl<T> NotImplemented for Implements<T> {}

        $(
            #[allow(non_upper_case_globals, reason = "named like the roles")]
            impl<T: crate::$implemented> Implements<T> {
                #[doc(hidden)]
                pub const $role: bool = true;
            }
        )+
    };
}

traits! {
    upstream: UpstreamProtocol,
    token_count: TokenCount,
    models: Models,
    client: ClientProtocol,
    request_transformer: RequestTransformer,
    wire_transformer: WireTransformer,
    answer_transformer: AnswerTransformer,
    router: Router,
    agent: Agent,
    agent_answer: AgentAnswer,
    observer: Observer,
}

/// Each role with whether a type implements its trait, and what is wrong if it is not registered.
#[doc(hidden)]
#[macro_export]
macro_rules! implemented {
    ($plugin:ty) => {
        [
            (
                "upstream",
                $crate::registration::Implements::<$plugin>::upstream,
                "the plugin implements `UpstreamProtocol`, but `register!` does not name `upstream`: the host would never call it",
            ),
            (
                "token_count",
                $crate::registration::Implements::<$plugin>::token_count,
                "the plugin implements `TokenCount`, but `register!` does not name `token_count`: the host would never call it",
            ),
            (
                "models",
                $crate::registration::Implements::<$plugin>::models,
                "the plugin implements `Models`, but `register!` does not name `models`: the host would never call it",
            ),
            (
                "client",
                $crate::registration::Implements::<$plugin>::client,
                "the plugin implements `ClientProtocol`, but `register!` does not name `client`: the host would never call it",
            ),
            (
                "request_transformer",
                $crate::registration::Implements::<$plugin>::request_transformer,
                "the plugin implements `RequestTransformer`, but `register!` does not name `request_transformer`: the host would never call it",
            ),
            (
                "wire_transformer",
                $crate::registration::Implements::<$plugin>::wire_transformer,
                "the plugin implements `WireTransformer`, but `register!` does not name `wire_transformer`: the host would never call it",
            ),
            (
                "answer_transformer",
                $crate::registration::Implements::<$plugin>::answer_transformer,
                "the plugin implements `AnswerTransformer`, but `register!` does not name `answer_transformer`: the host would never call it",
            ),
            (
                "router",
                $crate::registration::Implements::<$plugin>::router,
                "the plugin implements `Router`, but `register!` does not name `router`: the host would never call it",
            ),
            (
                "agent",
                $crate::registration::Implements::<$plugin>::agent,
                "the plugin implements `Agent`, but `register!` does not name `agent`: the host would never call it",
            ),
            (
                "agent_answer",
                $crate::registration::Implements::<$plugin>::agent_answer,
                "the plugin implements `AgentAnswer`, but `register!` does not name `agent_answer`: the host would never call it",
            ),
            (
                "observer",
                $crate::registration::Implements::<$plugin>::observer,
                "the plugin implements `Observer`, but `register!` does not name `observer`: the host would never call it",
            ),
        ]
    };
}

/// Fails where a type implements what is not registered.
#[doc(hidden)]
pub const fn check(registered: &[&str], implemented: &[(&str, bool, &str)]) {
    let mut index = 0;
    while index < implemented.len() {
        let (role, is_implemented, problem) = implemented[index];
        if is_implemented && !contains(registered, role) {
            panic!("{}", problem);
        }
        index += 1;
    }
}

const fn contains(names: &[&str], wanted: &str) -> bool {
    let mut index = 0;
    while index < names.len() {
        if equal(names[index].as_bytes(), wanted.as_bytes()) {
            return true;
        }
        index += 1;
    }
    false
}

/// As `==`, which is not for constants yet.
const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}
