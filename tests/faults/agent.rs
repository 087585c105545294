//! The agent keeps a real nginx: what is good goes in, what is bad never does, and no crash leaves a half of anything.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::agent::{Agent, Nginx, applied, instance, rejected};
use crate::support::http::Caller;
use crate::support::node::{Node, pintle, tail};
use crate::support::postgres::Cluster;
use crate::support::{BOUND, Dice, Place, Tested, ensure, eventually, tell};

/// How often the agent is killed in the middle of changes.
const KILLS: usize = 15;

/// A server, its admin, and a place for files. Ends in this order: the node before its database.
struct Scene {
    caller: Caller,
    node: Node,
    cluster: Cluster,
    place: Place,
}

impl Scene {
    async fn new() -> Tested<Self> {
        let place = Place::new()?;
        let cluster = Cluster::start_new(&place, "pg").await?;
        let mut node = Node::new(&place, "one", &cluster.url())?;
        node.start().await?;
        let caller = node.set_up().await?;
        Ok(Self { caller, node, cluster, place })
    }

    /// Publishes one entry and gives its revision.
    async fn publish(&self, key: &str, content: &str) -> Tested<u64> {
        let message = format!("{key}-{}", content.len());
        let format = if Path::new(key).extension().is_some_and(|ending| ending == "env") { "env" } else { "text" };
        let change =
            json!({"env": "dev", "namespace": "app", "key": key, "op": "put", "format": format, "content": content});
        let body = json!({"message": message, "changes": [change]});
        Ok(self.caller.post_json("/api/v1/publish", &body).await?.expect(200)?.revision)
    }

    /// Publishes several entries at once and gives their revision.
    async fn publish_all(&self, entries: &[(String, String)]) -> Tested<u64> {
        let changes: Vec<_> = entries
            .iter()
            .map(|(key, content)| {
                json!({"env": "dev", "namespace": "app", "key": key, "op": "put", "format": "text", "content": content})
            })
            .collect();
        let body = json!({"message": "all", "changes": changes});
        Ok(self.caller.post_json("/api/v1/publish", &body).await?.expect(200)?.revision)
    }

    async fn delete(&self, key: &str) -> Tested<u64> {
        let change = json!({"env": "dev", "namespace": "app", "key": key, "op": "delete"});
        let body = json!({"message": "delete", "changes": [change]});
        Ok(self.caller.post_json("/api/v1/publish", &body).await?.expect(200)?.revision)
    }

    /// An nginx that runs on its first file, and the agent that put it there.
    async fn nginx(&self, name: &str) -> Tested<(Nginx, Agent)> {
        let mut nginx = Nginx::new(&self.place, name)?;
        self.publish("nginx.conf", &nginx.text("first", 200)).await?;
        let mut agent = Agent::new(&self.place, "host", &self.caller, &nginx.block("web", &["nginx.conf"]))?;
        agent.start()?;
        eventually("the first file", BOUND, async || Ok(nginx.conf().exists().then_some(()))).await?;
        nginx.start().await?;
        Ok((nginx, agent))
    }
}

/// Tells what the agent said when something is not as it should be.
fn with_log<T>(done: Tested<T>, agent: &Agent) -> Tested<T> {
    done.map_err(|error| format!("{error}\n{}", tail(&agent.log())).into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_gets_what_is_good_and_nothing_else() -> Tested {
    let scene = Scene::new().await?;
    let (nginx, agent) = scene.nginx("nginx").await?;
    with_log(good_and_bad(&scene, &nginx).await, &agent)
}

async fn good_and_bad(scene: &Scene, nginx: &Nginx) -> Tested {
    let id = "host/web";
    // Good: served after one reload.
    let (before, good) = (nginx.reloads(), nginx.text("good", 200));
    let revision = scene.publish("nginx.conf", &good).await?;
    applied(&scene.caller, id, revision).await?;
    nginx.says("good").await?;
    ensure(nginx.reloads() == before + 1, || format!("{} reloads", nginx.reloads() - before))?;
    let files = nginx.files()?;
    ensure(files == [("nginx.conf".to_owned(), good.clone())], || format!("{files:?}"))?;

    // Refused by nginx itself: never in its folder, and its words are in the receipt.
    let revision = scene.publish("nginx.conf", "events { }\nhttp { servre { } }\n").await?;
    let view = rejected(&scene.caller, id, revision).await?;
    let output = view.rejected.and_then(|receipt| receipt.output).unwrap_or_default();
    ensure(output.contains("unknown directive \"servre\""), || format!("{output:?}"))?;
    ensure(nginx.files()? == files && nginx.reloads() == before + 1, || "nginx was touched".to_owned())?;

    // Accepted by the check, but not well: back on disk and in nginx.
    let revision = scene.publish("nginx.conf", &nginx.text("ill", 500)).await?;
    let view = rejected(&scene.caller, id, revision).await?;
    let receipt = view.rejected.ok_or("no receipt")?;
    ensure(!receipt.broken, || format!("{receipt:?}"))?;
    nginx.says("good").await?;
    ensure(nginx.files()? == files && nginx.reloads() == before + 3, || format!("{} reloads", nginx.reloads()))?;

    // The next good one goes in at once.
    let revision = scene.publish("nginx.conf", &nginx.text("better", 200)).await?;
    applied(&scene.caller, id, revision).await?;
    nginx.says("better").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_broken_already_gets_its_fix() -> Tested {
    let scene = Scene::new().await?;
    let mut nginx = Nginx::new(&scene.place, "nginx")?;
    scene.publish("nginx.conf", &nginx.text("broken", 500)).await?;
    let mut agent = Agent::new(&scene.place, "host", &scene.caller, &nginx.block("web", &["nginx.conf"]))?;
    agent.start()?;
    eventually("the first file", BOUND, async || Ok(nginx.conf().exists().then_some(()))).await?;
    nginx.start().await?;
    let done = async {
        let revision = scene.publish("nginx.conf", &nginx.text("still", 500)).await?;
        let view = applied(&scene.caller, "host/web", revision).await?;
        ensure(view.unhealthy, || format!("{view:?}"))?;
        nginx.says("still").await?;
        let revision = scene.publish("nginx.conf", &nginx.text("fixed", 200)).await?;
        let view = applied(&scene.caller, "host/web", revision).await?;
        ensure(!view.unhealthy, || format!("{view:?}"))?;
        nginx.says("fixed").await
    };
    with_log(done.await, &agent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_moment_leaves_a_complete_file_and_a_running_nginx() -> Tested {
    let scene = Scene::new().await?;
    let (nginx, mut agent) = scene.nginx("nginx").await?;
    let seed = Dice::seed()?;
    let mut dice = Dice::new(seed);
    let mut known = vec![nginx.text("first", 200)];
    for round in 0..KILLS {
        let text = nginx.text(&format!("round {round} {}", "x".repeat(5_000)), 200);
        known.push(text.clone());
        scene.publish("nginx.conf", &text).await?;
        // From before the stage to the probe: the first part of an attempt takes about a third of a second.
        tokio::time::sleep(dice.between(Duration::ZERO, Duration::from_millis(400))).await;
        agent.kill()?;
        let now = std::fs::read_to_string(nginx.conf())?;
        ensure(known.contains(&now), || format!("seed {seed}, round {round}: {} bytes", now.len()))?;
        nginx.word().await?;
        agent.start()?;
    }
    let last = nginx.text("last", 200);
    let revision = scene.publish("nginx.conf", &last).await?;
    with_log(applied(&scene.caller, "host/web", revision).await, &agent)?;
    nginx.says("last").await?;
    let files = nginx.files()?;
    ensure(files == [("nginx.conf".to_owned(), last)], || format!("seed {seed}: {files:?}"))?;
    tell(&format!("agent: {KILLS} kills, seed {seed}"));
    Ok(())
}

/// The steps of a change that goes well, in their order.
const STEPS: [&str; 12] = [
    "opened",
    "file_staged",
    "staged",
    "checked",
    "kept",
    "committed",
    "file_swapped",
    "swapped",
    "reloaded",
    "probed",
    "stored",
    "settled",
];
/// Those of one that is taken back because nginx is not well on it.
const STEPS_BACK: [&str; 2] = ["file_undone", "undone"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_every_step_leaves_all_old_files_or_all_new_ones() -> Tested {
    let scene = Scene::new().await?;
    let mut nginx = Nginx::new(&scene.place, "nginx")?;
    let mut old = nginx.texts("first", 200);
    scene.publish_all(&old).await?;
    let block = nginx.block("web", &["nginx.conf", "word.conf"]);
    let mut agent = Agent::new(&scene.place, "host", &scene.caller, &block)?;
    agent.start()?;
    eventually("the first files", BOUND, async || Ok((nginx.files()? == old).then_some(()))).await?;
    nginx.start().await?;
    agent.stop().await?;
    let mut kept_new = Vec::new();
    for (step, health) in STEPS.map(|step| (step, 200)).into_iter().chain(STEPS_BACK.map(|step| (step, 500))) {
        let new = nginx.texts(step, health);
        let done = killed_at(&scene, &nginx, &mut agent, step, [&old, &new]).await;
        let is_new = done.map_err(|error| format!("killed at {step}: {error}\n{}", tail(&agent.log())))?;
        if is_new {
            kept_new.push(step);
        }
        if health == 200 {
            old = new;
        }
    }
    ensure(kept_new == ["settled"], || format!("new files stayed after {kept_new:?}"))?;
    tell("agent: killed at each of 14 steps of a change to two files of nginx");
    Ok(())
}

/// Kills the agent at a step of a change from old to new files, and says whether the new ones are there when the next agent has
/// looked at what was left. At the end the change is applied, or refused when nginx is not well on it.
async fn killed_at(
    scene: &Scene,
    nginx: &Nginx,
    agent: &mut Agent,
    step: &str,
    [old, new]: [&[(String, String); 2]; 2],
) -> Tested<bool> {
    let word = |files: &[(String, String); 2]| files[0].1.lines().last().unwrap_or_default().replace("# ", "");
    let is_good = !new[0].1.contains("return 500");
    agent.start_until(step)?;
    let revision = scene.publish_all(new).await?;
    ensure(agent.aborted(revision).await?, || "it was not killed".to_owned())?;
    // nginx goes on whatever lies on the disk.
    let now = nginx.word().await?;
    ensure([word(old), word(new)].contains(&now), || format!("nginx says {now}"))?;

    // The next agent undoes what was left, or not, and is killed before it touches anything else.
    agent.start_until("opened")?;
    let tried_again = agent.aborted(revision).await?;
    let files = nginx.files()?;
    ensure(files == old || files == new, || format!("{files:?}"))?;
    ensure(tried_again == (files == old), || "what is there was tried again".to_owned())?;
    nginx.says(&word(if files == old { old } else { new })).await?;
    agent.kill()?;

    agent.start()?;
    answers(agent).await?;
    if is_good {
        applied(&scene.caller, "host/web", revision).await?;
    } else {
        rejected(&scene.caller, "host/web", revision).await?;
        // The next agent shall not begin with what was refused.
        let revision = scene.publish_all(old).await?;
        applied(&scene.caller, "host/web", revision).await?;
    }
    let last = if is_good { new } else { old };
    ensure(nginx.files()? == last, || "the files of the end".to_owned())?;
    nginx.says(&word(last)).await?;
    agent.stop().await?;
    Ok(files == new)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_away_on_the_server_stays_on_the_machine() -> Tested {
    let mut scene = Scene::new().await?;
    let (nginx, mut agent) = scene.nginx("nginx").await?;
    // Two blocks of one agent; the second one is refused and holds nothing back.
    let extra = scene.place.join("extra");
    std::fs::create_dir_all(&extra)?;
    let second = |check: &str| {
        format!(
            "  - name: other\n    environment: dev\n    namespaces: [app]\n    files:\n      - {{path: {0}/one, key: one}}\n      \
             - {{path: {0}/two, key: two}}\n    check: {{command: '{check}'}}\n    quiescence: {{min: 10ms}}\n",
            extra.display()
        )
    };
    scene.publish("one", "one").await?;
    scene.publish("two", "two").await?;
    let services = nginx.block("web", &["nginx.conf"]) + &second("! grep -rq bad {stage}");
    agent.stop().await?;
    agent.settle(&scene.caller.url, &services)?;
    agent.start()?;
    let done = kept(&mut scene, &nginx, &mut agent, &extra).await;
    with_log(done, &agent)
}

async fn kept(scene: &mut Scene, nginx: &Nginx, agent: &mut Agent, extra: &Path) -> Tested {
    let read = |name: &str| std::fs::read_to_string(extra.join(name)).unwrap_or_default();
    eventually("the second block", BOUND, async || Ok((read("two") == "two").then_some(()))).await?;
    let changes = [("nginx.conf".to_owned(), nginx.text("two blocks", 200)), ("one".to_owned(), "bad".to_owned())];
    let revision = scene.publish_all(&changes).await?;
    applied(&scene.caller, "host/web", revision).await?;
    rejected(&scene.caller, "host/other", revision).await?;
    nginx.says("two blocks").await?;
    ensure(read("one") == "one", || read("one"))?;

    // An entry is deleted, then another one of its block changes: the change goes in and the file stays.
    scene.publish("one", "mended").await?;
    scene.delete("one").await?;
    let revision = scene.publish("two", "changed").await?;
    let view = applied(&scene.caller, "host/other", revision).await?;
    ensure(view.missing == ["app/one"], || format!("{view:?}"))?;
    ensure(read("two") == "changed", || read("two"))?;
    let one = read("one");
    ensure(["one", "mended"].contains(&one.as_str()), || one.clone())?;

    // The namespace goes, and the agent starts again: nothing changes.
    let files = nginx.files()?;
    let path = "/api/v1/environments/dev/namespaces/app?confirm=app";
    scene.caller.call(reqwest::Method::DELETE, path, None, None).await?.expect(200)?;
    agent.stop().await?;
    agent.start()?;
    answers(agent).await?;
    still(nginx, &files, "two blocks").await?;

    // The server and the database go, and the agent starts with neither.
    agent.kill()?;
    scene.node.kill()?;
    scene.cluster.stop(Signal::SIGQUIT).await?;
    agent.start()?;
    answers(agent).await?;
    still(nginx, &files, "two blocks").await?;
    ensure(read("one") == one && read("two") == "changed", || "the second block changed".to_owned())?;

    // Everything that it remembers goes as well, and there is nobody to ask.
    agent.kill()?;
    agent.forget()?;
    agent.start()?;
    answers(agent).await?;
    still(nginx, &files, "two blocks").await?;
    ensure(read("one") == one && read("two") == "changed", || "the second block changed".to_owned())
}

async fn answers(agent: &Agent) -> Tested {
    eventually("the agent answers", BOUND, async || Ok(agent.command(&["status"])?.status.success().then_some(())))
        .await
}

/// Nothing may happen: looked at for a while.
async fn still(nginx: &Nginx, files: &[(String, String)], word: &str) -> Tested {
    for _ in 0..20 {
        let now = nginx.files()?;
        ensure(now == files, || format!("{now:?}"))?;
        ensure(nginx.word().await? == word, || "nginx says something else".to_owned())?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_taken_away_changes_no_file() -> Tested {
    let scene = Scene::new().await?;
    let (nginx, mut agent) = scene.nginx("nginx").await?;
    let files = nginx.files()?;
    let tokens: serde_json::Value = scene.caller.get_json("/api/v1/tokens").await?;
    let other = crate::support::node::log_in(&scene.caller.url, crate::support::node::PASSWORD).await?;
    let ids = tokens["tokens"].as_array().ok_or("tokens")?.iter().filter_map(|token| token["id"].as_str());
    for id in ids {
        other.call(reqwest::Method::DELETE, &format!("/api/v1/tokens/{id}"), None, None).await?;
    }
    eventually("the token is refused", BOUND, async || {
        Ok((scene.caller.get("/api/v1/environments").await?.status.as_u16() == 401).then_some(()))
    })
    .await?;
    let done = async {
        let body = crate::support::http::put("nginx.conf", &nginx.text("unseen", 200), "unseen", None);
        other.post_json("/api/v1/publish", &body).await?.expect(200)?;
        still(&nginx, &files, "first").await?;
        agent.kill()?;
        agent.start()?;
        answers(&agent).await?;
        still(&nginx, &files, "first").await
    };
    let done = done.await;
    with_log(done, &agent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_is_taken_away_changes_no_file() -> Tested {
    let scene = Scene::new().await?;
    let (nginx, mut agent) = scene.nginx("nginx").await?;
    let files = nginx.files()?;
    let change = |grants: &str| {
        scene.cluster.sql(&format!(
            "BEGIN; SELECT lock_store(); {grants}; UPDATE users SET granted_at = (SELECT revision FROM head);
             SELECT change_access(NULL, '{{}}', '[{{\"op\": \"note\", \"event\": {{}}}}]'); COMMIT"
        ))
    };
    change("DELETE FROM grants")?;
    let done = async {
        let refused = async || {
            let path = "/api/v1/namespaces/dev/app/entries/nginx.conf";
            Ok([403, 404].contains(&scene.caller.get(path).await?.status.as_u16()).then_some(()))
        };
        eventually("the grant is gone", BOUND, refused).await?;
        let lost = async || Ok(agent.log().contains("the server is not heard").then_some(()));
        eventually("the agent is refused", BOUND, lost).await?;
        still(&nginx, &files, "first").await?;
        agent.stop().await?;
        agent.start()?;
        answers(&agent).await?;
        still(&nginx, &files, "first").await?;
        // Given back, it goes on by itself.
        change(
            "INSERT INTO grants (id, user_id, role, environment, namespace, key_prefix)
             SELECT gen_random_uuid(), users.id, role, '*', '*', '' FROM users, unnest(ARRAY['admin', 'publisher']) AS role",
        )?;
        let text = nginx.text("again", 200);
        let publish = async || Ok(Some(scene.publish("nginx.conf", &text).await?));
        let revision = eventually("the grant is back", BOUND, publish).await?;
        applied(&scene.caller, "host/web", revision).await?;
        nginx.says("again").await
    };
    let done = done.await;
    with_log(done, &agent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_the_old_file_and_is_tried_again() -> Tested {
    let allowed = std::process::Command::new("unshare")
        .args(["--mount", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output()?;
    if !allowed.status.success() {
        let why = String::from_utf8_lossy(&allowed.stderr).into_owned();
        tell(&format!("agent: a full disk: skipped: nobody may mount a small file system here: {}", why.trim()));
        return Ok(());
    }
    let scene = Scene::new().await?;
    let folder = scene.place.join("small");
    std::fs::create_dir_all(&folder)?;
    scene.publish("file", "first").await?;
    let block = format!(
        "  - name: small\n    environment: dev\n    namespaces: [app]\n    quiescence: {{min: 10ms}}\n    files:\n      \
         - {{path: {}/file, key: file}}\n",
        folder.display()
    );
    let mut agent = Agent::new(&scene.place, "host", &scene.caller, &block)?;
    // A small file system that only the agent sees.
    let mut small = std::process::Command::new("unshare");
    small.env_clear().args(["--mount", "--map-root-user", "sh", "-c"]);
    small.arg(format!("mount -t tmpfs -o size=64k tmpfs {} && exec \"$0\" \"$@\"", folder.display()));
    small.arg(pintle().get_program()).stdin(std::process::Stdio::null());
    agent.start_by(small)?;
    let inside = Path::new("/proc").join(agent.process()?.pid()?.to_string()).join("root");
    let file = inside.join(folder.strip_prefix("/")?).join("file");
    let done = async {
        let read = || std::fs::read_to_string(&file).unwrap_or_default();
        eventually("the first file", BOUND, async || Ok((read() == "first").then_some(()))).await?;
        let revision = scene.publish("file", &"x".repeat(200_000)).await?;
        let view = rejected(&scene.caller, "host/small", revision).await?;
        let reason = view.rejected.and_then(|receipt| receipt.reason).unwrap_or_default();
        ensure(reason.contains("No space left on device") && reason.contains("/small/"), || reason.clone())?;
        ensure(read() == "first", read)?;
        let names = std::fs::read_dir(file.parent().ok_or("no folder")?)?.count();
        ensure(names == 1, || format!("{names} names in the folder"))?;
        let revision = scene.publish("file", "fits").await?;
        applied(&scene.caller, "host/small", revision).await?;
        ensure(read() == "fits", read)
    };
    with_log(done.await, &agent)
}

/// Whether a process runs no more; one that nobody has collected yet does not.
fn has_ended(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervised_process_outlives_no_agent() -> Tested {
    let scene = Scene::new().await?;
    scene.publish("app.env", "WORD=one\n").await?;
    let folder = scene.place.join("exec");
    std::fs::create_dir_all(&folder)?;
    let block = format!(
        "  - name: worker\n    environment: dev\n    namespaces: [app]\n    quiescence: {{min: 10ms}}\n    splay: 0s\n    exec:\n      \
         command: [sh, -c, 'echo $$ $WORD >> {}/log; exec sleep 1000']\n      env_from: [app.env]\n",
        folder.display()
    );
    let mut agent = Agent::new(&scene.place, "host", &scene.caller, &block)?;
    agent.start()?;
    let lines = || -> Vec<String> {
        std::fs::read_to_string(folder.join("log")).unwrap_or_default().lines().map(str::to_owned).collect()
    };
    let pid_of = |line: &str| line.split(' ').next().and_then(|pid| pid.parse().ok());
    let done = async {
        eventually("it runs", BOUND, async || Ok((lines().len() == 1).then_some(()))).await?;
        agent.kill()?;
        agent.start()?;
        eventually("it runs again", BOUND, async || Ok((lines().len() == 2).then_some(()))).await?;
        let [first, second] = lines().try_into().map_err(|lines| format!("{lines:?}"))?;
        ensure(pid_of(&first).is_none_or(has_ended) && second.ends_with(" one"), || format!("{first} {second}"))?;
        scene.publish("app.env", "WORD=two\n").await?;
        eventually("it has its new variable", BOUND, async || {
            Ok(lines().last().is_some_and(|line| line.ends_with(" two")).then_some(()))
        })
        .await?;
        agent.stop().await?;
        let last = lines().pop().unwrap_or_default();
        ensure(pid_of(&last).is_none_or(has_ended), || format!("{last} still runs"))?;
        instance(&scene.caller, "host/worker").await.map(drop)
    };
    let done = done.await;
    with_log(done, &agent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_the_middle_of_a_change_is_no_news_about_it() -> Tested {
    let scene = Scene::new().await?;
    let one = scene.publish("app.env", "WORD=one\n").await?;
    let log = scene.place.join("starts");
    let block = format!(
        "  - name: worker\n    environment: dev\n    namespaces: [app]\n    quiescence: {{min: 10ms}}\n    splay: 0s\n    exec:\n      \
         command: [sh, -c, 'echo $WORD >> {0}; exec sleep 1000']\n      env_from: [app.env]\n    \
         probe: {{command: 'tail -n 1 {0} | grep -qv two', interval: 50ms, for: 2s, steady: 100ms}}\n",
        log.display()
    );
    let mut agent = Agent::new(&scene.place, "host", &scene.caller, &block)?;
    agent.start()?;
    let last = || std::fs::read_to_string(&log).unwrap_or_default().lines().last().unwrap_or_default().to_owned();
    let done = async {
        applied(&scene.caller, "host/worker", one).await?;
        let two = scene.publish("app.env", "WORD=two\n").await?;
        eventually("it runs on the second", BOUND, async || Ok((last() == "two").then_some(()))).await?;
        // It is not well, and about to be taken back.
        agent.stop().await?;
        let view = instance(&scene.caller, "host/worker").await?;
        ensure(view.rejected.is_none(), || format!("{view:?}"))?;
        agent.start()?;
        let view = rejected(&scene.caller, "host/worker", two).await?;
        let receipt = view.rejected.ok_or("no receipt")?;
        ensure(!receipt.broken && last() == "one", || format!("{receipt:?}, {}", last()))
    };
    let done = done.await;
    with_log(done, &agent)
}
