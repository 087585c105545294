//! The commands that administer access, as people and scripts run them.

use std::fs;

use crate::program::{Actor, Node, PASSWORD, Tested};

const NEW: &str = "another horse and another staple";

/// Makes a person, and gives it logged in for the first time.
fn person(node: &Node, admin: &Actor, name: &str) -> Tested<Actor> {
    let one_time = admin.does(&["user", "add", name])?;
    assert_eq!(one_time.out.lines().count(), 1, "only the password is printed, for scripts to take");
    let actor = node.actor()?;
    let input = format!("{}\n{NEW}\n", one_time.out.trim());
    actor.run(&["login", "--user", name, "--password-stdin"], &input)?.ends_with(0);
    Ok(actor)
}

#[test]
fn a_person_is_made_changes_its_password_and_is_disabled() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    let vera = person(&node, &ann, "vera")?;
    vera.does(&["whoami"])?.says("vera on http://").says("no grants");
    ann.run(&["user", "add", "vera"], "")?.ends_with(3).complains("already_exists");
    ann.does(&["user", "ls"])?.says("vera").says("person");

    vera.run(&["passwd", "--password-stdin"], &format!("wrong\n{PASSWORD}\n"))?
        .ends_with(4)
        .complains("wrong_password");
    vera.run(&["passwd", "--password-stdin"], &format!("{NEW}\npassword1234\n"))?.ends_with(1).complains("12 to 128");
    vera.run(&["passwd", "--password-stdin"], NEW)?.ends_with(64).complains("two lines");
    vera.run(&["passwd"], "")?.ends_with(64).complains("--password-stdin");
    vera.run(&["passwd", "--password-stdin"], &format!("{NEW}\n{PASSWORD}\n"))?.ends_with(0).complains("tokens stay");
    vera.does(&["whoami"])?;

    ann.run(&["user", "disable", "vera"], "")?.ends_with(64).complains("--yes");
    ann.does(&["user", "disable", "vera", "--yes"])?;
    ann.does(&["user", "ls"])?.says("disabled");
    vera.run(&["whoami"], "")?.ends_with(4);
    ann.does(&["user", "enable", "vera"])?;
    let reset = ann.does(&["user", "reset", "vera", "--yes"])?;
    let input = format!("{}\n{NEW}\n", reset.out.trim());
    vera.run(&["login", "--user", "vera", "--password-stdin"], &input)?.ends_with(0);
    ann.run(&["user", "disable", "admin", "--yes"], "")?.ends_with(3).complains("last_admin");
    ann.does(&["user", "add", "ci", "--service"])?;
    ann.run(&["user", "reset", "ci", "--yes"], "")?.ends_with(1).complains("is a service");
    vera.run(&["user", "ls"], "")?.ends_with(4).complains("missing: administer on the store");
    Ok(())
}

#[test]
fn rights_are_given_asked_for_and_taken_away() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    ann.does(&["ns", "create", "dev/orders"])?;
    let vera = person(&node, &ann, "vera")?;
    vera.run(&["can-i", "publish", "dev/orders"], "")?.ends_with(1).says("no: nothing grants");
    ann.does(&["grant", "add", "vera", "publisher", "dev/orders/app/"])?
        .says("user:vera is publisher on dev/orders/app/*");
    vera.run(&["put", "dev/orders/app/a.txt"], "a")?.ends_with(0);
    vera.does(&["can-i", "publish", "dev/orders/app/a.txt"])?.says("yes: user:vera is publisher");
    vera.run(&["can-i", "publish", "dev/orders"], "")?
        .ends_with(1)
        .complains("on a part of it, yes")
        .complains("who can grant it: admin");
    ann.run(&["can-i", "publish", "dev/orders", "--as", "vera"], "")?.ends_with(1).says("user:vera");
    vera.run(&["can-i", "publish", "dev/orders/app/a", "--as", "admin"], "")?.ends_with(4).complains("missing: grant");
    vera.run(&["put", "dev/orders/b.txt"], "b")?.ends_with(5);

    ann.does(&["grant", "add", "group:sre", "operator", "*"])?;
    ann.does(&["group", "set", "sre", "vera", "admin"])?.says("vera").says("local");
    ann.does(&["group", "ls"])?.says("sre").says("admin, vera");
    vera.does(&["can-i", "rollback", "prod/orders"])?.says("group:sre is operator on */*");
    ann.does(&["who-can", "freeze", "dev"])?.says("vera").says("group:sre is operator on */*");
    vera.does(&["whoami"])?.says("group:sre").says("user:vera");
    vera.run(&["who-can", "freeze", "dev"], "")?.ends_with(4).complains("who can grant it: admin");
    ann.run(&["group", "rm", "sre"], "")?.ends_with(64);
    ann.does(&["group", "rm", "sre", "--yes"])?;
    vera.run(&["can-i", "rollback", "prod/orders"], "")?.ends_with(1);

    let list = ann.does(&["grant", "ls", "vera", "--json"])?.json()?;
    let id = list["grants"][0]["id"].as_str().ok_or("no id")?.to_owned();
    ann.does(&["grant", "ls", "--on", "dev/orders", "--role", "publisher"])?.says(&id).says("app/*");
    ann.does(&["grant", "rm", &id])?;
    vera.run(&["get", "dev/orders/app/a.txt"], "")?.ends_with(5);
    ann.run(&["grant", "rm", &id], "")?.ends_with(5);
    ann.run(&["grant", "add", "vera", "root", "dev"], "")?.ends_with(64).complains("the roles are");
    ann.run(&["grant", "add", "nobody", "viewer", "dev"], "")?.ends_with(1).complains("user:nobody does not exist");
    ann.run(&["grant", "add", "admin", "secret-reader", "*"], "")?.ends_with(4).complains("self_grant");
    ann.run(&["can-i", "fly"], "")?.ends_with(64).complains("the actions are");
    Ok(())
}

#[test]
fn access_is_exported_and_applied_from_a_file() -> Tested {
    let node = Node::start()?;
    let ann = node.admin()?;
    for name in ["vera", "bob"] {
        ann.does(&["user", "add", name, "--service"])?;
    }
    let file = ann.home.path().join("access.yaml");
    let path = file.to_str().ok_or("path")?;
    ann.does(&["access", "export", "-f", path])?.complains("0 groups and 2 grants");
    ann.does(&["access", "apply", "-f", path, "--prune"])?.complains("0 changes");

    let exported = fs::read_to_string(&file)?;
    let more = "groups:\n  sre: [vera, bob]\ngrants:\n- {subject: 'group:sre', role: operator, environment: prod*, namespace: '*'}\n- {subject: 'user:vera', role: viewer, environment: dev, namespace: orders, key_prefix: app/}\n";
    fs::write(&file, more)?;
    ann.run(&["access", "apply", "-f", path, "--dry-run"], "")?
        .ends_with(2)
        .says("+ user:vera is in group:sre")
        .says("+ group:sre is operator on prod*/*")
        .complains("4 changes would be made");
    ann.does(&["group", "ls"])?
        .says("GROUP")
        .out
        .lines()
        .nth(1)
        .map_or(Ok(()), |line| Err(format!("{line} was made")))?;
    ann.does(&["access", "apply", "-f", path])?.says("+ user:bob is in group:sre").complains("4 changes made");
    ann.does(&["access", "apply", "-f", path, "--dry-run"])?.complains("4 are there already");
    ann.does(&["can-i", "rollback", "prod-eu/orders", "--as", "bob"])?.says("group:sre");

    // What the file does not name goes only when told, and only after a yes.
    fs::write(&file, &exported)?;
    ann.does(&["access", "apply", "-f", path])?;
    ann.run(&["access", "apply", "-f", path, "--prune", "--dry-run"], "")?
        .ends_with(2)
        .says("- user:vera is in group:sre");
    ann.run(&["access", "apply", "-f", path, "--prune"], "")?.ends_with(64).complains("--yes");
    ann.does(&["access", "apply", "-f", path, "--prune", "--yes"])?
        .says("- group:sre is operator")
        .complains("4 changes made");
    assert_eq!(ann.does(&["access", "export"])?.out, exported);

    fs::write(&file, "groups: {}\ngrants: []\n")?;
    ann.run(&["access", "apply", "-f", path, "--prune", "--yes"], "")?.ends_with(3).complains("last_admin");
    fs::write(&file, "groups: {}\ngrant: []\n")?;
    ann.run(&["access", "apply", "-f", path], "")?.ends_with(1).complains("line 2");
    fs::write(&file, "grants:\n- {subject: 'user:vera', role: viewer, environment: Dev, namespace: a/../b}\n")?;
    ann.run(&["access", "apply", "-f", path], "")?
        .ends_with(1)
        .complains("grants[0].environment")
        .complains("grants[0].namespace");
    Ok(())
}
