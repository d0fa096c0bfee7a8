//! The system text and the messages, in order.

use super::marked::Marked;
use super::notes::Notes;
use super::thoughts::Thoughts;
use super::turns::Turns;
use crate::openai::options::{Options, Replay};
use crate::shared::body::Body;
use crate::shared::results::Joined;
use crate::shared::run::each_run;
use crate::shared::system::{is_marked, texts};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Value, Writer};

pub(super) fn write(
    body: &Body<'_>,
    model: &str,
    options: &Options,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<(), Fault> {
    let messages = body.conversation()?;
    let replay = if body.thinking_is("disabled") { Replay::Off } else { options.reasoning };
    out.key("messages").begin_array();
    system(body.system, notes, out);
    let mut turns = Turns::new(options.empty_content, Thoughts::new(replay, model));
    each_run(messages, notes, |_, value, notes| Marked::read(value, notes), |run, notes| turns.write(run, notes, out))?;
    turns.finish(out);
    out.end_array();
    Ok(())
}

/// All system texts as one message, which every provider takes.
fn system(system: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
    if is_marked(system) {
        notes.cache_control();
    }
    let mut texts = texts(system, &mut notes.list);
    if !notes.keep_cache_control {
        texts.iter_mut().for_each(|(_, mark)| *mark = None);
    }
    if texts.is_empty() {
        return;
    }
    out.begin_object().key("role").string("system").key("content");
    if texts.iter().any(|(_, mark)| mark.is_some()) {
        out.begin_array();
        for (text, mark) in texts {
            out.begin_object().key("type").string("text").key("text").escaped(text.raw());
            if let Some(mark) = mark {
                out.key("cache_control").value(mark);
            }
            out.end_object();
        }
        out.end_array();
    } else {
        out.begin_string();
        let mut joined = Joined::default();
        for (text, _) in texts {
            joined.part(out).escaped_part(text.raw());
        }
        out.end_string();
    }
    out.end_object();
}
