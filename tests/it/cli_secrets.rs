//! The commands around secrets, as people and scripts run them.

use std::fs;

use serde_json::json;

use crate::program::{Node, Tested};

#[test]
fn what_is_put_as_secret_is_sealed_and_stays_so() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    ann.run(&["put", "dev/orders/key.pem", "--secret"], "hunter2\n")?.ends_with(0);
    let paths = ["--secret-path", "/db/password", "--secret-path", "/token"];
    let put = [&["put", "dev/orders/a.yaml"], paths.as_slice()].concat();
    ann.run(&put, "db: {password: hunter2, port: 1}\ntoken: hunter2\n")?.ends_with(0);
    let both = ["put", "dev/orders/b.yaml", "--secret", "--secret-path", "/a"];
    ann.run(&both, "a: 1\n")?.ends_with(64).complains("--secret-path");

    let marks = |key: &str| -> Tested<_> { Ok(ann.does(&["get", key, "--json"])?.json()?["marks"].clone()) };
    assert_eq!(marks("dev/orders/key.pem")?, json!({"secret": true}));
    assert_eq!(marks("dev/orders/a.yaml")?, json!({"secret_paths": ["/db/password", "/token"]}));
    ann.run(&["get", "dev/orders/key.pem"], "")?.ends_with(4).complains("sealed");
    let shown = ann.does(&["get", "dev/orders/a.yaml", "--json"])?;
    assert!(shown.out.contains("port: 1") && !shown.out.contains("hunter2"), "{shown:?}");
    ann.run(&["put", "dev/orders/key.pem"], "hunter3\n")?.ends_with(0);
    assert_eq!(marks("dev/orders/key.pem")?, json!({"secret": true}), "without a word it stays secret");
    Ok(())
}

#[test]
fn a_file_of_changes_says_what_is_secret() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    let file = ann.home.path().join("changes.yaml");
    let change = |key: &str, marks: &str| {
        format!("  - {{env: dev, namespace: orders, key: {key}, op: put, content: 'a: hunter2', {marks}}}\n")
    };
    let changes = [
        change("whole.yaml", "secret: true"),
        change("part.yaml", "secret_paths: [/a]"),
        change("open.yaml", "secret: false"),
    ];
    fs::write(&file, format!("message: why\nchanges:\n{}", changes.concat()))?;
    ann.does(&["publish", "-f", file.to_str().ok_or("no path")?])?;
    let sealed = |key: &str| -> Tested<_> { Ok(ann.does(&["get", key, "--json"])?.json()?["sealed"].clone()) };
    assert_eq!((sealed("dev/orders/whole.yaml")?, sealed("dev/orders/part.yaml")?), (json!(true), json!(true)));
    assert_eq!(ann.does(&["get", "dev/orders/open.yaml"])?.out, "a: hunter2");
    Ok(())
}

#[test]
fn keys_are_listed_and_rotated() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    ann.run(&["put", "dev/orders/key.pem", "--secret"], "hunter2\n")?.ends_with(0);
    ann.does(&["keys", "ls"])?.says("dev/orders").complains("the master key of this node is");
    let before = ann.does(&["keys", "list", "--json"])?.json()?;
    ann.does(&["keys", "rotate", "data"])?.says("1 key rotated").complains("in the background");
    let after = ann.does(&["keys", "ls", "--json"])?.json()?;
    let count = |keys: &serde_json::Value| keys["data_keys"].as_array().map(Vec::len);
    assert_eq!(count(&after), count(&before).map(|keys| keys + 1));
    ann.does(&["keys", "rotate", "master"])?.says("0 keys rotated");
    ann.run(&["keys", "rotate", "all"], "")?.ends_with(64).complains("master, data or signing");
    Ok(())
}

#[test]
fn a_version_that_leaked_is_redacted_and_its_place_stays() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    let put = |content: &str| -> Tested<String> {
        let put = ann.run(&["put", "dev/orders/app/a.yaml", "--json"], content)?.ends_with(0);
        Ok(put.json()?["revision"].to_string())
    };
    let (bad, _) = (put("password: hunter2\n")?, put("password: ${DB_PASSWORD}\n")?);
    let redact = ["redact", "dev/orders/app/a.yaml", "--at", &bad, "-m", "leaked"];
    ann.run(&redact[..4], "")?.ends_with(64).complains("--message");
    ann.run(&redact, "")?.ends_with(64).complains("--yes");
    ann.does(&[redact.as_slice(), &["--yes"]].concat())?.says(&format!("revision {bad} are gone"));
    ann.run(&["get", "dev/orders/app/a.yaml", "--at", &bad], "")?.ends_with(1).complains("redacted");
    ann.does(&["history", "dev/orders/app/a.yaml"])?.says(&bad);
    ann.does(&["get", "dev/orders/app/a.yaml"])?.says("${DB_PASSWORD}");
    Ok(())
}
