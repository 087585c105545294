//! YAML as its users write it, and what only looks like it.

use crate::domain::formats::{Format, Values, check, values};
use serde_json::{Value, json};

fn fault(text: &str) -> (u32, u32, String) {
    let error = check(Format::Yaml, text.as_bytes()).unwrap_err();
    (error.line, error.column, error.message)
}

fn read(text: &str) -> Value {
    assert_eq!(check(Format::Yaml, text.as_bytes()), Ok(Vec::new()), "{text}");
    values(Format::Yaml, text.as_bytes()).unwrap().to_json()
}

#[test]
fn what_users_write_is_accepted() {
    for text in [
        "",
        "# only a comment\n",
        "---\n...\n",
        "a: 1\r\nb:\r\n  - x\r\n  - y\r\n",
        "a: |\n  text\n  more\nb: >-\n  folded\n",
        "%YAML 1.2\n---\na: 1\n",
        "%TAG !e! tag:example.com,2000:\n---\na: !e!x 1\n",
        "a: !Ref b\nc: !Sub\n  - x\n  - {y: z}\n",
        "? [a, b]\n: 1\n? {c: d}\n: 2\n",
        "a: {b: c, d: [e, f]}\n",
        "\"quoted key\": 'it''s'\n",
        "key with spaces: url://x:80/#y\n",
        "- a\n-\n- ~\n",
        "just text",
        "a: *b\n".replace("*b", "&b x").as_str(),
    ] {
        assert_eq!(check(Format::Yaml, text.as_bytes()), Ok(Vec::new()), "{text}");
    }
}

#[test]
fn broken_yaml_is_refused() {
    for text in ["a: b: c", "a:\n\t- b", "[a", "{a: b", "a: *b", "'x", "- a\nb: c", "a: @x", "%TAG\n---\n"] {
        assert!(check(Format::Yaml, text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_repeated_key_is_refused_at_its_second_place() {
    assert_eq!(fault("a: 1\né:\n  b: 1\n  c: 2\n  b: 3\n"), (5, 3, "the key is repeated in this mapping".into()));
    assert_eq!(fault("{é: 1, a: 2, é: 3}").1, 14);
    assert_eq!(fault("\u{feff}a: 1\r\na: 2\r\n").0, 2);
    assert_eq!(fault("---\na: 1\n---\nb: 1\nb: 2\n").0, 5);
}

#[test]
fn keys_are_compared_by_what_they_mean() {
    for text in [
        "a: 1\n\"a\": 2",
        "a: 1\n'a': 2",
        "a: 1\n!!str a: 2",
        "\"1\": 1\n!!str 1: 2",
        "~: 1\nnull: 2",
        "true: 1\nTrue: 2",
        "&x a: 1\n*x : 2",
        "? [a, b]\n: 1\n? [a, b]\n: 2",
        "? {a: 1, b: 2}\n: 1\n? {b: 2, a: 1}\n: 2",
    ] {
        assert!(fault(text).2.contains("repeated"), "{text}");
    }
    for text in
        ["1: a\n\"1\": b", "a: 1\nA: 2", "!x a: 1\na: 2", "? [a, b]\n: 1\n? [b, a]\n: 2", "a: {a: 1}\nb: {a: 1}"]
    {
        assert!(check(Format::Yaml, text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn keys_that_read_the_same_as_text_have_no_values() {
    assert_eq!(values(Format::Yaml, b"1: a\n\"1\": b"), None);
    assert_eq!(read("1: a\n2: b\n~: c\n[x, y]: d\n"), json!({"1": "a", "2": "b", "null": "c", "[\"x\",\"y\"]": "d"}));
}

#[test]
fn one_document_is_itself_and_several_are_a_list() {
    assert_eq!(read(""), Value::Null);
    assert_eq!(read("a: 1"), json!({"a": 1}));
    assert_eq!(read("a: 1\n---\n- b\n---\n"), json!([{"a": 1}, ["b"], null]));
}

#[test]
fn order_and_numbers_are_kept_as_written() {
    let Some(Values::Map(entries)) = values(Format::Yaml, b"z: 0x1F\na: 1.0\nm: 12345678901234567890123\n") else {
        unreachable!()
    };
    let number = |text: &str| Values::Number(text.to_owned());
    assert_eq!(
        entries,
        [
            ("z".to_owned(), number("0x1F")),
            ("a".to_owned(), number("1.0")),
            ("m".to_owned(), number("12345678901234567890123")),
        ]
    );
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    let text = "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\nx:\n  <<: *base\n  b: 9\ny:\n  <<: [*other, *base]\nz:\n  <<: *base\n  <<: *other\nw: [*base]\n";
    let read = read(text);
    assert_eq!(read["x"], json!({"a": 1, "b": 9}));
    assert_eq!(read["y"], json!({"b": 3, "c": 4, "a": 1}));
    assert_eq!(read["z"], json!({"a": 1, "b": 2, "c": 4}));
    assert_eq!(read["w"], json!([{"a": 1, "b": 2}]));
}

#[test]
fn merged_mappings_may_merge_themselves() {
    let text = "a: &a {x: 1}\nb: &b\n  <<: *a\n  y: 2\nc:\n  <<: *b\n  z: 3\n";
    assert_eq!(read(text)["c"], json!({"x": 1, "y": 2, "z": 3}));
}

#[test]
fn a_quoted_merge_key_is_an_ordinary_key() {
    assert_eq!(read("\"<<\": 1"), json!({"<<": 1}));
    assert_eq!(fault("a: 1\n<<: 5\n"), (2, 5, "a merge key `<<` takes a mapping or a list of mappings".into()));
    assert_eq!(fault("<<: [{a: 1}, 5]\n").1, 5);
}

#[test]
fn an_alias_must_be_known_in_its_own_document() {
    assert_eq!((fault("a: 1\nb: *x\n").0, fault("a: 1\nb: *x\n").1), (2, 4));
    assert_eq!((fault("a: &x 1\n---\nb: *x\n").0, fault("a: &x 1\n---\nb: *x\n").1), (3, 4));
    assert!(fault("a: &x [*x]\n").2.contains("within"));
    assert_eq!(read("a: &x 1\nb: &x 2\nc: *x\n"), json!({"a": 1, "b": 2, "c": 2}));
}

#[test]
fn tags_of_their_own_are_kept() {
    assert_eq!(
        read("a: !Ref b\nc: !Sub [x]\nd: !!set {e}\n"),
        json!({"a": {"!Ref": "b"}, "c": {"!Sub": ["x"]}, "d": {"!!set": {"e": null}}})
    );
    assert_eq!(read("a: !!str 1\nb: !!map {}\nc: !!seq []\n"), json!({"a": "1", "b": {}, "c": []}));
}

/// A list of ten, a list of ten aliases of it, and so on.
fn laughs(levels: usize) -> String {
    let mut text = "l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..levels {
        let aliases = vec![format!("*l{}", level - 1); 10].join(", ");
        text.extend([format!("l{level}: &l{level} [{aliases}]\n")]);
    }
    text
}

#[test]
fn a_billion_laughs_are_refused_without_expanding_them() {
    assert!(check(Format::Yaml, laughs(4).as_bytes()).is_ok());
    for levels in [5, 6, 9, 40] {
        let (line, _, message) = fault(&laughs(levels));
        assert!(message.contains("expand"), "{message}");
        assert!(line > 1);
        assert_eq!(values(Format::Yaml, laughs(levels).as_bytes()), None);
    }
}

#[test]
fn a_long_text_is_not_repeated_without_bound() {
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(10_000));
    assert!(check(Format::Yaml, text.as_bytes()).is_ok(), "ten thousand nodes are few");
    assert_eq!(values(Format::Yaml, text.as_bytes()), None, "but a gigabyte of text is much");
}

#[test]
fn many_nodes_without_aliases_are_fine() {
    let text = format!("[{}]", "a,".repeat(300_000));
    assert!(check(Format::Yaml, text.as_bytes()).is_ok());
}

#[test]
fn nesting_has_a_limit_with_aliases_expanded() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(check(Format::Yaml, nested(128).as_bytes()).is_ok());
    assert!(fault(&nested(129)).2.contains("128 levels"));
    assert!(fault(&nested(1000)).2.contains("128 levels"));
    let (open, close) = ("[".repeat(60), "]".repeat(60));
    let mut text = format!("a0: &a0 {open}{close}\n");
    for level in 1..3 {
        text.extend([format!("a{level}: &a{level} {open}*a{}{close}\n", level - 1)]);
    }
    let (line, column, message) = fault(&text);
    assert_eq!((line, column), (3, 69), "{message}");
}

#[test]
fn a_tag_prefix_is_not_copied_without_bound() {
    let text = format!("%TAG ! tag:{}\n---\n- !a b\n", "x".repeat(2000));
    assert_eq!(fault(&text).0, 1);
}

#[test]
fn errors_of_the_parser_have_their_place() {
    let (line, column, _) = fault("a: 1\nb: [1, 2\nc: é\n");
    assert!(line >= 2 && column >= 1);
    let (line, column, message) = fault("a:\n{<<");
    assert_eq!((line, column), (2, 4), "the end, not a line after it: {message}");
    assert_eq!(fault("é: @x"), (1, 4, "unexpected character: `@'".into()));
}
