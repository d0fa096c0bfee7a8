//! A plugin that never comes back from saying what it is, so that it cannot even be loaded.

use ccr_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct SpinInit;

impl Plugin for SpinInit {
    fn describe() -> Description {
        let mut turns = 0_u64;
        while std::hint::black_box(turns) < u64::MAX {
            turns += 1;
        }
        Description::new("hostile-spin-init", "0.1.0", "Never says so.")
    }
}

impl RequestTransformer for SpinInit {
    fn transform_request(_: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        Ok(())
    }
}

register!(SpinInit: request_transformer);
