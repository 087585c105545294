//! The rules of the house, read from the sources: which module may use which, and what a file may look like.

#![expect(clippy::unwrap_used, reason = "the functions that tests are built of may fail the test")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What each module may use besides itself. One that is not listed here is a mistake, and so is a new arrow.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("api", &["domain"]),
    ("metrics", &[]),
    ("store", &["domain"]),
    ("view", &["domain"]),
    ("service", &["domain", "metrics", "store", "view"]),
    ("feed", &["api", "domain", "metrics", "service", "store", "view"]),
    ("http", &["api", "domain", "feed", "metrics", "service"]),
    ("client", &["api", "domain"]),
    ("agent", &["api", "client", "domain"]),
    ("runtime", &["domain", "service"]),
    ("cli", &["agent", "api", "client", "domain", "feed", "http", "metrics", "runtime", "service", "store", "view"]),
];

/// Crates that only these folders and files may name.
const BOUNDED: &[(&str, &[&str])] = &[
    ("sqlx", &["store/"]),
    ("axum", &["http/", "cli/node.rs"]),
    ("clap", &["cli/", "runtime/"]),
    ("anyhow", &["cli/"]),
];

/// What the domain never does: wait, speak to the outside, or look at a clock.
const IMPURE: &[&str] = &[
    "async fn",
    ".await",
    "tokio::",
    "reqwest::",
    "tracing::",
    "futures_util::",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime",
    "now_utc",
    "new_v4",
];

/// Lines a file may have, without its tests.
const LINES: usize = 500;

/// A file of `src/`.
struct Source {
    /// Below `src/`.
    path: String,
    text: String,
}

impl Source {
    /// The first part of the path: the module that the arrows are about.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Whether `super` is the crate here.
    fn is_root_of_module(&self) -> bool {
        self.path == format!("{}/mod.rs", self.module()) || self.path == format!("{}.rs", self.module())
    }

    /// The lines before the tests, numbered from 1. A file of tests has none.
    fn untested(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_tests = self.path.ends_with("/tests.rs");
        let tests = self.text.find("\n#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        let text = if is_tests { "" } else { self.text.get(..tests).unwrap_or_default() };
        text.lines().enumerate().map(|(number, line)| (number + 1, line))
    }

    /// The lines that are not comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(number, line)| (number + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The modules of the crate that the code names, each with its line.
    fn uses(&self) -> Vec<(usize, String)> {
        let code = self.code().fold(String::new(), |mut all, (number, line)| {
            // Names are looked up in one text, since a group may go over many lines.
            writeln!(all, "\u{0}{number}\u{0}{line}").unwrap();
            all
        });
        let mut found = Vec::new();
        for (at, _) in code.match_indices("crate::") {
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let line = code[..at].split('\u{0}').rev().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
            let rest = &code[at + "crate::".len()..];
            match rest.strip_prefix('{') {
                Some(group) => found.extend(group_heads(group).into_iter().map(|name| (line, name))),
                None => found.push((line, name_at(rest))),
            }
        }
        found
    }
}

/// The identifier that a text begins with.
fn name_at(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first identifiers of the members of a group, up to its closing brace.
fn group_heads(text: &str) -> Vec<String> {
    let (mut depth, mut start, mut heads) = (0, true, Vec::new());
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '\u{0}' => while rest.next().is_some_and(|(_, c)| c != '\u{0}') {},
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && c.is_alphabetic() => {
                heads.push(name_at(&text[at..]));
                start = false;
            }
            _ => {}
        }
    }
    heads
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for file in folder.read_dir().unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn files_of(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths = Vec::new();
    rust_files(&root, &mut paths);
    paths.sort();
    let read = |path: PathBuf| Source {
        path: path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
        text: std::fs::read_to_string(&path).unwrap(),
    };
    paths.into_iter().map(read).collect()
}

/// The modules; the two files that are not part of one are the map and the way in.
fn sources() -> Vec<Source> {
    files_of("src").into_iter().filter(|source| !matches!(source.path.as_str(), "lib.rs" | "main.rs")).collect()
}

fn assert_none(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}:\n  {}", violations.join("\n  "));
}

/// Whether a line names a crate, as a word followed by a path, or in a use; what stands in quotes is no code.
fn names(line: &str, name: &str) -> bool {
    let line: String = line.split('"').step_by(2).collect();
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        let word = before.is_none_or(|c| !c.is_alphanumeric() && !"_`-:".contains(c));
        word && (after.starts_with("::") || after.starts_with(';') || after.starts_with(" as "))
    })
}

#[test]
fn a_module_uses_only_what_its_arrows_allow() {
    let modules: BTreeSet<&str> = ARROWS.iter().map(|(module, _)| *module).collect();
    let mut violations = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = ARROWS.iter().find(|(module, _)| *module == source.module()) else {
            violations.push(format!("src/{}: the module {} has no arrows", source.path, source.module()));
            continue;
        };
        for (line, name) in source.uses() {
            if name != source.module() && modules.contains(name.as_str()) && !allowed.contains(&name.as_str()) {
                violations.push(format!("src/{}:{line}: {} may not use {name}", source.path, source.module()));
            }
        }
    }
    assert_none("an arrow runs the wrong way", &violations);
}

#[test]
fn the_root_of_a_module_does_not_reach_the_crate_by_super() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.is_root_of_module()) {
        let lines = source.untested().filter(|(_, line)| !line.trim_start().starts_with("//"));
        let bad = lines.filter(|(_, line)| line.contains("super::"));
        violations.extend(bad.map(|(number, _)| format!("src/{}:{number}", source.path)));
    }
    assert_none("arrows are written with crate::, never with super::", &violations);
}

#[test]
fn a_crate_of_one_layer_is_named_there_only() {
    let mut violations = Vec::new();
    for source in sources() {
        for (name, allowed) in BOUNDED {
            if allowed.iter().any(|place| source.path.starts_with(place)) {
                continue;
            }
            let lines = source.code().filter(|(_, line)| names(line, name));
            violations.extend(lines.map(|(number, _)| format!("src/{}:{number}: {name}", source.path)));
        }
    }
    assert_none("a crate outside its layer", &violations);
}

#[test]
fn the_domain_is_pure() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.module() == "domain") {
        for (number, line) in source.untested().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let bad = IMPURE.iter().filter(|word| line.contains(**word));
            violations.extend(bad.map(|word| format!("src/{}:{number}: {word}", source.path)));
        }
    }
    assert_none("the domain has no async, no I/O and no clock", &violations);
}

#[test]
fn a_file_says_first_what_it_is() {
    let mut violations = Vec::new();
    for folder in ["src", "tests"] {
        let silent = files_of(folder).into_iter().filter(|source| !source.text.starts_with("//! "));
        violations.extend(silent.map(|source| format!("{folder}/{}:1", source.path)));
    }
    assert_none("a file must begin with //!", &violations);
}

#[test]
fn a_file_is_not_too_long() {
    let long = sources().into_iter().filter_map(|source| {
        let lines = source.untested().count();
        (lines > LINES).then(|| format!("src/{}:{LINES}: it has {lines} lines", source.path))
    });
    assert_none("a file has at most 500 lines without its tests", &long.collect::<Vec<_>>());
}

#[test]
fn nobody_climbs_two_modules_up_or_allows_a_lint() {
    let mut violations = Vec::new();
    for folder in ["src", "tests"] {
        // Written in two parts, so that this file does not name them.
        let words = [["super::", "super"].concat(), ["#[all", "ow("].concat(), ["#![all", "ow("].concat()];
        for source in files_of(folder) {
            for (number, line) in source.code() {
                let bad = words.iter().filter(|word| line.contains(word.as_str()));
                violations.extend(bad.map(|word| format!("{folder}/{}:{number}: {word}", source.path)));
            }
        }
    }
    assert_none("name things from the crate, and expect lints with a reason", &violations);
}

#[test]
fn uses_are_found_in_paths_and_in_groups() {
    let text = "//! use crate::no;\nuse crate::one::X;\nuse crate::{\n    two::{A, B},\n    three,\n};\nfn f(a: crate::four::Y) {}\n";
    let source = Source { path: "five/mod.rs".to_owned(), text: text.to_owned() };
    let found: Vec<(usize, String)> = source.uses();
    let expected = [(2, "one"), (3, "two"), (3, "three"), (7, "four")].map(|(line, name)| (line, name.to_owned()));
    assert_eq!(found, expected);
}
