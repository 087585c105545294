//! The agent as a program: what it shows to say who it is, and what it does with what is sealed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::exchange::Issuer;
use crate::harness::{Actor, App, put};

/// Nothing takes longer on a machine that is not stuck.
const BOUND: Duration = Duration::from_secs(30);
const CANARY: &str = "hunter2-canary-51cd";

/// A machine with an agent.
struct Machine {
    folder: TempDir,
    agent: Option<Child>,
}

impl Machine {
    /// `text` are the settings beside the server and the folders; `{dir}` in them is the folder.
    fn new(actor: &Actor, token: &str, text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let dir = folder.path().display().to_string();
        fs::write(folder.path().join("token"), token).unwrap();
        let head = format!("server: {}\ntoken_file: {dir}/token\nstate_dir: {dir}/state\nhost: h1\n", actor.url);
        fs::write(folder.path().join("agent.yaml"), head + &text.replace("{dir}", &dir)).unwrap();
        Self { folder, agent: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
        command.args(["agent", "-c"]).arg(self.path("agent.yaml")).args(arguments);
        command.env_clear().env("HOME", self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.unwrap()
    }

    fn start(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.path("log")).unwrap();
        self.agent = Some(self.command(&[]).stdout(Stdio::null()).stderr(log).spawn().unwrap());
    }

    fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    async fn status(&self) -> Value {
        let output = self.run(&["status", "--json"]).await;
        let status: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        status["status"][0].clone()
    }

    /// Waits until the file has this text.
    async fn shows(&self, name: &str, text: &str) {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        let shows = async {
            while self.text(name).as_deref() != Some(text) {
                looks.tick().await;
            }
        };
        let shown = tokio::time::timeout(BOUND, shows).await;
        assert!(shown.is_ok(), "{name} is {:?}, not {text:?}\n{:?}", self.text(name), self.text("log"));
    }

    /// Waits until the block stands so.
    async fn stands(&self, how: impl Fn(&Value) -> bool + Sync + Send) -> Value {
        let mut looks = tokio::time::interval(Duration::from_millis(100));
        let stands = async {
            loop {
                let status = self.status().await;
                if how(&status) {
                    return status;
                }
                looks.tick().await;
            }
        };
        tokio::time::timeout(BOUND, stands).await.unwrap_or_else(|_| panic!("{:?}", self.text("log")))
    }
}

const SECRET_FILES: &str = "services:
- name: web
  environment: dev
  namespaces: [orders]
  files:
  - {path: \"{dir}/plain\", key: plain.txt}
  - {path: \"{dir}/db.yaml\", key: db.yaml, mode: '0644'}
  - {path: \"{dir}/rendered\", template_text: \"{{ value('db.yaml', '/password') }}\\n\"}
  serve: {socket: \"{dir}/s\"}
";

async fn publish_secret(app: &App, password: &str) {
    let mut change = put("dev/orders/db.yaml", &format!("password: {password}\n"));
    change["secret_paths"] = json!(["/password"]);
    app.admin().publish(&[change, put("dev/orders/plain.txt", "plain")]).await.expect(200);
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn an_agent_with_the_right_keeps_what_is_sealed_to_itself_and_without_it_keeps_what_it_had() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    publish_secret(&app, CANARY).await;
    let grants = [("agent", "dev", "orders", ""), ("secret-reader", "dev", "orders", "")];
    let robot = app.service("robot", &grants).await;
    let mut machine = Machine::new(&robot, &robot.token, SECRET_FILES);
    machine.start();
    machine.shows("rendered", &format!("{CANARY}\n")).await;
    machine.stands(|status| status["doing"] == "applied").await;
    assert_eq!(machine.text("db.yaml").unwrap(), format!("password: {CANARY}\n"));
    assert_eq!((machine.mode("db.yaml"), machine.mode("rendered"), machine.mode("plain")), (0o600, 0o600, 0o644));
    for file in files(machine.folder.path()) {
        let name = file.strip_prefix(machine.folder.path()).unwrap().to_str().unwrap().to_owned();
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains(CANARY) || machine.mode(&name) == 0o600, "{name}");
        assert!(name != "log" || !text.contains(CANARY));
    }
    let explained = machine.run(&["explain", "db.yaml"]).await;
    let told = String::from_utf8(explained.stdout).unwrap();
    assert!(told.contains("sealed") && !told.contains(CANARY), "{told}");
    let local = reqwest::Client::builder().unix_socket(machine.path("s")).build().unwrap();
    let read = |query: &'static str| {
        let url = format!("http://localhost/api/v1/environments/dev/namespaces/orders/entries/db.yaml{query}");
        let request = local.get(url);
        async move { request.send().await.unwrap() }
    };
    let view: Value = read("").await.json().await.unwrap();
    assert_eq!((&view["sealed"], view.get("content")), (&json!(true), None), "{view}");
    assert_eq!(read("?raw").await.status(), 403);

    // Without the right nothing is replaced, and the reason is told to the server.
    app.revoke("robot", "orders").await;
    app.grant("robot", ("agent", "dev", "orders", "")).await;
    publish_secret(&app, "another").await;
    let status = machine.stands(|status| status["doing"] == "rejected").await;
    let reason = status["reason"].as_str().unwrap();
    assert!(reason.contains("sealed: orders/db.yaml") && reason.contains("`reveal`"), "{reason}");
    assert_eq!(machine.text("rendered").unwrap(), format!("{CANARY}\n"));
    let rejected = "SELECT count(*) FROM receipts WHERE stage = 'rejected' AND reason LIKE '%sealed: orders/db.yaml%'";
    let mut looks = tokio::time::interval(Duration::from_millis(100));
    while app.database.number(rejected).await == 0 {
        looks.tick().await;
    }
    app.grant("robot", ("secret-reader", "dev", "orders", "")).await;
    machine.shows("rendered", "another\n").await;
    drop(machine);
    app.finish().await;
}

#[tokio::test]
async fn local_programs_get_what_is_sealed_when_the_settings_say_so_and_refusals_do_not_quote_it() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    publish_secret(&app, CANARY).await;
    let grants = [("agent", "dev", "orders", ""), ("secret-reader", "dev", "orders", "")];
    let robot = app.service("robot", &grants).await;
    let text = SECRET_FILES.replace(
        "serve: {",
        "check: {command: \"cat {stage}/db.yaml; ! grep -q bad {stage}/db.yaml\"}\n  serve: {secrets: true, ",
    );
    let mut machine = Machine::new(&robot, &robot.token, &text);
    machine.start();
    machine.shows("rendered", &format!("{CANARY}\n")).await;
    // Local programs see what was applied once all of it is done.
    machine.stands(|status| status["doing"] == "applied").await;
    let local = reqwest::Client::builder().unix_socket(machine.path("s")).build().unwrap();
    let url = "http://localhost/api/v1/effective/db.yaml?raw";
    assert_eq!(local.get(url).send().await.unwrap().text().await.unwrap(), format!("password: {CANARY}\n"));
    publish_secret(&app, "bad-hunter3-canary").await;
    let status = machine.stands(|status| status["doing"] == "rejected").await;
    assert!(!status.to_string().contains("hunter3"), "{status}");
    let log = machine.text("log").unwrap();
    assert!(log.contains("rejected") && !log.contains("hunter3"), "{log}");
    drop(machine);
    let quoted = "SELECT count(*) FROM receipts r WHERE r::text LIKE '%hunter3%'";
    assert_eq!(app.database.number(quoted).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn an_agent_lives_on_the_token_of_its_cluster_and_on_whichever_the_file_holds_now() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    publish_secret(&app, "x").await;
    app.service("k8s-web", &[("agent", "dev", "orders", "")]).await;
    let issuer = Issuer::new("a", 1);
    app.admin().put("/api/v1/trusted-issuers/k8s", issuer.body()).await.expect(201);
    let text = "services:\n- {name: web, environment: dev, namespaces: [orders], files: [{path: \"{dir}/plain\", key: plain.txt}]}\n";
    let mut machine = Machine::new(app.admin(), &issuer.token(json!({})), text);
    machine.start();
    machine.shows("plain", "plain").await;
    let instance = app.admin().get("/api/v1/environments/dev/instances/h1%2Fweb").await.ok();
    assert_eq!(instance["owner"], "k8s-web");
    // Its short-lived token is taken away: it exchanges anew, with what the file holds by then.
    fs::write(machine.path("token"), issuer.token(json!({"jti": "next"}))).unwrap();
    app.admin().delete("/api/v1/trusted-issuers/k8s").await.expect(204);
    app.admin().put("/api/v1/trusted-issuers/k8s", issuer.body()).await.expect(201);
    app.admin().write("dev/orders/plain.txt", "second").await.expect(200);
    machine.shows("plain", "second").await;
    drop(machine);
    app.finish().await;
}

#[tokio::test]
async fn a_token_of_ours_is_shown_only_to_be_exchanged_when_the_settings_say_so() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    publish_secret(&app, "x").await;
    let robot = app.service("robot", &[("agent", "dev", "orders", "")]).await;
    let text = "exchange: true\nservices:\n- {name: web, environment: dev, namespaces: [orders], files: [{path: \"{dir}/plain\", key: plain.txt}]}\n";
    let machine = Machine::new(&robot, &robot.token, text);
    let output = machine.run(&["--once"]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(machine.text("plain").as_deref(), Some("plain"));
    assert_eq!(app.database.number("SELECT count(*) FROM signing_keys").await, 1, "it was exchanged");
    app.finish().await;
}

#[tokio::test]
async fn commands_take_the_token_of_a_file_and_make_scoped_ones() {
    let app = App::start().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, &app.admin().token).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
        command
            .env_clear()
            .env("HOME", folder.path())
            .env("PINTLE_SERVER", &app.admin().url)
            .env("PINTLE_TOKEN_FILE", &file);
        command.args(arguments).stdin(Stdio::null());
        async move {
            let output = command.output().await.unwrap();
            (
                output.status.code().unwrap(),
                String::from_utf8(output.stdout).unwrap(),
                String::from_utf8(output.stderr).unwrap(),
            )
        }
    };
    assert!(run(&["whoami"]).await.1.starts_with("admin on"));
    let scope = "role=agent,env=prod,namespace=orders,prefix=app/";
    let (code, token, _) = run(&["token", "create", "ci", "--scope", scope]).await;
    assert_eq!(code, 0);
    assert!(token.starts_with("pintle_"));
    let (_, list, _) = run(&["token", "ls"]).await;
    assert!(list.contains("agent on prod/orders/app/*"), "{list}");
    let tokens = app.admin().get("/api/v1/tokens").await.ok();
    let id = tokens["tokens"].as_array().unwrap().iter().find(|t| t["name"] == "ci").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (code, next, _) = run(&["token", "rotate", &id, "--overlap-seconds", "0"]).await;
    assert_eq!((code, next.starts_with("pintle_")), (0, true));
    let listed = app.admin().get("/api/v1/tokens").await.ok();
    let live: Vec<_> = listed["tokens"].as_array().unwrap().iter().filter(|t| t["name"] == "ci").collect();
    assert_eq!(live.len(), 1);
    assert_eq!(run(&["token", "revoke", live[0]["id"].as_str().unwrap()]).await.0, 0);

    let issuer = folder.path().join("issuer.yaml");
    fs::write(&issuer, serde_json::to_string(&Issuer::new("a", 1).body()).unwrap()).unwrap();
    let (code, _, err) = run(&["issuer", "put", "k8s", "--file", issuer.to_str().unwrap()]).await;
    assert_eq!(code, 0, "{err}");
    assert!(run(&["issuer", "ls"]).await.1.contains("k8s-{/kubernetes.io/serviceaccount/name}"));
    assert_eq!(run(&["issuer", "rm", "k8s"]).await.0, 0);
    app.finish().await;
}
