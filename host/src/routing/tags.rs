//! The tag `<CCR-SUBAGENT-MODEL>provider,model</CCR-SUBAGENT-MODEL>`, with which the prompt of a subagent names its model. It may
//! stand in any system block and in the first user messages; no provider shall ever see it.

use ccr_messages::json::{Kind, Splice, Value, Writer};

use crate::base::request::InnerRequest;

const OPEN: &str = "<CCR-SUBAGENT-MODEL>";
const CLOSE: &str = "</CCR-SUBAGENT-MODEL>";

/// What every spelling of the tag has in it, also where a client escapes `<` and `/`.
const WORD: &[u8] = b"CCR-SUBAGENT-MODEL";

/// User messages that are looked at: Claude Code puts reminders of its own before or after the prompt, in the first or second.
/// What stands later is talk about tags.
const USER_MESSAGES: usize = 2;

/// What instructions write where a name has to be put; they must reach the model as they are.
const PLACEHOLDERS: [&str; 2] = ["provider,model", "provider/model"];

/// The model that the first tag names, without the spaces around it.
pub fn find(request: &InnerRequest) -> Option<String> {
    memchr::memmem::find(request.text().as_bytes(), WORD)?;
    texts(request).into_iter().find_map(|(text, _)| {
        let text = text.as_str()?.decode();
        tags(&text).next().map(|(_, name)| name.to_owned())
    })
}

/// Takes all tags out. A block of which nothing is left goes with its tag, since providers refuse empty ones.
pub fn strip(request: &mut InnerRequest) -> Result<(), String> {
    let mut splice = Splice::new();
    // Lists with the places of their blocks of which nothing is left, both in the order of the text.
    let mut emptied: Vec<(Value<'_>, Vec<usize>)> = Vec::new();
    let source = request.clone();
    for (value, list) in texts(&source) {
        let Some(text) = value.as_str() else { continue };
        let text = text.decode();
        let Some(left) = without_tags(&text) else { continue };
        match list {
            Some((list, block)) if left.trim().is_empty() && list.items().nth(1).is_some() => {
                let start = block.span().start;
                match emptied.last_mut().filter(|(other, _)| other.span() == list.span()) {
                    Some((_, starts)) => starts.push(start),
                    None => emptied.push((list, vec![start])),
                }
            }
            _ => {
                let mut json = Writer::with_capacity(left.len() + 2);
                json.string(&left);
                splice.replace(value.span(), json.into_string());
            }
        }
    }
    for (list, starts) in emptied {
        splice.remove_items(list, |item| starts.binary_search(&item.span().start).is_ok());
    }
    if splice.is_empty() { Ok(()) } else { request.splice(splice) }
}

/// A text, and the list and the block that it stands in; none for a content that is one string.
type Text<'d> = (Value<'d>, Option<(Value<'d>, Value<'d>)>);

/// All texts in which a tag may stand.
fn texts(request: &InnerRequest) -> Vec<Text<'_>> {
    let root = request.document().root();
    let mut found = Vec::new();
    if let Some(system) = root.get("system") {
        add_texts(system, &mut found);
    }
    let mut users = 0;
    for message in root.get("messages").into_iter().flat_map(Value::items) {
        let role = message.get("role").and_then(Value::as_str).map(|role| role.decode());
        match role.as_deref() {
            Some("user") => users += 1,
            Some("system") => {}
            _ => continue,
        }
        if users > USER_MESSAGES {
            break;
        }
        if let Some(content) = message.get("content") {
            add_texts(content, &mut found);
        }
    }
    found
}

fn add_texts<'d>(content: Value<'d>, found: &mut Vec<Text<'d>>) {
    if content.kind() == Kind::String {
        found.push((content, None));
        return;
    }
    for block in content.items() {
        let is_text = block.get("type").and_then(Value::as_str).is_some_and(|kind| kind.decode() == "text");
        if let Some(text) = block.get("text").filter(|_| is_text) {
            found.push((text, Some((content, block))));
        }
    }
}

/// The whole tags of a text that name something: where each stands, and the name.
fn tags(text: &str) -> impl Iterator<Item = (std::ops::Range<usize>, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find(OPEN)?;
            let inner = start + OPEN.len();
            let end = inner + text.get(inner..)?.find(CLOSE)?;
            from = end + CLOSE.len();
            let name = text.get(inner..end)?.trim();
            let placeholder = PLACEHOLDERS.iter().any(|placeholder| name.eq_ignore_ascii_case(placeholder));
            if !name.is_empty() && !placeholder {
                return Some((start..from, name));
            }
        }
    })
}

/// The text without its tags and the end of the line behind each; `None` if there are none.
fn without_tags(text: &str) -> Option<String> {
    let mut left = String::with_capacity(text.len());
    let mut from = 0;
    for (place, _) in tags(text) {
        left.push_str(text.get(from..place.start)?);
        from = place.end;
        let rest = text.get(from..)?;
        from += rest.len() - rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest).len();
    }
    if from == 0 {
        return None;
    }
    left.push_str(text.get(from..)?);
    Some(left)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use serde_json::{Value, json};

    use super::*;

    fn request(body: Value) -> InnerRequest {
        InnerRequest::parse(body.to_string().into_bytes(), "r", http::HeaderMap::new(), None).unwrap()
    }

    fn found_and_left(mut body: Value) -> (Option<String>, Value) {
        body["model"] = json!("m");
        let mut request = request(body);
        let found = find(&request);
        strip(&mut request).unwrap();
        (found, serde_json::from_str(request.text()).unwrap())
    }

    fn tag(name: &str) -> String {
        format!("{OPEN}{name}{CLOSE}")
    }

    #[test]
    fn a_tag_is_found_in_any_system_block_and_the_first_user_messages() {
        let hi = json!([{"role": "user", "content": "hi"}]);
        let text = |text: String| json!({"type": "text", "text": text});
        for body in [
            json!({"system": tag("p,m"), "messages": hi}),
            json!({"system": [text("a".into()), text("b".into()), text(format!("c {} d", tag(" p,m ")))], "messages": hi}),
            json!({"messages": [{"role": "user", "content": format!("{}\nGo on", tag("p,m"))}]}),
            json!({"messages": [hi[0], {"role": "assistant", "content": "yes"}, {"role": "user", "content": [text("x".into()), text(tag("p,m"))]}]}),
            json!({"messages": [{"role": "system", "content": tag("p,m")}, hi[0]]}),
        ] {
            let (found, left) = found_and_left(body);
            assert_eq!(found.as_deref(), Some("p,m"), "{left}");
            assert!(!left.to_string().contains("CCR-SUBAGENT"), "{left}");
        }
    }

    #[test]
    fn what_is_no_tag_stays() {
        for text in [tag("provider/model"), tag("Provider,Model"), tag(""), format!("{OPEN}p,m"), format!("p,m{CLOSE}")]
        {
            let body = json!({"model": "m", "system": text, "messages": [{"role": "user", "content": "hi"}]});
            assert_eq!(found_and_left(body.clone()), (None, body));
        }
        let late = json!({"model": "m", "messages": [
            {"role": "user", "content": "1"}, {"role": "user", "content": "2"}, {"role": "user", "content": tag("p,m")},
        ]});
        assert_eq!(found_and_left(late.clone()), (None, late));
        let told = json!({"model": "m", "messages": [{"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": tag("p,m")},
        ]}]});
        assert_eq!(found_and_left(told.clone()), (None, told));
    }

    #[test]
    fn the_first_of_several_counts_and_all_go() {
        let system =
            json!([{"type": "text", "text": tag("p,one")}, {"type": "text", "text": format!("{}rest", tag("p,two"))}]);
        let (found, left) = found_and_left(json!({"system": system, "messages": [{"role": "user", "content": "hi"}]}));
        assert_eq!(found.as_deref(), Some("p,one"));
        assert_eq!(left["system"], json!([{"type": "text", "text": "rest"}]));
    }

    #[test]
    fn ten_thousand_blocks_of_tags_go_in_one_step() {
        let blocks = vec![json!({"type": "text", "text": tag("p,m")}); 10_000];
        let system = [&blocks[..], &[json!({"type": "text", "text": "rest"})]].concat();
        let (found, left) = found_and_left(json!({"system": system, "messages": [{"role": "user", "content": "hi"}]}));
        assert_eq!((found.as_deref(), &left["system"]), (Some("p,m"), &json!([{"type": "text", "text": "rest"}])));
    }

    #[test]
    fn an_escaped_tag_is_one_too() {
        let body = r#"{"model":"m","system":"\u003cCCR-SUBAGENT-MODEL\u003ep,m\u003c\/CCR-SUBAGENT-MODEL\u003e \"x\"","messages":[{"role":"user","content":"hi"}]}"#;
        let (found, left) = found_and_left(serde_json::from_str(body).unwrap());
        assert_eq!((found.as_deref(), &left["system"]), (Some("p,m"), &json!(" \"x\"")));
    }
}
