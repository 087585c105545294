//! What a scalar means: the core schema of YAML 1.2.2 (section 10.3) and tags.

use saphyr_parser::Tag;

use crate::domain::formats::Values;

/// The prefix of the tags that YAML itself defines, written `!!`.
const CORE: &str = "tag:yaml.org,2002:";

/// The value of a scalar. A plain one is typed by its text, any other is a string, and a tag decides over both.
///
/// A core tag that the text does not fit (`!!int x`) is kept as a tag of the text rather than refused: it is the reader's matter.
pub(super) fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Values {
    let string = || Values::String(text.to_owned());
    let value = match tag {
        None if plain => plain_value(text),
        None | Some("!" | "!!str") => return string(),
        Some("!!null") if is_null(text) => Values::Null,
        Some("!!bool") => truth(text).map_or_else(string, Values::Bool),
        Some("!!int") if is_integer(text) => Values::Number(text.to_owned()),
        Some("!!float") if is_integer(text) || is_float(text) => Values::Number(text.to_owned()),
        Some(_) => string(),
    };
    match (tag, &value) {
        (Some(tag), Values::String(_)) => Values::Tagged(tag.to_owned(), Box::new(value)),
        _ => value,
    }
}

/// A tag as it is usually written: `!!name` for YAML's own, `!name` for local ones, `!<uri>` for any other.
pub(super) fn tag_name(tag: &Tag) -> String {
    let full = format!("{}{}", tag.handle, tag.suffix);
    if let Some(name) = full.strip_prefix(CORE) {
        format!("!!{name}")
    } else if full.starts_with('!') {
        full
    } else {
        format!("!<{full}>")
    }
}

/// Whether this is how a merge key is written: plain, or tagged so.
pub(super) fn is_merge(text: &str, plain: bool, tag: Option<&str>) -> bool {
    text == "<<" && ((plain && tag.is_none()) || tag == Some("!!merge"))
}

fn plain_value(text: &str) -> Values {
    if is_null(text) {
        Values::Null
    } else if let Some(truth) = truth(text) {
        Values::Bool(truth)
    } else if is_integer(text) || is_float(text) {
        Values::Number(text.to_owned())
    } else {
        Values::String(text.to_owned())
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn is_integer(text: &str) -> bool {
    let all = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    if let Some(digits) = text.strip_prefix("0o") {
        all(digits, 8)
    } else if let Some(digits) = text.strip_prefix("0x") {
        all(digits, 16)
    } else {
        all(unsigned(text), 10)
    }
}

fn is_float(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") || matches!(unsigned(text), ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let (mantissa, exponent) = unsigned(text)
        .split_once(['e', 'E'])
        .map_or((unsigned(text), None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| !unsigned(exponent).is_empty() && digits(unsigned(exponent)));
    !(whole.is_empty() && fraction.is_empty()) && digits(whole) && digits(fraction) && exponent_fits
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Values {
        resolve(text, true, None)
    }

    #[test]
    fn plain_scalars_are_typed_by_the_core_schema() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Values::Null, "{text}");
        }
        assert_eq!(plain("True"), Values::Bool(true));
        assert_eq!(plain("FALSE"), Values::Bool(false));
        for text in [
            "0", "-1", "+12", "007", "0o17", "0xFf", "1.", "1.5", "-.5", "1e3", "12e03", "-2E+05", ".inf", "-.INF",
            "+.Inf", ".NaN",
        ] {
            assert_eq!(plain(text), Values::Number(text.to_owned()), "{text}");
        }
        for text in [
            "yes", "no", "on", "off", "nULL", "tRUE", ".", "-", "+", "1_000", "1:30", "0b1", "0o8", "0x", "e5", ".e5",
            "1e", "1e+", "--1", "1.2.3", "-.nan", "1 2", "２", "0x-1",
        ] {
            assert_eq!(plain(text), Values::String(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn tags_decide_over_text_and_quotes() {
        assert_eq!(resolve("1", true, Some("!!str")), Values::String("1".into()));
        assert_eq!(resolve("1", true, Some("!")), Values::String("1".into()));
        assert_eq!(resolve("1", false, Some("!!int")), Values::Number("1".into()));
        assert_eq!(resolve("1", true, Some("!!float")), Values::Number("1".into()));
        assert_eq!(resolve("true", false, Some("!!bool")), Values::Bool(true));
        let tagged = |tag: &str| Values::Tagged(tag.into(), Box::new(Values::String("x".into())));
        assert_eq!(resolve("x", true, Some("!Ref")), tagged("!Ref"));
        assert_eq!(resolve("x", true, Some("!!int")), tagged("!!int"));
    }

    #[test]
    fn tags_are_named_as_written() {
        let name = |handle: &str, suffix: &str| tag_name(&Tag { handle: handle.into(), suffix: suffix.into() });
        assert_eq!(name(CORE, "str"), "!!str");
        assert_eq!(name("", "tag:yaml.org,2002:str"), "!!str");
        assert_eq!(name("!", "Ref"), "!Ref");
        assert_eq!(name("", "!"), "!");
        assert_eq!(name("tag:example.com,2000:", "x"), "!<tag:example.com,2000:x>");
    }
}
