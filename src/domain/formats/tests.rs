//! What the formats accept, refuse and warn of, format by format.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

#[test]
fn a_format_has_one_name_everywhere() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
        assert_eq!(format.to_string(), format.as_str());
        assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
    }
    assert_eq!("yml".parse::<Format>(), Err(UnknownFormat("yml".to_owned())));
}

#[test]
fn extensions_suggest_formats() {
    for (key, format) in [
        ("a.yaml", Some(Format::Yaml)),
        ("dir.json/a.YML", Some(Format::Yaml)),
        ("a.b.json", Some(Format::Json)),
        ("a.toml", Some(Format::Toml)),
        ("application-prod.properties", Some(Format::Properties)),
        ("log4j2.xml", Some(Format::Xml)),
        ("x/.env", Some(Format::Env)),
        (".env.production", Some(Format::Env)),
        ("prod.env", Some(Format::Env)),
        ("nginx.conf", Some(Format::Text)),
        ("ca.pem", Some(Format::Text)),
        ("logo.png", None),
        ("Makefile", None),
        (".yaml", None),
        ("env", None),
        ("", None),
    ] {
        assert_eq!(Format::from_extension(key), format, "{key}");
    }
}

#[test]
fn what_no_extension_tells_the_content_does() {
    assert_eq!(Format::guess("a", b"text"), Format::Text);
    assert_eq!(Format::guess("a", b"\xFF"), Format::Binary);
    assert_eq!(Format::guess("a", b"a\0"), Format::Binary);
    assert_eq!(Format::guess("a.crt", b"\x30\x82\xFF"), Format::Binary);
    assert_eq!(Format::guess("a.crt", b"-----BEGIN"), Format::Text);
    assert_eq!(Format::guess("a.yaml", b"\xFF"), Format::Yaml);
}

#[test]
fn only_binary_may_be_no_text() {
    for format in Format::ALL {
        let expected = format == Format::Binary;
        assert_eq!(check(format, b"\xFF\xFE").is_ok(), expected, "{format}");
        assert_eq!(check(format, b"a=1\n#\0").is_ok(), expected, "{format}");
    }
}

#[test]
fn empty_content_is_refused_by_json_and_xml_only() {
    for format in Format::ALL {
        let refused = matches!(format, Format::Json | Format::Xml);
        assert_eq!(check(format, b"").is_err(), refused, "{format}");
        assert_eq!(check(format, b"\xEF\xBB\xBF\r\n").is_err(), refused, "{format}");
    }
}

/// A small document of each text format, with LF.
const SAMPLES: [(Format, &str); 7] = [
    (Format::Yaml, "a: 1\nb:\n  - x\n  - |\n    text\n"),
    (Format::Json, "{\n  \"a\": 1,\n  \"b\": [\"x\"]\n}\n"),
    (Format::Toml, "a = 1\n[b]\nc = \"\"\"\nx\n\"\"\"\n"),
    (Format::Properties, "a=1\nb=x\\\n  y\n"),
    (Format::Xml, "<?xml version=\"1.0\"?>\n<a>\n  <b/>\n</a>\n"),
    (Format::Env, "A=1\nB='x\ny'\n"),
    (Format::Text, "a\nb\n"),
];

#[test]
fn a_byte_order_mark_and_crlf_are_accepted_everywhere() {
    for (format, text) in SAMPLES {
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let marked = format!("\u{feff}{text}");
            assert_eq!(check(format, text.as_bytes()), Ok(Vec::new()), "{format}");
            assert_eq!(check(format, marked.as_bytes()), Ok(Vec::new()), "{format}");
            assert_eq!(values(format, text.as_bytes()), values(format, marked.as_bytes()), "{format}");
            assert_eq!(values(format, text.as_bytes()).is_some(), format.is_structured(), "{format}");
        }
    }
}

/// Runs `work` on a thread with the stack that the server's worker threads have.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap();
    assert!(thread.join().is_ok());
}

#[test]
fn a_hundred_thousand_levels_are_refused_on_a_small_stack() {
    const LEVELS: usize = 100_000;
    let twice = |open: &str, close: &str| format!("{}{}", open.repeat(LEVELS), close.repeat(LEVELS));
    let mut documents = Vec::new();
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        documents.extend([Format::Yaml, Format::Json].map(|format| (format, twice(open, close))));
        documents.extend([Format::Yaml, Format::Json].map(|format| (format, open.repeat(LEVELS))));
    }
    for open in ["- ", "? ", "- ? ", "{? ", "!!seq [", "&a [", "[{a: "] {
        documents.push((Format::Yaml, open.repeat(LEVELS)));
    }
    let indented: Vec<String> = (0..1000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    documents.push((Format::Yaml, indented.concat()));
    for (open, close) in [("[", "]"), ("{a=", "}"), ("[{a=", "}]"), ("{a.a.a=", "}"), ("[\n", "]")] {
        documents.push((Format::Toml, format!("a = {}", twice(open, close))));
        documents.push((Format::Toml, format!("a = {}", open.repeat(LEVELS))));
        documents.push((Format::Toml, open.repeat(LEVELS)));
    }
    documents.push((Format::Toml, format!("{}a = 1", "a.".repeat(LEVELS))));
    documents.push((Format::Toml, format!("[{}a]", "a.".repeat(LEVELS))));
    documents.push((Format::Xml, twice("<a>", "</a>")));
    documents.push((Format::Xml, "<a>".repeat(LEVELS)));
    documents.push((Format::Xml, format!("<!DOCTYPE a {}", "[<!".repeat(LEVELS))));
    on_a_small_stack(move || {
        for (format, text) in documents {
            let start: String = text.chars().take(12).collect();
            assert!(check(format, text.as_bytes()).is_err(), "{format} {start}");
            assert_eq!(values(format, text.as_bytes()), None, "{format} {start}");
        }
    });
}

#[test]
fn flat_formats_have_no_depth_to_exhaust() {
    on_a_small_stack(|| {
        for text in ["a=\\\n", "\\\n", "\\", "a=\\u0041", "#\n", "A=\"\n", "A='", "A=1 \\\n"] {
            for format in [Format::Properties, Format::Env, Format::Text, Format::Binary] {
                let _judged = check(format, text.repeat(100_000).as_bytes());
            }
        }
    });
}

#[test]
fn the_deepest_accepted_documents_are_read_on_a_small_stack() {
    on_a_small_stack(|| {
        for format in [Format::Yaml, Format::Json] {
            let text = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
            assert!(values(format, text.as_bytes()).is_some_and(|values| values.to_json().is_array()));
        }
        let mut tables = String::new();
        for levels in 1..=80 {
            tables.extend([format!("[[{}]]\n", vec!["a"; levels].join("."))]);
        }
        tables.extend([format!("b = {}{}", "[".repeat(40), "]".repeat(40))]);
        let read = values(Format::Toml, tables.as_bytes());
        assert_eq!(read.is_some(), check(Format::Toml, tables.as_bytes()).is_ok());
        assert!(read.is_none_or(|values| values.to_json().is_object()));
    });
}

#[test]
fn large_content_is_judged_in_bounded_time() {
    // Debug builds included; what matters is that nothing is quadratic, which would take minutes.
    let started = Instant::now();
    for (format, unit) in [
        (Format::Yaml, "{a: b},"),
        (Format::Yaml, "- a: [b, c]\n"),
        (Format::Yaml, "- \"a\\n\"\n"),
        (Format::Yaml, "- &a *a\n"),
        (Format::Yaml, "---\n"),
        (Format::Yaml, "# c\n"),
        (Format::Json, "[],"),
        (Format::Toml, "[[a]]\n"),
        (Format::Toml, "#\n"),
        (Format::Properties, "a=\\\n"),
        (Format::Env, "A=1\n"),
        (Format::Xml, "<a/>"),
        (Format::Xml, "&amp;"),
    ] {
        let many = unit.repeat((1 << 18) / unit.len());
        for text in [many.clone(), format!("[{many}1]"), format!("<a>{many}</a>")] {
            let _judged = check(format, text.as_bytes());
            let _read = values(format, text.as_bytes());
        }
    }
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
}

/// Any JSON value whose numbers JSON prints as it reads them.
fn any_json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no such number", |number| number.is_finite()).prop_map(Value::from),
    ];
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number, ".*".prop_map(Value::from)];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((".*", inner), 0..6).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_check_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in Format::ALL {
            prop_assert_eq!(check(format, &content).is_err() && values(format, &content).is_some(), false);
        }
    }

    #[test]
    fn no_text_makes_a_check_panic(text in "([-?:,\\[\\]{}#&*!|>'\"%@` \t\r\n=<>/\\\\.a-cu0-9$é😀\u{feff}~]|&a |\\*a|<<: |---|!!|<a>|</a>|\"\"\"|'''){0,60}") {
        for format in Format::ALL {
            prop_assert_eq!(check(format, text.as_bytes()).is_err() && values(format, text.as_bytes()).is_some(), false);
        }
    }

    #[test]
    fn printed_json_passes_and_reads_back(value in any_json()) {
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(check(Format::Json, text.as_bytes()), Ok(Vec::new()));
            let read = values(Format::Json, text.as_bytes()).map(|values| values.to_json());
            let read = read.map(|read| serde_json::to_string(&read).unwrap());
            prop_assert_eq!(read, Some(serde_json::to_string(&value).unwrap()));
        }
    }

    #[test]
    fn json_is_judged_as_serde_json_judges_it(text in "([\\[\\]{},:]|true|null|-|0|1\\.5|\"a\"|\"b\"|\"\\\\u00e9\"|\"\\\\ud800\"| |\n|x){0,12}") {
        let theirs = serde_json::from_str::<Value>(&text);
        let ours = check(Format::Json, text.as_bytes());
        let repeated = ours.as_ref().is_err_and(|error| error.message.contains("repeated"));
        prop_assert_eq!(ours.is_ok() || repeated, theirs.is_ok(), "{:?} {:?}", ours, theirs);
    }

    #[test]
    fn places_lie_within_the_text(text in "[-\\[{a:\"'&*\r\né<=\\\\]{0,30}") {
        for format in Format::ALL {
            if let Err(error) = check(format, text.as_bytes()) {
                let lines = u32::try_from(text.chars().filter(|c| matches!(c, '\n' | '\r')).count()).unwrap() + 1;
                let columns = u32::try_from(text.chars().count()).unwrap() + 1;
                prop_assert!((1..=lines).contains(&error.line), "{format} {error}");
                prop_assert!((1..=columns).contains(&error.column), "{format} {error}");
            }
        }
    }
}
