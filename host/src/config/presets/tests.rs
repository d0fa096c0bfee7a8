//! The table: every entry is sound, found by all its names, and reached by every address that people write for it.

use std::collections::HashSet;

use super::*;

#[test]
fn every_name_is_of_one_preset_only() {
    let mut seen = HashSet::new();
    for preset in all() {
        for name in preset.names() {
            let plain = name.to_ascii_lowercase().replace(['-', '_'], "");
            assert!(seen.insert(plain), "{name}");
            assert!(std::ptr::eq(named(&name.to_uppercase()).unwrap(), preset), "{name}");
            assert!(!name.contains([',', '/']), "{name} would not do in `provider,model`");
        }
    }
    assert!(all().len() > 50);
}

#[test]
fn every_address_is_https_or_on_this_machine() {
    for preset in all() {
        let Some(written) = &preset.url else {
            assert!(preset.url_hint.is_some(), "{}", preset.name);
            continue;
        };
        let url = preset.base_url().unwrap();
        assert!(url.scheme() == "https" || url.host_str() == Some("127.0.0.1"), "{}", preset.name);
        assert!(!written.ends_with('/') && url.query().is_none(), "{written}");
        assert_eq!(
            url.host_str() == Some("127.0.0.1") || preset.key_optional,
            preset.key.is_empty() || preset.key_optional
        );
    }
}

#[test]
fn limits_are_above_nothing_and_within_the_window() {
    for preset in all() {
        for model in &preset.models {
            assert!(model.context.is_none_or(|context| context >= 8192), "{} {}", preset.name, model.name);
            assert!(model.output.is_none_or(|output| output >= 4096), "{} {}", preset.name, model.name);
            assert!(model.output <= model.context || model.context.is_none(), "{} {}", preset.name, model.name);
        }
    }
}

#[test]
fn an_address_belongs_to_the_preset_with_the_most_of_its_path() {
    for (url, name) in [
        ("https://api.deepseek.com/chat/completions", "deepseek"),
        ("https://api.deepseek.com", "deepseek"),
        ("https://api.deepseek.com/anthropic", "deepseek-anthropic"),
        ("https://api.z.ai/api/coding/paas/v4/chat/completions", "zai-coding"),
        ("https://api.z.ai/api/anthropic/v1/messages?x=y", "zai-anthropic"),
        ("https://api.openai.com/v1", "openai"),
        ("http://localhost:11434/v1/chat/completions", "ollama"),
    ] {
        assert_eq!(at(&url.parse().unwrap()).unwrap().name, name, "{url}");
    }
    for url in
        ["http://api.deepseek.com/v1", "https://api.deepseek.com:8443/v1", "https://deepseek.com", "http://localhost/"]
    {
        assert!(at(&url.parse().unwrap()).is_none(), "{url}");
    }
    for preset in all().iter().filter(|preset| preset.name != "openai-responses") {
        let Some(url) = preset.base_url() else { continue };
        assert_eq!(at(&url).unwrap().name, preset.name);
    }
}

#[test]
fn the_formats_of_claude_code_router_are_known() {
    for (written, protocol) in [
        ("openai_chat_completions", "openai"),
        ("OpenAI_Responses", "openai-responses"),
        ("anthropic_messages", "anthropic"),
        ("gemini_generate_content", "gemini"),
        ("openai", "openai"),
        ("my-own", "my-own"),
    ] {
        assert_eq!(protocol_of_type(written), protocol);
    }
    assert!(serves_type("anthropic") && serves_type("openai_chat_completions"));
    assert!(!serves_type("openai_image_generations") && !serves_type("gemini_interactions"));
}

#[test]
fn names_nearly_right_are_recognised() {
    assert_eq!(nearest_name("deepsek"), Some("deepseek"));
    assert_eq!(nearest_name("something else entirely"), None);
}

#[test]
fn the_documented_table_is_this_one() {
    const BEGIN: &str = "<!-- The table of presets: kept equal to host/src/config/presets/table.json by a test. -->\n";
    const END: &str = "<!-- End of the table of presets. -->";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/config.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let table = documented();
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(written, table, "run the tests with UPDATE_FIXTURES=1");
    }
}

fn documented() -> String {
    let quoted = |text: &str| format!("`{text}`");
    let mut rows = "| Name (also) | Protocol | Base URL | Key | Sets |\n|---|---|---|---|---|\n".to_owned();
    for preset in all() {
        let aliases = preset.aliases.iter().map(|alias| quoted(alias)).collect::<Vec<_>>().join(", ");
        let also = if aliases.is_empty() { aliases } else { format!(" ({aliases})") };
        let url = match (&preset.url, &preset.url_hint) {
            (Some(url), _) => quoted(url),
            (None, hint) => format!("yours, as {}", quoted(hint.as_deref().unwrap_or_default())),
        };
        let key = match preset.key.iter().map(|key| quoted(key)).collect::<Vec<_>>().join(" or ") {
            none if none.is_empty() => "–".to_owned(),
            some if preset.key_optional => format!("{some}, if any"),
            some => some,
        };
        let transformers = preset.transformers.iter().map(|entry| quoted(&entry.to_string().replace('"', "")));
        let options = preset
            .options
            .iter()
            .chain(&preset.named_options)
            .map(|(name, value)| quoted(&format!("{name}: {value}").replace('"', "")));
        let sets = transformers.chain(options).collect::<Vec<_>>().join(", ");
        let row = format!("| `{}`{also} | `{}` | {url} | {key} | {sets} |\n", preset.name, preset.protocol);
        rows.push_str(&row);
    }
    rows
}
