//! Secrets: sealed in the store, masked for people, shut for programs, revealed to who may and asks.

mod at_rest;
mod keys;
mod marks;
mod redaction;
mod streams;

use serde_json::{Value, json};

use crate::harness::actors::entry;
use crate::harness::{Actor, App, put};

/// A password that no other text of a test has.
const CANARY: &str = "hunter2-canary-7f3a9b";

/// A document with a secret.
fn document(password: &str) -> String {
    format!("db:\n  user: app\n  password: {password} # rotate me\nport: 8080\n")
}

/// Puts a document whose password is marked.
async fn seal(actor: &Actor, address: &str, content: &str) -> u64 {
    let mut change = put(address, content);
    change["secret_paths"] = json!(["/db/password"]);
    actor.publish(&[change]).await.revision()
}

/// An entry as people see it.
async fn view(actor: &Actor, address: &str, query: &str) -> Value {
    actor.get(&format!("{}{query}", entry(address))).await.ok()
}

/// Somebody who reads and reveals.
async fn secret_reader(app: &App, namespace: &str) -> Actor {
    app.user("rita", &[("viewer", "*", namespace, ""), ("secret-reader", "*", namespace, "")]).await
}
