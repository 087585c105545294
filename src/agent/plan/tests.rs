//! The rule of what is kept, case by case and against a model.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::agent::layers::Contents;
use crate::agent::layers::tests::{contents, place_of};
use crate::agent::settings::{AgentSettings, Surroundings};
use crate::client::watch::Secrecy;
use crate::domain::names::NamespaceName;

fn block(fields: &str) -> BlockSettings {
    let text = format!(
        "server: a\nservices:\n- {{name: web, environment: prod, namespaces: [shared, orders, orders.host], {fields}}}\n"
    );
    let surroundings = Surroundings { host: "h".to_owned(), server: None };
    AgentSettings::parse(&text, Path::new("agent.yaml"), &surroundings)
        .unwrap_or_else(|error| panic!("{error}"))
        .services
        .remove(0)
}

/// An agent that plans one state after the other, and runs what it plans.
struct Runner {
    block: BlockSettings,
    last: Option<Rendering>,
    deleted: BTreeSet<Place>,
}

impl Runner {
    fn new(fields: &str) -> Self {
        Self { block: block(fields), last: None, deleted: BTreeSet::new() }
    }

    fn see(&mut self, entries: &[(&str, &str)]) -> Result<&Rendering, String> {
        let layers = ["shared", "orders", "orders.host"].map(|name| NamespaceName::parse(name).unwrap());
        let view = Arc::new(Effective::new(layers.to_vec(), contents(entries)));
        let situation = Situation { view: &view, last: self.last.as_ref(), deleted: &self.deleted };
        let planned = plan(&self.block, situation).map_err(|refusal| refusal.to_string())?;
        Ok(self.last.insert(planned))
    }

    fn deleted(mut self, places: &[&str]) -> Self {
        self.deleted = places.iter().map(|place| place_of(place)).collect();
        self
    }
}

fn text(rendering: &Rendering, path: &str) -> Option<String> {
    let file = rendering.set.files.iter().find(|file| file.path == Path::new(path)).unwrap();
    file.content.as_ref().map(|content| String::from_utf8(content.to_vec()).unwrap())
}

const TWO: &str = "files: [{path: /a, key: a}, {path: /b, key: b}]";

#[test]
fn files_get_the_entries_and_how_they_lie_on_disk() {
    let mut runner = Runner::new("files: [{path: /a, key: a, mode: '0600', owner: '0'}]");
    let rendering = runner.see(&[("shared/a", "1"), ("orders/a", "2")]).unwrap();
    let file = &rendering.set.files[0];
    assert_eq!((text(rendering, "/a").as_deref(), file.mode, file.owner.as_deref()), (Some("2"), 0o600, Some("0")));
    assert!(rendering.set.missing.is_empty());
}

#[test]
fn an_entry_that_was_never_there_is_refused_with_all_reasons() {
    let mut runner = Runner::new(TWO);
    let told = runner.see(&[]).unwrap_err();
    assert!(told.contains("/a: no layer has a") && told.contains("; /b: no layer has b"), "{told}");
}

#[test]
fn an_entry_that_disappears_keeps_its_file_and_the_rest_goes_on() {
    for deleted in [&[][..], &["orders/a"]] {
        let mut runner = Runner::new(TWO).deleted(deleted);
        runner.see(&[("orders/a", "1"), ("orders/b", "1")]).unwrap();
        let rendering = runner.see(&[("orders/b", "2")]).unwrap();
        assert_eq!(text(rendering, "/a").as_deref(), Some("1"));
        assert_eq!(text(rendering, "/b").as_deref(), Some("2"));
        assert_eq!(rendering.set.missing, ["orders/a"]);
        let rendering = runner.see(&[("orders/a", "3"), ("orders/b", "2")]).unwrap();
        assert_eq!(text(rendering, "/a").as_deref(), Some("3"));
        assert!(rendering.set.missing.is_empty());
    }
}

#[test]
fn a_layer_that_cannot_be_seen_any_more_does_not_let_an_earlier_one_through() {
    let entries = [("shared/a", "default"), ("orders.host/a", "mine")];
    let files = "files: [{path: /a, key: a}]";
    let mut unseen = Runner::new(files);
    unseen.see(&entries).unwrap();
    let rendering = unseen.see(&entries[..1]).unwrap();
    assert_eq!(text(rendering, "/a").as_deref(), Some("mine"));
    assert_eq!(rendering.set.missing, ["orders.host/a"]);
    let mut deleted = Runner::new(files).deleted(&["orders.host/a"]);
    deleted.see(&entries).unwrap();
    let rendering = deleted.see(&entries[..1]).unwrap();
    assert_eq!(text(rendering, "/a").as_deref(), Some("default"));
    assert!(rendering.set.missing.is_empty());
}

#[test]
fn a_file_is_removed_only_for_a_deletion_that_was_named() {
    let files = "files: [{path: /a, key: a, on_missing: remove}]";
    let mut unseen = Runner::new(files);
    unseen.see(&[("orders/a", "1")]).unwrap();
    assert_eq!(text(unseen.see(&[]).unwrap(), "/a").as_deref(), Some("1"));
    let mut deleted = Runner::new(files).deleted(&["orders/a"]);
    deleted.see(&[("orders/a", "1")]).unwrap();
    assert_eq!(text(deleted.see(&[]).unwrap(), "/a"), None);
    // It stays away, and is not missed, when the agent has forgotten the deletion.
    deleted.deleted.clear();
    let rendering = deleted.see(&[]).unwrap();
    assert_eq!(text(rendering, "/a"), None);
    assert!(rendering.set.missing.is_empty());
    assert_eq!(text(deleted.see(&[("orders/a", "2")]).unwrap(), "/a").as_deref(), Some("2"));
    assert!(Runner::new(files).deleted(&["orders/a"]).see(&[]).is_err(), "a first start");
}

#[test]
fn a_template_keeps_its_whole_last_rendering() {
    let mut runner =
        Runner::new("files: [{path: /t, template_text: \"{{ entry('a') }}-{{ entry('b') | default('none') }}\"}]")
            .deleted(&["orders/b"]);
    assert_eq!(text(runner.see(&[("orders/a", "1"), ("orders/b", "1")]).unwrap(), "/t").as_deref(), Some("1-1"));
    let rendering = runner.see(&[("orders/a", "2")]).unwrap();
    assert_eq!(text(rendering, "/t").as_deref(), Some("1-1"));
    assert_eq!(rendering.set.missing, ["orders/b"]);
    assert_eq!(text(runner.see(&[("orders/a", "2"), ("shared/b", "3")]).unwrap(), "/t").as_deref(), Some("2-3"));
}

#[test]
fn one_of_many_entries_goes_when_its_deletion_was_named() {
    let files = "files: [{path: /t, template_text: \"{% for k in keys('r/') %}{{ entry(k) }}{% endfor %}.\"}]";
    let entries = [("orders/r/a", "1"), ("orders/r/b", "2")];
    let mut unseen = Runner::new(files);
    unseen.see(&entries).unwrap();
    assert_eq!(text(unseen.see(&entries[..1]).unwrap(), "/t").as_deref(), Some("12."));
    let mut deleted = Runner::new(files).deleted(&["orders/r/b"]);
    deleted.see(&entries).unwrap();
    let rendering = deleted.see(&entries[..1]).unwrap();
    assert_eq!(text(rendering, "/t").as_deref(), Some("1."));
    assert!(rendering.set.missing.is_empty());
}

#[test]
fn empty_and_undecodable_data_is_refused() {
    let mut runner = Runner::new("files: [{path: /a, key: a.json}]");
    runner.see(&[("orders/a.json", "{}")]).unwrap();
    let told = runner.see(&[("orders/a.json", "{")]).unwrap_err();
    assert!(told.starts_with("/a: orders/a.json is not json: line 1"), "{told}");
    let mut runner = Runner::new("files: [{path: /a, key: a}, {path: /t, template_text: \"{{ entry('b') }}\"}]");
    runner.see(&[("orders/a", "1"), ("orders/b", "1")]).unwrap();
    let told = runner.see(&[("orders/a", ""), ("orders/b", "")]).unwrap_err();
    assert!(told.contains("/a would be empty by orders/a") && told.contains("/t would be empty by orders/b"), "{told}");
    let mut allowed = Runner::new("files: [{path: /a, key: a, allow_empty: true}]");
    allowed.see(&[("orders/a", "1")]).unwrap();
    assert_eq!(text(allowed.see(&[("orders/a", "")]).unwrap(), "/a").as_deref(), Some(""));
}

#[test]
fn another_way_to_make_a_file_forgets_what_it_was_made_of() {
    let mut runner = Runner::new("files: [{path: /a, key: a}]");
    runner.see(&[("orders/a", "1"), ("orders/b", "2")]).unwrap();
    runner.block = block("files: [{path: /a, key: b}]");
    assert_eq!(text(runner.see(&[("orders/b", "2")]).unwrap(), "/a").as_deref(), Some("2"));
}

#[test]
fn layers_are_merged_when_a_file_says_so() {
    let mut runner = Runner::new("files: [{path: /a, key: a.yaml, merge: deep}]").deleted(&["orders.host/a.yaml"]);
    let entries = [("shared/a.yaml", "x: 1\nz: 1\n"), ("orders/a.yaml", "z: 2\n"), ("orders.host/a.yaml", "w: 3\n")];
    assert_eq!(text(runner.see(&entries).unwrap(), "/a").as_deref(), Some("x: 1\nz: 2\nw: 3\n"));
    assert_eq!(text(runner.see(&entries[..2]).unwrap(), "/a").as_deref(), Some("x: 1\nz: 2\n"));
    let rendering = runner.see(&entries[1..2]).unwrap();
    assert_eq!(text(rendering, "/a").as_deref(), Some("x: 1\nz: 2\n"), "nobody said that it was deleted");
    assert_eq!(rendering.set.missing, ["shared/a.yaml"]);
}

const EXEC: &str = "exec: {command: x, env_from: [a.env, b.env], env: {HOST: 'orders/db.yaml#/host', TEXT: motd}}";

#[test]
fn variables_come_from_values_and_whole_entries() {
    let mut runner = Runner::new(EXEC);
    let entries = [
        ("shared/a.env", "A=1\nB=1\n"),
        ("orders/b.env", "B=2\nHOST=env\n"),
        ("orders/db.yaml", "host: db-1\n"),
        ("orders.host/db.yaml", "host: db-2\n"),
        ("orders/motd", "hello\n"),
    ];
    let variables = &runner.see(&entries).unwrap().set.variables;
    let told: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(told, ["A=1", "B=2", "HOST=db-1", "TEXT=hello"]);
    let rendering = runner.see(&[("orders/b.env", "B=3\n"), ("orders/db.yaml", "host: db-3\n")]).unwrap();
    let told: Vec<_> = rendering.set.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(told, ["A=1", "B=3", "HOST=db-3", "TEXT=hello"]);
    assert_eq!(rendering.set.missing, ["orders/motd", "shared/a.env"]);
}

#[test]
fn an_entry_that_would_choose_the_code_that_runs_is_refused_by_its_name_and_the_variable_s() {
    let rest = [("shared/a.env", "A=1\n"), ("orders/db.yaml", "host: db-1\n"), ("orders/motd", "hello\n")];
    for name in ["LD_PRELOAD", "PATH", "BASH_ENV", "PINTLE_TOKEN"] {
        let text = format!("B=2\n{name}=/tmp/x\n");
        let entries = [&rest[..], &[("orders/b.env", text.as_str())]].concat();
        let told = Runner::new(EXEC).see(&entries).unwrap_err();
        assert!(told.starts_with(&format!("variables b.env: orders/b.env: it sets `{name}`")), "{told}");
    }
    // The owner of the machine may name it.
    let text = "exec: {command: x, env_from: [b.env], env: {PATH: 'b.env#/PATH'}}";
    let variables = Runner::new(text).see(&[("orders/b.env", "B=2\nPATH=/opt/bin\n")]).unwrap().set.variables.clone();
    assert_eq!(variables, [("B", "2"), ("PATH", "/opt/bin")].map(|(name, value)| (name.into(), value.into())).into());
}

#[test]
fn variables_that_cannot_be_made_are_refused() {
    let mut runner = Runner::new(EXEC);
    let entries =
        [("shared/a.env", "A=1"), ("orders/b.env", ""), ("orders/db.yaml", "host: [1]"), ("orders/motd", "x")];
    let told = runner.see(&entries).unwrap_err();
    assert!(told.contains("variable HOST: orders/db.yaml: the value at /host is a map, a list or null"), "{told}");
    let told = runner.see(&[("orders/a.env", "A=1")]).unwrap_err();
    assert!(told.contains("variables b.env: no layer has b.env"), "{told}");
}

/// What happens to an entry: it is written, deleted by name, or out of sight.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Written(u8),
    Deleted,
    Unseen,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![(1..9_u8).prop_map(Fate::Written), Just(Fate::Deleted), Just(Fate::Unseen)]
}

const PLACES: [&str; 4] = ["shared/a", "orders/a", "orders/b", "orders.host/b"];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn absent_is_kept(steps in prop::collection::vec((0..PLACES.len(), fate()), 1..30)) {
        let mut runner = Runner::new(
            "files: [{path: /a, key: a}, {path: /b, key: b}, {path: /t, template_text: \"{{ entry('a') }}{{ entry('b') }}\"}]",
        );
        let mut entries = BTreeMap::from([("orders/a", "0".to_owned()), ("orders/b", "0".to_owned())]);
        let see = |runner: &mut Runner, entries: &BTreeMap<&str, String>| {
            let list: Vec<_> = entries.iter().map(|(place, text)| (*place, text.as_str())).collect();
            runner.see(&list).cloned()
        };
        let mut before = see(&mut runner, &entries).unwrap();
        for (at, fate) in steps {
            let place = PLACES[at];
            match fate {
                Fate::Written(number) => {
                    entries.insert(place, number.to_string());
                    runner.deleted.remove(&place_of(place));
                }
                Fate::Deleted => {
                    entries.remove(place);
                    runner.deleted.insert(place_of(place));
                }
                Fate::Unseen => {
                    entries.remove(place);
                    runner.deleted.remove(&place_of(place));
                }
            }
            // Whatever goes away, the change goes through, and no file is removed or emptied.
            let after = see(&mut runner, &entries).unwrap();
            for file in &after.set.files {
                prop_assert!(file.content.as_ref().is_some_and(|content| !content.is_empty()));
            }
            // Going out of sight changes no file at all.
            if matches!(fate, Fate::Unseen) && !runner.deleted.contains(&place_of(place)) {
                prop_assert_eq!(&before.set.files, &after.set.files);
            }
            // What is missing is really not there.
            for missing in &after.set.missing {
                prop_assert!(!entries.contains_key(missing.as_str()));
            }
            before = after;
        }
    }
}

/// Entries of which one is sealed.
fn sealing(secrecy: Secrecy, sealed: &str, entries: &[(&str, &str)]) -> Contents {
    let mut contents = contents(entries);
    let held = contents.get_mut(&place_of(sealed)).unwrap();
    held.secrecy = secrecy;
    if secrecy.is_shut() {
        held.bytes = Bytes::new();
    }
    contents
}

fn planned(runner: &mut Runner, contents: Contents) -> Result<Rendering, String> {
    let layers = ["shared", "orders", "orders.host"].map(|name| NamespaceName::parse(name).unwrap());
    let view = Arc::new(Effective::new(layers.to_vec(), contents));
    let situation = Situation { view: &view, last: runner.last.as_ref(), deleted: &runner.deleted };
    let planned = plan(&runner.block, situation).map_err(|refusal| refusal.to_string())?;
    Ok(runner.last.insert(planned).clone())
}

const SECRET: &str = "hunter2-canary";

#[test]
fn what_holds_something_sealed_is_for_its_owner_alone_unless_the_settings_say_otherwise() {
    let fields = "files: [{path: /a, key: a, mode: '0755'}, {path: /b, key: b, mode: '0755'}, \
        {path: /t, template_text: \"{{ entry('a') }}\"}, {path: /w, key: a, mode: '0755', secret_mode: '0640'}, \
        {path: /m, key: m.yaml, merge: deep}]";
    let mut runner = Runner::new(fields);
    let entries = [("orders/a", SECRET), ("orders/b", "plain"), ("shared/m.yaml", "x: 1"), ("orders/m.yaml", "y: 2")];
    let modes = |rendering: &Rendering| rendering.set.files.iter().map(|file| file.mode).collect::<Vec<_>>();
    let open = planned(&mut runner, contents(&entries)).unwrap();
    assert_eq!((modes(&open), open.set.sealed.len()), (vec![0o755, 0o755, 0o644, 0o755, 0o644], 0));
    let a = planned(&mut runner, sealing(Secrecy::Revealed, "orders/a", &entries)).unwrap();
    assert_eq!(modes(&a), [0o600, 0o755, 0o600, 0o640, 0o644]);
    assert_eq!(a.set.sealed, ["file /a", "file /t", "file /w"]);
    // What is kept of it stays so.
    let kept = planned(&mut runner, contents(&entries[1..])).unwrap();
    assert_eq!((text(&kept, "/a").as_deref(), modes(&kept)), (Some(SECRET), modes(&a)));
    // A layer that is sealed seals what it is merged into.
    let merged = planned(&mut runner, sealing(Secrecy::Revealed, "shared/m.yaml", &entries)).unwrap();
    assert_eq!(modes(&merged), [0o755, 0o755, 0o644, 0o755, 0o600]);
}

#[test]
fn what_is_sealed_and_did_not_come_is_a_refusal_that_names_it_where_it_is_used() {
    let entries = [("orders/a", SECRET), ("orders/b", "plain"), ("orders/c.env", "A=1")];
    let shut = |entry: &str| sealing(Secrecy::Shut, entry, &entries);
    for fields in [
        "files: [{path: /a, key: a}]",
        "files: [{path: /a, key: a, merge: deep}]",
        "files: [{path: /a, template_text: \"{{ entry('a') }}\"}]",
        "exec: {command: x, env: {A: a}}",
    ] {
        let told = planned(&mut Runner::new(fields), shut("orders/a")).unwrap_err();
        assert!(told.contains("sealed: orders/a came without content"), "{fields}: {told}");
        assert!(told.contains("`reveal`"), "{told}");
    }
    let told = planned(&mut Runner::new("exec: {command: x, env_from: [c.env]}"), shut("orders/c.env")).unwrap_err();
    assert!(told.contains("sealed: orders/c.env"), "{told}");
    let unused = planned(&mut Runner::new("files: [{path: /b, key: b}]"), shut("orders/a"));
    assert!(unused.is_ok(), "what a block does not use is not in its way");
}

#[test]
fn a_refusal_does_not_quote_what_is_sealed() {
    let fields = [
        ("files: [{path: /a, key: a.json}]", "orders/a.json", "{\"password\": hunter2-canary}"),
        ("files: [{path: /a, key: a.json, merge: deep}]", "orders/a.json", "[hunter2-canary"),
        ("files: [{path: /a, template_text: \"{{ entry('a') | int }}\"}]", "orders/a", SECRET),
        ("files: [{path: /a, template_text: \"{{ required('', entry('a')) }}\"}]", "orders/a", SECRET),
        ("exec: {command: x, env_from: [a.env]}", "orders/a.env", "hunter2-canary"),
        ("exec: {command: x, env_from: [a.env]}", "orders/a.env", "LD_PRELOAD_hunter2-canary=1"),
        ("exec: {command: x, env: {A: 'a.json#/x'}}", "orders/a.json", "{\"hunter2-canary\": 1}"),
    ];
    for (fields, place, content) in fields {
        let contents = sealing(Secrecy::Revealed, place, &[(place, content)]);
        let told = planned(&mut Runner::new(fields), contents).unwrap_err();
        assert!(!told.contains("hunter2"), "{fields}: {told}");
    }
}
