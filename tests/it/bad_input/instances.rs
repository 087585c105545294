//! What instances may not say.

use serde_json::{Value, json};

use super::Case;
use super::cases::{HUGE, are, get, post};

const INSTANCES: &str = "/api/v1/environments/dev/instances";
const RECEIPTS: &str = "/api/v1/environments/dev/instances/web-1/receipts";

/// A declaration that is right but for `wrong`.
fn put(name: &'static str, wrong: &Value) -> Case {
    let mut body = json!({"service": "orders", "namespaces": ["orders"]});
    for (field, value) in wrong.as_object().unwrap() {
        body[field] = value.clone();
    }
    body.as_object_mut().unwrap().retain(|_, value| *value != "ABSENT");
    Case::new(name, "PUT", format!("{INSTANCES}/web-1")).body(body.to_string())
}

/// A receipt that is right but for `wrong`.
fn receipt(name: &'static str, wrong: &Value) -> Case {
    let mut receipt = json!({"epoch": 1, "revision": 3, "stage": "delivered"});
    for (field, value) in wrong.as_object().unwrap() {
        receipt[field] = value.clone();
    }
    post(name, RECEIPTS, &json!({"receipts": [receipt]}))
}

pub(super) fn all() -> Vec<Case> {
    let mut all = ids();
    all.extend(declarations());
    all.extend(receipts());
    all.extend(queries());
    all
}

fn ids() -> Vec<Case> {
    let put = |name, id: &str| {
        let body = json!({"service": "orders", "namespaces": ["orders"]}).to_string();
        Case::new(name, "PUT", format!("{INSTANCES}/{id}")).body(body)
    };
    let all = vec![
        put("an instance of 201 bytes", &"i".repeat(201)),
        put("an instance with a blank", "web%201"),
        put("an instance with a NUL", "web%00"),
        put("an instance with an empty segment", "web%2F%2Forders"),
        put("an instance of an encoded double dot", "a%2F%2e%2e"),
    ];
    let mut all = are(all, "invalid", "instance");
    all.push(put("an instance of broken UTF-8", "a%FF").is(400, "bad_request", "path"));
    all.push(put("an instance with a bare slash", "web-1/orders").is(404, "not_found", ""));
    let nowhere = "/api/v1/environments/none/instances";
    all.push(get("instances of an environment that is not there", nowhere).is(404, "not_found", ""));
    all.push(get("an instance that is not there", format!("{INSTANCES}/none")).is(404, "not_found", ""));
    all.push(Case::new("the end of one that never was", "DELETE", format!("{INSTANCES}/none")).is(
        404,
        "not_found",
        "",
    ));
    all
}

fn declarations() -> Vec<Case> {
    let many: Vec<String> = (0..257).map(|number| format!("n{number}")).collect();
    let labels: Value =
        (0..65).map(|number| (format!("l{number}"), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    vec![
        put("an instance without a service", &json!({"service": "ABSENT"})).is(400, "bad_request", "service"),
        put("an instance with a field nobody knows", &json!({"zone": "a"})).is(400, "bad_request", "zone"),
        put("an empty service", &json!({"service": ""})).is(422, "invalid", "service"),
        put("a service of 257 bytes", &json!({"service": "s".repeat(257)})).is(422, "invalid", "service"),
        put("a service with a line break", &json!({"service": "a\nb"})).is(422, "invalid", "service"),
        put("an address with a NUL", &json!({"address": "a\u{0}"})).is(422, "invalid", "address"),
        put("no namespaces", &json!({"namespaces": []})).is(422, "invalid", "namespaces"),
        put("257 namespaces", &json!({"namespaces": many})).is(422, "invalid", "namespaces"),
        put("a namespace twice", &json!({"namespaces": ["orders", "orders"]})).is(422, "invalid", "namespaces[1]"),
        put("a namespace in capitals", &json!({"namespaces": ["orders", "ORDERS"]})).is(
            422,
            "invalid",
            "namespaces[1]",
        ),
        put("65 labels", &json!({"labels": labels})).is(422, "invalid", "labels"),
        put("a label of 257 bytes", &json!({"labels": {"zone": "z".repeat(257)}})).is(422, "invalid", "labels.zone"),
        put("a label without a name", &json!({"labels": {"": "z"}})).is(422, "invalid", "labels"),
        put("a label that is a number", &json!({"labels": {"zone": 1}})).is(400, "bad_request", "labels.zone"),
        put("held as a text", &json!({"held": "yes"})).is(400, "bad_request", "held"),
    ]
}

fn receipts() -> Vec<Case> {
    let one = json!({"epoch": 1, "revision": 3, "stage": "delivered"});
    vec![
        post("no receipts", RECEIPTS, &json!({"receipts": []})).is(422, "invalid", "receipts"),
        post("101 receipts", RECEIPTS, &json!({"receipts": vec![one; 101]})).is(422, "invalid", "receipts"),
        post(
            "receipts of an instance that is not there",
            RECEIPTS,
            &json!({"receipts": [{"epoch": 1, "revision": 1, "stage": "applied"}]}),
        )
        .is(404, "not_found", ""),
        receipt("a stage nobody knows", &json!({"stage": "done"})).is(400, "bad_request", "receipts[0].stage"),
        receipt("a revision that is too large", &json!({"revision": 9_223_372_036_854_775_808_u64})).is(
            422,
            "invalid",
            "receipts[0].revision",
        ),
        receipt("a revision below zero", &json!({"revision": -1})).is(400, "bad_request", "receipts[0].revision"),
        receipt("a reason of something delivered", &json!({"reason": "x"})).is(422, "invalid", "receipts[0].reason"),
        receipt("a reason of 1025 bytes", &json!({"stage": "rejected", "reason": "x".repeat(1025)})).is(
            422,
            "invalid",
            "receipts[0].reason",
        ),
        receipt("an output of 4097 bytes", &json!({"stage": "rejected", "output": "x".repeat(4097)})).is(
            422,
            "invalid",
            "receipts[0].output",
        ),
        receipt("an output with a NUL", &json!({"stage": "rejected", "output": "\u{0}"})).is(
            422,
            "invalid",
            "receipts[0].output",
        ),
        receipt("a missing entry without a namespace", &json!({"stage": "applied", "missing": ["a"]})).is(
            422,
            "invalid",
            "receipts[0].missing[0]",
        ),
        receipt("something rejected that is unhealthy", &json!({"stage": "rejected", "unhealthy": true})).is(
            422,
            "invalid",
            "receipts[0].unhealthy",
        ),
        receipt("something applied that is broken", &json!({"stage": "applied", "broken": true})).is(
            422,
            "invalid",
            "receipts[0].broken",
        ),
        get("receipts of a revision that is too large", format!("/api/v1/revisions/{HUGE}/receipts"))
            .is(422, "invalid", "rev"),
        get("receipts of a revision that is not there", "/api/v1/revisions/1000/receipts").is(404, "not_found", ""),
    ]
}

fn queries() -> Vec<Case> {
    let list = |name, query: &str| get(name, format!("{INSTANCES}?{query}"));
    vec![
        list("a state nobody knows", "state=fine").is(422, "invalid", "state"),
        list("a label without a value", "label=zone").is(422, "invalid", "label"),
        list("a label with two values", "label=zone=a&label=zone=b").is(422, "invalid", "label"),
        list("a label with a NUL", "label=a%3D%00").is(422, "invalid", "label"),
        list("17 labels", &["label=a=b"; 17].join("&")).is(422, "invalid", "label"),
        list("a parameter twice", "state=live&state=late").is(400, "bad_request", "state"),
        list("a parameter nobody knows", "zone=a").is(400, "bad_request", "zone"),
        list("a service with a NUL", "service=%00").is(400, "bad_request", "query"),
        list("a namespace in capitals", "namespace=ORDERS").is(422, "invalid", "namespace"),
        list("a revision that is too large", &format!("revision={HUGE}")).is(422, "invalid", "revision"),
        list("a page of none", "limit=0").is(422, "invalid", "limit"),
        list("a page of 1001", "limit=1001").is(422, "invalid", "limit"),
        list("a cursor that is no id", "cursor=a%20b").is(422, "invalid", "cursor"),
        list("a moment that is none", "at=yesterday").is(422, "invalid", "at"),
        list("a moment that is still to come", "at=1000").is(422, "invalid", "at"),
    ]
}
