//! Real processes under supervision.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;

fn settings(folder: &Path, command: &str, more: &str) -> ExecSettings {
    let text = format!("command: [sh, -c, {command:?}]\nbackoff: 10ms\n{more}");
    serde_saphyr::from_str(&text.replace("DIR", folder.to_str().unwrap())).unwrap()
}

fn variables(word: &str) -> Variables {
    BTreeMap::from([("WORD".to_owned(), word.to_owned())])
}

fn lines(folder: &TempDir) -> Vec<String> {
    let text = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Runs a supervisor beside the orders given to it, and stops it at the end.
async fn with(settings: ExecSettings, orders: impl AsyncFnOnce(Supervised)) -> Ended {
    let (supervised, supervisor) = supervise(settings);
    let stop = CancellationToken::new();
    let work = async {
        orders(supervised).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(supervisor.run(Signals::none(), stop.clone()), work);
    ended
}

#[tokio::test]
async fn a_process_runs_with_its_variables_and_without_those_of_the_agent() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo $WORD > DIR/log; env | grep -c ^PINTLE_ >> DIR/log; exec sleep 1000";
    let ended = with(settings(folder.path(), script, ""), async |supervised| {
        assert_eq!((supervised.life(), supervised.variables()), (Life::Idle, None));
        assert_eq!(supervised.signal(Signal::SIGHUP).await, Err(OrderError::NotRunning));
        supervised.start(variables("hello")).await.unwrap();
        assert!(matches!(supervised.life(), Life::Running(_)));
        assert_eq!(supervised.variables(), Some(variables("hello")));
    });
    assert_eq!(ended.await, Ended::Stopped);
    assert_eq!(lines(&folder), ["hello", "0"]);
}

#[tokio::test]
async fn a_crash_is_followed_by_a_restart_after_growing_pauses() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo start >> DIR/log; test $(wc -l < DIR/log) -lt 6 && exit 1; exec sleep 1000";
    let started = Instant::now();
    with(settings(folder.path(), script, ""), async |supervised| {
        let died = supervised.start(variables("x")).await;
        assert!(matches!(died, Err(OrderError::Died(status)) if status.code() == Some(1)), "{died:?}");
        until("six starts", || lines(&folder).len() == 6).await;
        until("it runs", || matches!(supervised.life(), Life::Running(_))).await;
    })
    .await;
    // 10, 20, 40, 80 and 160 ms.
    assert!(started.elapsed() >= Duration::from_millis(310), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_process_that_does_not_stop_is_killed_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap 'echo asked >> DIR/log' TERM; sleep 1000 & echo $! > DIR/child; echo $$ > DIR/own; while :; do sleep 0.05; done";
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).ok()?.trim().parse::<i32>().ok();
    with(settings(folder.path(), script, "stop_timeout: 300ms"), async |supervised| {
        supervised.start(variables("x")).await.unwrap();
        until("it wrote its number", || read("own").is_some()).await;
        supervised.stop().await.unwrap();
        assert_eq!((supervised.life(), supervised.variables()), (Life::Idle, None));
    })
    .await;
    until("both are gone", || !is_alive(read("own").unwrap()) && !is_alive(read("child").unwrap())).await;
    assert_eq!(lines(&folder), ["asked"]);
}

#[tokio::test]
async fn signals_reach_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap 'echo hup >> DIR/log' HUP; echo ready >> DIR/log; while :; do sleep 0.01; done";
    with(settings(folder.path(), script, "stop_timeout: 10ms"), async |supervised| {
        supervised.start(variables("x")).await.unwrap();
        until("it is ready", || lines(&folder).len() == 1).await;
        supervised.signal(Signal::SIGHUP).await.unwrap();
        until("it heard", || lines(&folder) == ["ready", "hup"]).await;
    })
    .await;
}

#[tokio::test]
async fn new_variables_wait_for_the_next_start_when_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo $WORD >> DIR/log; exec sleep 1000";
    with(settings(folder.path(), script, ""), async |supervised| {
        supervised.start(variables("one")).await.unwrap();
        supervised.keep(variables("two")).await.unwrap();
        assert_eq!(lines(&folder), ["one"]);
        let Life::Running(pid) = supervised.life() else { panic!() };
        kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
        until("it runs again", || lines(&folder) == ["one", "two"]).await;
    })
    .await;
}

#[tokio::test]
async fn the_code_of_a_process_that_may_end_is_passed_on() {
    for (script, code) in [("exit 7", 7), ("exit 0", 0), ("kill -9 $$", 137)] {
        let folder = tempfile::tempdir().unwrap();
        let (supervised, supervisor) = supervise(settings(folder.path(), script, "on_exit: exit"));
        let stop = CancellationToken::new();
        let (ended, _) = tokio::join!(supervisor.run(Signals::none(), stop), supervised.start(variables("x")));
        assert_eq!(ended.code(), code, "{script}");
        assert_eq!(supervised.start(variables("x")).await, Err(OrderError::Gone));
    }
}

#[tokio::test]
async fn a_command_that_is_not_there_is_told() {
    let missing: ExecSettings = serde_saphyr::from_str("command: [/no/such/program]").unwrap();
    with(missing, async |supervised| {
        let told = supervised.start(Variables::new()).await.unwrap_err();
        assert!(told.to_string().starts_with("cannot start `/no/such/program`: No such file"), "{told}");
        assert_eq!(supervised.life(), Life::Idle);
    })
    .await;
}

const CHILD: &str = "PINTLE_TEST_INIT";

/// Not a test by itself: a process that orphans come to, as they come to the first one of a container.
#[tokio::test]
async fn a_child_that_collects_orphans() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    nix::sys::prctl::set_child_subreaper(true).unwrap();
    let mut command = Command::new("sh");
    // The orphan's parent ends at once; the orphan a moment later; then its number must be free.
    let script = "cd $0; (sh -c 'echo $$ > orphan; sleep 0.1' &) ; trap 'echo told > told; exit 9' USR1; echo $$ > ready; \
                  while :; do sleep 0.01; done";
    command.args(["-c", script]).arg(&folder);
    let code = init::run_command(command).await.unwrap();
    std::fs::write(Path::new(&folder).join("code"), code.to_string()).unwrap();
}

#[tokio::test]
async fn the_first_process_collects_orphans_and_ends_as_its_child() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).ok().filter(|text| text.ends_with('\n'));
    let mut first = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "agent::exec::tests::a_child_that_collects_orphans"])
        .env(CHILD, folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("both run", || read("ready").is_some() && read("orphan").is_some()).await;
    let orphan = read("orphan").unwrap();
    until("the orphan was collected", || !Path::new(&format!("/proc/{}", orphan.trim())).exists()).await;
    kill(Pid::from_raw(i32::try_from(first.id()).unwrap()), Signal::SIGUSR1).unwrap();
    assert!(first.wait().unwrap().success());
    assert_eq!(read("told").as_deref(), Some("told\n"));
    assert_eq!(std::fs::read_to_string(folder.path().join("code")).unwrap(), "9");
}
