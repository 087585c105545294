//! Agents, and the real nginx that they keep.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use pintle::api::instances::InstanceView;

use super::http::Caller;
use super::node::{Process, pintle, program, tail};
use super::postgres::{free_port, signal};
use super::{BOUND, Place, Tested, ensure, eventually};

/// A `pintle agent` with its settings, which can be killed and started again.
#[derive(Debug)]
pub(crate) struct Agent {
    folder: PathBuf,
    name: String,
    token: String,
    /// Another one than the one under test.
    program: Option<PathBuf>,
    process: Option<Process>,
}

impl Agent {
    /// Writes `agent.yaml`: the head, then these services.
    pub(crate) fn new(place: &Place, name: &str, caller: &Caller, services: &str) -> Tested<Self> {
        Self::of_servers(place, name, &caller.token, (&caller.url, services))
    }

    /// One of several servers, written `url, url`.
    pub(crate) fn of_servers(
        place: &Place,
        name: &str,
        token: &str,
        (servers, services): (&str, &str),
    ) -> Tested<Self> {
        let folder = place.join(name);
        std::fs::create_dir_all(&folder)?;
        let this = Self { folder, name: name.to_owned(), token: token.to_owned(), program: None, process: None };
        this.settle(servers, services)?;
        Ok(this)
    }

    /// From its next start on it is another program, or the one under test.
    pub(crate) fn run_by(&mut self, program: Option<PathBuf>) {
        self.program = program;
    }

    fn pintle(&self) -> std::process::Command {
        self.program.as_deref().map_or_else(pintle, program)
    }

    /// Writes its settings anew.
    pub(crate) fn settle(&self, servers: &str, services: &str) -> Tested {
        let state = self.folder.join("state");
        let head = format!("servers: [{servers}]\nstate_dir: {}\nhost: {}\nservices:\n", state.display(), self.name);
        Ok(std::fs::write(self.settings(), head + services)?)
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("agent.yaml")
    }

    /// Starts it.
    pub(crate) fn start(&mut self) -> Tested {
        self.start_by(self.pintle())
    }

    /// Starts it, and it ends at a step of its next change, as if it were killed.
    pub(crate) fn start_until(&mut self, step: &str) -> Tested {
        self.launch(self.pintle(), &["--abort-after", step])
    }

    /// Waits for the end at that step; false when the change was applied, or refused, without coming to it.
    pub(crate) async fn aborted(&mut self, revision: u64) -> Tested<bool> {
        let end = format!(".{revision}");
        let aborted = eventually("the agent ends at its step", BOUND, async || {
            let process = self.process.as_mut().ok_or("no agent")?;
            if !process.is_running() {
                return Ok(Some(true));
            }
            let output = self.command(&["status", "--json"])?;
            let status: serde_json::Value = serde_json::from_slice(&output.stdout)?;
            let block = status.pointer("/status/0").ok_or("no block")?;
            let is_it = block["applied"].as_str().is_some_and(|at| at.ends_with(&end)) && block["doing"] == "applied";
            Ok((is_it || block["doing"] == "rejected").then_some(false))
        })
        .await?;
        if aborted {
            let (code, errors) = self.process.take().ok_or("no agent")?.ended(BOUND).await?;
            // Aborted, not ended by itself.
            ensure(code.is_none(), || format!("{code:?}: {}", tail(&errors)))?;
        }
        Ok(aborted)
    }

    /// Takes away everything that it remembers.
    pub(crate) fn forget(&self) -> Tested {
        Ok(std::fs::remove_dir_all(self.folder.join("state"))?)
    }

    /// Starts it by a command that ends with the program: `unshare … pintle`.
    pub(crate) fn start_by(&mut self, command: std::process::Command) -> Tested {
        self.launch(command, &[])
    }

    fn launch(&mut self, mut command: std::process::Command, arguments: &[&str]) -> Tested {
        command.env("PINTLE_TOKEN", &self.token).env("PINTLE_LOG", "info").env("PATH", PATH);
        command.arg("agent").arg("-c").arg(self.settings()).args(arguments);
        self.process = Some(Process::spawn(command, self.folder.join("agent.out"))?);
        Ok(())
    }

    pub(crate) fn process(&self) -> Tested<&Process> {
        self.process.as_ref().ok_or_else(|| format!("{} does not run", self.name).into())
    }

    /// Kills it, as `kill -9` does.
    pub(crate) fn kill(&mut self) -> Tested {
        match self.process.take() {
            Some(mut process) => process.kill(),
            None => Ok(()),
        }
    }

    /// Stops it as a service manager does.
    pub(crate) async fn stop(&mut self) -> Tested {
        match self.process.take() {
            Some(mut process) => process.stop().await,
            None => Ok(()),
        }
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        self.process().map(Process::errors).unwrap_or_default()
    }

    /// A local command.
    pub(crate) fn command(&self, arguments: &[&str]) -> Tested<std::process::Output> {
        let mut command = self.pintle();
        command.arg("agent").args(arguments).arg("-c").arg(self.settings());
        Ok(command.output()?)
    }
}

/// Debian's nginx is where only root looks.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How the server sees an instance.
pub(crate) async fn instance(caller: &Caller, id: &str) -> Tested<InstanceView> {
    let id = id.replace('/', "%2F");
    caller.get_json(&format!("/api/v1/environments/dev/instances/{id}")).await
}

/// Waits until the server knows that an instance runs a revision.
pub(crate) async fn applied(caller: &Caller, id: &str, revision: u64) -> Tested<InstanceView> {
    eventually(&format!("{id} runs {revision}"), BOUND, async || {
        Ok(Some(instance(caller, id).await?).filter(|view| view.revision >= Some(revision)))
    })
    .await
}

/// Waits until the server knows that an instance refused a revision.
pub(crate) async fn rejected(caller: &Caller, id: &str, revision: u64) -> Tested<InstanceView> {
    eventually(&format!("{id} refused {revision}"), BOUND, async || {
        let view = instance(caller, id).await?;
        let is_it = view.rejected.as_ref().is_some_and(|receipt| receipt.revision == revision);
        Ok(Some(view).filter(|_| is_it))
    })
    .await
}

/// A real nginx of its own folder, port and user. Dropping it kills it with its workers.
#[derive(Debug)]
pub(crate) struct Nginx {
    folder: PathBuf,
    pub(crate) port: u16,
    process: Option<Process>,
    http: reqwest::Client,
}

impl Nginx {
    pub(crate) fn new(place: &Place, name: &str) -> Tested<Self> {
        let folder = place.join(name);
        std::fs::create_dir_all(folder.join("live"))?;
        // Kept-alive connections would go on to the workers of before.
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).pool_max_idle_per_host(0);
        let http = http.timeout(Duration::from_secs(5)).build()?;
        Ok(Self { folder, port: free_port()?, process: None, http })
    }

    pub(crate) fn conf(&self) -> PathBuf {
        self.folder.join("live/nginx.conf")
    }

    /// A whole `nginx.conf` that answers `/word` with a word and `/healthz` with a status.
    pub(crate) fn text(&self, word: &str, health: u16) -> String {
        let folder = self.folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {folder}/temporary-{kind};"))
            .join("\n    ");
        let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
        format!(
            "{user}\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log notice;\nevents {{ }}\nhttp {{\n    \
             access_log off;\n    {temporary}\n    server {{\n        listen 127.0.0.1:{};\n        \
             location = /word {{ return 200 \"{word}\"; }}\n        location = /healthz {{ return {health}; }}\n    }}\n}}\n",
            self.port
        )
    }

    /// The same in two files: the answer to `/word` is in `word.conf`.
    pub(crate) fn texts(&self, word: &str, health: u16) -> [(String, String); 2] {
        let text = self.text(word, health);
        let location = format!("location = /word {{ return 200 \"{word}\"; }}");
        let whole = text.replace(&location, "include word.conf;") + &format!("# {word}\n");
        [("nginx.conf".to_owned(), whole), ("word.conf".to_owned(), location + "\n")]
    }

    /// The block of `agent.yaml` that keeps it, from entries that are called as its files.
    pub(crate) fn block(&self, name: &str, files: &[&str]) -> String {
        let folder = self.folder.display();
        let files: String = files
            .iter()
            .map(|file| ["      - {path: ", &folder.to_string(), "/live/", file, ", key: ", file, "}\n"].concat())
            .collect();
        format!(
            "  - name: {name}\n    environment: dev\n    namespaces: [app]\n    quiescence: {{min: 10ms}}\n    files:\n{files}    \
             check: {{command: 'nginx -t -p {{stage}} -c {{stage}}/nginx.conf', timeout: 20s}}\n    \
             reload: {{signal: HUP, pid_file: {folder}/nginx.pid}}\n    \
             probe: {{http: {{url: 'http://127.0.0.1:{}/healthz'}}, interval: 50ms, for: 3s}}\n",
            self.port
        )
    }

    /// Starts it on what its file says.
    pub(crate) async fn start(&mut self) -> Tested {
        let mut command = std::process::Command::new("nginx");
        command.env("PATH", PATH).arg("-p").arg(&self.folder).arg("-c").arg(self.conf());
        command.arg("-e").arg(self.folder.join("error.log")).args(["-g", "daemon off;"]);
        self.process = Some(Process::spawn(command, self.folder.join("nginx.out"))?);
        eventually("nginx answers", BOUND, async || self.word().await.map(Some)).await.map(drop)
    }

    /// What it answers now.
    pub(crate) async fn word(&self) -> Tested<String> {
        let answer = self.http.get(format!("http://127.0.0.1:{}/word", self.port)).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }

    pub(crate) async fn says(&self, word: &str) -> Tested {
        eventually(&format!("nginx says {word}"), BOUND, async || Ok((self.word().await? == word).then_some(()))).await
    }

    /// How often it read its file again.
    pub(crate) fn reloads(&self) -> usize {
        let log = std::fs::read_to_string(self.folder.join("error.log")).unwrap_or_default();
        log.lines().filter(|line| line.contains("(SIGHUP) received")).count()
    }

    /// Everything below the folder of its file.
    pub(crate) fn files(&self) -> Tested<Vec<(String, String)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.folder.join("live"))? {
            let entry = entry?;
            let content = if entry.path().is_file() { std::fs::read_to_string(entry.path())? } else { String::new() };
            found.push((entry.file_name().to_string_lossy().into_owned(), content));
        }
        found.sort();
        Ok(found)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Its master ends its workers when it is asked.
            if let Ok(pid) = process.pid() {
                signal(pid, Signal::SIGTERM);
                let until = std::time::Instant::now() + Duration::from_secs(5);
                while process.is_running() && std::time::Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            drop(process.kill());
        }
    }
}
