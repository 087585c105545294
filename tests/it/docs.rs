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
