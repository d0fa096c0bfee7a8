//! One content block: whether it goes, and what of it is changed where it stays.

use super::calls::Calls;
use super::to::To;
use super::{search, source};
use crate::anthropic::names::tool_alias;
use crate::anthropic::signature::Origin;
use crate::shared::notes::Notes;
use ccr_plugin::messages::anthropic::clean::{is_blank, is_blank_text};
use ccr_plugin::messages::json::{Kind, Splice, Str, Value, Writer};

/// The kinds of blocks that something may happen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    Text,
    Thinking,
    Redacted,
    Call,
    Result,
    Media,
    Found,
    Other,
}

impl Is {
    pub(super) fn of(block: Value<'_>) -> Self {
        match &*block.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default() {
            "text" => Self::Text,
            "thinking" => Self::Thinking,
            "redacted_thinking" => Self::Redacted,
            "tool_use" => Self::Call,
            "tool_result" => Self::Result,
            "image" | "document" => Self::Media,
            "web_search_tool_result" => Self::Found,
            _ => Self::Other,
        }
    }

    pub(super) fn is_thought(self) -> bool {
        matches!(self, Self::Thinking | Self::Redacted)
    }
}

/// Whether a block has to go, which is noted where something goes with it.
pub(super) fn goes(block: Value<'_>, is: Is, searches: &[Str<'_>], to: &To<'_>, notes: &mut Notes) -> bool {
    match is {
        Is::Text => block.get("text").and_then(Value::as_str).is_none_or(is_blank),
        Is::Thinking => {
            let says_nothing = block.get("thinking").and_then(Value::as_str).is_none_or(is_blank);
            let goes = match Origin::of(block.get("signature"), to.mark) {
                // Anthropic's own reasoning is always signed.
                Origin::Own(signature) => to.is_strict() && signature.is_empty(),
                Origin::Native => !to.is_strict() && says_nothing,
                Origin::Raw => to.is_strict(),
                Origin::Foreign => to.is_strict() || says_nothing,
            };
            let is_signed = block.get("signature").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
            if goes && (is_signed || !says_nothing) {
                notes.dropped("messages.thinking");
            }
            goes
        }
        Is::Redacted => {
            let goes = !to.is_strict() || Origin::of(block.get("data"), to.mark) != Origin::Native;
            if goes {
                notes.dropped("messages.redacted_thinking");
            }
            goes
        }
        _ => search::is_call(block, searches),
    }
}

/// Changes what Anthropic would refuse in a block that stays; `content` is what the block belongs to.
pub(super) fn patch<'d>(
    block: Value<'d>,
    is: Is,
    content: Value<'d>,
    to: &To<'_>,
    calls: &mut Calls<'d>,
    splice: &mut Splice<'d>,
    notes: &mut Notes,
) {
    let mut uncited = false;
    match is {
        Is::Text => uncited = search::uncite(block, splice),
        Is::Thinking => sign(block, to, splice),
        Is::Call => call(block, calls, splice, notes),
        Is::Media => source::clean(block.get("source"), splice),
        Is::Found if search::is_foreign(block) => {
            splice.replace(block.span(), search::as_text(block, content));
            return;
        }
        Is::Result | Is::Found | Is::Redacted | Is::Other => {}
    }
    trim(block, to, splice, notes, |key| uncited && key == "citations");
}

/// Changes a result; `id` is the one that its call has on the wire, if it is another than the client's.
pub(super) fn patch_result<'d>(
    block: Value<'d>,
    id: Option<String>,
    to: &To<'_>,
    splice: &mut Splice<'d>,
    notes: &mut Notes,
) {
    set(block, "tool_use_id", id, splice);
    trim(block, to, splice, notes, |_| false);
    let Some(content) = block.get("content") else { return };
    if content.items().any(is_blank_text) {
        splice.remove_items(content, is_blank_text);
    }
    for part in content.items().filter(|part| !is_blank_text(*part)) {
        source::clean(part.get("source"), splice);
        trim(part, to, splice, notes, |_| false);
    }
}

/// Takes members out of a block: those that the target does not know, and those that are unwanted.
pub(super) fn trim(
    block: Value<'_>,
    to: &To<'_>,
    splice: &mut Splice<'_>,
    notes: &mut Notes,
    unwanted: impl Fn(&str) -> bool,
) {
    let unmarked = to.unmarked && block.get(MARK).is_some();
    if unmarked {
        notes.dropped(MARK);
    }
    // Together: each removal takes a comma with it.
    splice.remove_members(block, |key, _| unwanted(&key.decode()) || (unmarked && key == MARK));
    // Vertex AI does not know the scope of a mark ("cache_control.ephemeral.scope: Extra inputs are not permitted").
    if let Some(mark) = block.get(MARK).filter(|_| to.vertex && !unmarked) {
        splice.remove_members(mark, |key, _| key == "scope");
    }
}

/// The mark of prompt caching.
const MARK: &str = "cache_control";

/// Gives reasoning the signature that its maker knows it by; what others made has none.
fn sign<'d>(block: Value<'d>, to: &To<'_>, splice: &mut Splice<'d>) {
    let signature = match Origin::of(block.get("signature"), to.mark) {
        Origin::Own(signature) => signature,
        Origin::Native if to.is_strict() => return,
        Origin::Raw => return,
        Origin::Native | Origin::Foreign => "",
    };
    let quoted = ["\"", signature, "\""].concat();
    match block.get("signature") {
        Some(old) if old.raw() == quoted => {}
        Some(old) => _ = splice.replace(old.span(), quoted),
        None => {
            // Before the closing brace; a block has its type at least.
            let end = block.span().end.saturating_sub(1);
            splice.replace(end..end, [",\"signature\":", &quoted].concat());
        }
    }
}

fn call<'d>(block: Value<'d>, calls: &mut Calls<'d>, splice: &mut Splice<'d>, notes: &mut Notes) {
    set(block, "id", calls.call(block.get("id")), splice);
    set(block, "name", block.get("name").and_then(Value::as_str).and_then(tool_alias), splice);
    if block.get("input").is_none_or(|input| input.kind() != Kind::Object) {
        if block.get("input").is_some_and(|input| !input.is_null()) {
            notes.dropped("messages.tool_use.input");
        }
        put(block, "input", "{}".to_owned(), splice);
    }
}

/// Gives a member a string for its value, if there is one to give.
fn set<'d>(block: Value<'d>, key: &str, text: Option<String>, splice: &mut Splice<'d>) {
    let Some(text) = text else { return };
    let mut quoted = Writer::with_capacity(text.len() + 2);
    quoted.string(&text);
    put(block, key, quoted.into_string(), splice);
}

fn put<'d>(block: Value<'d>, key: &str, json: String, splice: &mut Splice<'d>) {
    match block.get(key) {
        Some(old) => _ = splice.replace(old.span(), json),
        None => {
            let end = block.span().end.saturating_sub(1);
            splice.replace(end..end, format!(",\"{key}\":{json}"));
        }
    }
}
