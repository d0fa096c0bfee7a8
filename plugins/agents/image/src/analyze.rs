//! Answers a call of the tool: the images and parts that it names go to the model that sees, and its words come back. What goes
//! wrong is told to the model that called, with what it can do.

use ccr_plugin::host::{self, Scope};
use ccr_plugin::messages::json::{Document, Value, Writer};
use ccr_plugin::{Settings, ToolCall};

use crate::call::{Call, Region};
use crate::config::{self, VisionModel};
use crate::pixels::{Encoded, Picture, Size};
use crate::prompts::{self, placeholder};
use crate::source::encoded;
use crate::store::{self, Image, Kept, Known};

/// How long an answer is given again to the very same call, in milliseconds: as long as claude-code-router keeps images. A model
/// that goes round in circles does so within minutes.
const ANSWER_TTL_MS: u64 = 5 * 60 * 1000;

/// Largest request to the model that sees, in bytes: Anthropic's API takes 32 MB (its documentation, "Vision").
const MAX_REQUEST: usize = 30_000_000;

/// The answer to a call. `Err` is for the model, too.
pub(crate) fn answer(call: &ToolCall, state: &[u8], settings: &Settings) -> Result<String, String> {
    if call.name != prompts::TOOL {
        return Err(format!("The agent `image` has no tool `{}`: call `{}`.", call.name, prompts::TOOL));
    }
    let known = Known::from_state(state);
    let call = Call::read(&call.input)?;
    let images = named(&call, &known)?;
    let repeated = Repeated::of(&call, &images, known.scope());
    if let Some(answer) = repeated.recall() {
        return Ok(answer);
    }
    let eyes = VisionModel::read()
        .ok_or("`Router.image` is no longer set in the gateway's config, so nobody can look at images.")?;
    let request = request(&call, &images, known.scope(), &eyes, settings)?;
    let told = |reason: String| format!("The model that sees images, `{}`, could not answer: {reason}", eyes.model);
    let message = host::complete(&request).map_err(|fault| told(prompts::fault(&fault)))?;
    let answer = text_of(&message).map_err(told)?;
    repeated.remember(&answer);
    Ok(answer)
}

/// The images that a call names, each with its hash.
fn named<'k>(call: &Call, known: &'k Known) -> Result<Vec<(u32, &'k str)>, String> {
    let image = |number: &u32| match known.get(*number) {
        Some(Kept::As(hash)) => Ok((*number, &**hash)),
        Some(Kept::Not(reason)) => Err(cannot(*number, reason)),
        None => Err(format!(
            "There is no {}. The images of this conversation are: {}. Call the tool again with one of these.",
            placeholder(*number),
            known.listed()
        )),
    };
    call.numbers.iter().map(image).collect()
}

fn cannot(number: u32, reason: &str) -> String {
    format!("{} {reason}. Ask the user for another copy if it is needed.", placeholder(number))
}

/// The request to the model that sees: what is to be looked at, each after its name, and then the task.
fn request(
    call: &Call,
    images: &[(u32, &str)],
    scope: Scope,
    eyes: &VisionModel,
    settings: &Settings,
) -> Result<String, String> {
    let max_tokens = config::max_tokens(settings).map_err(|fault| prompts::fault(&fault))?;
    let mut writer = Writer::new();
    writer.begin_object().key("model").string(&eyes.model).key("max_tokens").number(max_tokens);
    writer.key("system").string(prompts::EYES_SYSTEM);
    writer.key("messages").begin_array().begin_object().key("role").string("user").key("content").begin_array();
    for (number, hash) in images {
        let image = store::fetch(scope, hash).map_err(|reason| cannot(*number, &reason))?;
        show(&mut writer, *number, &image, &call.regions)?;
        if writer.as_str().len() > MAX_REQUEST {
            return Err("These images are too much for one call: ask about fewer of them at a time.".into());
        }
    }
    text_block(&mut writer, &call.task);
    writer.end_array().end_object().end_array().end_object();
    Ok(writer.into_string())
}

/// Writes an image, or the regions of it.
fn show(writer: &mut Writer, number: u32, image: &Image, regions: &[Region]) -> Result<(), String> {
    let name = placeholder(number);
    let (media_type, bytes) = match image {
        Image::Data { media_type, bytes } => (media_type, bytes),
        Image::Elsewhere(source) if regions.is_empty() => {
            text_block(writer, &format!("{name}:"));
            begin_image(writer).raw(source).end_object();
            return Ok(());
        }
        Image::Elsewhere(_) => {
            return Err(format!(
                "{name} is not in the conversation itself, only where to find it, so no part of it can be cut out. Call the tool \
                 again without `regions`, and say in the task which part matters."
            ));
        }
    };
    let mut picture = match Picture::open(bytes) {
        Ok(picture) => picture,
        // Perhaps a format that the model that sees knows and we do not.
        Err(_) if regions.is_empty() && !media_type.is_empty() => {
            text_block(writer, &format!("{name}:"));
            data_block(writer, media_type, bytes);
            return Ok(());
        }
        Err(reason) => return Err(cannot(number, &reason)),
    };
    let size = picture.size();
    if regions.is_empty() {
        let shown = picture.whole().map_err(|reason| cannot(number, &reason))?;
        write_shown(writer, &format!("{name}, {}", pixels(size)), size, &shown);
    }
    for region in regions {
        let part = region.within(size).map_err(|reason| format!("{name}: {reason}"))?;
        let shown = picture.part(part).map_err(|reason| cannot(number, &reason))?;
        let place =
            format!("{} at x {}, y {} of {name}, which has {}", pixels(part.size), part.x, part.y, pixels(size));
        write_shown(writer, &format!("Region `{}`: {place}", region.name), part.size, &shown);
    }
    Ok(())
}

fn pixels(size: Size) -> String {
    format!("{} × {} pixels", size.width, size.height)
}

fn write_shown(writer: &mut Writer, name: &str, size: Size, shown: &Encoded<'_>) {
    if shown.size == size {
        text_block(writer, &format!("{name}:"));
    } else {
        text_block(writer, &format!("{name}, here scaled to {}:", pixels(shown.size)));
    }
    data_block(writer, shown.media_type, &shown.bytes);
}

fn text_block(writer: &mut Writer, text: &str) {
    writer.begin_object().key("type").string("text").key("text").string(text).end_object();
}

fn data_block(writer: &mut Writer, media_type: &str, bytes: &[u8]) {
    let source = begin_image(writer).begin_object().key("type").string("base64").key("media_type").string(media_type);
    source.key("data").escaped(&encoded(bytes)).end_object().end_object();
}

/// Up to the value of `source`.
fn begin_image(writer: &mut Writer) -> &mut Writer {
    writer.begin_object().key("type").string("image").key("source")
}

/// The words of an answer. `Err` says what it was instead, as the end of a sentence.
fn text_of(message: &str) -> Result<String, String> {
    let document = Document::parse_str(message).map_err(|error| format!("its answer is not JSON ({error})"))?;
    let content = document.root().get("content").into_iter().flat_map(Value::items);
    let texts = content.filter(|block| block.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "text"));
    let texts: Vec<String> =
        texts.filter_map(|block| Some(block.get("text")?.as_str()?.decode().into_owned())).collect();
    let mut text = texts.join("\n");
    let stopped = document.root().get("stop_reason").and_then(Value::as_str).map(|reason| reason.decode());
    let stopped = stopped.as_deref().unwrap_or("end_turn");
    if text.trim().is_empty() {
        return Err(format!(
            "it said nothing and ended with `{stopped}`. Ask for something smaller, or in other words."
        ));
    }
    if stopped == "max_tokens" {
        text.push_str("\n[This answer was cut off at its longest: ask about a part, to read on.]");
    }
    Ok(text)
}

/// What makes a call the same as an earlier one of the session.
struct Repeated(Option<String>);

impl Repeated {
    fn of(call: &Call, images: &[(u32, &str)], scope: Scope) -> Self {
        // Without a session an answer could reach somebody else's conversation.
        Self(matches!(scope, Scope::Session).then(|| {
            let same = format!("{images:?} {:?} {}", call.regions, call.task);
            format!("answer/{}", blake3::hash(same.as_bytes()).to_hex())
        }))
    }

    fn recall(&self) -> Option<String> {
        let kept = host::kv_get(Scope::Session, self.0.as_ref()?).ok().flatten()?;
        String::from_utf8(kept).ok()
    }

    fn remember(&self, answer: &str) {
        if let Some(key) = &self.0 {
            // A store that refuses only costs the call once more.
            let _ = host::kv_set(Scope::Session, key, answer.as_bytes(), Some(ANSWER_TTL_MS));
        }
    }
}
