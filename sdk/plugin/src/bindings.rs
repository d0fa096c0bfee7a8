//! What `wit-bindgen` makes of `wit/`: the imports once, and one small world per exported interface, so that a component exports
//! only what it registers.
#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::allow_attributes_without_reason,
    reason = "generated code; its documentation is in wit/"
)]

/// The interfaces that the host offers, and the shared types.
pub mod imports {
    wit_bindgen::generate!({
        path: "../../wit/0.2.0",
        world: "imports",
        generate_all,
    });
}

pub mod description {
    wit_bindgen::generate!({
        path: "../../wit/0.2.0",
        inline: "package ccr:sdk; world description { export ccr:plugin/plugin@0.2.0; }",
        pub_export_macro: true,
    });
}

macro_rules! export {
    ($name:ident, $inline:literal) => {
        pub mod $name {
            wit_bindgen::generate!({
                path: "../../wit/0.2.0",
                inline: $inline,
                pub_export_macro: true,
                with: {
                    "ccr:plugin/types@0.2.0": crate::bindings::imports::ccr::plugin::types,
                    "ccr:plugin/host@0.2.0": crate::bindings::imports::ccr::plugin::host,
                },
            });
        }
    };
}

export!(
    upstream,
    "package ccr:sdk; world upstream { import ccr:plugin/host@0.2.0; export ccr:plugin/upstream-protocol@0.2.0; }"
);
export!(
    token_count,
    "package ccr:sdk; world token-count { import ccr:plugin/host@0.2.0; export ccr:plugin/upstream-token-count@0.2.0; }"
);
export!(
    models,
    "package ccr:sdk; world models { import ccr:plugin/host@0.2.0; export ccr:plugin/upstream-models@0.2.0; }"
);
export!(
    client,
    "package ccr:sdk; world client { import ccr:plugin/host@0.2.0; export ccr:plugin/client-protocol@0.2.0; }"
);
export!(
    request_transformer,
    "package ccr:sdk; world request-transformer { import ccr:plugin/host@0.2.0; export ccr:plugin/request-transformer@0.2.0; }"
);
export!(
    wire_transformer,
    "package ccr:sdk; world wire-transformer { import ccr:plugin/host@0.2.0; export ccr:plugin/wire-transformer@0.2.0; }"
);
export!(
    answer_transformer,
    "package ccr:sdk; world answer-transformer { import ccr:plugin/host@0.2.0; export ccr:plugin/answer-transformer@0.2.0; }"
);
export!(router, "package ccr:sdk; world router { import ccr:plugin/host@0.2.0; export ccr:plugin/router@0.2.0; }");
export!(agent, "package ccr:sdk; world agent { import ccr:plugin/host@0.2.0; export ccr:plugin/agent@0.2.0; }");
export!(
    agent_answer,
    "package ccr:sdk; world agent-answer { import ccr:plugin/host@0.2.0; export ccr:plugin/agent-answer@0.2.0; }"
);
export!(
    observer,
    "package ccr:sdk; world observer { import ccr:plugin/host@0.2.0; export ccr:plugin/observer@0.2.0; }"
);
