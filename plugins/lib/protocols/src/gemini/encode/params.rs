//! The inner request's member `ccr`: what Anthropic's form has no place for. `params` comes from clients of other formats, under
//! the names of OpenAI's Chat Completions or under Gemini's own; `extra` from transformers. The rest are hints for others.

use crate::gemini::options::Options;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// The media type of an answer that is JSON.
pub(super) const JSON: &str = "application/json";

/// Gemini's own fields of the body, as they are.
const TOP: [&str; 2] = ["safetySettings", "cachedContent"];

/// Those that only Vertex takes.
const TOP_OF_VERTEX: [&str; 2] = ["labels", "modelArmorConfig"];

/// Gemini's own fields of `generationConfig`, as they are.
const GENERATION: [&str; 8] = [
    "mediaResolution",
    "speechConfig",
    "imageConfig",
    "audioTimestamp",
    "routingConfig",
    "modelSelectionConfig",
    "enableAffectiveDialog",
    "enableEnhancedCivicAnswers",
];

/// Gemini's tiers; OpenAI's others mean the usual one.
const TIERS: [&str; 3] = ["flex", "standard", "priority"];

#[derive(Debug, Default)]
pub(super) struct Params<'d> {
    top: Vec<(&'static str, Value<'d>)>,
    generation: Vec<(&'static str, Value<'d>)>,
    seed: Option<u64>,
    any_json: bool,
    own_mime_type: Option<Str<'d>>,
    google_tools: Option<Value<'d>>,
}

impl<'d> Params<'d> {
    /// # Errors
    /// Something that the answer would have to be different for: several candidates, probabilities, sound or pictures.
    pub(super) fn read(ccr: Option<Value<'d>>, options: &Options, notes: &mut Notes) -> Result<Self, Fault> {
        let mut params = Self::default();
        let members = |name: &str| ccr.and_then(|ccr| ccr.get(name)).into_iter().flat_map(Value::members);
        for (name, value) in members("params") {
            let name = name.decode();
            if !params.own(&name, value, options) && !params.of_openai(&name, value)? && !says_nothing(value) {
                notes.dropped(format!("params.{name}"));
            }
        }
        for (name, value) in members("extra") {
            let name = name.decode();
            if !params.own(&name, value, options) {
                notes.dropped(format!("ccr.extra.{name}"));
            }
        }
        Ok(params)
    }

    /// Takes a field under Gemini's own name; says whether it is one.
    fn own(&mut self, name: &str, value: Value<'d>, options: &Options) -> bool {
        let of = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
        let vertex = if options.vertex.is_some() { of(&TOP_OF_VERTEX) } else { None };
        if let Some(name) = of(&TOP).or(vertex) {
            put(&mut self.top, name, value);
        } else if let Some(name) = of(&GENERATION) {
            put(&mut self.generation, name, value);
        } else {
            match name {
                "googleTools" => self.google_tools = Some(value),
                "responseMimeType" => self.own_mime_type = value.as_str(),
                _ => return false,
            }
        }
        true
    }

    /// Takes a field under OpenAI's name; says whether it is one that Gemini has.
    fn of_openai(&mut self, name: &str, value: Value<'d>) -> Result<bool, Fault> {
        match name {
            "seed" => self.seed = value.as_i64().map(seed),
            "frequency_penalty" if value.kind() == Kind::Number => put(&mut self.generation, "frequencyPenalty", value),
            "presence_penalty" if value.kind() == Kind::Number => put(&mut self.generation, "presencePenalty", value),
            "n" if value.as_u64().is_some_and(|candidates| candidates > 1) => {
                return Err(refused("n (candidateCount)"));
            }
            "n" => {}
            "logprobs" if value.as_bool() == Some(true) => return Err(refused("logprobs (responseLogprobs)")),
            "modalities" if value.items().any(|modality| modality.as_str().is_some_and(|name| name != "text")) => {
                return Err(refused("modalities (responseModalities)"));
            }
            "modalities" => {}
            "service_tier" => {
                let is_known = |tier: Str<'_>| TIERS.iter().any(|known| known.eq_ignore_ascii_case(&tier.decode()));
                if value.as_str().is_some_and(is_known) {
                    put(&mut self.top, "serviceTier", value);
                } else if value.as_str().is_some_and(|tier| tier != "auto" && tier != "default") {
                    return Ok(false);
                }
            }
            "response_format" => {
                self.any_json = value.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "json_object");
                return Ok(self.any_json);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Fields of the body, beside those that everything has.
    pub(super) fn write_top(&self, options: &Options, out: &mut Writer) {
        if let Some(settings) = &options.safety_settings {
            out.key("safetySettings").raw(&settings.0);
        }
        let is_written = |name: &str| name == "safetySettings" && options.safety_settings.is_some();
        for (name, value) in self.top.iter().filter(|(name, _)| !is_written(name)) {
            out.key(name).value(*value);
        }
    }

    pub(super) fn write_generation(&self, out: &mut Writer) {
        if let Some(seed) = self.seed {
            out.key("seed").number(seed);
        }
        for (name, value) in &self.generation {
            out.key(name).value(*value);
        }
    }

    /// What the answer shall be, as it stands in a JSON string; `None` if nothing is asked for here.
    pub(super) fn mime_type(&self) -> Option<&str> {
        self.own_mime_type.map(Str::raw).or(self.any_json.then_some(JSON))
    }

    pub(super) fn google_tools(&self) -> impl Iterator<Item = Value<'d>> {
        self.google_tools.into_iter().flat_map(Value::items)
    }
}

/// Of a field that is named twice the last one counts.
fn put<'d>(fields: &mut Vec<(&'static str, Value<'d>)>, name: &'static str, value: Value<'d>) {
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => fields.push((name, value)),
    }
}

/// Gemini's seeds have 32 bits, one of them for the sign: of a longer one the lower bits.
fn seed(seed: i64) -> u64 {
    seed.unsigned_abs() & u64::from(i32::MAX.unsigned_abs())
}

fn refused(field: &str) -> Fault {
    Fault::unsupported(format!(
        "{field}: the gateway passes on one candidate with text and function calls, without probabilities. Leave the field \
         out, or use a client and a provider of the same format."
    ))
}

/// Values that leave everything as it is.
fn says_nothing(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Null => true,
        Kind::Bool => value.as_bool() == Some(false),
        Kind::String => value.as_str().is_some_and(Str::is_empty),
        Kind::Number => value.as_u64() == Some(0),
        Kind::Array | Kind::Object => value.is_empty(),
    }
}
