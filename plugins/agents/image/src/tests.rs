//! The agent as the host calls it, against the SDK's stand-ins for store, config and models.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod applies;
mod cuts;
mod prepare;
mod properties;
mod tool;

use std::cell::RefCell;
use std::io::Cursor;
use std::rc::Rc;

use ccr_plugin::testing::{FakeRequest, host};
use ccr_plugin::{Agent as _, Fault, Preparation, Settings, ToolCall, ToolResult};
use pictures::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::Image;
use crate::source::encoded;

/// The model of `Router.image` in all tests.
const EYES: &str = "there,sees-all";

fn configure() {
    host::set_config(&json!({"Router": {"default": "p,m", "image": EYES}}).to_string());
}

/// A request within a session, to model `m` of provider `p`.
fn request(messages: &Value) -> FakeRequest {
    let mut request = FakeRequest::new(json!({"model": "m", "messages": messages}));
    request.session = Some("s".into());
    request
}

fn prepared(messages: &Value) -> (Value, Preparation) {
    let mut request = request(messages);
    let preparation = Image::prepare(&mut request, &Settings::of("{}")).unwrap().unwrap_or_default();
    (request.body["messages"].take(), preparation)
}

/// A block with these bytes.
fn block(bytes: &[u8]) -> Value {
    json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": encoded(bytes)}})
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn user(content: &[Value]) -> Value {
    json!({"role": "user", "content": content})
}

/// Each pixel tells where it is: red its column, green its row, both from 0 to 255 over the image.
fn gradient(width: u32, height: u32) -> RgbImage {
    let scale = |place: u32, all: u32| u8::try_from(place * 255 / all.max(2).saturating_sub(1)).unwrap_or(255);
    RgbImage::from_fn(width, height, |x, y| Rgb([scale(x, width), scale(y, height), 7]))
}

fn file(pixels: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels.clone()).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Answers all model calls with this message, and keeps the requests.
fn eyes_say(message: Value) -> Rc<RefCell<Vec<Value>>> {
    let asked = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&asked);
    host::on_complete(move |request| {
        kept.borrow_mut().push(serde_json::from_str(request).unwrap());
        Ok(message.to_string())
    });
    asked
}

/// The fault of every model call from now on.
fn eyes_fail(fault: Fault) {
    host::on_complete(move |_| Err(fault.clone()));
}

fn message(content: &[Value]) -> Value {
    json!({"type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn"})
}

fn call(state: &[u8], input: &str) -> ToolResult {
    let call = ToolCall { id: "toolu_1".into(), name: "analyzeImage".into(), input: input.into() };
    Image::call_tool(call, state, &Settings::of("{}")).unwrap()
}

/// The text of a tool's result.
fn said(result: &ToolResult) -> String {
    let content: Value = serde_json::from_str(&result.content).unwrap();
    content[0]["text"].as_str().unwrap().into()
}
