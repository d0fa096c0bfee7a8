//! Whose model it is, read from its id, and what the models of that family take: Converse is one format, but what may stand
//! in it differs from maker to maker.

use std::borrow::Cow;

use ccr_plugin::messages::fingerprint::Fingerprint;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Claude,
    Nova,
    /// OpenAI's models but for the open ones.
    OpenAi,
    /// OpenAI's open models.
    GptOss,
    Kimi,
    Other,
}

/// Makers as they stand in a model's id, before a dot.
const MAKERS: &[(&str, Family)] = &[
    ("anthropic", Family::Claude),
    ("amazon", Family::Nova),
    ("openai", Family::OpenAi),
    ("moonshot", Family::Kimi),
    ("moonshotai", Family::Kimi),
];

/// Claude models that can think at all do not begin so (AWS's user guide, "Extended thinking").
const WITHOUT_THINKING: &[&str] =
    &["claude-v", "claude-instant", "claude-2", "claude-3-haiku", "claude-3-sonnet", "claude-3-opus", "claude-3-5"];

/// Claude models whose prompts cannot be cached (AWS's user guide, "Prompt caching").
const WITHOUT_CACHE: &[&str] = &[
    "claude-v",
    "claude-instant",
    "claude-2",
    "claude-3-haiku",
    "claude-3-sonnet",
    "claude-3-opus",
    "claude-3-5-sonnet-20240620",
];

/// Claude models before 4.5, which are told apart by what follows their family's number: a date or a lower version.
const BEFORE_4_5: &[&str] =
    &["claude-v", "claude-instant", "claude-2", "claude-3", "claude-sonnet-4-2", "claude-opus-4-2", "claude-opus-4-1"];

/// Claude 4.5 models that do not know an effort either; only Opus does.
const SMALL_4_5: &[&str] = &["claude-sonnet-4-5", "claude-haiku-4-5"];

/// The one Claude model that knows an effort as a beta only.
const EFFORT_IS_BETA: &str = "claude-opus-4-5";

/// Claude models that take betas. Opus 4.7 and everything after it refuse all but a few, and no longer need them: what they
/// switched on is part of the model.
const WITH_BETAS: &[&str] = &[
    "claude-3-5-sonnet-20241022",
    "claude-3-7",
    "claude-sonnet-4",
    "claude-haiku-4",
    "claude-opus-4-2",
    "claude-opus-4-1",
    "claude-opus-4-5",
    "claude-opus-4-6",
];

/// A model's id, taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model<'m> {
    pub(crate) family: Family,
    /// The id without region and maker: `claude-sonnet-4-5-20250929-v1:0`.
    name: &'m str,
}

impl<'m> Model<'m> {
    /// `chosen` is the family of the options: ids of application inference profiles do not tell.
    pub(crate) fn of(id: &'m str, chosen: Option<Family>) -> Self {
        let id = id.rsplit('/').next().unwrap_or(id);
        let maker = MAKERS.iter().find_map(|(maker, family)| Some((*family, after_maker(id, maker)?)));
        let (family, name) = maker.unwrap_or((Family::Other, id));
        let family = match family {
            Family::Nova if !name.starts_with("nova") => Family::Other,
            Family::OpenAi if name.starts_with("gpt-oss") => Family::GptOss,
            family => family,
        };
        Self { family: chosen.unwrap_or(family), name }
    }

    pub(crate) fn is_claude(self) -> bool {
        self.family == Family::Claude
    }

    fn is_one_of(self, names: &[&str]) -> bool {
        names.iter().any(|name| self.name.starts_with(name))
    }

    /// Whether it can be asked to think.
    pub(crate) fn thinks(self) -> bool {
        match self.family {
            Family::Claude => !self.is_one_of(WITHOUT_THINKING),
            // Nova 1 does not reason but for Premier, which cannot be told to.
            Family::Nova => !self.name.starts_with("nova") || self.name.starts_with("nova-2"),
            Family::OpenAi | Family::GptOss | Family::Kimi => true,
            Family::Other => false,
        }
    }

    /// Whether a Claude model refuses a budget for its thinking: Opus 4.7 and everything after it. Names that do not tell may
    /// be of any model.
    pub(crate) fn refuses_budgets(self) -> bool {
        self.is_claude() && self.thinks() && self.name.starts_with("claude-") && !self.is_one_of(WITH_BETAS)
    }

    /// Whether a Claude model knows `output_config.effort`.
    pub(crate) fn knows_effort(self) -> bool {
        self.is_claude() && !self.is_one_of(BEFORE_4_5) && !self.is_one_of(SMALL_4_5)
    }

    pub(crate) fn needs_beta_for_effort(self) -> bool {
        self.name.starts_with(EFFORT_IS_BETA)
    }

    /// Whether betas that the client asks for are known to it; the others refuse them.
    pub(crate) fn knows_betas(self) -> bool {
        self.is_claude() && self.is_one_of(WITH_BETAS)
    }

    pub(crate) fn caches(self) -> bool {
        match self.family {
            Family::Claude => !self.is_one_of(WITHOUT_CACHE),
            Family::Nova => true,
            Family::OpenAi | Family::GptOss | Family::Kimi | Family::Other => false,
        }
    }

    /// Whether cached prompts can be kept for an hour.
    pub(crate) fn caches_for_an_hour(self) -> bool {
        self.is_claude() && !self.is_one_of(BEFORE_4_5)
    }

    /// Whether tool results may hold images and files, and say that they are errors (API reference, `ToolResultBlock`).
    pub(crate) fn has_rich_results(self) -> bool {
        matches!(self.family, Family::Claude | Family::Nova)
    }

    /// Whether earlier reasoning is taken back: it is demanded between calls (Claude), or harmless. DeepSeek refuses it.
    pub(crate) fn takes_reasoning(self) -> bool {
        matches!(self.family, Family::Claude | Family::Nova | Family::OpenAi)
    }

    /// What tells its reasoning from that of others; empty for Claude, whose signatures go as they are.
    pub(crate) fn mark(self) -> Cow<'static, str> {
        match self.family {
            Family::Claude => "".into(),
            Family::Nova => "nova".into(),
            Family::OpenAi => "openai".into(),
            Family::GptOss => "gpt-oss".into(),
            Family::Kimi => "kimi".into(),
            Family::Other => Fingerprint::of(self.name).half().into(),
        }
    }
}

/// What follows a maker in an id that may have a region before it: `us.anthropic.claude-…`.
fn after_maker<'m>(id: &'m str, maker: &str) -> Option<&'m str> {
    let mut rest = id;
    loop {
        if let Some(name) = rest.strip_prefix(maker).and_then(|rest| rest.strip_prefix('.')) {
            return Some(name);
        }
        rest = rest.split_once('.')?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Model};

    #[test]
    fn families_are_read_from_every_kind_of_id() {
        for (id, family, name) in [
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", Family::Claude, "claude-sonnet-4-5-20250929-v1:0"),
            ("us.anthropic.claude-opus-4-6-v1", Family::Claude, "claude-opus-4-6-v1"),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-3-7-sonnet-20250219-v1:0",
                Family::Claude,
                "claude-3-7-sonnet-20250219-v1:0",
            ),
            ("global.amazon.nova-2-lite-v1:0", Family::Nova, "nova-2-lite-v1:0"),
            ("amazon.titan-text-express-v1", Family::Other, "titan-text-express-v1"),
            ("openai.gpt-oss-120b-1:0", Family::GptOss, "gpt-oss-120b-1:0"),
            ("openai.gpt-5.6", Family::OpenAi, "gpt-5.6"),
            ("moonshot.kimi-k2-thinking", Family::Kimi, "kimi-k2-thinking"),
            ("us.deepseek.r1-v1:0", Family::Other, "us.deepseek.r1-v1:0"),
            ("", Family::Other, ""),
        ] {
            let model = Model::of(id, None);
            assert_eq!((model.family, model.name), (family, name), "{id}");
        }
        let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
        assert!(Model::of(profile, Some(Family::Claude)).is_claude());
    }

    #[test]
    fn what_claude_models_know() {
        for (id, thinks, caches, hour, effort) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", false, false, false, false),
            ("anthropic.claude-3-5-haiku-20241022-v1:0", false, true, false, false),
            ("anthropic.claude-3-7-sonnet-20250219-v1:0", true, true, false, false),
            ("anthropic.claude-sonnet-4-20250514-v1:0", true, true, false, false),
            ("anthropic.claude-opus-4-1-20250805-v1:0", true, true, false, false),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", true, true, true, false),
            ("anthropic.claude-opus-4-5-20251101-v1:0", true, true, true, true),
            ("anthropic.claude-opus-4-6-v1", true, true, true, true),
            ("anthropic.claude-sonnet-5", true, true, true, true),
        ] {
            let model = Model::of(id, None);
            let known = (model.thinks(), model.caches(), model.caches_for_an_hour(), model.knows_effort());
            assert_eq!(known, (thinks, caches, hour, effort), "{id}");
        }
        for (id, refuses) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", false),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", false),
            ("anthropic.claude-opus-4-6-v1", false),
            ("eu.anthropic.claude-opus-4-7", true),
            ("anthropic.claude-sonnet-5", true),
            ("amazon.nova-2-lite-v1:0", false),
        ] {
            assert_eq!(Model::of(id, None).refuses_budgets(), refuses, "{id}");
        }
        assert!(!Model::of("abc123", Some(Family::Claude)).refuses_budgets());
    }
}
