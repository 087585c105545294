//! What the documents tell people to type works as it stands.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use pintle::runtime::postgres::running_url;

use crate::program::{Actor, Node, PASSWORD, PROGRAM, Tested, ran};

const README: &str = include_str!("../../README.md");
const README_ZH: &str = include_str!("../../README.zh-CN.md");
const OPERATING: &str = include_str!("../../docs/OPERATING.md");

/// The fenced blocks of a kind, in order.
fn blocks<'a>(text: &'a str, fence: &str) -> Vec<&'a str> {
    let start = format!("```{fence}\n");
    text.split(&start).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// The commands of a block, without comments; a line that ends with a backslash goes on.
fn commands(block: &str) -> Vec<String> {
    let joined = block.replace("\\\n", " ");
    let plain = joined.lines().map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned());
    plain.filter(|line| !line.is_empty()).collect()
}

/// A shell that runs a script as an actor, with the program on its path.
fn shell(actor: &Actor, script: &str) -> Tested<Command> {
    let program = Path::new(PROGRAM).parent().ok_or("no folder")?;
    let mut shell = Command::new("sh");
    shell.args(["-euc", script]).env_clear().env("HOME", actor.home.path()).env("PINTLE_SERVER", &actor.server);
    shell.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", program.display()));
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(shell)
}

#[test]
fn both_readmes_give_the_same_commands_and_headings() {
    let all = |text: &str| blocks(text, "sh").into_iter().flat_map(commands).collect::<Vec<_>>();
    assert_eq!(all(README), all(README_ZH));
    let headings = |text: &str| text.lines().filter(|line| line.starts_with('#')).count();
    assert_eq!(headings(README), headings(README_ZH));
}

#[test]
fn the_tour_of_the_readme_works() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    let tour = README.split("## A tour").nth(1).and_then(|text| blocks(text, "sh").into_iter().next());
    let folder = ann.home.path().join("clone");
    fs::create_dir_all(&folder)?;
    std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"), folder.join("examples"))?;
    let mut ran_commands = 0;
    for line in commands(tour.ok_or("no tour")?).iter().filter(|line| !line.starts_with("export PATH")) {
        // The two environments differ, and `diff` says so in its exit code.
        let code = if line.starts_with("pintle diff") { 2 } else { 0 };
        let mut shell = shell(&ann, line)?;
        shell.current_dir(&folder);
        ran(shell, "")?.ends_with(code);
        ran_commands += 1;
    }
    assert!(ran_commands > 6, "only {ran_commands} commands were found");
    let flags = ann.does(&["get", "prod/gateway/flags.json"])?.out;
    assert_eq!(flags, fs::read_to_string(folder.join("examples/shop/prod/gateway/flags.json"))?);
    Ok(())
}

#[test]
fn the_tour_of_rights_works() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    // As after the first tour.
    ann.does(&["env", "create", "prod"])?;
    for place in ["dev/orders", "prod/orders"] {
        ann.does(&["ns", "create", place])?;
    }
    let part = README.split("## Who may do what").nth(1).ok_or("no such part")?;
    let [tour, ..] = blocks(part, "sh")[..] else { return Err("a block is there".into()) };
    let mut walked = shell(&ann, tour)?;
    walked.current_dir(ann.home.path());
    let walked = ran(walked, "")?.ends_with(0).says("user:mia");
    assert!(!walked.out.contains("correct horse"), "{walked:#?}");
    Ok(())
}

/// Ends the programs that the tour left running, whatever became of the test.
struct Left(std::path::PathBuf);

impl Drop for Left {
    fn drop(&mut self) {
        for file in ["agent.pid", "live/nginx.pid"] {
            let pid = fs::read_to_string(self.0.join(file)).ok().and_then(|text| text.trim().parse().ok());
            if let Some(pid) = pid {
                let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
            }
        }
    }
}

#[test]
fn the_tour_of_a_change_that_arrives_works() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    let clone = ann.home.path().join("clone");
    fs::create_dir_all(&clone)?;
    std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"), clone.join("examples"))?;
    let part = README.split("## A change that arrives").nth(1).ok_or("no such part")?;
    let [watch, tour, ..] = blocks(part, "sh")[..] else { return Err("two blocks are there".into()) };

    // The first tour made it.
    ann.does(&["env", "create", "prod"])?;
    let token = ann.does(&["token", "create", "watcher"])?.out;
    let here = |text: &str| text.replace("http://127.0.0.1:8080", &node.address);
    let mut watching = shell(&ann, &here(watch).replace("curl", "curl -s --max-time 2"))?;
    watching.env("PINTLE_TOKEN", token.trim());
    // curl's own limit of time ends it.
    ran(watching, "")?.ends_with(28).says("event: snapshot");

    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
    let _left = Left(clone.clone());
    let script = here(tour).replace("2>&1 &", "2>&1 &\necho $! > agent.pid").replace("8088", &port);
    // A person reads on until it is there.
    let script =
        script.replacen("pintle instances dev", "until pintle instances dev | grep live; do sleep 0.1; done", 1);
    // The port stands in the file that is published, too.
    let script = script.replace("examples/tour/nginx.conf", "page.conf");
    let page = fs::read_to_string(clone.join("examples/tour/nginx.conf"))?.replace("8088", &port);
    fs::write(clone.join("page.conf"), page)?;
    let mut walked = shell(&ann, &script)?;
    walked.current_dir(&clone);
    let walked = ran(walked, "")?;
    let log = fs::read_to_string(clone.join("agent.log")).unwrap_or_default();
    assert_eq!(walked.code, Some(0), "{walked:#?}\n{log}");
    assert_eq!(walked.out.matches("good morning").count(), 2, "{walked:#?}\n{log}");
    let walked = walked.says("refused").complains("lisn");
    assert!(walked.out.contains("rejected"), "{walked:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_for_operators_work() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    let token = ann.does(&["token", "create", "operator"])?.out;
    let database = running_url(&node.folder.path().join("data")).await?;
    let backup = ann.home.path().join("backup.dump");
    let all = blocks(OPERATING, "sh run");
    assert!(all.len() >= 5, "only {} blocks were found", all.len());
    for block in all {
        let mut shell = shell(&ann, block)?;
        shell.env("PINTLE_TOKEN", token.trim()).env("DATABASE_URL", &database).env("BACKUP", &backup);
        ran(shell, "")?.ends_with(0);
    }
    assert!(fs::metadata(&backup)?.len() > 1000);
    // The last command reset the password.
    ann.run(&["login", "--user", "admin", "--password-stdin"], PASSWORD)?.ends_with(4);
    Ok(())
}
