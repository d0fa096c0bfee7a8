//! What is known of a model from its name: how it is told to think, and whether it asks for thought signatures.

/// How a model is told how much to think (Google's guide "Thinking").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thinks {
    /// It does not, and refuses to be told.
    Never,
    /// `thinkingBudget` in tokens, within these bounds, and whether it can be switched off.
    Budget { least: u64, most: u64, off: bool },
    /// `thinkingLevel`; some do not know all levels.
    Level { minimal: bool, medium: bool },
}

/// Model families by the beginning of the name, the first that fits counts; bounds from the table in that guide.
const FAMILIES: &[(&str, Thinks)] = &[
    ("gemini-1", Thinks::Never),
    ("gemini-2.0-flash-thinking", Thinks::Budget { least: 0, most: 24_576, off: true }),
    ("gemini-2.0", Thinks::Never),
    ("gemini-2.5-flash-image", Thinks::Never),
    ("gemini-2.5-flash-lite", Thinks::Budget { least: 512, most: 24_576, off: true }),
    ("gemini-2.5-pro", Thinks::Budget { least: 128, most: 32_768, off: false }),
    ("gemini-2.5", Thinks::Budget { least: 0, most: 24_576, off: true }),
    ("gemini-3-pro", Thinks::Level { minimal: false, medium: false }),
    ("gemini-3-flash", ALL_LEVELS),
    ("gemini-3.1-flash", ALL_LEVELS),
    ("gemini-3.5-flash", ALL_LEVELS),
    ("gemini-flash", UNKNOWN),
    ("gemini-pro", UNKNOWN),
    ("gemma", Thinks::Never),
    ("learnlm", Thinks::Never),
];

const ALL_LEVELS: Thinks = Thinks::Level { minimal: true, medium: true };

/// A budget is understood by every model that thinks, also by those that prefer a level; this one by all of them.
const UNKNOWN: Thinks = Thinks::Budget { least: 512, most: 24_576, off: false };

pub(crate) fn thinks(model: &str) -> Thinks {
    let model = bare(model);
    let family = FAMILIES.iter().find(|(family, _)| begins_with(model, family));
    family.map_or_else(|| newer(model), |(_, thinks)| *thinks)
}

/// `gemini-3.1-pro`, `gemini-3.8-flash`, `gemini-4…`: levels without the least one, which they refuse.
fn newer(model: &str) -> Thinks {
    if is_newer(model) { Thinks::Level { minimal: false, medium: true } } else { UNKNOWN }
}

/// The first models that check signatures are those of generation 3; an alias (`gemini-flash-latest`) means a new one.
pub(crate) fn checks_signatures(model: &str) -> bool {
    let model = bare(model);
    !begins_with(model, "gemma") && generation(model).is_none_or(|generation| generation >= 3)
}

/// Whether a form of the answer may be asked for where the model may also call functions (the guide "Structured outputs").
pub(crate) fn forms_beside_functions(model: &str) -> bool {
    is_newer(bare(model))
}

/// Whether an answer's form may be given as JSON Schema: all since generation 2.5 (the guide "Structured outputs").
pub(crate) fn reads_json_schema(model: &str) -> bool {
    let model = bare(model);
    is_newer(model) || begins_with(model, "gemini-2.5")
}

/// Whether Vertex takes the ids of calls: its older models come from a time when it had none.
pub(crate) fn has_call_ids_on_vertex(model: &str) -> bool {
    is_newer(bare(model))
}

fn is_newer(model: &str) -> bool {
    generation(model).is_some_and(|generation| generation >= 3)
}

/// 2 for `gemini-2.5-pro`.
fn generation(model: &str) -> Option<u32> {
    let version = begins_with(model, "gemini-").then(|| model.get("gemini-".len()..)).flatten()?;
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    version.get(..digits)?.parse().ok()
}

/// The name without what stands before it (`models/`, `publishers/google/models/`).
fn bare(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

fn begins_with(model: &str, family: &str) -> bool {
    model.get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family))
}

#[cfg(test)]
mod tests {
    use super::{Thinks, checks_signatures, thinks};

    #[test]
    fn every_family_is_told_in_its_own_way() {
        for (model, expected) in [
            ("gemini-1.5-pro", Thinks::Never),
            ("gemini-2.0-flash", Thinks::Never),
            ("gemma-3-27b-it", Thinks::Never),
            ("gemini-2.5-pro", Thinks::Budget { least: 128, most: 32_768, off: false }),
            ("models/gemini-2.5-flash-preview-09-2025", Thinks::Budget { least: 0, most: 24_576, off: true }),
            ("gemini-2.5-flash-lite", Thinks::Budget { least: 512, most: 24_576, off: true }),
            ("gemini-3-pro-preview", Thinks::Level { minimal: false, medium: false }),
            ("gemini-3.1-pro-preview", Thinks::Level { minimal: false, medium: true }),
            ("Gemini-3-Flash-Preview", Thinks::Level { minimal: true, medium: true }),
            ("gemini-3.5-flash-lite", Thinks::Level { minimal: true, medium: true }),
            ("gemini-3.8-flash", Thinks::Level { minimal: false, medium: true }),
            ("gemini-flash-latest", Thinks::Budget { least: 512, most: 24_576, off: false }),
            ("tunedModels/mine", Thinks::Budget { least: 512, most: 24_576, off: false }),
        ] {
            assert_eq!(thinks(model), expected, "{model}");
        }
    }

    #[test]
    fn signatures_are_checked_from_the_third_generation_on() {
        for (model, expected) in [
            ("gemini-2.5-pro", false),
            ("models/gemini-1.5-flash", false),
            ("gemma-3", false),
            ("gemini-3-pro-preview", true),
            ("gemini-10", true),
            ("gemini-flash-latest", true),
            ("mine", true),
        ] {
            assert_eq!(checks_signatures(model), expected, "{model}");
        }
    }
}
