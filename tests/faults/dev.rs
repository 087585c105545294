//! `pintle dev` as scripts use it, and as it is treated: killed, interrupted, started twice.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::support::http::{Caller, client};
use crate::support::node::{PASSWORD, Process, log_in, pintle, tail};
use crate::support::postgres::signal;
use crate::support::{BOUND, Place, Tested, ensure, eventually, tell};

/// A `pintle dev`, whose PostgreSQL is killed with it when it is dropped.
struct Dev {
    process: Process,
    data_dir: PathBuf,
    url: String,
}

impl Dev {
    async fn start(place: &Place, name: &str) -> Tested<Self> {
        let mut this = Self::launch(place, name, &[])?;
        this.url = this.process.ready(BOUND).await?;
        Ok(this)
    }

    fn launch(place: &Place, name: &str, arguments: &[&str]) -> Tested<Self> {
        let data_dir = place.join(name);
        let mut command = dev(&data_dir, arguments);
        command.env("PINTLE_ADMIN_PASSWORD", PASSWORD);
        let process = Process::spawn(command, place.join(&format!("{name}.out")))?;
        Ok(Self { process, data_dir, url: String::new() })
    }

    fn postmaster(&self) -> Tested<i32> {
        let text = std::fs::read_to_string(self.data_dir.join("pg/postmaster.pid"))?;
        Ok(text.lines().next().unwrap_or_default().trim().parse()?)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.process.kill();
        if let Ok(pid) = self.postmaster() {
            signal(pid, Signal::SIGQUIT);
            // Its socket is outside of the data folder, in a folder named on the fifth line.
            let text = std::fs::read_to_string(self.data_dir.join("pg/postmaster.pid")).unwrap_or_default();
            if let Some(sockets) = text.lines().nth(4).filter(|line| line.contains("/pintle-")) {
                let _ = std::fs::remove_dir_all(sockets);
            }
        }
    }
}

fn dev(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = pintle();
    command.arg("dev").arg("--data-dir").arg(data_dir).args(arguments);
    if !arguments.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command
}

fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let ended = stat.rsplit_once(')').is_none_or(|(_, fields)| fields.trim_start().starts_with('Z'));
    kill(Pid::from_raw(pid), None).is_ok() && !ended
}

async fn set_up(url: &str) -> Tested<Caller> {
    let caller = log_in(url, PASSWORD).await?;
    caller.put_json("/api/v1/environments/dev", json!({})).await?.expect(200)?;
    caller.put_json("/api/v1/environments/dev/namespaces/app", json!({})).await?.expect(200)?;
    Ok(caller)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_killed_of_it_recovers_with_the_data() -> Tested {
    let place = Place::new()?;
    let mut dev = Dev::start(&place, "data").await?;
    let mut caller = set_up(&dev.url).await?;
    let token = std::fs::read_to_string(dev.data_dir.join("quickstart-token"))?;
    caller.publish("kept", "0", "0").await?.expect(200)?;

    // The database: the same process starts it again.
    for round in 1..=2 {
        let postmaster = dev.postmaster()?;
        signal(postmaster, Signal::SIGKILL);
        eventually("another PostgreSQL runs", BOUND, async || {
            Ok(dev.postmaster().is_ok_and(|pid| pid != postmaster && is_alive(pid)).then_some(()))
        })
        .await?;
        caller.shows("kept", &(round - 1).to_string()).await?;
        caller.writes().await?;
        let content = round.to_string();
        eventually("a publish", BOUND, async || {
            Ok(caller.publish("kept", &content, &content).await?.status.is_success().then_some(()))
        })
        .await
        .map_err(|error| format!("{error}\n{}", tail(&dev.process.errors())))?;
    }

    // Pintle: PostgreSQL stays, and the next start adopts it.
    let postmaster = dev.postmaster()?;
    dev.process.kill()?;
    ensure(is_alive(postmaster), || "PostgreSQL ended with the killed process".to_owned())?;
    std::mem::forget(std::mem::replace(&mut dev, Dev::start(&place, "data").await?));
    ensure(dev.postmaster()? == postmaster, || "it was not adopted".to_owned())?;
    caller.url.clone_from(&dev.url);
    caller.shows("kept", "2").await?;
    // With the token that was printed at the first start, too: whoever works with it is not stopped by a restart.
    caller.token = token;
    caller.publish("kept", "3", "3").await?.expect(200)?;

    // Both at once.
    dev.process.kill()?;
    signal(postmaster, Signal::SIGKILL);
    let again = Dev::start(&place, "data").await?;
    std::mem::forget(std::mem::replace(&mut dev, again));
    ensure(dev.postmaster()? != postmaster, || "the killed server still runs".to_owned())?;
    caller.url.clone_from(&dev.url);
    caller.shows("kept", "3").await?;
    let ready = caller.ready().await?;
    let history: serde_json::Value = caller.get_json("/api/v1/revisions?limit=1").await?;
    ensure(history.pointer("/revisions/0/revision") == Some(&ready.revision.into()), || history.to_string())?;
    caller.publish("kept", "4", "4").await?.expect(200)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_stop_it_and_its_database() -> Tested {
    let place = Place::new()?;
    for what in [Signal::SIGTERM, Signal::SIGINT] {
        let mut dev = Dev::start(&place, "data").await?;
        let postmaster = dev.postmaster()?;
        let began = tokio::time::Instant::now();
        dev.process.signal(what)?;
        let (code, errors) = dev.process.ended(BOUND).await?;
        tell(&format!("dev: {what} stops it in {} ms", began.elapsed().as_millis()));
        ensure(code == Some(0), || format!("{what}: {code:?}\n{}", tail(&errors)))?;
        ensure(!is_alive(postmaster), || "PostgreSQL still runs".to_owned())?;
        ensure(!dev.data_dir.join("pg/postmaster.pid").exists(), || "it was not stopped cleanly".to_owned())?;
    }
    // While it still makes the database.
    let mut early = Dev::launch(&place, "early", &[])?;
    eventually("it begins", BOUND, async || Ok(early.data_dir.exists().then_some(()))).await?;
    early.process.signal(Signal::SIGTERM)?;
    let (code, errors) = early.process.ended(BOUND).await?;
    ensure(code == Some(0), || format!("{code:?}\n{}", tail(&errors)))?;
    let mut dev = Dev::start(&place, "early").await?;
    dev.process.signal(Signal::SIGTERM)?;
    dev.process.ended(BOUND).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said() -> Tested {
    let place = Place::new()?;
    let dev_one = Dev::start(&place, "data").await?;
    let refused = async |name: &str, arguments: &[&str]| -> Tested<String> {
        let mut dev = Dev::launch(&place, name, arguments)?;
        let (code, errors) = dev.process.ended(BOUND).await?;
        // The folder, and its server, may be another's.
        std::mem::forget(dev);
        ensure(code == Some(1), || format!("{code:?}: {errors}"))?;
        Ok(errors.lines().last().unwrap_or_default().to_owned())
    };
    let mut second = dev(&dev_one.data_dir, &[]);
    let Output { status, stderr, .. } = second.env("PINTLE_ADMIN_PASSWORD", PASSWORD).output()?;
    let second = String::from_utf8_lossy(&stderr).into_owned();
    let holder = format!("is in use by another Pintle (process {})", dev_one.process.pid()?);
    ensure(!status.success() && second.contains(&holder), || second)?;
    let caller = log_in(&dev_one.url, PASSWORD).await?;
    caller.writes().await?;

    let address = dev_one.url.strip_prefix("http://").unwrap_or_default();
    let port = refused("other", &["--listen", address]).await?;
    ensure(port.contains(&format!("cannot listen on {address}")), || port)?;
    ensure(!place.join("other/pg").exists(), || "a database was made for nothing".to_owned())?;

    std::fs::create_dir(place.join("photos"))?;
    std::fs::write(place.join("photos/cat.png"), "")?;
    let ours = refused("photos", &[]).await?;
    ensure(ours.contains("is not a Pintle data folder and not empty"), || ours)?;

    let nothing = place.join("nothing");
    let missing = refused("third", &["--postgres-bin", &nothing.to_string_lossy()]).await?;
    ensure(missing.contains("has no PostgreSQL server programs"), || missing)?;

    let mut none = dev(&place.join("fourth"), &[]);
    none.env("PATH", "/nonexistent").env("PG_CONFIG", "/nonexistent");
    let Output { stderr, .. } = none.stdout(Stdio::null()).arg("--help").output()?;
    ensure(stderr.is_empty(), || String::from_utf8_lossy(&stderr).into_owned())?;
    let short = Command::new(env!("CARGO_BIN_EXE_pintle"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("PINTLE_ADMIN_PASSWORD", "short")
        .args(["dev", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(place.join("short"))
        .output()?;
    let said = String::from_utf8_lossy(&short.stderr).into_owned();
    ensure(!short.status.success() && said.contains("PINTLE_ADMIN_PASSWORD"), || said)
}

/// Runs a user's command.
fn user(home: &Path, token: Option<&str>, arguments: &[&str], input: &str) -> Tested<String> {
    let mut command = pintle();
    command.env("HOME", home).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(token) = token {
        command.env("PINTLE_TOKEN", token);
    }
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let Output { status, stdout, stderr } = child.wait_with_output()?;
    ensure(status.success(), || format!("{arguments:?}: {status} {}", String::from_utf8_lossy(&stderr)))?;
    Ok(String::from_utf8(stdout)?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_log_in_and_make_tokens_and_people_get_back_in() -> Tested {
    let place = Place::new()?;
    let dev = Dev::start(&place, "data").await?;
    ensure(!dev.url.ends_with(":0"), || dev.url.clone())?;
    let ready = dev.process.output().lines().filter(|line| line.starts_with("pintle is ready: ")).count();
    ensure(ready == 1, || dev.process.output())?;
    ensure(!dev.process.output().contains(PASSWORD), || "the preset password is printed".to_owned())?;

    let (home, other) = (place.join("home"), place.join("other-home"));
    std::fs::create_dir(&home)?;
    std::fs::create_dir(&other)?;
    let login = ["login", "--server", &dev.url, "--user", "admin", "--password-stdin"];
    user(&home, None, &login, &format!("{PASSWORD}\n"))?;
    let token = user(&home, None, &["token", "create", "ci"], "")?;
    let token = token.trim();
    ensure(!token.is_empty() && !token.contains(char::is_whitespace), || format!("not only a token: {token:?}"))?;
    let listed = user(&other, Some(token), &["env", "ls", "--server", &dev.url, "--json"], "")?;
    ensure(listed.contains("dev"), || listed)?;
    let bearer = Caller { http: client()?, url: dev.url.clone(), token: token.to_owned() };
    bearer.get("/api/v1/access/me").await?.expect(200)?;

    // Beside the running server, when nobody can log in any more.
    let data_dir = dev.data_dir.to_string_lossy();
    let reset = user(&home, None, &["admin", "reset", "admin", "--data-dir", &data_dir], "")?;
    let one_time = reset.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    let session = async |body: serde_json::Value| bearer.post_json("/api/v1/session", &body).await;
    let old = session(json!({"name": "admin", "password": PASSWORD})).await?;
    ensure((old.status.as_u16(), old.code().as_str()) == (401, "wrong_password"), || old.text())?;
    let asked = session(json!({"name": "admin", "password": one_time})).await?;
    ensure((asked.status.as_u16(), asked.code().as_str()) == (403, "password_change_required"), || asked.text())?;
    let new = "a new password that is long";
    let changed = session(json!({"name": "admin", "password": one_time, "new_password": new})).await?;
    ensure(changed.status.is_success(), || changed.text())?;
    let twice = session(json!({"name": "admin", "password": one_time, "new_password": new})).await?;
    ensure(twice.status.as_u16() == 401, || format!("the one-time password works twice: {}", twice.text()))?;
    let caller = log_in(&dev.url, new).await?;
    caller.writes().await?;
    // API tokens outlive a reset.
    bearer.get("/api/v1/access/me").await?.expect(200)?;
    tokio::time::timeout(Duration::from_secs(5), caller.get("/readyz")).await??.expect(200)?;
    Ok(())
}
