//! The private Postgres of `pintle dev`, on the real programs: started, stopped, killed, adopted and refused.

use std::error::Error;
use std::fs::Permissions;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use pintle::runtime::postgres::{Environment, Exit, Options, PrivatePostgres, StartError, running_url};
use tempfile::TempDir;
use tokio::time::timeout;

type Tested = Result<(), Box<dyn Error>>;

/// No step of these tests takes longer on any machine that is not stuck.
const BOUND: Duration = Duration::from_mins(2);

/// A folder for data folders, that the server's user may pass through also when root runs the tests.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Result<Self, Box<dyn Error>> {
        let folder =
            tempfile::Builder::new().prefix("pintle-it-").permissions(Permissions::from_mode(0o755)).tempdir()?;
        Ok(Self { folder })
    }

    fn data_dir(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn options(&self, name: &str) -> Options {
        options(&self.data_dir(name))
    }
}

/// Ends the servers that a failed test left.
impl Drop for Place {
    fn drop(&mut self) {
        for data_dir in self.folder.path().read_dir().into_iter().flatten().flatten() {
            let text = std::fs::read_to_string(data_dir.path().join("pg/postmaster.pid")).unwrap_or_default();
            if let Some(Ok(pid)) = text.lines().next().map(str::parse) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
            }
        }
    }
}

fn options(data_dir: &Path) -> Options {
    let path = Some("/usr/local/bin:/usr/bin:/bin".into());
    Options {
        data_dir: data_dir.to_owned(),
        binaries: None,
        environment: Environment { path, ..Environment::default() },
    }
}

async fn started(options: &Options) -> Result<PrivatePostgres, Box<dyn Error>> {
    Ok(timeout(BOUND, PrivatePostgres::start(options)).await??)
}

async fn refused(options: &Options) -> Result<StartError, Box<dyn Error>> {
    match timeout(BOUND, PrivatePostgres::start(options)).await? {
        Err(error) => Ok(error),
        Ok(postgres) => {
            postgres.stop().await?;
            Err("it started".into())
        }
    }
}

/// Runs one command of SQL and gives the first value.
fn sql(postgres: &PrivatePostgres, command: &str) -> Result<String, Box<dyn Error>> {
    let arguments = ["--no-psqlrc", "--tuples-only", "--no-align", "--command", command];
    let Output { status, stdout, stderr } = Command::new("psql").arg(postgres.url()).args(arguments).output()?;
    if !status.success() {
        return Err(String::from_utf8(stderr)?.into());
    }
    Ok(String::from_utf8(stdout)?.trim().to_owned())
}

#[tokio::test]
async fn a_stopped_database_keeps_its_data_and_leaves_no_trace_outside_its_folder() -> Tested {
    let place = Place::new()?;
    let first = started(&place.options("data")).await?;
    sql(&first, "CREATE TABLE kept AS SELECT 'ä' AS letter")?;
    let sockets = first.socket_dir().to_owned();
    assert_eq!(sockets.metadata()?.mode() & 0o777, 0o700);
    first.stop().await?;
    assert!(!sockets.exists());

    let second = started(&place.options("data")).await?;
    assert_eq!(sql(&second, "SELECT upper(letter) FROM kept")?, "Ä");
    let facts = "SELECT concat_ws(' ', current_setting('server_encoding'), current_setting('data_checksums'),
        current_setting('fsync'), current_setting('listen_addresses'), current_user, current_database())";
    assert_eq!(sql(&second, facts)?, "UTF8 on on  pintle pintle");
    second.stop().await?;
    Ok(())
}

#[tokio::test]
async fn the_folder_is_closed_to_everybody_but_the_user_of_the_server() -> Tested {
    let place = Place::new()?;
    let postgres = started(&place.options("above/data")).await?;
    let mode = |name: &str| -> std::io::Result<u32> { Ok(place.data_dir(name).metadata()?.mode() & 0o777) };
    assert_eq!(mode("above/data")?, if geteuid().is_root() { 0o710 } else { 0o700 });
    assert_eq!((mode("above/data/pg")?, mode("above/data/log")?), (0o700, 0o700));
    postgres.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_database_whose_server_was_killed_is_noticed_and_recovers() -> Tested {
    let place = Place::new()?;
    let mut first = started(&place.options("data")).await?;
    sql(&first, "CREATE TABLE kept AS SELECT 7 AS number")?;
    kill(Pid::from_raw(first.pid()), Signal::SIGKILL)?;
    let exit = timeout(BOUND, first.exited()).await?;
    assert!(matches!(exit, Exit::Known(_)), "{exit}");
    first.stop().await?;

    let second = started(&place.options("data")).await?;
    assert_eq!(sql(&second, "SELECT number FROM kept")?, "7");
    second.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_start_waits_for_what_a_killed_server_left_running() -> Tested {
    let place = Place::new()?;
    let first = started(&place.options("data")).await?;
    let mut session =
        Command::new("psql").arg(first.url()).args(["-c", "SELECT pg_sleep(600)"]).stderr(Stdio::null()).spawn()?;
    let find = "SELECT coalesce(min(pid), 0) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    let backend = loop {
        let pid: i32 = sql(&first, find)?.parse()?;
        if pid != 0 {
            break Pid::from_raw(pid);
        }
    };
    // A stopped process does not notice that its server has ended.
    kill(backend, Signal::SIGSTOP)?;
    kill(Pid::from_raw(first.pid()), Signal::SIGKILL)?;
    drop(first);

    let log = place.data_dir("data/log/postgresql.log");
    let end_when_in_the_way = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        while !std::fs::read_to_string(&log).is_ok_and(|text| text.contains("shared memory block")) {
            ticks.tick().await;
        }
        kill(backend, Signal::SIGKILL)
    };
    let options = place.options("data");
    let (second, ended) = timeout(BOUND, async { tokio::join!(started(&options), end_when_in_the_way) }).await?;
    ended?;
    second?.stop().await?;
    session.wait()?;
    Ok(())
}

#[tokio::test]
async fn a_server_left_by_a_killed_pintle_is_adopted_watched_and_stopped() -> Tested {
    let place = Place::new()?;
    let left = started(&place.options("data")).await?;
    let (pid, url) = (left.pid(), left.url());
    drop(left);

    let mut adopted = started(&place.options("data")).await?;
    assert_eq!((adopted.pid(), adopted.url()), (pid, url));
    sql(&adopted, "CREATE TABLE kept AS SELECT 7 AS number")?;
    kill(Pid::from_raw(pid), Signal::SIGINT)?;
    timeout(BOUND, adopted.exited()).await?;
    drop(adopted);

    let own = started(&place.options("data")).await?;
    assert_ne!(own.pid(), pid);
    drop(own);
    let adopted = started(&place.options("data")).await?;
    assert_eq!(sql(&adopted, "SELECT number FROM kept")?, "7");
    adopted.stop().await?;
    assert!(!place.data_dir("data/pg/postmaster.pid").exists());
    Ok(())
}

#[tokio::test]
async fn a_server_that_was_left_and_does_not_answer_is_stopped_and_replaced() -> Tested {
    let place = Place::new()?;
    let left = started(&place.options("data")).await?;
    let pid = left.pid();
    // Without its socket it lives and cannot be reached.
    std::fs::remove_file(left.socket_dir().join(".s.PGSQL.5432"))?;
    drop(left);

    let own = started(&place.options("data")).await?;
    assert_ne!(own.pid(), pid);
    own.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_number_of_another_process_in_a_left_file_is_no_server() -> Tested {
    let place = Place::new()?;
    started(&place.options("data")).await?.stop().await?;
    let pg = place.data_dir("data/pg");
    let text = format!("{}\n{}\n1700000000\n5432\n/tmp/none\n\n", std::process::id(), pg.display());
    std::fs::write(pg.join("postmaster.pid"), text)?;

    assert!(matches!(running_url(&place.data_dir("data")).await, Err(StartError::NotRunning { .. })));
    started(&place.options("data")).await?.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_folder_with_other_things_in_it_is_refused_and_left_alone() -> Tested {
    let place = Place::new()?;
    let data_dir = place.data_dir("photos");
    std::fs::create_dir(&data_dir)?;
    std::fs::write(data_dir.join("cat.png"), "")?;
    let error = refused(&options(&data_dir)).await?;
    assert!(matches!(error, StartError::NotOurs { .. }), "{error}");
    assert_eq!(data_dir.read_dir()?.count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_database_of_another_version_is_refused_with_both_versions() -> Tested {
    let place = Place::new()?;
    started(&place.options("data")).await?.stop().await?;
    std::fs::write(place.data_dir("data/pg/PG_VERSION"), "9\n")?;
    let error = refused(&place.options("data")).await?;
    assert!(matches!(error, StartError::OtherMajor { made_by: 9, .. }), "{error}");
    assert!(error.to_string().contains("made by PostgreSQL 9, and installed is 1"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_machine_without_the_programs_named_says_so() -> Tested {
    let place = Place::new()?;
    let binaries = Some(place.data_dir("nothing"));
    let error = refused(&Options { binaries, ..place.options("data") }).await?;
    assert!(matches!(error, StartError::NotPrograms { .. }), "{error}");
    assert!(!place.data_dir("data").exists());
    Ok(())
}

#[tokio::test]
async fn a_folder_that_the_unprivileged_user_cannot_enter_is_refused_with_the_reason() -> Tested {
    let place = Place::new()?;
    let closed = place.data_dir("closed");
    std::fs::DirBuilder::new().mode(0o700).create(&closed)?;
    let inside = options(&closed.join("data"));
    if geteuid().is_root() {
        let error = refused(&inside).await?;
        assert!(matches!(&error, StartError::Unreachable { closed: reason, .. } if *reason == closed), "{error}");
        assert!(error.to_string().contains("such as /var/lib/pintle"), "{error}");
        assert!(!closed.join("data").exists());
    } else {
        // Whoever runs the server as oneself can enter one's own folders.
        started(&inside).await?.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn of_two_starts_in_one_folder_the_second_is_told_who_has_it() -> Tested {
    let place = Place::new()?;
    let options = place.options("data");
    let (one, other) =
        timeout(BOUND, async { tokio::join!(PrivatePostgres::start(&options), PrivatePostgres::start(&options)) })
            .await?;
    let (postgres, error) = match (one, other) {
        (Ok(postgres), Err(error)) | (Err(error), Ok(postgres)) => (postgres, error),
        (Ok(_), Ok(_)) => return Err("both started".into()),
        (Err(error), Err(_)) => return Err(error.into()),
    };
    assert!(error.to_string().contains(&format!("(process {})", std::process::id())), "{error}");
    postgres.stop().await?;
    Ok(())
}

#[tokio::test]
async fn two_folders_have_two_databases_at_once() -> Tested {
    let place = Place::new()?;
    let (one, other) = (place.options("one"), place.options("other"));
    let (one, other) = tokio::try_join!(PrivatePostgres::start(&one), PrivatePostgres::start(&other))?;
    sql(&one, "CREATE TABLE mine ()")?;
    assert_eq!(sql(&other, "SELECT to_regclass('mine') IS NULL")?, "t");
    tokio::try_join!(one.stop(), other.stop())?;
    Ok(())
}

#[tokio::test]
async fn a_start_that_was_given_up_leaves_no_half_database_and_no_server() -> Tested {
    let place = Place::new()?;
    let options = place.options("data");
    for given in [20, 100, 300, 400, 600, 800, 900, 1000, 1200, 1600] {
        // Given up wherever it is by then; a start that was faster is stopped.
        if let Ok(postgres) = timeout(Duration::from_millis(given), PrivatePostgres::start(&options)).await {
            postgres?.stop().await?;
        }
    }
    let postgres = started(&options).await?;
    assert_eq!(sql(&postgres, "SELECT 1")?, "1");
    postgres.stop().await?;
    Ok(())
}

#[tokio::test]
async fn another_command_finds_the_running_database_of_a_folder() -> Tested {
    let place = Place::new()?;
    let data_dir = place.data_dir("data");
    assert!(matches!(running_url(&data_dir).await, Err(StartError::NotRunning { .. })));
    let postgres = started(&place.options("data")).await?;
    assert_eq!(running_url(&data_dir).await?, postgres.url());
    postgres.stop().await?;
    let error = running_url(&data_dir).await.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("start it with `pintle dev` first"), "{error}");
    Ok(())
}
