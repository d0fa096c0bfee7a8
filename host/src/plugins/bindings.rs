//! What wasmtime makes of `wit/`: the imports once, and one world per exported interface. Nothing but generated code and its remapping.
#![allow(
    unreachable_pub,
    unused_qualifications,
    clippy::allow_attributes_without_reason,
    clippy::pedantic,
    reason = "generated code; its documentation is in wit/"
)]

/// The interfaces that the host offers, and the shared types.
pub mod imports {
    wasmtime::component::bindgen!({
        path: "../wit/0.2.0",
        world: "imports",
        with: {
            "ccr:plugin/host.request": crate::plugins::requests::Request,
            "ccr:plugin/host.wire-request": crate::plugins::requests::WireRequest,
        },
        imports: {
            // What waits for the world outside.
            "ccr:plugin/http.send": async | trappable,
            "ccr:plugin/model.complete": async | trappable,
            default: trappable,
        },
    });
}

macro_rules! role {
    ($name:ident, $world:literal) => {
        pub mod $name {
            wasmtime::component::bindgen!({
                path: "../wit/0.2.0",
                world: $world,
                with: { "ccr:plugin/types": super::imports::ccr::plugin::types,
                        "ccr:plugin/host": super::imports::ccr::plugin::host,
                        "ccr:plugin/kv": super::imports::ccr::plugin::kv,
                        "ccr:plugin/model": super::imports::ccr::plugin::model,
                        "ccr:plugin/http": super::imports::ccr::plugin::http },
                exports: { default: async },
            });
        }
    };
}

role!(described, "described");
role!(upstream, "upstream-protocol-plugin");
role!(client, "client-protocol-plugin");
role!(request_transformer, "request-transformer-plugin");
role!(wire_transformer, "wire-transformer-plugin");
role!(answer_transformer, "answer-transformer-plugin");
role!(router, "router-plugin");
role!(agent, "agent-plugin");
role!(agent_answer, "agent-answer-plugin");

pub use imports::ccr::plugin::types::{
    Credential, EncodedRequest, Event, Failure, Fault, Header, SseEvent, Target, WireResponse,
};
