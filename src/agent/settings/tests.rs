//! The whole file, and everything that may be wrong with it.

use super::*;
use crate::agent::local::SocketSettings;

fn surroundings() -> Surroundings {
    Surroundings { host: "web-7".to_owned(), server: None }
}

fn parse(text: &str) -> Result<AgentSettings, SettingsError> {
    AgentSettings::parse(text, Path::new("/etc/pintle/agent.yaml"), &surroundings())
}

fn faults(text: &str) -> String {
    parse(text).map_or_else(|error| error.to_string(), |_| String::new())
}

const WHOLE: &str = r#"
servers: [https://pintle-1.example.com, https://pintle-2.example.com]
token_file: /etc/pintle/token
state_dir: /var/lib/agent
control: /run/agent/control.sock
host: web-7
labels: {zone: a, cluster: blue}
services:
  - name: web
    id: web-7/web
    environment: prod
    namespaces: [shared.defaults, orders, "orders.{cluster}", "orders.host.{host}", "{tier}"]
    labels: {tier: front}
    address: 10.0.0.7:80
    version: "1.4"
    files:
      - path: /etc/nginx/conf.d/routes.conf
        key: nginx/routes.conf
        mode: "0640"
        owner: root
        group: "0"
        on_missing: remove
        allow_empty: true
        merge: deep
      - path: /etc/app/app.ini
        template_text: "{{ value('db.yaml', '/host') }}"
        undefined: allow
    check: {command: [nginx, -t, -c, "{stage}/nginx.conf"], timeout: 10s}
    reload: {signal: HUP, pid_file: /run/nginx.pid}
    probe: {http: {url: "http://127.0.0.1/health"}, timeout: 2s, for: 10s}
    quiescence: {min: 100ms, max: 1s}
    splay: 3s
  - name: app
    environment: prod
    namespaces: [app]
    folder: /etc/app/config
    files: [{path: a/b.yaml, key: a.yaml}]
    exec: {command: [node, server.js]}
    serve: {socket: /run/app/pintle.sock, owner: root, group: "7", mode: "0660", port: 7171}
"#;

#[test]
fn every_field_is_read() {
    let settings = parse(WHOLE).unwrap();
    assert_eq!((settings.servers.len(), settings.host.as_str()), (2, "web-7"));
    assert_eq!(settings.control, Path::new("/run/agent/control.sock"));
    let [web, app] = settings.services.as_slice() else { panic!("two services") };
    let namespaces: Vec<_> = web.namespaces.iter().map(NamespaceName::as_str).collect();
    assert_eq!(namespaces, ["shared.defaults", "orders", "orders.blue", "orders.host.web-7", "front"]);
    assert_eq!((web.id.as_str(), web.splay), ("web-7/web", Duration::from_secs(3)));
    assert_eq!(web.labels.get("zone").map(String::as_str), Some("a"));
    let [routes, ini] = web.files.as_slice() else { panic!("two files") };
    assert_eq!((routes.mode, routes.owner.as_deref(), routes.allow_empty), (0o640, Some("root"), true));
    let FileSource::Entry { merge, on_missing, .. } = &routes.source else { panic!("an entry") };
    assert_eq!((*merge, *on_missing), (Merge::Deep, OnMissing::Remove));
    assert!(matches!(ini.source, FileSource::Template(_)));
    assert_eq!((app.id.as_str(), app.folder.as_deref()), ("web-7/app", Some(Path::new("/etc/app/config"))));
    assert_eq!(web.serve, None);
    let socket = SocketSettings { path: "/run/app/pintle.sock".into(), mode: 0o660, uid: Some(0), gid: Some(7) };
    let listen = Some("127.0.0.1:7171".parse().unwrap());
    assert_eq!(app.serve, Some(LocalSettings { socket: Some(socket), listen, secrets: false }));
    assert_eq!(app.splay, Duration::from_mins(1), "it restarts");
    assert_eq!(app.quiescence, Quiescence { min: Duration::from_millis(200), max: Duration::from_secs(5) });
}

#[test]
fn an_unknown_field_is_refused_with_its_line_and_what_is_known() {
    let text = "server: http://127.0.0.1:1\nservices:\n  - name: web\n    environment: prod\n    namspaces: [a]\n";
    let told = faults(text);
    assert!(told.starts_with("/etc/pintle/agent.yaml:5:5: "), "{told}");
    assert!(told.contains("namspaces") && told.contains("namespaces"), "{told}");
    for (text, place) in [
        ("server: a\nservers: 3\nservices: []\n", ":2:"),
        ("server: a\nservices:\n - name: a\n   environment: prod\n   namespaces: [a]\n   splay: 3\n", ":6:"),
        (
            "server: a\nservices:\n - name: a\n   environment: prod\n   namespaces: [a]\n   files:\n   - {path: /a, key: a, merge: shallow}\n",
            ":7:",
        ),
        ("server: a\nservices: [\n", ":"),
    ] {
        let told = faults(text);
        assert!(told.starts_with(&format!("/etc/pintle/agent.yaml{place}")), "{told}");
    }
}

#[test]
fn all_faults_are_told_together_by_line() {
    let text = r#"
server: ftp://pintle
state_dir: state
services:
  - name: web
    environment: Prod
    namespaces: ["orders.{cluster}", a, a]
    files:
      - {path: conf/a, key: a}
      - {path: /a/../b, key: /a}
      - {path: /c, key: c, template_text: x}
      - {path: /d, template_text: "{% if %}"}
      - {path: /e, key: e, mode: rw, owner: nobody-at-all, undefined: allow}
      - {path: /f, template: missing.j2, on_missing: keep}
      - {path: /f, key: f}
    reload: {signal: HUP}
    quiescence: {min: 2s, max: 1s}
  - name: web
    environment: prod
    namespaces: []
"#;
    let told = faults(text);
    for (line, field, word) in [
        (2, "server", "http"),
        (3, "state_dir", "absolute"),
        (6, "services[0].environment", "'P'"),
        (7, "services[0].namespaces[0]", "`cluster`, which is not set; the labels are host, service"),
        (7, "services[0].namespaces[2]", "same as on line 7"),
        (9, "services[0].files[0].path", "absolute"),
        (10, "services[0].files[1].path", "`..`"),
        (10, "services[0].files[1].key", "key"),
        (11, "services[0].files[2]", "exactly one of"),
        (12, "services[0].files[3].template_text", "line 1"),
        (13, "services[0].files[4].mode", "octal"),
        (13, "services[0].files[4].owner", "no user `nobody-at-all`"),
        (13, "services[0].files[4].undefined", "template only"),
        (14, "services[0].files[5].template", "/etc/pintle/missing.j2"),
        (14, "services[0].files[5].on_missing", "`key` only"),
        (15, "services[0].files[6].path", "same as on line 14"),
        (16, "services[0].reload", "`exec`"),
        (17, "services[0].quiescence", "longer than `max`"),
        (18, "services[1].name", "same as on line 5"),
        (18, "services[1]", "`files`, `exec` or `serve`"),
        (20, "services[1].namespaces", "1 to 256"),
    ] {
        let found = told.lines().find(|told| {
            told.starts_with(&format!("/etc/pintle/agent.yaml:{line}:")) && told.contains(&format!(": {field}: "))
        });
        assert!(found.is_some_and(|found| found.contains(word)), "{line} {field} {word} in\n{told}");
    }
    let lines: Vec<u64> = parse(text).unwrap_err().faults.iter().map(|fault| fault.line).collect();
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn paths_of_a_folder_are_relative_and_unique_over_all_services() {
    let text = r"
server: a
services:
  - {name: a, environment: prod, namespaces: [a], folder: /x/y, files: [{path: z, key: z}, {path: /q, key: q}]}
  - {name: b, environment: prod, namespaces: [a], files: [{path: /x/y/z, key: z}]}
";
    let told = faults(text);
    assert!(told.contains("services[0].files[1].path: must be relative"), "{told}");
    assert!(told.contains("services[1].files[0].path: is the same as on line 4"), "{told}");
}

#[test]
fn the_places_of_local_programs_are_checked() {
    let text = format!(
        r#"
server: a
services:
  - {{name: a, environment: prod, namespaces: [a], serve: {{}}}}
  - {{name: b, environment: prod, namespaces: [a], serve: {{socket: run/s, mode: "0777"}}}}
  - {{name: c, environment: prod, namespaces: [a], serve: {{port: 0, owner: root}}}}
  - {{name: d, environment: prod, namespaces: [a], serve: {{socket: /{}, mode: "1600", owner: nobody-at-all}}}}
  - {{name: e, environment: prod, namespaces: [a], serve: {{socket: /run/s, port: 7171}}}}
  - {{name: f, environment: prod, namespaces: [a], serve: {{socket: /run/s, port: 7171}}}}
"#,
        "s".repeat(104)
    );
    let told = faults(&text);
    for (line, field, word) in [
        (4, "services[0].serve", "needs `socket` or `port`"),
        (5, "services[1].serve.socket", "absolute"),
        (6, "services[2].serve.port", "1 to 65535"),
        (6, "services[2].serve.owner", "`socket` only"),
        (7, "services[3].serve.socket", "at most 104 bytes, and has 105"),
        (7, "services[3].serve.mode", "0777"),
        (7, "services[3].serve.owner", "nobody-at-all"),
        (9, "services[5].serve.socket", "same as on line 8"),
        (9, "services[5].serve.port", "same as on line 8"),
    ] {
        let found = told.lines().find(|told| {
            told.starts_with(&format!("/etc/pintle/agent.yaml:{line}:")) && told.contains(&format!(": {field}: "))
        });
        assert!(found.is_some_and(|found| found.contains(word)), "{line} {field} {word} in\n{told}");
    }
    let secrets = "server: a\nservices:\n- name: a\n  environment: prod\n  namespaces: [a]\n  serve:\n    port: 1\n    secrets: true\n";
    let told = faults(secrets);
    assert!(told.starts_with("/etc/pintle/agent.yaml:8:") && told.contains("secrets"), "{told}");
}

#[test]
fn nobody_writes_into_a_folder_that_is_swapped_as_a_whole_by_another() {
    let text = r"
server: a
services:
  - {name: a, environment: prod, namespaces: [a], folder: /x/y, files: [{path: z, key: z}]}
  - {name: b, environment: prod, namespaces: [a], files: [{path: /x/y/other, key: z}, {path: /x/yz, key: z}]}
  - {name: c, environment: prod, namespaces: [a], folder: /x/y/deep, files: [{path: z, key: z}]}
";
    let told = faults(text);
    let folder = "lies in /x/y, the `folder` of another service on line 4";
    assert!(told.contains(&format!("services[1].files[0].path: {folder}")), "{told}");
    assert!(told.contains(&format!("services[2].folder: {folder}")), "{told}");
    assert_eq!(parse(text).unwrap_err().faults.len(), 3, "{told}");
}

#[test]
fn the_server_of_the_environment_is_used_when_the_file_names_none() {
    let text = "services: [{name: a, environment: prod, namespaces: [a], files: [{path: /z, key: z}]}]\n";
    let surroundings = Surroundings { server: Some("http://127.0.0.1:9".to_owned()), ..surroundings() };
    let settings = AgentSettings::parse(text, Path::new("agent.yaml"), &surroundings).unwrap();
    assert_eq!(settings.servers, [Server::parse("http://127.0.0.1:9").unwrap()]);
    assert_eq!(settings.state_dir, Path::new("/var/lib/pintle-agent"));
    assert_eq!(settings.control, Path::new("/var/lib/pintle-agent/control.sock"));
    assert!(faults("services: []\n").contains("servers: needs at least one address"));
}

#[test]
fn every_example_of_the_reference_is_accepted() {
    let reference = include_str!("../../../docs/AGENT.md");
    let examples: Vec<_> =
        reference.split("```yaml agent\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), reference.matches("```yaml").count(), "one is not marked `yaml agent`");
    assert!(examples.len() >= 5);
    for example in examples {
        assert_eq!(faults(example), "", "{example}");
    }
}
