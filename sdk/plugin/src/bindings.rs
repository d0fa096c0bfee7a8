//! What `wit-bindgen` makes of `wit/`: the imports once, and one small world per role, so that a component exports only the
//! roles that it registers.
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
        path: "../../wit",
        world: "imports",
        generate_all,
    });
}

macro_rules! role {
    ($name:ident, $inline:literal) => {
        pub mod $name {
            wit_bindgen::generate!({
                path: "../../wit",
                inline: $inline,
                pub_export_macro: true,
                with: {
                    "ccr:plugin/types@0.1.0": crate::bindings::imports::ccr::plugin::types,
                    "ccr:plugin/host@0.1.0": crate::bindings::imports::ccr::plugin::host,
                },
            });
        }
    };
}

pub mod description {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package ccr:sdk; world description { export ccr:plugin/plugin@0.1.0; }",
        pub_export_macro: true,
    });
}

role!(
    upstream,
    "package ccr:sdk; world upstream { import ccr:plugin/host@0.1.0; export ccr:plugin/upstream-protocol@0.1.0; }"
);
role!(
    client,
    "package ccr:sdk; world client { import ccr:plugin/host@0.1.0; export ccr:plugin/client-protocol@0.1.0; }"
);
role!(
    transformer,
    "package ccr:sdk; world transformer { import ccr:plugin/host@0.1.0; export ccr:plugin/transformer@0.1.0; }"
);
role!(router, "package ccr:sdk; world router { import ccr:plugin/host@0.1.0; export ccr:plugin/router@0.1.0; }");
role!(agent, "package ccr:sdk; world agent { import ccr:plugin/host@0.1.0; export ccr:plugin/agent@0.1.0; }");
role!(observer, "package ccr:sdk; world observer { import ccr:plugin/host@0.1.0; export ccr:plugin/observer@0.1.0; }");
