//! What a component exports, each interface ready to be instantiated. It is what the host calls: nothing else says what a plugin
//! does.

use wasmtime::Store;
use wasmtime::component::{Component, InstancePre};

use super::bindings;
use super::engine::PluginEngine;
use super::guest::Guest;

/// The versions of `ccr:plugin` that this host serves; a component built for another is refused by name.
const SERVED: &str = "0.2";

/// Interfaces of `wit/` that a component may export and that this host does not call yet.
const NOT_CALLED: [&str; 3] = ["observer", "upstream-token-count", "upstream-models"];

/// What can be seen of a component without running it.
pub(super) struct Shape {
    /// It imports WASI, as its language's runtime does.
    pub(super) needs_wasi: bool,
    /// The names of the interfaces of `ccr:plugin` that it exports, without version.
    interfaces: Vec<String>,
}

impl Shape {
    /// Looks at a component. `Err` says why it is not a plugin of this gateway.
    pub(super) fn of(component: &Component, engine: &PluginEngine) -> Result<Self, String> {
        let shape = component.component_type();
        let engine = engine.wasmtime();
        let imports: Vec<&str> = shape.imports(engine).map(|(name, _)| name).collect();
        let exports: Vec<&str> = shape.exports(engine).map(|(name, _)| name).collect();
        for name in imports.iter().chain(&exports) {
            check_version(name)?;
        }
        let interfaces: Vec<String> = exports.iter().filter_map(|name| Some(interface(name)?.0.to_owned())).collect();
        let shape = Self { needs_wasi: imports.iter().any(|name| name.starts_with("wasi:")), interfaces };
        if !shape.has("plugin") {
            return Err("it does not export `ccr:plugin/plugin`, so it is no plugin of this gateway".into());
        }
        if shape.has("agent-answer") && !shape.has("agent") {
            return Err("it exports `agent-answer` without `agent`, so that it would never be called".into());
        }
        Ok(shape)
    }

    fn has(&self, interface: &str) -> bool {
        self.interfaces.iter().any(|exported| exported == interface)
    }

    /// What it exports in vain.
    pub(super) fn not_called(&self) -> Vec<&'static str> {
        NOT_CALLED.into_iter().filter(|interface| self.has(interface)).collect()
    }
}

/// Name and version of an interface of `ccr:plugin`.
fn interface(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("ccr:plugin/")?.split_once('@')
}

fn check_version(name: &str) -> Result<(), String> {
    let Some((_, version)) = interface(name) else { return Ok(()) };
    let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
    if minor == SERVED {
        return Ok(());
    }
    Err(format!(
        "it was built for ccr:plugin {version}; this gateway serves {SERVED}: build it again with the current SDK"
    ))
}

/// Bindings of one exported interface.
pub(super) trait Interface: Sized + Send {
    /// Makes an instance of the component.
    fn instantiate(exports: &Exports, store: &mut Store<Guest>) -> impl Future<Output = wasmtime::Result<Self>> + Send;
}

macro_rules! exports {
    ($($(#[$doc:meta])* $field:ident: $interface:literal, $bindings:ty, $pre:ty;)+) => {
        /// The interfaces that a component exports and the host calls.
        pub(super) struct Exports {
            $($(#[$doc])* pub(super) $field: Option<$pre>,)+
        }

        impl Exports {
            /// Type-checks each interface that the component exports.
            pub(super) fn of(pre: &InstancePre<Guest>, shape: &Shape) -> wasmtime::Result<Self> {
                Ok(Self { $($field: shape.has($interface).then(|| <$pre>::new(pre.clone())).transpose()?,)+ })
            }
        }

        $(
            impl Interface for $bindings {
                async fn instantiate(exports: &Exports, store: &mut Store<Guest>) -> wasmtime::Result<Self> {
                    match &exports.$field {
                        Some(pre) => pre.instantiate_async(store).await,
                        None => Err(wasmtime::Error::msg(concat!("it does not export `", $interface, "`"))),
                    }
                }
            }
        )+
    };
}

exports! {
    /// A provider's format.
    upstream: "upstream-protocol",
        bindings::upstream::UpstreamProtocolPlugin, bindings::upstream::UpstreamProtocolPluginPre<Guest>;
    /// A format of clients.
    client: "client-protocol",
        bindings::client::ClientProtocolPlugin, bindings::client::ClientProtocolPluginPre<Guest>;
    /// Edits of requests in the inner form.
    request_transformer: "request-transformer",
        bindings::request_transformer::RequestTransformerPlugin,
        bindings::request_transformer::RequestTransformerPluginPre<Guest>;
    /// Edits of requests over the wire.
    wire_transformer: "wire-transformer",
        bindings::wire_transformer::WireTransformerPlugin,
        bindings::wire_transformer::WireTransformerPluginPre<Guest>;
    /// Edits of answers.
    answer_transformer: "answer-transformer",
        bindings::answer_transformer::AnswerTransformerPlugin,
        bindings::answer_transformer::AnswerTransformerPluginPre<Guest>;
    /// Choice of targets.
    router: "router", bindings::router::RouterPlugin, bindings::router::RouterPluginPre<Guest>;
    /// Tools for models.
    agent: "agent", bindings::agent::AgentPlugin, bindings::agent::AgentPluginPre<Guest>;
    /// Edits of the answers to what the agent has prepared.
    agent_answer: "agent-answer",
        bindings::agent_answer::AgentAnswerPlugin, bindings::agent_answer::AgentAnswerPluginPre<Guest>;
}

impl Exports {
    /// The names of the roles, as documentation and messages have them.
    pub(super) fn roles(&self) -> Vec<&'static str> {
        let transforms =
            self.request_transformer.is_some() || self.wire_transformer.is_some() || self.answer_transformer.is_some();
        [
            self.upstream.is_some().then_some("upstream-protocol"),
            self.client.is_some().then_some("client-protocol"),
            transforms.then_some("transformer"),
            self.router.is_some().then_some("router"),
            self.agent.is_some().then_some("agent"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_for_another_version_is_refused_with_that_version() {
        assert!(check_version("ccr:plugin/host@0.2.0").is_ok());
        assert!(check_version("ccr:plugin/host@0.2.7").is_ok());
        assert!(check_version("wasi:io/poll@0.2.0").is_ok());
        for other in ["0.1.0", "0.3.0"] {
            let refusal = check_version(&format!("ccr:plugin/host@{other}")).expect_err("it is not served");
            assert!(refusal.contains(other) && refusal.contains("serves 0.2"), "{refusal}");
        }
    }
}
