//! The system text and the messages, in order.

use super::attributed::Attributed;
use super::messages::{Messages, cache_point};
use super::to::To;
use super::turns::Turns;
use crate::shared::body::Body;
use crate::shared::notes::Notes;
use crate::shared::run::each_run;
use crate::shared::system::texts;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Value, Writer};

pub(super) fn messages(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let list = body.conversation()?;
    let mut messages = Messages::begin(to, out);
    let mut turns = Turns::new(to);
    each_run(list, notes, Attributed::read, |run, notes| turns.write(run, notes, &mut messages))?;
    turns.finish(&mut messages);
    if messages.end() {
        return Ok(());
    }
    Err(Fault::invalid("messages: there is nothing to answer; send at least one message with text or an image."))
}

/// One block for each text, and one for each mark.
pub(super) fn system(system: Option<Value<'_>>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    let texts = texts(system, notes);
    if texts.is_empty() {
        return;
    }
    out.key("system").begin_array();
    for (text, mark) in texts {
        out.begin_object().key("text").escaped(text.raw()).end_object();
        match mark {
            Some(mark) if to.caches => cache_point(mark, to, notes, out),
            Some(_) => notes.dropped("cache_control"),
            None => {}
        }
    }
    out.end_array();
}
