//! A router that lies, as the option `lie` says: a target that is not there (`unknown`), a reason of ten megabytes (`long`),
//! a reason that would add a header (`header`), an edit of the request (`edit`), no end (`spin`), a panic (`trap`). With
//! `count` it tells the truth: how many tokens it was told.

use ccr_plugin::prelude::*;

/// Far more than any header may hold.
const LONG: usize = 10 * 1024 * 1024;

/// The plugin.
#[derive(Debug)]
pub struct LieRouter;

impl Plugin for LieRouter {
    fn describe() -> Description {
        Description::new("hostile-lie-router", "0.1.0", "Lies.")
    }
}

impl Router for LieRouter {
    fn route(request: &dyn Request, settings: &Settings) -> Result<Option<Decision>, Fault> {
        let lie = |name: &str| settings.json().contains(name);
        if lie("unknown") {
            return Ok(Some(Decision::new(Target::new("nobody", "nothing"), "because")));
        }
        if lie("nonsense") {
            return Ok(Some(Decision::new(Target::new("\u{0}\r\n", ""), "because")));
        }
        if lie("long") {
            return Ok(Some(Decision::new(Target::new("other", "m"), "y".repeat(LONG))));
        }
        if lie("header") {
            return Ok(Some(Decision::new(Target::new("other", "m"), "because\r\nx-injected: 1\r\n\u{1f600}")));
        }
        if lie("count") {
            return Ok(Some(Decision::new(Target::new("other", "m"), format!("{} tokens", request.token_count()))));
        }
        if lie("fault") {
            return Err(Fault::own("no luck today"));
        }
        if lie("spin") {
            let mut turns = 0_u64;
            loop {
                turns = std::hint::black_box(turns.wrapping_add(1));
            }
        }
        panic!("as agreed");
    }
}

register!(LieRouter: router);
