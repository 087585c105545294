//! The user's commands, as people and scripts run them: the real program against a real node.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::program::{Node, PASSWORD, PROGRAM, Ran, Tested, ran, write};

#[test]
fn a_login_is_kept_for_its_owner_only_and_ends_with_the_logout() -> Tested {
    let node = Node::start()?;
    let ann = node.actor()?;
    ann.run(&["ls"], "")?.ends_with(4).complains("pintle login");
    ann.run(&["login", "--user", "admin", "--password-stdin"], "wrong\n")?.ends_with(4);
    ann.run(&["login", "--user", "admin", "--password-stdin"], &format!("{PASSWORD}\n"))?.ends_with(0);
    let kept = ann.home.path().join(".config/pintle/credentials.json");
    assert_eq!(fs::metadata(&kept)?.permissions().mode() & 0o777, 0o600);
    ann.does(&["whoami"])?.says("admin on http://").says("publisher");

    let token = ann.does(&["token", "create", "ci"])?;
    assert_eq!(token.out.lines().count(), 1, "only the token is printed, for scripts to take");
    let stranger = node.actor()?;
    let mut command = stranger.command(&["ls"]);
    command.env("PINTLE_TOKEN", token.out.trim());
    ran(command, "")?.ends_with(0).says("dev");

    let session = fs::read_to_string(&kept)?;
    ann.does(&["logout"])?;
    ann.run(&["whoami"], "")?.ends_with(4);
    fs::write(&kept, session)?;
    ann.run(&["whoami"], "")?.ends_with(4).complains("unauthenticated");
    Ok(())
}

#[test]
fn scripts_learn_from_the_exit_code_what_happened() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    ann.puts("dev/orders/a.yaml", "port: 1\n")?;
    ann.puts("dev/orders/a.yaml", "port: 2\n")?;
    let first = ann.does(&["history", "dev/orders/a.yaml", "--json"])?.json()?["revisions"][1]["revision"].to_string();

    ann.run(&["diff", "dev/orders", "--from", &first], "")?.ends_with(2).says("-port: 1\n+port: 2");
    ann.run(&["diff", "dev/orders/b.yaml", "--from", &first], "")?.ends_with(0);
    ann.run(&["diff", "dev", "--from", &first, "--values"], "")?.ends_with(2).says("/port");
    ann.run(&["put", "dev/orders/a.yaml", "--if-revision", &first], "port: 3\n")?
        .ends_with(3)
        .complains("-port: 2\n+port: 3");
    ann.run(&["put", "dev/orders/a.yaml"], "port: [")?.ends_with(1).complains("a.yaml: not valid yaml");
    ann.run(&["put", "dev/orders/a.yaml", "--dry-run"], "port: 3\n")?.ends_with(2);
    ann.run(&["get", "dev/orders/none"], "")?.ends_with(5);
    ann.run(&["get", "dev/orders"], "")?.ends_with(64).complains("ENV/NS/KEY");
    ann.run(&["--server", "127.0.0.1:1", "ls"], "")?.ends_with(6).complains("cannot be reached");
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml"])?.out, "port: 2\n", "and nothing of all this changed it");

    ann.does(&["env", "create", "prod", "--tier", "prod"])?;
    ann.does(&["ns", "create", "prod/orders", "-m", "start"])?;
    ann.run(&["put", "prod/orders/a"], "x")?.ends_with(1).complains("-m MESSAGE");
    ann.run(&["put", "prod/orders/a", "-m", "为什么", "--if-revision", "0"], "x")?.ends_with(0);
    ann.run(&["put", "prod/orders/a", "-m", "why"], "y")?.ends_with(3).complains("--if-revision");
    ann.does(&["freeze", "prod", "--reason", "holidays"])?;
    ann.run(&["put", "prod/orders/a", "-m", "why", "--force"], "y")?.ends_with(3).complains("holidays");
    ann.run(&["rm", "prod/orders/a"], "")?.ends_with(64).complains("--yes");
    Ok(())
}

#[test]
fn history_goes_back_and_forward() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    let mut revisions = Vec::new();
    for port in 1..=3 {
        let put = ann.run(&["put", "dev/orders/a.yaml", "--json"], &format!("port: {port}\n"))?.ends_with(0);
        revisions.push(put.json()?["revision"].to_string());
    }
    ann.run(&["rollback", "dev/orders", "--to", &revisions[0], "--dry-run"], "")?
        .ends_with(2)
        .says("-port: 3\n+port: 1");
    ann.does(&["rollback", "dev/orders", "--to", &revisions[0], "--yes"])?;
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml"])?.out, "port: 1\n");
    ann.does(&["rollback", "dev/orders", "--to", &revisions[2], "--yes"])?;
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml"])?.out, "port: 3\n");
    ann.run(&["revert", &revisions[0], "--yes"], "")?.ends_with(3).complains("dev/orders/a.yaml");
    ann.does(&["show", &revisions[1]])?.says("-port: 1\n+port: 2");
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml", "--at", &revisions[1]])?.out, "port: 2\n");
    ann.does(&["ns", "rm", "dev/orders", "--yes"])?;
    ann.does(&["rollback", "dev", "--to", &revisions[2], "--yes"])?;
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml"])?.out, "port: 3\n");
    Ok(())
}

#[test]
fn what_was_exported_is_imported_without_differences_and_then_with() -> Tested {
    let node = Node::start()?;
    let (ann, bob) = (node.admin()?, node.admin()?);
    ann.does(&["ns", "create", "dev/orders"])?;
    for (key, content) in [("a.yaml", "port: 1\n"), ("sub/.env", "A=1\n"), ("crlf.txt", "x\r\ny"), ("empty", "")] {
        ann.puts(&format!("dev/orders/{key}"), content)?;
    }
    let directory = ann.home.path().join("export");
    let path = directory.to_str().ok_or("path")?;
    ann.does(&["export", path])?;
    ann.does(&["import", path, "--dry-run"])?.says("0 changes, 4 equal");

    write(&directory, "dev/orders/a.yaml", "port: 2\n")?;
    write(&directory, "dev/web/new.json", "{}")?;
    fs::remove_file(directory.join("dev/orders/empty"))?;
    ann.run(&["import", path, "--dry-run"], "")?.ends_with(2).says("without a file");
    let before = ann.does(&["status", "--json"])?.json()?["revision"].as_u64();
    ann.does(&["import", path, "--prune", "-m", "from files"])?;
    let after = ann.does(&["status", "--json"])?.json()?["revision"].as_u64();
    assert_eq!(after, before.map(|head| head + 2), "one revision for the namespace, one for all the changes");
    ann.does(&["import", path, "--prune", "--dry-run"])?.says("0 changes, 4 equal");

    // The manifest follows: the next edit is compared with what this import wrote.
    write(&directory, "dev/orders/a.yaml", "port: 3\n")?;
    ann.does(&["import", path])?;
    bob.puts("dev/orders/a.yaml", "port: 4\n")?;
    write(&directory, "dev/orders/a.yaml", "port: 5\n")?;
    ann.run(&["import", path], "")?.ends_with(3).complains("-port: 4\n+port: 5");
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml"])?.out, "port: 4\n");

    write(&directory, "dev/orders/bad.json", "{")?;
    write(&directory, "dev/orders/with space", "x")?;
    ann.run(&["import", path, "--force"], "")?.ends_with(1).complains("bad.json:1:2").complains("with space");
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml"])?.out, "port: 4\n", "nothing is sent when one file is bad");
    Ok(())
}

#[test]
fn too_much_for_one_change_set_is_split_only_when_told() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/many"])?;
    let directory = ann.home.path().join("many");
    for number in 0..1001 {
        write(&directory, &format!("k{number}"), &format!("{number}"))?;
    }
    let path = directory.to_str().ok_or("path")?;
    ann.run(&["import", path, "--to", "dev/many"], "")?.ends_with(1).complains("--split");
    assert_eq!(ann.does(&["ls", "dev/many"])?.out.lines().count(), 1, "only the heading");
    let written = ann.does(&["import", path, "--to", "dev/many", "--split", "--json"])?.json()?;
    assert_eq!(written.as_array().map(Vec::len), Some(2));
    assert_eq!(ann.does(&["ls", "dev/many"])?.out.lines().count(), 1002);
    ann.does(&["import", path, "--to", "dev/many", "--dry-run"])?.says("1001 equal");
    Ok(())
}

#[test]
fn an_edit_that_conflicts_loses_nobodys_text() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    ann.puts("dev/orders/a.yaml", "port: 1\n")?;
    let editor = ann.home.path().join("editor");
    let edit = |script: &str| -> Tested<Ran> {
        fs::write(&editor, format!("#!/bin/sh\n{script}\n"))?;
        fs::set_permissions(&editor, Permissions::from_mode(0o755))?;
        let mut command = ann.command(&["edit", "dev/orders/a.yaml", "--yes"]);
        command.env("EDITOR", &editor);
        ran(command, "")
    };
    edit("echo 'port: 2' > \"$1\"")?.ends_with(0).says("+port: 2");
    edit("true")?.ends_with(0).complains("nothing was changed");

    let theirs = format!("echo 'port: theirs' | {PROGRAM} put dev/orders/a.yaml");
    let conflict = edit(&format!("{theirs} >&2; echo 'port: mine' > \"$1\""))?.ends_with(3);
    let kept = |ran: &Ran| ran.err.lines().find_map(|line| line.strip_prefix("your text is in ")).map(str::to_owned);
    assert_eq!(fs::read_to_string(kept(&conflict).ok_or("no path")?)?, "port: mine\n");
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml"])?.out, "port: theirs\n");

    let broken = edit("echo 'port: [' > \"$1\"")?.ends_with(1).complains("not valid yaml");
    assert_eq!(fs::read_to_string(kept(&broken).ok_or("no path")?)?, "port: [\n");
    Ok(())
}

#[test]
fn a_change_set_from_a_file_is_published_whole_or_not_at_all() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    let file = ann.home.path().join("change.yaml");
    let path = file.to_str().ok_or("path")?;
    fs::write(ann.home.path().join("cert.der"), [0, 159, 146, 150])?;
    let change = "- {env: dev, namespace: orders, key: a.yaml, op: put, content: 'port: 1'}\n- {env: dev, namespace: orders, key: c.der, op: put, content_file: cert.der}\n";
    fs::write(&file, format!("message: both\nchanges:\n{change}"))?;
    ann.does(&["publish", "-f", path])?.says("2 changes");
    ann.does(&["ls", "dev/orders"])?.says("a.yaml").says("binary");

    let bad = "- {env: dev, namespace: orders, key: b.json, op: put, content: '{'}\n";
    fs::write(&file, format!("changes:\n{}{bad}", change.replace("port: 1", "port: 2")))?;
    ann.run(&["publish", "-f", path], "")?.ends_with(1).complains("b.json");
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml"])?.out, "port: 1");
    fs::write(&file, "changes: []\nmesage: typo\n")?;
    ann.run(&["publish", "-f", path], "")?.ends_with(1).complains("line 2").complains("mesage");
    Ok(())
}

#[test]
fn search_prints_where_a_text_stands_in_keys_and_contents() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    for place in ["dev/orders", "dev/payments"] {
        ann.does(&["ns", "create", place])?;
    }
    ann.puts("dev/orders/timeouts.yaml", "connect: 3s\nread: 10s # 读取超时\n")?;
    ann.puts("dev/payments/pool.properties", "pool.Timeout=30\n")?;
    let both = "dev/orders/timeouts.yaml\ndev/payments/pool.properties\n     1: pool.Timeout=30\n";
    assert_eq!(ann.does(&["search", "TIMEOUT"])?.out, both);
    ann.does(&["search", "超时"])?.says("     2: read: 10s # 读取超时\n");
    assert_eq!(ann.does(&["search", "timeout", "--keys-only"])?.out, "dev/orders/timeouts.yaml\n");
    assert_eq!(
        ann.does(&["search", "timeout", "--env", "dev", "--namespace", "payments", "--json"])?.json()?["hits"][0]["matches"],
        1
    );
    ann.does(&["search", "o", "-n", "1"])?.says("dev/orders").complains("there is more");
    assert_eq!(ann.does(&["search", "nowhere"])?.out, "");
    ann.run(&["search", ""], "")?.ends_with(1).complains("1 to 200 characters");
    Ok(())
}

#[test]
fn programs_that_publish_at_once_each_get_a_revision() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    let mut writers = Vec::new();
    for number in 0..16 {
        let mut command = ann.command(&["put", &format!("dev/orders/k{number}"), "--json"]);
        let mut child = command.spawn()?;
        child.stdin.take().ok_or("no input")?.write_all(b"x")?;
        writers.push(child);
    }
    let mut revisions = Vec::new();
    for child in writers {
        let output = child.wait_with_output()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        revisions.push(serde_json::from_slice::<Value>(&output.stdout)?["revision"].as_u64().ok_or("no revision")?);
    }
    revisions.sort_unstable();
    assert!(revisions.windows(2).all(|pair| pair[0] + 1 == pair[1]), "without gaps: {revisions:?}");
    Ok(())
}

#[test]
fn the_history_is_trimmed_and_what_is_pinned_stays() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    let mut revisions = Vec::new();
    for port in 1..=3 {
        let put = ann.run(&["put", "dev/orders/a.yaml", "--json"], &format!("port: {port}\n"))?.ends_with(0);
        revisions.push(put.json()?["revision"].to_string());
    }
    ann.does(&["pin", &revisions[0], "-m", "the audit of 2026"])?.says("stays readable");
    ann.does(&["pins"])?.says(&revisions[0]).says("the audit of 2026");
    ann.does(&["show", &revisions[0]])?.says("pinned by admin: the audit of 2026");
    ann.run(&["trim"], "")?.ends_with(64).complains("--keep");
    ann.run(&["trim", "--older-than", "90"], "")?.ends_with(64).complains("90d");
    ann.does(&["trim", "--older-than", "90d", "--yes"])?.says("nothing to trim");
    ann.run(&["trim", "--keep", "1", "--dry-run"], "")?.ends_with(2).says("would not be readable");
    ann.run(&["trim", "--keep", "1"], "")?.ends_with(64).complains("--yes");
    ann.does(&["trim", "--keep", "1", "--yes"])?.says("8 bytes");
    // The floor follows its announcement; until then everything is still there.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while ann.run(&["get", "dev/orders/a.yaml", "--at", &revisions[1]], "")?.code == Some(0) {
        assert!(std::time::Instant::now() < until);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    ann.run(&["get", "dev/orders/a.yaml", "--at", &revisions[1]], "")?.complains(&revisions[2]);
    assert_eq!(ann.does(&["get", "dev/orders/a.yaml", "--at", &revisions[0]])?.out, "port: 1\n");
    ann.does(&["unpin", &revisions[0]])?;
    ann.run(&["unpin", &revisions[0]], "")?.ends_with(5);
    ann.does(&["resume"])?.says("not held");
    Ok(())
}
