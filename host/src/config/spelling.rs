//! Names as people write them: keys in several spellings, names in any case, and the nearest name for a hint.

/// Whether two keys are the same but for case, `_` and `-`.
pub(super) fn same_key(a: &str, b: &str) -> bool {
    plain(a).eq(plain(b))
}

fn plain(key: &str) -> impl Iterator<Item = char> + '_ {
    key.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase())
}

/// Whether two names are the same but for case, in any script. Allocates nothing: it runs for every request.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    a == b || a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

/// The nearest of some names, and whether it is near enough to be what was meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<(&'a str, bool)> {
    /// Longer names are not typed by hand, and the distance takes time in the square of the length.
    const LONGEST: usize = 200;
    let wanted: String = plain(name).take(LONGEST).collect();
    let distance =
        |candidate: &&str| strsim::damerau_levenshtein(&wanted, &plain(candidate).take(LONGEST).collect::<String>());
    let (candidate, distance) =
        known.map(|candidate| (candidate, distance(&candidate))).min_by_key(|(_, distance)| *distance)?;
    // One slip in three letters is still a typing error; beyond that two words are different words.
    Some((candidate, distance <= (wanted.chars().count() / 3).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_compared_by_letters() {
        assert!(same_key("api_base_url", "apiBaseUrl"));
        assert!(same_key("APIKEY", "api-key"));
        assert!(!same_key("models", "model"));
        assert_eq!(nearest("api_kye", ["models", "api_key"].into_iter()), Some(("api_key", true)));
        assert_eq!(nearest("zzzzzzz", ["api_key"].into_iter()), Some(("api_key", false)));
    }
}
