//! Who may call what: every operation of the OpenAPI document by every kind of caller, against a committed grid.

use std::fmt::Write as _;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::app::PASSWORD;
use crate::harness::{Actor, App, put};
use crate::openapi::operations;

/// An instance of the first admin.
const INSTANCE: &str = "/api/v1/environments/dev/instances/web-1%2Forders";

/// What to send so that only rights can be in the way.
#[derive(Default)]
struct Request {
    /// Replaces the parameters of the path.
    env: &'static str,
    rev: &'static str,
    id: String,
    query: &'static str,
    body: Option<Value>,
    /// The bytes of an entry.
    bytes: Option<&'static str>,
    /// Sent instead of the caller's own, which the call ends.
    token: Option<String>,
}

/// A valid request for an operation; none when nobody wrote one yet.
async fn request(operation: &str, caller: &Actor) -> Option<Request> {
    let plain = || Request { env: "dev", rev: "3", ..Request::default() };
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
        | "start_oidc"
        | "finish_oidc"
        | "list_identity_providers"
        | "get_identity_provider"
        | "delete_identity_provider"
        | "list_lost"
        | "list_pins"
        | "unpin_revision"
        | "list_instances"
        | "get_instance"
        | "get_receipts"
        | "delete_instance"
        | "healthz"
        | "readyz"
        | "metrics"
        | "delete_entry"
        | "unfreeze_environment" => plain(),
        "put_environment" | "put_namespace" => with(json!({"description": "changed"})),
        "delete_environment" => Request { env: "empty", ..plain() },
        "freeze_environment" | "pin_revision" => with(json!({"reason": "r"})),
        "delete_namespace" => Request { query: "?confirm=orders", ..plain() },
        "put_instance" => with(json!({"service": "orders", "namespaces": ["orders"]})),
        "send_receipts" => with(json!({"receipts": [{"epoch": 1, "revision": 3, "stage": "applied"}]})),
        "put_entry" => Request { bytes: Some("changed"), ..plain() },
        "publish" => with(json!({"changes": [put("dev/orders/a.txt", "changed")]})),
        "roll_back" => with(json!({"env": "dev", "namespace": "orders", "to": 2})),
        "trim_history" => with(json!({"below": 1})),
        "resume" => with(json!({})),
        "watch" => Request { query: "?env=dev&namespace=orders", ..plain() },
        "watch_with_body" => with(json!({"env": "dev", "namespaces": ["orders"]})),
        "diff" => Request { query: "?env=dev&from=1", ..plain() },
        "log_in" => with(json!({"name": "admin", "password": PASSWORD})),
        "grant_login_code" => with(json!({"challenge": "x".repeat(43)})),
        "log_in_with_code" => with(json!({"code": "none", "verifier": "x".repeat(43)})),
        "put_identity_provider" => with(json!({"issuer": "https://id.example.com", "client_id": "pintle"})),
        "create_token" => with(json!({"name": "t"})),
        "list_grants" => plain(),
        "create_grant" => with(
            json!({"subject": "user:vera", "role": "viewer", "environment": "dev", "namespace": "orders", "key_prefix": ""}),
        ),
        "revoke_grant" | "end_session" => Request { id: "00000000-0000-0000-0000-000000000000".to_owned(), ..plain() },
        "log_out" | "revoke_token" | "rotate_token" => {
            let made = caller.post("/api/v1/tokens", json!({"name": "t"})).await;
            if made.status == 201 {
                let made: Value = made.json();
                let id = made["id"].as_str().unwrap().to_owned();
                let token = (operation == "log_out").then(|| made["token"].as_str().unwrap().to_owned());
                let body = (operation == "rotate_token").then(|| json!({}));
                Request { id, token, body, ..plain() }
            } else {
                Request { id: "00000000-0000-0000-0000-000000000000".to_owned(), body: Some(json!({})), ..plain() }
            }
        }
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
}

async fn call(method: &str, path: &str, operation: &str, caller: &Actor) -> u16 {
    let Some(request) = request(operation, caller).await else {
        panic!("{operation} has no access case: write one in tests/it/access_grid.rs");
    };
    let path = path
        .replace("{env}", request.env)
        .replace("{ns}", "orders")
        .replace("{key}", "a.txt")
        .replace("{rev}", request.rev)
        .replace("{provider}", "corp")
        .replace("{instance}", "web-1%2Forders")
        .replace("{id}", &request.id);
    assert!(!path.contains('{'), "{operation}: {path} has a parameter that no case fills");
    let caller = request.token.as_ref().map_or_else(|| caller.clone(), |token| caller.with_token(token));
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let path = format!("{path}{}", request.query);
    let answer = caller.call(method, &path, |builder| {
        let builder = request.body.iter().fold(builder, reqwest::RequestBuilder::json);
        request.bytes.iter().fold(builder, |builder, bytes| builder.body(*bytes))
    });
    answer.await.status
}

#[tokio::test]
async fn every_operation_answers_every_kind_of_caller_as_the_committed_grid_says() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    admin.put(INSTANCE, json!({"service": "orders", "namespaces": ["orders"]})).await.expect(200);
    let callers = [
        ("anonymous", app.anonymous()),
        ("stranger", app.stranger().await),
        ("viewer", app.viewer("orders").await),
        // A publisher of another namespace of the same environment.
        ("elsewhere", app.user("elsa", &[("publisher", "dev", "payments", "")]).await),
        ("publisher", app.publisher("orders").await),
        ("operator", app.operator().await),
        ("admin", app.manager().await),
    ];
    let document: Value = admin.get("/api/openapi.json").await.ok();
    let mut grid = format!("{:<22}", "");
    for (name, _) in &callers {
        write!(grid, "{name:>10}").unwrap();
    }
    let mut operations: Vec<_> = operations(&document)
        .into_iter()
        .map(|(method, path, operation)| (operation["operationId"].as_str().unwrap().to_owned(), method, path))
        .collect();
    operations.sort();
    for (operation, method, path) in operations {
        write!(grid, "\n{operation:<22}").unwrap();
        for (_, caller) in &callers {
            if method != "get" {
                restore(admin).await;
            }
            let status = call(&method, &path, &operation, caller).await;
            assert!(status < 500, "{operation}: {status}");
            write!(grid, "{status:>10}").unwrap();
        }
    }
    grid.push('\n');
    println!("{grid}");
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
