//! The agent as a program: what it does with files and processes, and what a person on its machine may tell it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::program::{Actor, Node, Tested, write};

/// Nothing takes longer on any machine that is not stuck.
const BOUND: Duration = Duration::from_secs(30);

/// A machine with an agent.
struct Machine<'a> {
    actor: &'a Actor,
    folder: PathBuf,
    agent: Option<Child>,
}

impl<'a> Machine<'a> {
    /// A machine whose services are these; `{dir}` in them is its folder.
    fn new(actor: &'a Actor, name: &str, services: &str) -> Tested<Self> {
        let folder = actor.home.path().join(name);
        fs::create_dir_all(folder.join("out"))?;
        let token = actor.does(&["token", "create", name, "--json"])?.json()?;
        write(&folder, "token", token["token"].as_str().ok_or("no token")?)?;
        let head = "token_file: {dir}/token\nstate_dir: {dir}/state\nhost: h1\nservices:\n";
        let text = format!("{head}{services}").replace("{dir}", &folder.display().to_string());
        write(&folder, "agent.yaml", &text)?;
        Ok(Self { actor, folder, agent: None })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let settings = self.path("agent.yaml").display().to_string();
        self.actor.command(&[&["agent", "-c", &settings], arguments].concat())
    }

    /// The socket of local programs.
    fn socket(&self) -> Tested<UnixStream> {
        let log = || fs::read_to_string(self.path("log")).unwrap_or_default();
        Ok(UnixStream::connect(self.path("s")).map_err(|error| format!("{error}\n{}", log()))?)
    }

    fn run(&self, arguments: &[&str]) -> Tested<crate::program::Ran> {
        crate::program::ran(self.command(arguments), "")
    }

    fn start(&mut self) -> Tested {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.path("log"))?;
        self.agent = Some(self.command(&[]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?);
        Ok(())
    }

    fn stop(&mut self) -> Tested<Option<i32>> {
        let mut agent = self.agent.take().ok_or("no agent")?;
        kill(Pid::from_raw(i32::try_from(agent.id())?), Signal::SIGTERM)?;
        Ok(agent.wait()?.code())
    }

    /// How a block stands, by `agent status`.
    fn status(&self, block: &str) -> Tested<Value> {
        // An agent that is just starting does not answer yet: then there is no JSON.
        let status = self.run(&["status", "--json"])?.json()?;
        let blocks = status["status"].as_array().cloned().unwrap_or_default();
        Ok(blocks.into_iter().find(|status| status["name"] == block).ok_or("no such block")?)
    }

    fn shows(&self, name: &str, text: &str) -> Tested {
        let log = || fs::read_to_string(self.path("log")).unwrap_or_default();
        eventually(|| fs::read_to_string(self.path(name)).is_ok_and(|found| found == text))
            .map_err(|_| format!("{name} is {:?}, not {text:?}\n{}", fs::read_to_string(self.path(name)), log()).into())
    }

    fn stands(&self, block: &str, how: impl Fn(&Value) -> bool) -> Tested<Value> {
        let stands = || self.status(block).is_ok_and(|status| how(&status));
        eventually(stands).map_err(|_| format!("{block} does not come to stand so: {:?}", self.status(block)))?;
        self.status(block)
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        if let Some(agent) = &mut self.agent {
            let _ = agent.kill();
            let _ = agent.wait();
        }
    }
}

/// Waits until something has become true.
fn eventually(is: impl Fn() -> bool) -> Result<(), String> {
    let begun = Instant::now();
    while begun.elapsed() < BOUND {
        if is() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("it did not become true in time".to_owned())
}

fn server() -> Tested<(Node, Actor)> {
    let node = Node::start()?;
    let admin = node.admin()?;
    admin.does(&["env", "create", "stage"])?;
    for namespace in ["shared", "orders", "orders.h1"] {
        admin.does(&["ns", "create", &format!("stage/{namespace}")])?;
    }
    Ok((node, admin))
}

const WEB: &str = r#"
- name: web
  environment: stage
  namespaces: [shared, orders, "orders.{host}"]
  files:
  - {path: "{dir}/out/a", key: a}
  - {path: "{dir}/out/db.yaml", key: db.yaml, merge: deep}
  - {path: "{dir}/out/t", template_text: "{{ value('db.yaml', '/port') }} {{ labels.host }}\n"}
  check: {command: "! grep -rq bad {stage}/"}
  reload: {command: "echo reload >> {dir}/reloads"}
- name: other
  environment: stage
  namespaces: [orders]
  files: [{path: "{dir}/out/other", key: other}]
"#;

#[test]
fn files_follow_entries_and_a_person_may_hold_and_restore() -> Tested {
    let (_node, admin) = server()?;
    admin.puts("stage/shared/db.yaml", "host: db-1\nport: 1\n")?;
    admin.puts("stage/orders.h1/db.yaml", "port: 2\n")?;
    admin.puts("stage/orders/a", "one")?;
    let mut machine = Machine::new(&admin, "web", WEB)?;
    machine.run(&["check", "--exit-code"])?.ends_with(1).says("+one").complains("no layer has other");
    assert!(fs::read_dir(machine.path("out"))?.next().is_none(), "a check writes nothing");
    machine.start()?;
    machine.shows("out/a", "one")?;
    machine.shows("out/db.yaml", "host: \"db-1\"\nport: 2\n")?;
    machine.shows("reloads", "reload\n")?;
    // A refused block holds back no other, and keeps what it has.
    machine.stands("other", |status| status["doing"] == "rejected")?;
    admin.puts("stage/orders/a", "bad")?;
    let refused = machine.stands("web", |status| status["doing"] == "rejected")?;
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.contains("grep")), "{refused}");
    machine.shows("out/a", "one")?;
    admin.puts("stage/orders/other", "there")?;
    machine.shows("out/other", "there")?;
    // An entry that is deleted keeps its file, and the rest of the block goes on.
    admin.puts("stage/orders/a", "two")?;
    machine.shows("out/a", "two")?;
    admin.does(&["rm", "stage/orders/a", "--yes"])?;
    admin.puts("stage/orders.h1/db.yaml", "port: 3\n")?;
    machine.shows("out/db.yaml", "host: \"db-1\"\nport: 3\n")?;
    machine.shows("out/a", "two")?;
    let missing = machine.stands("web", |status| status["missing"][0] == "orders/a")?;
    assert_eq!(missing["doing"], "applied");
    machine.run(&["explain", "db.yaml", "web"])?.ends_with(0).says("orders.h1").says("wins").says("admin");
    // A set is put back by hand and stays, also over a restart of the agent.
    machine.run(&["restore", "2", "web"])?.ends_with(0).says("held");
    machine.shows("out/db.yaml", "host: \"db-1\"\nport: 2\n")?;
    assert_eq!(machine.stop()?, Some(0));
    machine.start()?;
    machine.stands("web", |status| status["held"] == true)?;
    machine.run(&["retry", "web"])?.ends_with(1).says("resume it first");
    machine.shows("out/db.yaml", "host: \"db-1\"\nport: 2\n")?;
    machine.run(&["resume", "web"])?.ends_with(0);
    machine.shows("out/db.yaml", "host: \"db-1\"\nport: 3\n")?;
    assert_eq!(machine.stop()?, Some(0));
    assert!(!machine.path("state/control.sock").exists());
    machine.run(&["status"])?.ends_with(1).complains("none is running there");
    Ok(())
}

#[test]
fn it_starts_from_its_disk_and_refuses_a_disk_that_was_tampered_with() -> Tested {
    let (_node, admin) = server()?;
    admin.puts("stage/orders/other", "kept")?;
    let services = WEB.split("- name: other").nth(1).ok_or("no block")?;
    let mut machine = Machine::new(&admin, "offline", &format!("- name: other{services}"))?;
    machine.run(&["--once"])?.ends_with(0).complains("the files are in place");
    machine.shows("out/other", "kept")?;
    // From now on there is no server where the settings say.
    let settings = fs::read_to_string(machine.path("agent.yaml"))?;
    write(&machine.folder, "agent.yaml", &format!("server: http://127.0.0.1:1\n{settings}"))?;
    fs::remove_file(machine.path("out/other"))?;
    machine.start()?;
    machine.shows("out/other", "kept")?;
    let status = machine.stands("other", |status| status["doing"] == "applied")?;
    assert_eq!(status["from_cache"], true, "{status}");
    machine.run(&["explain", "other"])?.ends_with(0).says("wins");
    machine.stop()?;
    let cache = machine.path("state/services/other/entries.mirror");
    let text = fs::read_to_string(&cache)?;
    assert!(text.contains("kept"));
    fs::write(&cache, text.replace("kept", "fake"))?;
    machine.run(&["--once", "--timeout", "1s"])?.ends_with(6).complains("is damaged");
    machine.shows("out/other", "kept")?;
    Ok(())
}

/// What a local program is answered, with the head.
fn asks(mut stream: impl Read + Write, host: &str, path: &str) -> Tested<String> {
    write!(stream, "GET /api/v1/{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn local_programs_read_and_watch_what_runs_also_with_the_server_gone() -> Tested {
    let (node, admin) = server()?;
    admin.puts("stage/orders/other", "one")?;
    admin.puts("stage/shared/db.yaml", "host: db-1\n")?;
    // Nobody else takes it in the moment until the agent does.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let services = format!(
        r#"
- name: other
  environment: stage
  namespaces: [shared, orders]
  files: [{{path: "{{dir}}/out/other", key: other}}]
  check: {{command: "! grep -rq bad {{stage}}/"}}
  serve: {{socket: "{{dir}}/s", mode: "0660", port: {port}}}
"#
    );
    let mut machine = Machine::new(&admin, "local", &services)?;
    let own = format!("127.0.0.1:{port}");
    let read = "environments/stage/namespaces/orders/entries/other?raw";
    machine.run(&["check"])?.ends_with(0);
    machine.start()?;
    machine.shows("out/other", "one")?;
    machine.stands("other", |status| status["doing"] == "applied")?;
    assert_eq!(fs::metadata(machine.path("s"))?.permissions().mode() & 0o777, 0o660);
    assert!(asks(machine.socket()?, "any.example", read)?.ends_with("\r\n\r\none"));
    assert!(asks(TcpStream::connect(&own)?, &own, "effective/db.yaml?raw")?.ends_with("host: db-1\n"));
    let foreign = asks(TcpStream::connect(&own)?, "evil.example", read)?;
    assert!(foreign.starts_with("HTTP/1.1 403 ") && !foreign.contains("one"), "{foreign}");
    // A watch sees what is applied, and not what is refused.
    let mut watch = machine.socket()?;
    watch.set_read_timeout(Some(BOUND))?;
    write!(watch, "GET /api/v1/watch?env=stage&namespace=orders HTTP/1.1\r\nhost: local\r\n\r\n")?;
    let mut lines = BufReader::new(watch).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("\"one\"")), "no snapshot");
    admin.puts("stage/orders/other", "bad")?;
    machine.stands("other", |status| status["doing"] == "rejected")?;
    assert!(asks(machine.socket()?, "local", read)?.ends_with("\r\n\r\none"));
    admin.puts("stage/orders/other", "two")?;
    assert!(lines.any(|line| line == "event: change"), "no change");
    let told: Vec<_> = lines.by_ref().take_while(|line| !line.contains("\"two\"")).collect();
    assert!(!told.iter().any(|line| line.contains("event: reset")), "{told:?}");
    machine.shows("out/other", "two")?;
    // A refused revision is not shown after a restart either, and no server is needed.
    admin.puts("stage/orders/other", "bad again")?;
    machine.stands("other", |status| status["doing"] == "rejected")?;
    node.halt()?;
    assert_eq!(machine.stop()?, Some(0));
    assert!(lines.any(|line| line == "event: bye"), "no goodbye");
    assert!(!machine.path("s").exists());
    machine.start()?;
    machine.stands("other", |status| status["doing"] == "rejected")?;
    assert!(asks(machine.socket()?, "local", read)?.ends_with("\r\n\r\ntwo"));
    assert!(asks(TcpStream::connect(&own)?, "localhost", read)?.ends_with("\r\n\r\ntwo"));
    assert_eq!(machine.stop()?, Some(0));
    Ok(())
}

#[test]
fn a_supervised_process_gets_its_variables_and_starts_anew_when_they_change() -> Tested {
    let (_node, admin) = server()?;
    admin.puts("stage/orders/app.env", "MODE=blue\n")?;
    admin.puts("stage/orders/db.yaml", "host: db-1\n")?;
    let services = r#"
- name: app
  environment: stage
  namespaces: [orders]
  splay: 0s
  exec:
    command: "echo $MODE $HOST_OF_DB > {dir}/seen; exec sleep 1000"
    env_from: [app.env]
    env: {HOST_OF_DB: "orders/db.yaml#/host"}
"#;
    let mut machine = Machine::new(&admin, "exec", services)?;
    machine.start()?;
    machine.shows("seen", "blue db-1\n")?;
    let before = machine.stands("app", |status| status["doing"] == "applied")?["applied"].clone();
    admin.puts("stage/orders/db.yaml", "host: db-2\n")?;
    machine.shows("seen", "blue db-2\n")?;
    machine.stands("app", |status| status["doing"] == "applied" && status["applied"] != before)?;
    // Held, it still runs after a restart of the agent.
    machine.run(&["hold", "app"])?.ends_with(0);
    machine.stop()?;
    fs::remove_file(machine.path("seen"))?;
    machine.start()?;
    machine.shows("seen", "blue db-2\n")?;
    Ok(())
}

#[test]
fn a_service_that_is_started_after_its_files_counts_as_well_by_itself() -> Tested {
    let (_node, admin) = server()?;
    admin.puts("stage/orders/a", "one")?;
    let services = r#"
- name: late
  environment: stage
  namespaces: [orders]
  files: [{path: "{dir}/a", key: a}]
  probe: {command: "test -e {dir}/up", for: 100ms}
"#;
    let mut machine = Machine::new(&admin, "late", services)?;
    machine.start()?;
    machine.stands("late", |status| status["unhealthy"].is_string())?;
    let listed = || admin.does(&["instances", "stage"]).map(|ran| ran.out).unwrap_or_default();
    eventually(|| listed().contains("in_sync, unhealthy")).map_err(|_| listed())?;
    write(&machine.folder, "up", "")?;
    machine.stands("late", |status| status["unhealthy"].is_null() && status["doing"] == "applied")?;
    eventually(|| listed().contains("in_sync") && !listed().contains("unhealthy")).map_err(|_| listed())?;
    Ok(())
}

#[test]
fn settings_that_are_not_good_are_refused_with_their_lines() -> Tested {
    let home = tempfile::tempdir()?;
    let actor = Actor { home, server: "http://127.0.0.1:1".to_owned() };
    let file: &Path = &actor.home.path().join("agent.yaml");
    fs::write(file, "services:\n- name: web\n  environmant: prod\n")?;
    let path = file.display().to_string();
    let refused = actor.run(&["agent", "-c", &path, "check"], "")?.ends_with(1);
    refused.complains(&format!("{path}:3:3: ")).complains("environment");
    fs::write(file, "services:\n- {name: web, environment: prod, namespaces: [a], files: [{path: /a, key: a}]}\n")?;
    actor.run(&["agent", "-c", &path, "check", "--settings-only"], "")?.ends_with(0);
    actor.run(&["agent", "-c", &path, "check", "--timeout", "200ms"], "")?.ends_with(6);
    Ok(())
}
