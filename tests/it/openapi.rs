//! The OpenAPI document: served, committed, and complete.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::App;

const COMMITTED: &str = include_str!("../../openapi.json");

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Every operation of the document: method, path and what it says.
pub(crate) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = METHODS.iter().filter_map(|method| Some((*method, item.get(*method)?)));
        all.extend(methods.map(|(method, operation)| (method.to_owned(), path.clone(), operation.clone())));
    }
    all
}

#[tokio::test]
async fn the_served_document_is_the_committed_one_and_needs_no_token() {
    let app = App::start().await;
    let answer = app.anonymous().get("/api/openapi.json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.text() == COMMITTED, "openapi.json is out of date: run \"make openapi\" and commit it");
    app.finish().await;
}

#[test]
fn every_operation_has_an_id_of_its_own_a_summary_a_tag_and_a_problem() {
    let document: Value = serde_json::from_str(COMMITTED).unwrap();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && ids.insert(id.to_owned()), "{what}: an operationId of its own");
        assert!(operation["summary"].as_str().is_some_and(|summary| summary.len() > 10), "{what}: a summary");
        assert!(operation["tags"][0].is_string(), "{what}: a tag");
        // Being alive has no way to fail.
        // Browsers come by these, and get pages.
        if !["healthz", "start_oidc", "finish_oidc"].contains(&id) {
            let schema = &operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{what}: a problem by default");
        }
    }
    assert!(ids.len() > 20, "{ids:?}");
}

#[test]
fn every_parameter_of_a_path_is_documented_and_every_parameter_says_what_it_is() {
    let document: Value = serde_json::from_str(COMMITTED).unwrap();
    for (method, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let named: BTreeSet<&str> =
            parameters.iter().filter(|p| p["in"] == "path").map(|p| p["name"].as_str().unwrap()).collect();
        let wanted: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(named, wanted, "{method} {path}");
        for parameter in &parameters {
            let text = parameter["description"].as_str();
            assert!(text.is_some_and(|text| !text.is_empty()), "{method} {path}: {}", parameter["name"]);
        }
    }
}

#[test]
fn only_health_login_and_the_document_are_open() {
    let document: Value = serde_json::from_str(COMMITTED).unwrap();
    assert_eq!(document["security"], serde_json::json!([{"token": []}]));
    let open: Vec<String> = operations(&document)
        .into_iter()
        .filter(|(_, _, operation)| operation.get("security").is_some())
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let expected =
        ["list_identity_providers", "log_in", "start_oidc", "finish_oidc", "log_in_with_code", "healthz", "readyz"];
    assert_eq!(open, expected);
}
