//! The system text as instructions, and the messages as input items, in order.

use super::block;
use super::body::Body;
use super::to::To;
use super::turns::Turns;
use crate::shared::notes::Notes;
use crate::shared::results::Joined;
use crate::shared::run::each_run;
use crate::shared::system::{is_marked, texts};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Value, Writer};

pub(super) fn write(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let messages = body.conversation()?;
    instructions(body.system, notes, out);
    out.key("input").begin_array();
    let mut turns = Turns::new(to);
    each_run(messages, notes, |_, value, notes| block::read(value, notes), |run, notes| turns.write(run, notes, out))?;
    turns.finish(out);
    out.end_array();
    Ok(())
}

/// All system texts as one.
fn instructions(system: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
    if is_marked(system) {
        notes.dropped("cache_control");
    }
    let texts = texts(system, notes);
    if texts.is_empty() {
        return;
    }
    out.key("instructions").begin_string();
    let mut joined = Joined::default();
    for (text, _) in texts {
        joined.part(out).escaped_part(text.raw());
    }
    out.end_string();
}
