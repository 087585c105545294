//! Who may call what: every operation of the OpenAPI document by every kind of caller.
//!
//! What each cell must be is computed from two tables written by hand: what each role may do, and what each operation
//! asks for. The committed grid only shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::actors::entry;
use crate::harness::app::PASSWORD;
use crate::harness::{Actor, App, put};
use crate::openapi::operations;

/// What each role may do. Every caller of the grid holds its role on everything.
const ROLES: [(&str, &[&str]); 7] = [
    ("viewer", &["read", "inspect"]),
    ("editor", &["read", "inspect", "draft"]),
    ("publisher", &["read", "inspect", "draft", "publish", "rollback", "report"]),
    ("operator", &["read", "inspect", "rollback", "freeze"]),
    ("secret-reader", &["reveal"]),
    ("admin", &["read", "inspect", "manage", "freeze", "grant", "audit", "administer"]),
    ("agent", &["read", "report"]),
];

/// A provider of logins that nobody calls.
const PROVIDER: &str = r#"{"issuer": "https://id.example.com", "client_id": "pintle"}"#;

/// What a caller acts through: its session, or a token whose scope is its role on one namespace only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Through {
    /// No scope.
    Session,
    /// `dev/orders`, which the operations are about.
    Here,
    /// `dev/payments`.
    Elsewhere,
}

const THROUGH: [Through; 3] = [Through::Session, Through::Here, Through::Elsewhere];

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    /// Nothing that anybody owns: no token is needed.
    Open,
    /// Whoever calls, or what it may see of a list.
    Anybody,
    /// The caller's own account, with which a scoped token has nothing to do.
    Account,
    /// The store as a whole.
    Store,
    /// Any part of the store, however small.
    Part,
    /// All of `dev`.
    Dev,
    /// All of `empty`, an environment without namespaces.
    Empty,
    /// Something of `dev`.
    SomeOfDev,
    /// `dev/orders`, or an entry of it.
    Orders,
    /// An instance that runs on `dev/orders`; asked first is for something of `dev`.
    Instance,
    /// `dev/orders`, told by nothing but an id or a number: without the right it does not exist.
    HiddenOrders,
    /// A shared draft of `dev/orders`: it does not exist for whoever may not edit drafts there.
    Draft,
}

/// What each operation asks for, on what, and the status when it may.
const OPERATIONS: &[(&str, &str, On, u16)] = &[
    ("apply_access", "administer", On::Store, 200),
    // The password is wrong, so the right was not in the way.
    ("change_password", "", On::Account, 401),
    ("create_grant", "grant", On::Orders, 201),
    ("create_token", "", On::Account, 201),
    ("create_user", "administer", On::Store, 201),
    ("delete_draft", "draft", On::Draft, 204),
    ("delete_entry", "publish", On::Orders, 200),
    ("delete_environment", "manage", On::Empty, 200),
    ("delete_group", "administer", On::Store, 204),
    ("delete_identity_provider", "administer", On::Store, 204),
    ("delete_instance", "report", On::Instance, 204),
    ("delete_namespace", "manage", On::Orders, 200),
    ("delete_trusted_issuer", "administer", On::Store, 204),
    ("diff", "inspect", On::SomeOfDev, 200),
    ("edit_draft", "draft", On::Draft, 200),
    ("end_session", "", On::Account, 204),
    ("end_sessions", "", On::Account, 204),
    ("exchange_token", "", On::Anybody, 200),
    ("explain_access", "grant", On::Orders, 200),
    ("export_access", "administer", On::Store, 200),
    // There is no such provider.
    ("finish_oidc", "", On::Open, 404),
    ("freeze_environment", "freeze", On::Dev, 200),
    ("get_caller", "", On::Anybody, 200),
    ("get_draft", "draft", On::Draft, 200),
    ("get_entry", "read", On::Orders, 200),
    ("get_environment", "read", On::SomeOfDev, 200),
    ("get_group", "administer", On::Store, 200),
    ("get_identity_provider", "administer", On::Store, 200),
    ("get_instance", "inspect", On::Instance, 200),
    ("get_namespace", "read", On::Orders, 200),
    ("get_receipts", "inspect", On::HiddenOrders, 200),
    ("get_revision", "inspect", On::HiddenOrders, 200),
    ("get_trusted_issuer", "administer", On::Store, 200),
    ("get_user", "administer", On::Store, 200),
    // Nobody here called from a browser.
    ("grant_login_code", "", On::Account, 403),
    ("healthz", "", On::Open, 200),
    ("list_audit", "audit", On::Part, 200),
    ("list_drafts", "", On::Anybody, 200),
    ("list_entries", "read", On::Orders, 200),
    ("list_environments", "", On::Anybody, 200),
    ("list_grants", "", On::Anybody, 200),
    ("list_groups", "administer", On::Store, 200),
    ("list_identity_providers", "", On::Open, 200),
    ("list_instances", "inspect", On::SomeOfDev, 200),
    ("list_keys", "administer", On::Store, 200),
    ("list_lost", "administer", On::Store, 200),
    ("list_namespaces", "read", On::SomeOfDev, 200),
    ("list_pins", "administer", On::Store, 200),
    ("list_revisions", "", On::Anybody, 200),
    ("list_sessions", "", On::Account, 200),
    ("list_tokens", "", On::Anybody, 200),
    ("list_trusted_issuers", "administer", On::Store, 200),
    ("list_users", "administer", On::Store, 200),
    ("log_in", "", On::Open, 200),
    // There is no such code.
    ("log_in_with_code", "", On::Open, 403),
    ("log_out", "", On::Anybody, 204),
    ("metrics", "", On::Anybody, 200),
    ("open_draft", "draft", On::Orders, 201),
    ("pin_revision", "administer", On::Store, 200),
    ("publish", "publish", On::Orders, 200),
    ("publish_draft", "publish", On::Draft, 200),
    ("put_entry", "publish", On::Orders, 200),
    ("put_environment", "manage", On::Dev, 200),
    ("put_group", "administer", On::Store, 200),
    ("put_identity_provider", "administer", On::Store, 200),
    ("put_instance", "report", On::Instance, 200),
    ("put_namespace", "manage", On::Orders, 200),
    ("put_trusted_issuer", "administer", On::Store, 200),
    ("put_user", "administer", On::Store, 200),
    ("readyz", "", On::Open, 200),
    // What it shall remove is there now, so the right was not in the way.
    ("redact_entry", "manage", On::Orders, 422),
    ("reset_password", "administer", On::Store, 200),
    ("resume", "administer", On::Store, 200),
    ("revoke_grant", "grant", On::HiddenOrders, 204),
    ("revoke_token", "", On::Account, 204),
    ("roll_back", "rollback", On::Orders, 200),
    ("rotate_keys", "administer", On::Store, 200),
    ("rotate_token", "", On::Account, 201),
    ("search", "", On::Anybody, 200),
    ("send_receipts", "report", On::Instance, 204),
    // There is no such provider.
    ("start_oidc", "", On::Open, 404),
    ("trim_history", "administer", On::Store, 200),
    ("unfreeze_environment", "freeze", On::Dev, 200),
    ("unpin_revision", "administer", On::Store, 204),
    ("watch", "read", On::Orders, 200),
    ("watch_with_body", "read", On::Orders, 200),
    ("who_can", "grant", On::Orders, 200),
];

/// Who calls.
struct Caller {
    actor: Actor,
    /// What it may do; none for somebody without a token.
    actions: Option<&'static [&'static str]>,
    through: Through,
}

impl Caller {
    /// Whether it may do something to all that an operation is about.
    fn may(&self, action: &str, on: On) -> bool {
        let covered = match (on, self.through) {
            (_, Through::Session) | (On::SomeOfDev | On::Part, _) => true,
            (on, Through::Here) => matches!(on, On::Orders | On::Instance | On::HiddenOrders | On::Draft),
            (_, Through::Elsewhere) => false,
        };
        covered && self.actions.is_some_and(|actions| actions.contains(&action))
    }

    /// Whether it may know that what an operation is about exists.
    fn reads(&self, on: On) -> bool {
        // Of an environment it is enough to see something.
        self.may("read", if on == On::Dev { On::SomeOfDev } else { on })
    }

    /// The status that an operation must answer it.
    fn expected(&self, action: &str, on: On, done: u16) -> u16 {
        match on {
            On::Open => done,
            _ if self.actions.is_none() => 401,
            On::Anybody => done,
            On::Account => {
                if self.through == Through::Session {
                    done
                } else {
                    403
                }
            }
            _ if self.may(action, on) => done,
            On::Store | On::Part => 403,
            On::HiddenOrders => 404,
            On::Draft => {
                if self.may("draft", on) {
                    403
                } else {
                    404
                }
            }
            On::Instance if !self.may(action, On::SomeOfDev) => self.expected(action, On::SomeOfDev, done),
            On::Dev | On::Empty | On::SomeOfDev | On::Orders | On::Instance => {
                if self.reads(on) {
                    403
                } else {
                    404
                }
            }
        }
    }
}

/// An instance of the first admin.
const INSTANCE: &str = "/api/v1/environments/dev/instances/web-1%2Forders";
/// Somebody whom administrators deal with.
const TARGET: &str = "target";

/// What to send so that only rights can be in the way.
#[derive(Default)]
struct Request {
    /// Replaces the parameters of the path.
    env: &'static str,
    rev: &'static str,
    name: &'static str,
    instance: String,
    id: String,
    query: &'static str,
    body: Option<Value>,
    /// The bytes of an entry.
    bytes: Option<&'static str>,
    /// Sent instead of the caller's own, which the call ends.
    token: Option<String>,
    /// The hash that an edit is made from.
    if_match: Option<String>,
}

/// A valid request for an operation; none when nobody wrote one yet.
async fn request(app: &App, operation: &str, caller: &Caller) -> Option<Request> {
    let actor = &caller.actor;
    let own = format!("{}%2F{:?}", actor.name, caller.through);
    let plain = || Request { env: "dev", rev: "3", instance: "web-1%2Forders".to_owned(), ..Request::default() };
    let with = |body: Value| Request { body: Some(body), ..plain() };
    Some(match operation {
        "list_environments"
        | "get_environment"
        | "list_namespaces"
        | "get_namespace"
        | "list_entries"
        | "get_entry"
        | "list_revisions"
        | "get_revision"
        | "get_caller"
        | "list_tokens"
        | "list_sessions"
        | "end_sessions"
        | "list_trusted_issuers"
        | "list_identity_providers"
        | "list_lost"
        | "list_pins"
        | "list_drafts"
        | "list_audit"
        | "unpin_revision"
        | "list_instances"
        | "get_instance"
        | "get_receipts"
        | "healthz"
        | "readyz"
        | "metrics"
        | "delete_entry"
        | "unfreeze_environment"
        | "export_access"
        | "list_grants"
        | "list_users"
        | "list_keys"
        | "list_groups" => plain(),
        "put_environment" | "put_namespace" => with(json!({"description": "changed"})),
        "delete_environment" => Request { env: "empty", ..plain() },
        "freeze_environment" | "pin_revision" => with(json!({"reason": "r"})),
        "delete_namespace" => Request { query: "?confirm=orders", ..plain() },
        "put_instance" => Request { instance: own, ..with(json!({"service": "orders", "namespaces": ["orders"]})) },
        "delete_instance" | "send_receipts" => {
            // Of its own, as far as it may have one.
            let path = format!("/api/v1/environments/dev/instances/{own}");
            actor.put(&path, json!({"service": "orders", "namespaces": ["orders"]})).await;
            let receipts = json!({"receipts": [{"epoch": 1, "revision": 3, "stage": "applied"}]});
            let body = (operation == "send_receipts").then_some(receipts);
            let instance = if caller.may("report", On::Orders) { own } else { plain().instance };
            Request { instance, body, ..plain() }
        }
        "put_entry" => Request { bytes: Some("changed"), ..plain() },
        "publish" => with(json!({"changes": [put("dev/orders/a.txt", "changed")]})),
        "roll_back" => with(json!({"env": "dev", "namespace": "orders", "to": 3})),
        "rotate_keys" => with(json!({"what": "master"})),
        "redact_entry" => with(json!({"revision": 3, "reason": "r"})),
        "trim_history" => with(json!({"below": 1})),
        "resume" | "exchange_token" => with(json!({})),
        "search" => Request { query: "?q=a", ..plain() },
        "watch" => Request { query: "?env=dev&namespace=orders", ..plain() },
        "watch_with_body" => with(json!({"env": "dev", "namespaces": ["orders"]})),
        "diff" => Request { query: "?env=dev&from=1", ..plain() },
        "log_in" => with(json!({"name": "admin", "password": PASSWORD})),
        "put_trusted_issuer" => Request { name: "ci", ..with(issuer()) },
        "grant_login_code" => with(json!({"challenge": "x".repeat(43)})),
        "log_in_with_code" => with(json!({"code": "none", "verifier": "x".repeat(43)})),
        "create_token" => with(json!({"name": "t"})),
        "open_draft" => {
            with(json!({"env": "dev", "namespace": "orders", "title": "t", "changes": [draft_change("from the grid")]}))
        }
        "get_draft" | "edit_draft" | "delete_draft" | "publish_draft" => of_draft(app, operation).await,
        _ => return administration(app, operation, caller).await,
    })
}

fn draft_change(content: &str) -> Value {
    json!({"namespace": "orders", "key": "drafted.txt", "op": "put", "content": content, "if_revision": 0})
}

/// A call on a draft of the first admin, which others may see.
async fn of_draft(app: &App, operation: &str) -> Request {
    app.admin().delete(&entry("dev/orders/drafted.txt")).await;
    let draft =
        json!({"env": "dev", "namespace": "orders", "title": "t", "shared": true, "changes": [draft_change("x")]});
    let draft: Value = app.admin().post("/api/v1/drafts", draft).await.expect(201).json();
    let (id, hash) = (draft["id"].as_str().unwrap().to_owned(), draft["hash"].as_str().unwrap().to_owned());
    let body = match operation {
        "edit_draft" => Some(json!({"put": [draft_change("y")]})),
        "publish_draft" => Some(json!({"base": draft["head"], "hash": hash})),
        _ => None,
    };
    let if_match = (operation == "edit_draft").then_some(hash);
    Request { env: "dev", rev: "3", id, body, if_match, ..Request::default() }
}

/// The same for operations about users, rights and tokens.
async fn administration(app: &App, operation: &str, caller: &Caller) -> Option<Request> {
    let actor = &caller.actor;
    let plain = || Request { env: "dev", rev: "3", ..Request::default() };
    let with = |body: Value| Request { body: Some(body), ..plain() };
    let of = |name| Request { name, ..plain() };
    let here = |action: &str| json!({"action": action, "environment": "dev", "namespace": "orders"});
    Some(match operation {
        "get_user" | "reset_password" => of(TARGET),
        "get_trusted_issuer" | "delete_trusted_issuer" => of("ci"),
        "start_oidc" | "finish_oidc" => of("nowhere"),
        "put_identity_provider" => Request { name: "corp", ..with(PROVIDER.parse().unwrap()) },
        "get_identity_provider" | "delete_identity_provider" => {
            let body: Value = PROVIDER.parse().unwrap();
            app.admin().put("/api/v1/identity-providers/corp", body).await.expect(200);
            of("corp")
        }
        "create_user" => {
            with(json!({"name": format!("{}-{:?}", actor.name, caller.through).to_lowercase(), "kind": "service"}))
        }
        "put_user" => Request { name: TARGET, ..with(json!({"disabled": false})) },
        "get_group" | "delete_group" => of("crew"),
        "put_group" => Request { name: "crew", ..with(json!({"members": [TARGET]})) },
        "apply_access" => with(json!({"groups": {"crew": []}, "dry_run": true})),
        "explain_access" => {
            let mut question = here("read");
            question["subject"] = format!("user:{TARGET}").into();
            with(question)
        }
        "who_can" => with(here("read")),
        "change_password" => with(json!({"password": "wrong", "new_password": PASSWORD})),
        "create_grant" => {
            let number = format!("{}{:?}/", actor.name, caller.through);
            let (subject, key_prefix) = (format!("user:{TARGET}"), number.as_str());
            with(
                json!({"subject": subject, "role": "viewer", "environment": "dev", "namespace": "orders", "key_prefix": key_prefix}),
            )
        }
        "revoke_grant" => {
            let wanted =
                json!({"subject": "group:fleet", "role": "viewer", "environment": "dev", "namespace": "orders"});
            let made: Value = app.admin().post("/api/v1/grants", wanted).await.json();
            Request { id: made["id"].as_str().unwrap().to_owned(), ..plain() }
        }
        "end_session" => {
            let id = if caller.actions.is_some() { app.session(actor).await.1 } else { uuid::Uuid::nil() };
            Request { id: id.to_string(), ..plain() }
        }
        "log_out" | "revoke_token" if caller.actions.is_some() => {
            let (made, id) = app.scoped(actor, &[]).await;
            let token = (operation == "log_out").then(|| made.token.clone());
            Request { id: id.to_string(), token, ..plain() }
        }
        "rotate_token" => {
            let id = if caller.actions.is_some() { app.scoped(actor, &[]).await.1 } else { uuid::Uuid::nil() };
            Request { id: id.to_string(), ..with(json!({})) }
        }
        "log_out" | "revoke_token" => Request { id: uuid::Uuid::nil().to_string(), ..plain() },
        _ => return None,
    })
}

/// Brings back what an earlier call took away.
async fn restore(admin: &Actor) {
    for (path, body) in [
        ("/api/v1/environments/dev", json!({})),
        ("/api/v1/environments/empty", json!({})),
        ("/api/v1/environments/dev/namespaces/orders", json!({})),
    ] {
        admin.put(path, body).await.expect(200);
    }
    admin.delete("/api/v1/environments/dev/freeze").await.expect(200);
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    admin.put(INSTANCE, json!({"service": "orders", "namespaces": ["orders"]})).await.expect(200);
    admin.put("/api/v1/groups/crew", json!({"members": [TARGET]})).await.expect(200);
    let issuer = admin.put("/api/v1/trusted-issuers/ci", issuer()).await;
    assert!(matches!(issuer.status, 200 | 201));
}

/// A trusted issuer, with the key of RFC 8037, appendix A.2.
pub(crate) fn issuer() -> Value {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    json!({"issuer": "https://ci.example.com", "audience": "pintle", "keys": {"keys": [key]},
           "rules": [{"claims": {"sub": "job"}, "user": "ci"}]})
}

async fn call(app: &App, method: &str, path: &str, operation: &str, caller: &Caller) -> u16 {
    let Some(request) = request(app, operation, caller).await else {
        panic!("{operation} has no access case: write one in tests/it/access_grid.rs");
    };
    let path = path
        .replace("{env}", request.env)
        .replace("{ns}", "orders")
        .replace("{key}", "a.txt")
        .replace("{rev}", request.rev)
        .replace("{provider}", request.name)
        .replace("{instance}", &request.instance)
        .replace("{name}", request.name)
        .replace("{id}", &request.id);
    assert!(!path.contains('{'), "{operation}: {path} has a parameter that no case fills");
    let caller = request.token.as_ref().map_or_else(|| caller.actor.clone(), |token| caller.actor.with_token(token));
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let path = format!("{path}{}", request.query);
    let answer = caller.call(method, &path, |builder| {
        let builder = request.body.iter().fold(builder, reqwest::RequestBuilder::json);
        let builder =
            request.if_match.iter().fold(builder, |builder, hash| builder.header("if-match", format!("\"{hash}\"")));
        request.bytes.iter().fold(builder, |builder, bytes| builder.body(*bytes))
    });
    answer.await.status
}

/// Everybody, in the order of the columns: nobody, a stranger, and each role through a session and two scoped tokens.
async fn callers(app: &App) -> Vec<Caller> {
    let through = Through::Session;
    let mut all = vec![
        Caller { actor: app.anonymous(), actions: None, through },
        Caller { actor: app.stranger().await, actions: Some(&[]), through },
    ];
    for (role, actions) in ROLES {
        let held = app.user(&format!("the-{role}"), &[(role, "*", "*", "")]).await;
        for through in THROUGH {
            let actor = match through {
                Through::Session => app.session(&held).await.0,
                Through::Here => app.scoped(&held, &[(role, "dev", "orders", "")]).await.0,
                Through::Elsewhere => app.scoped(&held, &[(role, "dev", "payments", "")]).await.0,
            };
            all.push(Caller { actor, actions: Some(actions), through });
        }
    }
    all
}

/// The heading of the grid. Each role has three columns: its session, its token scoped here, its token scoped elsewhere.
fn heading() -> String {
    let roles = ROLES.map(|(role, _)| format!("{role:<13}")).join(" ");
    format!("{:<21} {:<11} {:<13} none strg  {roles}", "operation", "action", "on").trim_end().to_owned()
}

#[tokio::test]
async fn every_operation_answers_every_kind_of_caller_as_the_tables_say() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    admin.put(INSTANCE, json!({"service": "orders", "namespaces": ["orders"]})).await.expect(200);
    app.user(TARGET, &[]).await;
    let callers = callers(&app).await;
    let document: Value = admin.get("/api/openapi.json").await.ok();
    let all: BTreeMap<_, _> = operations(&document)
        .into_iter()
        .map(|(method, path, operation)| (operation["operationId"].as_str().unwrap().to_owned(), (method, path)))
        .collect();
    let (mut grid, mut wrong) = (heading(), Vec::new());
    restore(admin).await;
    for (operation, (method, path)) in &all {
        let row = OPERATIONS.iter().find(|(name, ..)| name == operation);
        let Some((_, action, on, done)) = row.copied() else {
            panic!("{operation} has no row: say in tests/it/access_grid.rs what it asks for, and on what");
        };
        write!(grid, "\n{operation:<21} {action:<11} {:<13}", format!("{on:?}")).unwrap();
        for (column, caller) in callers.iter().enumerate() {
            let (status, expected) =
                (call(&app, method, path, operation, caller).await, caller.expected(action, on, done));
            if status != expected {
                let (name, through) = (&caller.actor.name, caller.through);
                wrong.push(format!("{operation} by {name} through {through:?}: {status}, not {expected}"));
            }
            if method != "get" && status < 300 {
                restore(admin).await;
            }
            // A wider gap before each role.
            let gap = if column >= 2 && (column - 2) % 3 == 0 { "   " } else { " " };
            write!(grid, "{gap}{status}").unwrap();
        }
    }
    let known = OPERATIONS.iter().filter(|(name, ..)| !all.contains_key(*name)).map(|(name, ..)| *name);
    assert_eq!(known.collect::<Vec<_>>(), Vec::<&str>::new(), "rows of operations that do not exist");
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    grid.push('\n');
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots/access_grid.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, &grid).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        grid == committed,
        "the grid changed; UPDATE_SNAPSHOTS=1 writes it anew. It was:\n{committed}\nnow:\n{grid}"
    );
    app.finish().await;
}
