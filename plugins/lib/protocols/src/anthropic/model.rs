//! What a Claude model can do, by its name (Anthropic's "Models overview", "Extended thinking", "Adaptive thinking", "Effort").
//!
//! Names come with dates, clouds and variants: `claude-3-7-sonnet-20250219`, `anthropic/claude-opus-4.6`,
//! `claude-sonnet-4-5@20250929`. Of a model that is not known nothing is assumed.

/// A version as it is compared: 4.5 is `(4, 5)`.
type Version = (u32, u32);

/// How a model is told to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thinks {
    /// It does not think, and refuses to be asked to.
    Never,
    /// With a budget of tokens.
    Budget,
    /// Either way, or not known.
    Both,
    /// As much as it sees fit; a budget is refused.
    Adaptive,
}

/// A model, as far as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Model {
    /// It is one of Anthropic's.
    pub(crate) is_claude: bool,
    version: Option<Version>,
    family: Family,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Opus,
    Haiku,
    /// Those that always think: Fable and Mythos.
    Thinker,
    Other,
}

/// Steps of effort, in their order.
const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];

/// What a request gets that names no limit: Claude Code's own default, which leaves room for files and for thinking and keeps an
/// answer that is not streamed within ten minutes.
const SENSIBLE_TOKENS: u64 = 32_000;

impl Model {
    pub(crate) fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let Some((_, rest)) = name.split_once("claude") else {
            return Self { is_claude: name.contains("anthropic"), version: None, family: Family::Other };
        };
        // `[1m]` asks for the long context of the same model.
        let rest = rest.split('[').next().unwrap_or_default();
        let words = || rest.split(|character: char| !character.is_ascii_alphanumeric());
        // Dates have eight digits; a version has one or two.
        let mut numbers = words().filter(|word| (1..=2).contains(&word.len())).filter_map(|word| word.parse().ok());
        let version = numbers.next().map(|major| (major, numbers.next().unwrap_or(0)));
        let family = words().find_map(|word| match word {
            "opus" => Some(Family::Opus),
            "haiku" => Some(Family::Haiku),
            "fable" | "mythos" => Some(Family::Thinker),
            _ => None,
        });
        Self { is_claude: true, version, family: family.unwrap_or(Family::Other) }
    }

    pub(crate) fn thinks(&self) -> Thinks {
        match self.version {
            _ if self.family == Family::Thinker => Thinks::Adaptive,
            None => Thinks::Both,
            Some(version) if version < (3, 7) => Thinks::Never,
            Some(version) if version < (4, 6) => Thinks::Budget,
            Some((4, 6)) => Thinks::Both,
            Some(_) => Thinks::Adaptive,
        }
    }

    /// It cannot be told not to think.
    pub(crate) fn always_thinks(&self) -> bool {
        self.family == Family::Thinker
    }

    /// The step of effort that the model knows for one that is asked for; `None` where it knows none.
    pub(crate) fn effort(&self, asked: &str) -> Option<&'static str> {
        let known = match (self.thinks(), self.version) {
            (_, None) => EFFORTS.len(),
            (_, Some((4, 5))) if self.family == Family::Opus => 3,
            (Thinks::Never | Thinks::Budget, _) => 0,
            (_, Some((4, 6))) if asked == "xhigh" => 3,
            _ => EFFORTS.len(),
        };
        let asked = EFFORTS.iter().position(|step| *step == asked)?;
        EFFORTS.get(asked.min(known.checked_sub(1)?)).copied()
    }

    /// Temperature and its like are refused ("Migrating to Claude Opus 4.7").
    pub(crate) fn refuses_sampling(&self) -> bool {
        self.thinks() == Thinks::Adaptive
    }

    /// "`temperature` and `top_p` cannot both be specified for this model": from Opus 4.1 on.
    pub(crate) fn takes_one_of_temperature_and_top_p(&self) -> bool {
        self.version.is_some_and(|version| version >= (4, 1))
    }

    /// The most tokens of an answer.
    pub(crate) fn most_tokens(&self) -> Option<u64> {
        Some(match (self.version?, self.family) {
            (version, _) if version < (3, 5) => 4_096,
            (version, _) if version < (3, 7) => 8_192,
            ((4, 0 | 1), Family::Opus) => 32_000,
            (version, family) if version < (4, 6) || family == Family::Haiku => 64_000,
            _ => 128_000,
        })
    }

    /// What a request asks for that names no limit.
    pub(crate) fn default_tokens(&self) -> Option<u64> {
        self.most_tokens().map(|most| most.min(SENSIBLE_TOKENS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_name() {
        for (name, version) in [
            ("claude-3-haiku-20240307", Some((3, 0))),
            ("claude-3-5-sonnet-20241022", Some((3, 5))),
            ("claude-3-7-sonnet-latest", Some((3, 7))),
            ("anthropic/claude-3.7-sonnet", Some((3, 7))),
            ("claude-sonnet-4@20250514", Some((4, 0))),
            ("claude-opus-4-1-20250805", Some((4, 1))),
            ("us.anthropic.claude-opus-4-5-20251101-v1:0", Some((4, 5))),
            ("claude-opus-4-6[1m]", Some((4, 6))),
            ("Claude-Sonnet-5", Some((5, 0))),
            ("claude-latest", None),
            ("glm-4.6", None),
        ] {
            assert_eq!(Model::of(name).version, version, "{name}");
            assert_eq!(Model::of(name).is_claude, name != "glm-4.6", "{name}");
        }
    }

    #[test]
    fn thinking_and_effort_by_version() {
        for (name, thinks, xhigh) in [
            ("claude-3-5-haiku-20241022", Thinks::Never, None),
            ("claude-haiku-4-5", Thinks::Budget, None),
            ("claude-opus-4-5", Thinks::Budget, Some("high")),
            ("claude-sonnet-4-6", Thinks::Both, Some("high")),
            ("claude-opus-4-7", Thinks::Adaptive, Some("xhigh")),
            ("claude-fable-5", Thinks::Adaptive, Some("xhigh")),
            ("claude-next", Thinks::Both, Some("xhigh")),
        ] {
            let model = Model::of(name);
            assert_eq!((model.thinks(), model.effort("xhigh")), (thinks, xhigh), "{name}");
        }
        assert_eq!(Model::of("claude-opus-4-6").effort("max"), Some("max"));
        assert_eq!(Model::of("claude-opus-4-6").effort("minimal"), None);
    }

    #[test]
    fn limits() {
        let of = |name| (Model::of(name).most_tokens(), Model::of(name).default_tokens());
        assert_eq!(of("claude-3-haiku-20240307"), (Some(4_096), Some(4_096)));
        assert_eq!(of("claude-opus-4-1"), (Some(32_000), Some(32_000)));
        assert_eq!(of("claude-sonnet-4-5"), (Some(64_000), Some(32_000)));
        assert_eq!(of("claude-opus-4-6"), (Some(128_000), Some(32_000)));
        assert_eq!(of("kimi-k2"), (None, None));
    }
}
