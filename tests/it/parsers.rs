//! Whatever comes, a parser says yes or no: it does not panic, and what it takes it gives back as it was.

use std::path::Path;

use pintle::agent::settings::{AgentSettings, Surroundings};
use pintle::domain::formats::{Format, check};
use pintle::domain::names::{EntryKey, EnvironmentName, GroupName, InstanceId, NamespaceName, UserName};
use pintle::domain::patterns::Pattern;
use pintle::domain::revisions::Cursor;
use pintle::service::tokens::TokenText;
use proptest::prelude::*;

const FORMATS: [Format; 8] = [
    Format::Yaml,
    Format::Json,
    Format::Toml,
    Format::Properties,
    Format::Xml,
    Format::Env,
    Format::Text,
    Format::Binary,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn names_are_kept_as_they_came_or_refused(text in "\\PC{0,80}|[a-z0-9._/%*-]{0,80}") {
        if let Ok(name) = EnvironmentName::parse(&text) { prop_assert_eq!(name.as_str(), &text); }
        if let Ok(name) = NamespaceName::parse(&text) { prop_assert_eq!(name.as_str(), &text); }
        if let Ok(name) = UserName::parse(&text) { prop_assert_eq!(name.as_str(), &text); }
        if let Ok(name) = GroupName::parse(&text) { prop_assert_eq!(name.as_str(), &text); }
        if let Ok(name) = InstanceId::parse(&text) { prop_assert_eq!(name.as_str(), &text); }
        if let Ok(key) = EntryKey::parse(&text) {
            prop_assert_eq!(key.as_str(), &text);
            prop_assert!(!text.split('/').any(|part| part.is_empty() || part == "." || part == ".."));
        }
        if let Ok(pattern) = Pattern::parse(&text) { prop_assert!(pattern.includes(&pattern)); }
    }

    #[test]
    fn cursors_and_tokens_are_what_they_say_or_refused(text in "\\PC{0,40}|[0-9.]{0,45}|pintle_[0-9a-f]{100,110}") {
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string().parse::<Cursor>().ok(), Some(cursor));
        }
        if let Some(token) = TokenText::parse(&text) { prop_assert_eq!(token.reveal(), text.to_lowercase()); }
    }

    #[test]
    fn settings_of_the_agent_are_read_or_refused(text in "\\PC{0,200}|(server|services|name|files|namespaces|check|: |\n  |- |\\[|\\{|a|1){0,60}") {
        let surroundings = Surroundings { host: "host".to_owned(), server: None };
        let _ = AgentSettings::parse(&text, Path::new("agent.yaml"), &surroundings);
    }

    #[test]
    fn contents_of_every_format_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "[\\PC\n\t :{}\\[\\]&*!<>=#\"'-]{0,200}") {
        for format in FORMATS {
            let _ = check(format, &bytes);
            let _ = check(format, text.as_bytes());
        }
    }
}
