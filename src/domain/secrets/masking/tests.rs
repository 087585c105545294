//! Masked text never shows a secret, leads back to the very same bytes, and cannot be used to move a secret.

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;

/// A tag that is not secret, for tests.
fn tag(path: &str, value: &[u8]) -> [u8; 8] {
    let hash = Sha256::new().chain_update(path).chain_update([0]).chain_update(value).finalize();
    *hash.first_chunk().unwrap()
}

fn marks(paths: &[&str]) -> Marks {
    Marks::paths(paths.iter().map(|path| (*path).to_owned())).unwrap()
}

fn original<'a>(format: Format, marks: &'a Marks, content: &'a str) -> Original<'a> {
    Original { format, marks, content: content.as_bytes() }
}

/// The masked text with each marker named by its number, in order.
fn shown(format: Format, paths: &[&str], content: &str) -> String {
    let marks = marks(paths);
    let masked = original(format, &marks, content).mask(&tag);
    let numbered = masked.hidden.iter().enumerate();
    numbered.fold(masked.text.clone(), |text, (at, hidden)| text.replace(&hidden.marker, &format!("<{at}>")))
}

#[test]
fn every_structured_format_is_masked_value_by_value() {
    let json = "{\n  \"db\": {\"user\": \"app\", \"password\": \"s3cret-value\"},\n  \"n\": [1, 22222222]\n}";
    assert_eq!(
        shown(Format::Json, &["/db/password", "/n/1"], json),
        "{\n  \"db\": {\"user\": \"app\", \"password\": \"<0>\"},\n  \"n\": [1, \"<1>\"]\n}"
    );
    let yaml = "db:\n  user: app # who\n  password: |\n    line one\n    line two\nnext: 1\n";
    assert_eq!(shown(Format::Yaml, &["/db/password"], yaml), "db:\n  user: app # who\n  password: <0>\nnext: 1\n");
    assert_eq!(shown(Format::Yaml, &["/db"], yaml), "db:\n  <0>\nnext: 1\n");
    let toml = "[db]\nuser = \"app\"\npassword = '''long\nvalue'''\n";
    assert_eq!(shown(Format::Toml, &["/db/password"], toml), "[db]\nuser = \"app\"\npassword = \"<0>\"\n");
    assert_eq!(shown(Format::Toml, &["/db"], toml), "[db]\nuser = \"<0>\"\npassword = \"<1>\"\n");
    let properties = "# c\ndb.user=app\ndb.password = a\\\n  b\n";
    assert_eq!(shown(Format::Properties, &["db.password"], properties), "# c\ndb.user=app\ndb.password = <0>\n");
    assert_eq!(shown(Format::Env, &["B"], "A=1\nB=\"x y\" # c\n"), "A=1\nB=<0> # c\n");
}

#[test]
fn what_cannot_be_masked_by_value_is_masked_whole() {
    for (format, paths, content) in [
        (Format::Yaml, &["/p"][..], "o: &x s3cret-value\np: *x\n"),
        (Format::Yaml, &["/p"], "p: &x s3cret-value\no: *x\n"),
        (Format::Yaml, &["/p"], "p: s3cret-value\nurl: http://u:s3cret-value@host\n"),
        (Format::Json, &["/p"], "{\"p\": \"s3cret-value\", \"q\": \"the s3cret-value again\"}"),
        (Format::Env, &["P"], "P=s3cret-value # s3cret-value\n"),
        (Format::Yaml, &["db.password"], "db.password: s3cret-value\n"),
        (Format::Text, &["/p"], "p: s3cret-value\n"),
        (Format::Yaml, &["/p"], "p: [s3cret-value\n"),
    ] {
        assert_eq!(shown(format, paths, content), "<0>\n", "{content}");
    }
    let masked = Original { format: Format::Binary, marks: &Marks::Whole, content: &[0xff, 0] }.mask(&tag);
    assert!(masked.text.starts_with(PREFIX) && masked.text.len() < 40);
}

#[test]
fn what_is_not_there_or_empty_is_not_masked() {
    let content = "a:\nb: ''\nc: 1\n";
    assert_eq!(shown(Format::Yaml, &["/a", "/x/y"], content), content);
    let marks = marks(&["/a", "/x/y", "/c"]);
    assert_eq!(original(Format::Yaml, &marks, content).missing(), ["/x/y"]);
}

#[test]
fn a_marker_changes_with_the_value_and_with_the_place() {
    let of = |content: &str| {
        let marks = marks(&["/a", "/b"]);
        let masked = original(Format::Json, &marks, content).mask(&tag);
        masked.hidden.into_iter().map(|hidden| hidden.marker).collect::<Vec<_>>()
    };
    let (before, after) = (of(r#"{"a":"same","b":"same"}"#), of(r#"{"a":"same","b":"other"}"#));
    assert_ne!(before[0], before[1], "equal values do not look equal");
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
}

#[test]
fn an_edit_keeps_replaces_and_removes_secrets() {
    let marks = marks(&["/p", "/q"]);
    let content = "p: |\n  one\n  two\nq: 'quoted'\nr: 1\n";
    let of = original(Format::Yaml, &marks, content);
    let masked = of.mask(&tag);
    let (p, q) = (masked.hidden[0].marker.as_str(), masked.hidden[1].marker.as_str());
    let edit = |text: &str| of.restore(&masked, Format::Yaml, text.as_bytes()).map(|text| text.map(to_text));
    assert_eq!(edit(&format!("r: 2\nq: {q}\np: {p}\n")).unwrap().unwrap(), "r: 2\nq: 'quoted'\np: |\n  one\n  two\n");
    assert_eq!(edit(&format!("q: \"{q}\"\np: new\n")).unwrap().unwrap(), "q: 'quoted'\np: new\n");
    assert_eq!(edit("r: 1\n"), Ok(None), "without markers nothing is put back");
}

fn to_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_marker_anywhere_else_is_refused_with_its_line() {
    let (own, content) = (marks(&["/p", "/q"]), "p: one-secret\nq: two-secret\nr: 1\n");
    let of = original(Format::Yaml, &own, content);
    let masked = of.mask(&tag);
    let (p, q) = (masked.hidden[0].marker.as_str(), masked.hidden[1].marker.as_str());
    for (text, line, problem) in [
        (format!("p: {p}\nq: {q}\nr: {p}\n"), 3, "keeps the value of /p only"),
        (format!("p: {q}\nq: {p}\n"), 1, "keeps the value of /q only"),
        (format!("x:\n  p: {p}\n"), 2, "keeps the value of /p only"),
        (format!("p: {p}{p}\n"), 1, "keeps the value of /p only"),
        (format!("p: prefix {p}\n"), 1, "keeps the value of /p only"),
        (format!("p: [{p}]\n"), 1, "keeps the value of /p only"),
        (format!("p: |\n  {p}\n"), 2, "keeps the value of /p only"),
        (format!("{p}: 1\n"), 1, "keeps the value of /p only"),
        (format!("p: {p}\nr: 1 # {q}\n"), 2, "keeps the value of /q only"),
        (format!("o: &x {p}\np: *x\n"), 1, "keeps the value of /p only"),
        ("r: __pintle_sealed_0000000000000000__\n".to_owned(), 1, "no value that the entry has"),
        ("p: __pintle_sealed_\n".to_owned(), 1, "no value that the entry has"),
        (format!("{p}\n"), 1, "keeps the value of /p only"),
    ] {
        let error = of.restore(&masked, Format::Yaml, text.as_bytes()).unwrap_err();
        assert!(error.line == line && error.problem.contains(problem), "{text}: {error}");
    }
    let other = of.restore(&masked, Format::Text, masked.text.as_bytes()).unwrap_err();
    assert!(other.problem.contains("of yaml only"), "{other}");
}

#[test]
fn the_marker_of_a_whole_content_must_be_all_of_it() {
    let of = Original { format: Format::Text, marks: &Marks::Whole, content: b"all of it" };
    let masked = of.mask(&tag);
    let marker = masked.text.trim_end();
    assert_eq!(of.restore(&masked, Format::Text, masked.text.as_bytes()).unwrap().unwrap(), b"all of it");
    let error = of.restore(&masked, Format::Text, format!("{marker}\nand more").as_bytes()).unwrap_err();
    assert!(error.problem.contains("must be all of it"), "{error}");
}

#[test]
fn a_marker_is_found_in_any_content() {
    assert_eq!(find_marker(b"a\nb __pintle_sealed_ab"), Some(2));
    assert_eq!(find_marker(b"__pintle_seal"), None);
}

/// A document with secrets at known paths: its text, the paths, and the secrets.
fn documents() -> impl Strategy<Value = (Format, String, Vec<String>, Vec<String>)> {
    let secret = "[a-zA-Z0-9 é'\"\\\\#:{}=/-]{9,24}";
    let entries = proptest::collection::btree_map("[a-z]{1,6}", (secret, any::<bool>(), 0_u8..4), 1..6);
    let format = prop_oneof![
        Just(Format::Json),
        Just(Format::Yaml),
        Just(Format::Toml),
        Just(Format::Properties),
        Just(Format::Env)
    ];
    (format, entries).prop_map(|(format, entries)| {
        let (mut lines, mut paths, mut secrets) = (Vec::new(), Vec::new(), Vec::new());
        for (name, (value, is_secret, style)) in &entries {
            let json = serde_json::to_string(value).unwrap();
            let (line, plain) = match format {
                Format::Json => (format!("\"{name}\": {json}"), value.clone()),
                Format::Yaml => match style {
                    0 => (format!("{name}: |\n  x{value}\n  y\n"), format!("x{value}")),
                    1 => (format!("{name}: '{}' # c", value.replace('\'', "''")), value.clone()),
                    2 => (format!("{name}:\n  - {json}\n  # c\n  - k: {json}"), value.clone()),
                    _ => (format!("{name}: {json}"), value.clone()),
                },
                Format::Toml => (format!("{name} = {json}"), value.clone()),
                Format::Properties => {
                    let value = value.replace(['\\', ' '], "_");
                    (format!("{name} = {value}"), value)
                }
                Format::Env | Format::Xml | Format::Text | Format::Binary => {
                    let value = value.replace('\'', "_");
                    (format!("{name}='{value}' # c"), value)
                }
            };
            lines.push(line);
            if *is_secret {
                paths.push(if format.is_structured() && !matches!(format, Format::Properties | Format::Env) {
                    format!("/{name}")
                } else {
                    name.clone()
                });
                secrets.push(plain);
            }
        }
        let text =
            if format == Format::Json { format!("{{\n{}\n}}", lines.join(",\n")) } else { lines.join("\n") + "\n" };
        (format, text, paths, secrets)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn masked_text_shows_no_secret_and_leads_back((format, text, paths, secrets) in documents()) {
        prop_assume!(!paths.is_empty());
        let marks = Marks::paths(paths).unwrap();
        let of = original(format, &marks, &text);
        let masked = of.mask(&tag);
        for secret in &secrets {
            prop_assert!(!masked.text.contains(secret.as_str()), "{secret:?} in {}", masked.text);
        }
        prop_assert!(find_marker(masked.text.as_bytes()).is_some());
        let restored = of.restore(&masked, format, masked.text.as_bytes()).unwrap().unwrap();
        prop_assert_eq!(to_text(restored), text);
    }

    #[test]
    fn a_marker_that_is_put_anywhere_never_brings_a_secret_to_another_path(
        (format, text, paths, _) in documents(), at in any::<prop::sample::Index>(), cut in 0_usize..8
    ) {
        prop_assume!(!paths.is_empty());
        let marks = Marks::paths(paths).unwrap();
        let of = original(format, &marks, &text);
        let masked = of.mask(&tag);
        let marker = masked.hidden[0].marker.as_str();
        let mut place = at.index(masked.text.len() + 1);
        while !masked.text.is_char_boundary(place) {
            place -= 1;
        }
        let mut end = (place + cut).min(masked.text.len());
        while !masked.text.is_char_boundary(end) {
            end += 1;
        }
        let edited = format!("{}{marker}{}", &masked.text[..place], &masked.text[end..]);
        if let Ok(Some(restored)) = of.restore(&masked, format, edited.as_bytes()) {
            // Whatever was accepted: masked again, no secret of before shows.
            let again = Original { content: &restored, ..of }.mask(&tag);
            let mut secrets = Vec::new();
            for hidden in &masked.hidden {
                let mut values = formats::values(format, text.as_bytes()).unwrap();
                texts(find(&mut values, &hidden.path).unwrap(), &mut secrets);
            }
            for secret in secrets.iter().filter(|secret| secret.len() >= NOTABLE) {
                prop_assert!(!again.text.contains(secret.as_str()), "{secret:?} in {}", again.text);
            }
        }
    }
}

#[test]
fn a_text_that_is_still_written_gets_the_values_that_are_known_and_keeps_the_rest() {
    let marks = marks(&["/a", "/b"]);
    let content = "a: first-secret\nb: second-secret\n";
    let original = original(Format::Yaml, &marks, content);
    let masked = original.mask(&tag);
    let [first, second] = [0, 1].map(|at| masked.hidden[at].marker.as_str());
    let known = |text: &str| {
        original.restore_known(&masked, Format::Yaml, text.as_bytes()).map(|text| String::from_utf8(text).unwrap())
    };
    let stray = super::marker([7; 8]);
    assert_eq!(known(&format!("a: {first}\nb: {stray}\n")), Some(format!("a: first-secret\nb: {stray}\n")));
    assert_eq!(known(&masked.text).as_deref(), Some(content));
    // At another place, in another format, in a text that does not parse: nothing is put anywhere.
    assert_eq!(known(&format!("a: {second}\nb: {first}\nc: {first}\n")), None);
    assert_eq!(known(&format!("a: {first}\nb: [")), None);
    assert_eq!(original.restore_known(&masked, Format::Json, format!("{{\"a\": \"{first}\"}}").as_bytes()), None);
    // The marker of a whole content stands for all of it only.
    let whole = Original { marks: &Marks::Whole, ..original };
    let masked = whole.mask(&tag);
    assert_eq!(whole.restore_known(&masked, Format::Yaml, masked.text.as_bytes()).unwrap(), content.as_bytes());
    let more = format!("x{}", masked.text);
    assert_eq!(whole.restore_known(&masked, Format::Yaml, more.as_bytes()), None);
}

#[test]
fn masking_what_is_masked_gives_the_same_again() {
    let marks = marks(&["/a", "/b"]);
    let stays = |path: &str, value: &[u8]| tag_of(value).unwrap_or_else(|| tag(path, value));
    for (format, content) in [
        (Format::Yaml, "a: first-secret\nb: 7\nc: shown\n"),
        (Format::Json, r#"{"a": "first-secret", "b": "x", "c": 1}"#),
        (Format::Toml, "a = \"first-secret\"\nb = 7\n"),
    ] {
        let once = original(format, &marks, content).mask(&stays).text;
        assert!(!once.contains("first-secret"));
        assert_eq!(original(format, &marks, &once).mask(&stays).text, once);
        // Also when only one of them is one.
        let half = once.replacen(&super::marker(tag("/b", b"7")), "new-secret", 1);
        assert!(!original(format, &marks, &half).mask(&stays).text.contains("new-secret"));
    }
}
