//! Changes on real folders with real commands; crashes are real too: a child process kills itself at a step.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{geteuid, getpid};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::agent::actions::ActionSettings;
use crate::agent::exec::{Signals, supervise};
use crate::agent::set::TargetFile;
use crate::domain::revisions::{Epoch, Revision};

/// What is visible: path below the folder, bytes and mode.
type Seen = BTreeMap<String, (Vec<u8>, u32)>;

fn at(revision: u64) -> Cursor {
    Cursor { epoch: Epoch(1), revision: Revision(revision) }
}

/// A block with its own folders.
#[derive(Debug)]
struct Block {
    folder: TempDir,
    whole: bool,
    service: Service,
    steps: Arc<dyn Steps>,
}

impl Block {
    fn new(whole: bool, actions: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("live/conf.d")).unwrap();
        if whole {
            fs::remove_dir(folder.path().join("live/conf.d")).unwrap();
        }
        let service = Service { actions: actions_of(folder.path(), actions), exec: None };
        Self { folder, whole, service, steps: Arc::new(Unwatched) }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn live(&self, name: &str) -> PathBuf {
        self.path().join("live").join(name)
    }

    fn file(&self, name: &str, content: &str) -> TargetFile {
        let content = Some(content.to_owned().into());
        TargetFile { path: self.live(name), content, mode: 0o644, owner: None, group: None }
    }

    fn set(&self, files: &[(&str, &str)]) -> FileSet {
        FileSet { files: files.iter().map(|(name, content)| self.file(name, content)).collect(), ..FileSet::default() }
    }

    async fn open(&self) -> Transaction {
        open(self.path(), self.whole, self.service.clone(), Arc::clone(&self.steps)).await
    }

    fn seen(&self) -> Seen {
        seen(&self.live(""))
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Nothing but the files themselves may remain.
    fn assert_clean(&self) {
        let names = fs::read_dir(self.live("")).unwrap().map(|entry| entry.unwrap().file_name());
        let hidden: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with(".pintle-")).collect();
        assert!(hidden.is_empty(), "{hidden:?}");
        assert!(!self.path().join("state/journal").exists());
        assert!(!self.path().join("state/stage").exists());
    }
}

fn layout(folder: &Path, whole: bool) -> Layout {
    if whole { Layout::Folder(folder.join("live")) } else { Layout::Files }
}

async fn open(folder: &Path, whole: bool, service: Service, steps: Arc<dyn Steps>) -> Transaction {
    Transaction::open("test", folder.join("state"), layout(folder, whole), service, steps).await.unwrap()
}

/// Check, reload and probe as they are written in `agent.yaml`; `DIR` is the folder of the block.
fn actions_of(folder: &Path, text: &str) -> ActionSettings {
    #[derive(serde::Deserialize)]
    struct All {
        check: Option<crate::agent::actions::CheckSettings>,
        reload: Option<crate::agent::actions::ReloadSettings>,
        probe: Option<crate::agent::actions::ProbeSettings>,
    }
    let all: All = serde_saphyr::from_str(&text.replace("DIR", folder.to_str().unwrap())).unwrap();
    ActionSettings { check: all.check, reload: all.reload, probe: all.probe }
}

fn seen(folder: &Path) -> Seen {
    fn collect(root: &Path, folder: &Path, seen: &mut Seen) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            // A link that leads nowhere is not there.
            let Ok(found) = path.metadata() else { continue };
            if name.starts_with(".pintle-") || name.starts_with("..") {
                continue;
            }
            if found.is_dir() {
                collect(root, &path, seen);
            } else {
                let below = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                seen.insert(below, (fs::read(&path).unwrap(), found.mode() & 0o7777));
            }
        }
    }
    let mut all = Seen::new();
    collect(folder, folder, &mut all);
    all
}

fn expected(files: &[(&str, &str)]) -> Seen {
    files.iter().map(|(name, content)| ((*name).to_owned(), (content.as_bytes().to_vec(), 0o644))).collect()
}

const APPLIED: Outcome = Outcome::Applied { changed: true, unhealthy: None };
const UNCHANGED: Outcome = Outcome::Applied { changed: false, unhealthy: None };
const RELOADING: &str = "reload: {command: 'echo reload >> DIR/reloads'}";

#[tokio::test]
async fn files_of_one_change_appear_with_one_reload() {
    for whole in [false, true] {
        let block = Block::new(whole, RELOADING);
        let mut transaction = block.open().await;
        let files = [("a.conf", "one"), ("b.conf", "two")];
        assert_eq!(transaction.apply(at(1), &block.set(&files)).await, APPLIED);
        assert_eq!(block.seen(), expected(&files));
        assert_eq!(block.lines("reloads").len(), 1);
        block.assert_clean();
        assert_eq!(transaction.apply(at(2), &block.set(&files)).await, UNCHANGED);
        assert_eq!(block.lines("reloads").len(), 1);
    }
}

#[tokio::test]
async fn a_changed_mode_is_a_change() {
    for whole in [false, true] {
        let block = Block::new(whole, RELOADING);
        let mut transaction = block.open().await;
        let mut set = block.set(&[("a.conf", "one")]);
        assert_eq!(transaction.apply(at(1), &set).await, APPLIED);
        set.files[0].mode = 0o600;
        assert_eq!(transaction.apply(at(2), &set).await, APPLIED);
        assert_eq!(block.seen()["a.conf"].1, 0o600);
    }
}

#[tokio::test]
async fn a_refused_check_leaves_the_old_files() {
    for whole in [false, true] {
        let check = "check: {command: 'cat {stage}/a.conf; ! grep -q bad {stage}/a.conf'}\n";
        let block = Block::new(whole, &format!("{check}{RELOADING}"));
        let mut transaction = block.open().await;
        assert_eq!(transaction.apply(at(1), &block.set(&[("a.conf", "good")])).await, APPLIED);
        let outcome = transaction.apply(at(2), &block.set(&[("a.conf", "bad"), ("b.conf", "new")])).await;
        let Outcome::CheckRefused(report) = outcome else { panic!("{outcome:?}") };
        assert_eq!(report.output.as_deref(), Some("bad"));
        assert_eq!(block.seen(), expected(&[("a.conf", "good")]));
        assert_eq!(block.lines("reloads").len(), 1);
        block.assert_clean();
    }
}

#[tokio::test]
async fn a_late_check_and_a_missing_one_are_told_apart() {
    let block = Block::new(false, "check: {command: sleep 60, timeout: 100ms}");
    let outcome = block.open().await.apply(at(1), &block.set(&[("a.conf", "one")])).await;
    assert!(matches!(outcome, Outcome::CheckTimedOut(_)), "{outcome:?}");
    let block = Block::new(false, "check: {command: [/no/such/check]}");
    let outcome = block.open().await.apply(at(1), &block.set(&[("a.conf", "one")])).await;
    assert!(matches!(outcome, Outcome::CheckFailed(_)), "{outcome:?}");
    assert_eq!(block.seen(), Seen::new());
    block.assert_clean();
}

#[tokio::test]
async fn the_stage_looks_as_the_folder_will() {
    let list = "check: {command: 'cd {stage} && cat main.conf mime.types conf.d/*.conf && echo $PINTLE_REVISION'}";
    let block = Block::new(false, list);
    fs::write(block.live("mime.types"), "types,").unwrap();
    fs::write(block.live("conf.d/foreign.conf"), "foreign,").unwrap();
    fs::write(block.live("conf.d/ours.conf"), "old,").unwrap();
    let printed = block.path().join("printed");
    let check = format!(
        "check: {{command: 'cd {{stage}} && cat main.conf mime.types conf.d/*.conf > {0}; echo $PINTLE_REVISION >> {0}'}}",
        printed.display()
    );
    let block = Block { service: Service { actions: actions_of(block.path(), &check), exec: None }, ..block };
    let set = block.set(&[("main.conf", "main,"), ("conf.d/ours.conf", "new,")]);
    assert_eq!(block.open().await.apply(at(7), &set).await, APPLIED);
    assert_eq!(fs::read_to_string(printed).unwrap(), "main,types,foreign,new,7\n");
    assert_eq!(fs::read_to_string(block.live("mime.types")).unwrap(), "types,");
}

#[tokio::test]
async fn a_failed_reload_brings_everything_back_and_tells_the_service() {
    for whole in [false, true] {
        let reload = "reload: {command: 'cat DIR/live/a.conf >> DIR/reloads; echo >> DIR/reloads; ! grep -q bad DIR/live/a.conf'}";
        let block = Block::new(whole, reload);
        let mut transaction = block.open().await;
        let good = [("a.conf", "good"), ("gone.conf", "x")];
        assert_eq!(transaction.apply(at(1), &block.set(&good)).await, APPLIED);
        let before = fs::metadata(block.live("a.conf")).unwrap();
        let mut bad = block.set(&[("a.conf", "bad"), ("new.conf", "y")]);
        bad.files.push(TargetFile { content: None, ..block.file("gone.conf", "") });
        let outcome = transaction.apply(at(2), &bad).await;
        assert!(matches!(outcome, Outcome::ReloadFailed(_)), "{outcome:?}");
        assert_eq!(block.seen(), expected(&good));
        assert_eq!(block.lines("reloads"), ["good", "bad", "good"]);
        let after = fs::metadata(block.live("a.conf")).unwrap();
        assert_eq!((after.ino(), after.mode(), after.uid()), (before.ino(), before.mode(), before.uid()));
        block.assert_clean();
    }
}

/// A service that is well unless its file says otherwise.
const PROBED: &str = "reload: {command: 'cp DIR/live/a.conf DIR/runs; echo reload >> DIR/reloads'}
probe: {command: '! grep -q ill DIR/runs', for: 300ms, interval: 10ms, steady: 0s}";

#[tokio::test]
async fn a_failed_probe_brings_everything_back() {
    for whole in [false, true] {
        let block = Block::new(whole, PROBED);
        let mut transaction = block.open().await;
        assert_eq!(transaction.apply(at(1), &block.set(&[("a.conf", "well")])).await, APPLIED);
        let outcome = transaction.apply(at(2), &block.set(&[("a.conf", "ill")])).await;
        assert!(matches!(outcome, Outcome::ProbeFailed(_)), "{outcome:?}");
        assert_eq!(block.seen(), expected(&[("a.conf", "well")]));
        assert_eq!((block.lines("reloads").len(), block.lines("runs")), (3, vec!["well".to_owned()]));
        assert_eq!(transaction.applied_sets().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_service_that_was_not_well_before_gets_its_fix_and_every_try() {
    let block = Block::new(false, PROBED);
    fs::write(block.path().join("runs"), "ill").unwrap();
    let mut transaction = block.open().await;
    let outcome = transaction.apply(at(1), &block.set(&[("a.conf", "still ill")])).await;
    let Outcome::Applied { changed: true, unhealthy: Some(_) } = outcome else { panic!("{outcome:?}") };
    assert_eq!(block.seen(), expected(&[("a.conf", "still ill")]));
    assert_eq!(transaction.apply(at(2), &block.set(&[("a.conf", "well")])).await, APPLIED);
}

#[tokio::test]
async fn a_service_that_fails_on_both_is_broken() {
    let reload = "reload: {command: 'test ! -e DIR/live/b.conf && test ! -e DIR/reloads; echo $? >> DIR/reloads; test $(tail -n1 DIR/reloads) = 0'}";
    let block = Block::new(false, reload);
    let mut transaction = block.open().await;
    assert_eq!(transaction.apply(at(1), &block.set(&[("a.conf", "one")])).await, APPLIED);
    let outcome = transaction.apply(at(2), &block.set(&[("a.conf", "one"), ("b.conf", "two")])).await;
    assert!(matches!(outcome, Outcome::Broken(_)), "{outcome:?}");
    assert_eq!(block.seen(), expected(&[("a.conf", "one")]));
    fs::remove_file(block.path().join("reloads")).unwrap();
    assert_eq!(transaction.apply(at(3), &block.set(&[("a.conf", "three")])).await, APPLIED);
}

#[tokio::test]
async fn a_service_that_is_not_there_yet_gets_its_files() {
    let block = Block::new(false, "reload: {signal: HUP, pid_file: DIR/service.pid}");
    let outcome = block.open().await.apply(at(1), &block.set(&[("a.conf", "one")])).await;
    let Outcome::Applied { changed: true, unhealthy: Some(report) } = outcome else { panic!("{outcome:?}") };
    assert!(report.reason.contains("service.pid"), "{report:?}");
    assert_eq!(block.seen(), expected(&[("a.conf", "one")]));
}

#[tokio::test]
async fn what_cannot_be_written_names_the_path_and_leaves_nothing() {
    let block = Block::new(false, RELOADING);
    let mut transaction = block.open().await;
    let set = block.set(&[("a.conf", "one"), ("no/such/b.conf", "two")]);
    let outcome = transaction.apply(at(1), &set).await;
    let Outcome::StageFailed(report) = outcome else { panic!("{outcome:?}") };
    assert!(report.reason.contains(block.live("no/such").to_str().unwrap()), "{report:?}");
    let mut set = block.set(&[("a.conf", "one")]);
    set.files[0].owner = Some("no-such-user".to_owned());
    let Outcome::StageFailed(report) = transaction.apply(at(1), &set).await else { panic!() };
    assert!(report.reason.contains("no user \"no-such-user\""), "{report:?}");
    fs::create_dir(block.live("folder")).unwrap();
    let Outcome::StageFailed(report) = transaction.apply(at(1), &block.set(&[("folder", "one")])).await else {
        panic!()
    };
    assert!(report.reason.ends_with("is a folder, where a file should be"), "{report:?}");
    for bad in ["../a", "..data/x"] {
        let mut set = block.set(&[("a.conf", "one")]);
        set.files[0].path = PathBuf::from(bad);
        assert!(matches!(transaction.apply(at(1), &set).await, Outcome::StageFailed(_)), "{bad}");
    }
    assert_eq!(block.seen(), Seen::new());
    block.assert_clean();
}

#[tokio::test]
async fn a_folder_that_takes_no_files_leaves_the_old_ones() {
    let block = Block::new(false, RELOADING);
    let mut transaction = block.open().await;
    let mut set = block.set(&[("a.conf", "one")]);
    set.files.push(TargetFile { path: PathBuf::from("/proc/pintle.conf"), ..block.file("", "two") });
    let outcome = transaction.apply(at(1), &set).await;
    let Outcome::StageFailed(report) = outcome else { panic!("{outcome:?}") };
    assert!(report.reason.contains("/proc/"), "{report:?}");
    assert_eq!(block.seen(), Seen::new());
    block.assert_clean();
}

#[tokio::test]
async fn a_link_in_the_place_of_a_target_is_replaced_and_not_followed() {
    let block = Block::new(false, RELOADING);
    let victim = block.path().join("victim");
    fs::write(&victim, "untouched").unwrap();
    symlink(&victim, block.live("a.conf")).unwrap();
    let mut transaction = block.open().await;
    // Also when what it leads to has the very bytes.
    for content in ["one", "untouched"] {
        fs::remove_file(block.live("a.conf")).unwrap();
        symlink(&victim, block.live("a.conf")).unwrap();
        assert_eq!(transaction.apply(at(1), &block.set(&[("a.conf", content)])).await, APPLIED);
        assert!(fs::symlink_metadata(block.live("a.conf")).unwrap().is_file());
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
}

#[tokio::test]
async fn a_planted_hidden_folder_is_not_written_through() {
    let block = Block::new(false, RELOADING);
    let elsewhere = block.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let hidden = layout::hidden_name(&block.path().join("state"));
    symlink(&elsewhere, block.live(&hidden)).unwrap();
    assert_eq!(block.open().await.apply(at(1), &block.set(&[("a.conf", "one")])).await, APPLIED);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[tokio::test]
async fn an_owner_is_set_by_root_and_refused_to_others() {
    let block = Block::new(false, RELOADING);
    let mut transaction = block.open().await;
    let mut set = block.set(&[("a.conf", "one")]);
    set.files[0].owner = Some("65534".to_owned());
    let outcome = transaction.apply(at(1), &set).await;
    if geteuid().is_root() {
        assert_eq!(outcome, APPLIED);
        assert_eq!(fs::metadata(block.live("a.conf")).unwrap().uid(), 65534);
        assert_eq!(transaction.apply(at(2), &set).await, UNCHANGED);
    } else {
        let Outcome::StageFailed(report) = outcome else { panic!("{outcome:?}") };
        assert!(report.reason.starts_with("cannot change the owner of"), "{report:?}");
    }
}

#[tokio::test]
async fn a_whole_folder_never_takes_a_foreign_file_away() {
    let block = Block::new(true, RELOADING);
    fs::write(block.live("foreign"), "x").unwrap();
    let mut transaction = block.open().await;
    assert_eq!(transaction.apply(at(1), &block.set(&[("a/b.conf", "one")])).await, APPLIED);
    let outcome = transaction.apply(at(2), &block.set(&[("foreign", "mine")])).await;
    assert!(matches!(outcome, Outcome::StageFailed(_)), "{outcome:?}");
    assert_eq!(block.seen(), expected(&[("a/b.conf", "one"), ("foreign", "x")].map(|it| it)));
    // A name that goes is gone with the switch; one version is left for those who still read it.
    assert_eq!(transaction.apply(at(3), &block.set(&[("c.conf", "two")])).await, APPLIED);
    assert_eq!(transaction.apply(at(4), &block.set(&[("c.conf", "three")])).await, APPLIED);
    assert_eq!(block.seen().keys().collect::<Vec<_>>(), ["c.conf", "foreign"]);
    let names = fs::read_dir(block.live("")).unwrap().map(|entry| entry.unwrap().file_name());
    let versions = names.filter(|name| name.to_string_lossy().starts_with("..")).count();
    assert_eq!(versions, 3, "..data and two versions");
}

#[tokio::test]
async fn the_last_three_sets_are_kept_and_a_damaged_one_is_refused() {
    let block = Block::new(false, RELOADING);
    let mut transaction = block.open().await;
    for revision in 1..=5 {
        let content = format!("text {revision}");
        let set = block.set(&[("a.conf", content.as_str())]);
        assert_eq!(transaction.apply(at(revision), &set).await, APPLIED);
    }
    let sets = transaction.applied_sets().await.unwrap();
    let revisions: Vec<_> = sets.iter().map(|set| set.as_ref().unwrap().at.revision.0).collect();
    assert_eq!(revisions, [5, 4, 3]);
    let third = sets[2].as_ref().unwrap().clone();
    assert_eq!(transaction.apply(third.at, &third.set).await, APPLIED);
    assert_eq!(block.seen(), expected(&[("a.conf", "text 3")]));
    // A place in the history that changes nothing moves none out.
    assert_eq!(transaction.apply(at(9), &third.set).await, UNCHANGED);
    let sets = transaction.applied_sets().await.unwrap();
    let revisions: Vec<_> = sets.iter().map(|set| set.as_ref().unwrap().at.revision.0).collect();
    assert_eq!(revisions, [9, 5, 4]);
    let mut paths: Vec<_> =
        fs::read_dir(block.path().join("state/sets")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut bytes = fs::read(&paths[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&paths[0], bytes).unwrap();
    let bytes = fs::read(&paths[1]).unwrap();
    fs::write(&paths[1], &bytes[..bytes.len() - 10]).unwrap();
    let sets = transaction.applied_sets().await.unwrap();
    assert!(sets[0].is_ok());
    for damaged in &sets[1..] {
        assert!(matches!(damaged, Err(FileError::Damaged { .. })), "{damaged:?}");
    }
}

#[tokio::test]
async fn a_state_folder_belongs_to_one_agent_and_nobody_else() {
    let block = Block::new(false, RELOADING);
    let _first = block.open().await;
    let state = block.path().join("state");
    let service = Service::default();
    let second =
        Transaction::open("test", state, Layout::Files, service.clone(), Arc::new(Unwatched)).await.unwrap_err();
    assert!(second.to_string().ends_with("is in use by another agent"), "{second}");
    let open = block.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    assert!(Transaction::open("test", open, Layout::Files, service, Arc::new(Unwatched)).await.is_err());
}

#[tokio::test]
async fn a_state_folder_that_was_removed_is_made_again() {
    let block = Block::new(false, RELOADING);
    let mut transaction = block.open().await;
    assert_eq!(transaction.apply(at(1), &block.set(&[("a.conf", "one")])).await, APPLIED);
    fs::remove_dir_all(block.path().join("state")).unwrap();
    assert_eq!(transaction.apply(at(2), &block.set(&[("a.conf", "two")])).await, APPLIED);
    assert_eq!(block.seen(), expected(&[("a.conf", "two")]));
    block.assert_clean();
    assert_eq!(transaction.applied_sets().await.unwrap().len(), 1);
    // It is still nobody else's.
    let (state, steps) = (block.path().join("state"), Arc::new(Unwatched));
    let second = Transaction::open("test", state, Layout::Files, Service::default(), steps).await;
    assert!(second.unwrap_err().to_string().ends_with("is in use by another agent"));
}

#[tokio::test]
async fn a_change_that_was_cut_short_is_undone_in_the_service_before_the_next_one_is_judged() {
    let actions = "check: {command: '! grep -q bad {stage}/a.conf'}\nreload: {command: 'cat DIR/live/a.conf >> DIR/reloads; echo >> DIR/reloads'}";
    let block = Block::new(false, actions);
    let mut transaction = block.open().await;
    assert_eq!(transaction.apply(at(1), &block.set(&[("a.conf", "one")])).await, APPLIED);
    drop(transaction);
    // Killed after the reload: opened, staged, staged, checked, kept, committed, swapped, swapped, reloaded.
    assert!(is_killed(&block, &block.set(&[("a.conf", "two")]), 9, actions));
    let mut transaction = block.open().await;
    let outcome = transaction.apply(at(3), &block.set(&[("a.conf", "bad")])).await;
    assert!(matches!(outcome, Outcome::CheckRefused(_)), "{outcome:?}");
    assert_eq!(
        (block.seen(), block.lines("reloads")),
        (expected(&[("a.conf", "one")]), ["one", "two", "one"].map(str::to_owned).to_vec())
    );
}

#[tokio::test]
async fn a_damaged_journal_is_put_aside_and_the_next_change_goes_in() {
    let block = Block::new(false, RELOADING);
    let mut transaction = block.open().await;
    assert_eq!(transaction.apply(at(1), &block.set(&[("a.conf", "one")])).await, APPLIED);
    fs::write(block.path().join("state/journal"), "truncat").unwrap();
    let leftover = transaction.recover().await.unwrap();
    assert_eq!(leftover, Leftover::Damaged(block.path().join("state/journal.damaged")));
    assert_eq!(transaction.apply(at(2), &block.set(&[("a.conf", "two")])).await, APPLIED);
}

#[derive(Debug, Default)]
struct Recorded(Mutex<Vec<Step>>);

impl Steps for Recorded {
    fn reached(&self, step: Step) {
        self.0.lock().unwrap().push(step);
    }
}

#[tokio::test]
async fn steps_are_told_in_their_order() {
    let recorded = Arc::new(Recorded::default());
    let block = Block { steps: Arc::clone(&recorded) as Arc<dyn Steps>, ..Block::new(false, RELOADING) };
    assert_eq!(block.open().await.apply(at(1), &block.set(&[("a.conf", "one")])).await, APPLIED);
    let steps = recorded.0.lock().unwrap().clone();
    assert_eq!(steps, Step::ALL[..12]);
    assert!(Step::ALL.into_iter().all(|step| Step::named(step.as_str()) == Some(step)));
}

#[tokio::test]
async fn a_supervised_process_is_started_on_its_files_and_restarted_on_a_change() {
    let block = Block::new(false, "probe: {command: 'test -e DIR/ready', for: 5s, interval: 20ms, steady: 0s}");
    let line = "command: 'echo $WORD $(cat DIR/live/a.conf) >> DIR/starts; test $WORD != die || exit 3; touch DIR/ready; exec sleep 1000'\nstop_timeout: 5s";
    let exec = serde_saphyr::from_str(&line.replace("DIR", block.path().to_str().unwrap())).unwrap();
    let (supervised, supervisor) = supervise(exec);
    let service = Service { exec: Some(supervised), ..block.service.clone() };
    let block = Block { service, ..block };
    let stop = tokio_util::sync::CancellationToken::new();
    let variables = |word: &str| BTreeMap::from([("WORD".to_owned(), word.to_owned())]);
    let work = async {
        let mut transaction = block.open().await;
        let set = FileSet { variables: variables("first"), ..block.set(&[("a.conf", "one")]) };
        assert_eq!(transaction.apply(at(1), &set).await, APPLIED);
        let set = FileSet { variables: variables("second"), ..set };
        assert_eq!(transaction.apply(at(2), &set).await, APPLIED);
        // One that dies at once is taken back, its file too.
        let bad = FileSet { variables: variables("die"), ..block.set(&[("a.conf", "two")]) };
        let outcome = transaction.apply(at(3), &bad).await;
        assert!(matches!(outcome, Outcome::ReloadFailed(_)), "{outcome:?}");
        assert_eq!(transaction.apply(at(4), &set).await, UNCHANGED);
        stop.cancel();
    };
    let ((), ended) = tokio::join!(work, supervisor.run(Signals::none(), stop.clone()));
    assert_eq!(ended.code(), 0);
    assert_eq!(block.lines("starts"), ["first one", "second one", "die two", "second one"]);
}

/// Kills this process at its n-th step.
#[derive(Debug)]
struct KillAt(AtomicUsize);

impl Steps for KillAt {
    fn reached(&self, _: Step) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill(getpid(), Signal::SIGKILL).unwrap();
        }
    }
}

const CHILD: &str = "PINTLE_TEST_TRANSACTION";

/// Not a test by itself: the child that is killed. `folder|whole|n|actions`, the set in `folder/given`.
#[tokio::test]
async fn a_child_that_applies_and_may_be_killed() {
    let Some(given) = std::env::var_os(CHILD) else { return };
    let given = given.into_string().unwrap();
    let [folder, whole, step, actions] = given.splitn(4, '|').collect::<Vec<_>>()[..] else { panic!("{given}") };
    let folder = Path::new(folder);
    let set = sets::all(&folder.join("given")).unwrap().remove(0).unwrap();
    let steps = Arc::new(KillAt(AtomicUsize::new(step.parse().unwrap())));
    let service = Service { actions: actions_of(folder, actions), exec: None };
    let mut transaction = open(folder, whole == "true", service, steps).await;
    transaction.recover().await.unwrap();
    transaction.apply(set.at, &set.set).await;
}

/// Runs a child that is killed at a step; false when it ended before it got there.
fn is_killed(block: &Block, set: &FileSet, step: usize, actions: &str) -> bool {
    let given = block.path().join("given");
    fs::create_dir_all(&given).unwrap();
    sets::note(&given, at(2), set).unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "agent::transaction::tests::a_child_that_applies_and_may_be_killed"])
        .env(CHILD, format!("{}|{}|{step}|{actions}", block.path().display(), block.whole))
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    !status.success()
}

async fn recovered(block: &Block) -> Leftover {
    block.open().await.recover().await.unwrap()
}

#[tokio::test]
async fn a_kill_at_any_step_leaves_the_old_files_or_the_new_ones() {
    let old = [("a.conf", "old"), ("conf.d/b.conf", "old"), ("gone.conf", "old")];
    let new = [("a.conf", "new"), ("conf.d/b.conf", "new"), ("c.conf", "new")];
    // A change that goes in, and one that is taken back.
    for actions in [RELOADING, "probe: {command: '! grep new DIR/live/a.conf', for: 1ms, interval: 1ms, steady: 0s}"] {
        for whole in [false, true] {
            let mut kills = 0;
            for step in 1.. {
                let block = Block::new(whole, actions);
                assert_eq!(block.open().await.apply(at(1), &block.set(&old)).await, APPLIED);
                let mut set = block.set(&new);
                set.files.push(TargetFile { content: None, ..block.file("gone.conf", "") });
                let killed = is_killed(&block, &set, step, actions);
                if whole {
                    // Without any recovery: a whole folder has no moment in between.
                    assert!([expected(&old), expected(&new)].contains(&block.seen()), "{step}: {:?}", block.seen());
                }
                // A second crash, while the first one is undone.
                is_killed(&block, &set, 1, actions);
                let leftover = recovered(&block).await;
                let seen = block.seen();
                assert!([expected(&old), expected(&new)].contains(&seen), "step {step}: {leftover:?} {seen:?}");
                block.assert_clean();
                let newest = block.open().await.applied_sets().await.unwrap().remove(0).unwrap();
                assert_eq!(newest.at == at(2), seen == expected(&new), "step {step}: what is kept is what is there");
                if !killed {
                    break;
                }
                kills += 1;
            }
            assert!(kills >= 11, "only {kills} kills");
        }
    }
}

/// Files by name: absent, or content and mode.
fn some_files() -> impl Strategy<Value = BTreeMap<usize, (Option<String>, u32)>> {
    let mode = prop::sample::select(vec![0o600, 0o640, 0o644, 0o755]);
    prop::collection::btree_map(0..5_usize, (prop::option::of("[a-z]{0,6}"), mode), 1..5)
}

fn set_of(block: &Block, files: &BTreeMap<usize, (Option<String>, u32)>) -> FileSet {
    let file = |(number, (content, mode)): (&usize, &(Option<String>, u32))| TargetFile {
        path: block.live(&format!("f{number}")),
        content: content.clone().map(Into::into),
        mode: *mode,
        owner: None,
        group: None,
    };
    FileSet { files: files.iter().map(file).collect(), ..FileSet::default() }
}

/// What a set makes of what is there.
fn after(block: &Block, seen: &Seen, set: &FileSet) -> Seen {
    let mut all = if block.whole { Seen::new() } else { seen.clone() };
    for file in &set.files {
        let name = file.path.file_name().unwrap().to_str().unwrap().to_owned();
        match &file.content {
            Some(content) => all.insert(name, (content.to_vec(), file.mode)),
            None => all.remove(&name),
        };
    }
    all
}

const FAILURES: [&str; 4] = [
    "{}",
    "check: {command: 'exit 1'}",
    "reload: {command: 'test -e DIR/told; s=$?; touch DIR/told; exit $((1-s))'}",
    "reload: {command: 'test ! -e DIR/told && touch DIR/told'}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_disk_is_exactly_old_or_new(
        old in some_files(), new in some_files(), whole: bool, failure in 0..FAILURES.len(), step in 0..30_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let block = Block::new(whole, "{}");
            let first = block.open().await.apply(at(1), &set_of(&block, &old)).await;
            prop_assert!(first.is_applied(), "{first:?}");
            let before = block.seen();
            prop_assert_eq!(&before, &after(&block, &Seen::new(), &set_of(&block, &old)));
            let set = set_of(&block, &new);
            let wanted = after(&block, &before, &set);
            is_killed(&block, &set, step, FAILURES[failure]);
            recovered(&block).await;
            let seen = block.seen();
            prop_assert!(seen == before || seen == wanted, "{before:?} to {wanted:?} gave {seen:?}");
            block.assert_clean();
            let done = block.open().await.apply(at(3), &set).await;
            prop_assert!(done.is_applied(), "{done:?}");
            prop_assert_eq!(block.seen(), wanted);
            Ok(())
        })?;
    }
}
