//! Values are found where they stand, or not at all.

use super::*;

fn paths(pointers: &[&str]) -> Vec<Vec<String>> {
    pointers.iter().map(|pointer| pointer.split('/').skip(1).map(str::to_owned).collect()).collect()
}

/// The texts of the places, in order; none when no place is told.
fn found<'a>(format: Format, text: &'a str, pointers: &[&str]) -> Option<Vec<&'a str>> {
    let found = places(format, text.as_bytes(), &paths(pointers))?;
    Some(found.into_iter().map(|place| &text[place.span]).collect())
}

#[test]
fn json_values_of_every_kind_are_found() {
    let text = "\u{feff}{ \"a\": {\"é\\u0062\": \"x\\\"y\", \"n\": -1.5e3}, \"l\": [1, {\"p\": null}, [true]], \"o\": { \"q\" : [ ] } }";
    let all = ["/a/éb", "/a/n", "/l/1/p", "/l/2", "/o", "/missing", "/l/9"];
    assert_eq!(found(Format::Json, text, &all).unwrap(), ["\"x\\\"y\"", "-1.5e3", "null", "[true]", "{ \"q\" : [ ] }"]);
    assert_eq!(found(Format::Json, "{\"a\":", &["/a"]), None);
}

#[test]
fn the_outer_of_two_places_counts() {
    assert_eq!(found(Format::Json, "{\"a\":{\"b\":1}}", &["/a", "/a/b"]).unwrap(), ["{\"b\":1}"]);
    assert_eq!(found(Format::Yaml, "a:\n  b: 1\n", &["/a", "/a/b"]).unwrap(), ["b: 1"]);
    assert_eq!(found(Format::Toml, "a = { b = 1 }\n", &["/a", "/a/b"]).unwrap(), ["{ b = 1 }"]);
}

#[test]
fn yaml_values_of_every_style_are_found() {
    let text = "é: plain text # comment\nq: 'it''s'\nd: \"a\\\"b\"   # c\nlit: |+\n  one\n  two\n\nfold: >-\n  x\n  y\nmulti: a\n  b\nflow: {k: [1, 2]}\nseq:\n- a\n- b: 1\n  c: 2\n# end\nempty:\nlast: end";
    let all = ["/é", "/q", "/d", "/lit", "/fold", "/multi", "/flow/k", "/seq/1", "/empty", "/last"];
    assert_eq!(
        found(Format::Yaml, text, &all).unwrap(),
        [
            "plain text",
            "'it''s'",
            "\"a\\\"b\"",
            "|+\n  one\n  two",
            ">-\n  x\n  y",
            "a\n  b",
            "[1, 2]",
            "b: 1\n  c: 2",
            "end"
        ]
    );
}

#[test]
fn yaml_with_windows_line_ends_and_several_documents_is_found() {
    assert_eq!(found(Format::Yaml, "a: é1\r\nb:\r\n  c: 2\r\n", &["/a", "/b"]).unwrap(), ["é1", "c: 2"]);
    assert_eq!(found(Format::Yaml, "a: 1\n---\na: 2\n", &["/1/a"]).unwrap(), ["2"]);
    assert_eq!(found(Format::Yaml, "a: 1\n---\na: 2\n", &["/a"]).unwrap(), Vec::<&str>::new());
}

#[test]
fn yaml_anchors_and_aliases_tell_no_place_where_they_matter() {
    for text in [
        "p: &x secret\nq: *x\n",
        "o: &x secret\np: *x\n",
        "o: &x {p: 1}\n<<: *x\n",
        "p:\n  k: &x 1\nq: *x\n",
        "o: &x 1\np: [*x]\n",
        "o: &x 1\np:\n  <<: {a: 1}\n",
    ] {
        assert_eq!(found(Format::Yaml, text, &["/p"]), None, "{text}");
    }
    assert_eq!(found(Format::Yaml, "o: &x {p: 1}\nr: *x\n", &["/r/p"]), None);
    assert_eq!(found(Format::Yaml, "o: &x 1\nr: *x\np: 2\n", &["/p"]).unwrap(), ["2"]);
}

#[test]
fn toml_values_are_found_in_all_the_ways_to_write_a_table() {
    let text =
        "a.b = 1\ni = { k = \"x\" }\n[t]\nu = '''\nlong\n'''\n[t.v]\nw = [\n 1,\n]\n[[s]]\np = 1\n[[s]]\np = 2\n";
    assert_eq!(found(Format::Toml, text, &["/a", "/i/k", "/t/v/w"]).unwrap(), ["1", "\"x\"", "[\n 1,\n]"]);
    assert_eq!(found(Format::Toml, text, &["/t"]).unwrap(), ["'''\nlong\n'''", "[\n 1,\n]"]);
    assert_eq!(found(Format::Toml, text, &["/s"]).unwrap(), ["1", "2"]);
    assert_eq!(found(Format::Toml, text, &["/s/1/p"]).unwrap(), ["2"]);
}

#[test]
fn properties_and_variables_are_found_as_often_as_they_are_written() {
    let text = "# c\na = one \\\n   two\nb:x\na=\\u0061 \nempty=\nk\\:e y = é\n";
    assert_eq!(
        found(Format::Properties, text, &["/a", "/empty", "/k:e"]).unwrap(),
        ["one \\\n   two", "\\u0061 ", "y = é"]
    );
    let text = "export A='x y' # c\nB=bare value # c\nC=\"l1\nl2\"\nA=2\nD=\n";
    assert_eq!(
        found(Format::Env, text, &["/A", "/B", "/C", "/D"]).unwrap(),
        ["'x y'", "bare value", "\"l1\nl2\"", "2"]
    );
}
