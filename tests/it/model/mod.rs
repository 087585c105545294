//! The model test: random lives of a store against a model so plain that it cannot be wrong.

mod pure;
mod steps;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};

use self::pure::Memory;
use self::steps::{Address, Scope, Step, steps};
use self::world::{Model, Outcome, World};
use crate::harness::actors::entry;
use crate::harness::{Actor, Answer, App, delete, put};

/// Lives of which every step and every revision is compared.
const PURE: u32 = 400;
/// The same over HTTP.
const REAL: u32 = 6;

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() })
}

#[test]
fn the_judgement_leads_to_the_state_of_the_model_at_every_revision() {
    let seen = RefCell::new(BTreeMap::<String, u32>::new());
    let compare = |life: Vec<Step>| {
        let (mut model, mut memory) = (Model::new(), Memory::new());
        for (number, step) in life.iter().enumerate() {
            let got = memory.take(step, &model);
            *seen.borrow_mut().entry(kind(step, &got)).or_default() += 1;
            assert_eq!(got, model.take(step), "step {number}: {step:?}");
        }
        memory.assert_is(&model);
        Ok(())
    };
    runner(PURE).run(&steps(60), compare).unwrap_or_else(|error| panic!("{error}"));
    // A life in which nothing happens proves nothing.
    let seen = seen.into_inner();
    println!("{seen:#?}");
    assert_eq!(seen.len(), 19, "{seen:#?}");
    assert!(seen.values().all(|times| *times > 20), "{seen:#?}");
}

#[test]
fn a_node_answers_and_remembers_what_the_model_does() {
    let compare = |life: Vec<Step>| {
        // One for each life: with it go the nodes of a life that failed.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(&life));
        Ok(())
    };
    runner(REAL).run(&steps(90), compare).unwrap_or_else(|error| panic!("{error}"));
}

/// What a step was and what became of it.
fn kind(step: &Step, outcome: &Outcome) -> String {
    let step = match step {
        Step::Publish(_) => "publish",
        Step::PutNamespace(..) => "put namespace",
        Step::DeleteNamespace(_) => "delete namespace",
        Step::Freeze(..) => "freeze",
        Step::Rollback(..) => "roll back",
        Step::Revert(_) => "revert",
    };
    match outcome {
        Outcome::Revision(_) => format!("{step}: committed"),
        Outcome::Unchanged => format!("{step}: unchanged"),
        Outcome::Refused(code) => format!("{step}: {code}"),
    }
}

/// One life on a store of its own, with two nodes that take turns.
async fn live(life: &[Step]) {
    let mut app = App::start().await;
    let nodes = [app.admin().clone(), app.second_node().await];
    let mut model = Model::new();
    for env in steps::ENVIRONMENTS {
        app.admin().create(env).await;
    }
    for (number, step) in life.iter().enumerate() {
        let actor = &nodes[number % nodes.len()];
        let got = outcome(send(actor, step, &model).await, model.head());
        assert_eq!(got, model.take(step), "step {number}: {step:?}");
    }
    for revision in 0..=model.head() {
        assert_eq!(read(&nodes[0], revision).await, expected(model.at(revision), revision), "at {revision}");
    }
    let there = nodes[1].get(&format!("/api/v1/environments?min_revision={}", model.head())).await;
    there.expect(200);
    for actor in &nodes {
        assert_eq!(now(actor).await, expected(model.now(), model.head()));
    }
    let history = app.admin().get("/api/v1/revisions?limit=1000").await.ok();
    let numbers: Vec<_> =
        history["revisions"].as_array().unwrap().iter().map(|r| r["revision"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=model.head()).rev().collect::<Vec<_>>());
    app.finish().await;
}

fn outcome(answer: Answer, head: u64) -> Outcome {
    if answer.status != 200 {
        let problem: Value = answer.json();
        return Outcome::Refused(problem["code"].as_str().unwrap().to_owned());
    }
    let written = answer.written();
    if written.changed > 0 {
        return Outcome::Revision(written.revision);
    }
    assert_eq!(written.revision, head);
    Outcome::Unchanged
}

async fn send(actor: &Actor, step: &Step, model: &Model) -> Answer {
    match step {
        Step::Publish(changes) => {
            let changes: Vec<_> = changes
                .iter()
                .map(|change| {
                    let (env, namespace, key) = change.address;
                    let address = format!("{env}/{namespace}/{key}");
                    let mut body = match change.content {
                        Some(content) => put(&address, content),
                        None => delete(&address),
                    };
                    if let Some(revision) = model.if_revision(change) {
                        body["if_revision"] = revision.into();
                    }
                    body
                })
                .collect();
            actor.publish(&changes).await
        }
        Step::PutNamespace((env, name), description) => {
            let path = format!("/api/v1/environments/{env}/namespaces/{name}");
            actor.put(&path, json!({"description": description})).await
        }
        Step::DeleteNamespace((env, name)) => {
            actor.delete(&format!("/api/v1/environments/{env}/namespaces/{name}?confirm={name}")).await
        }
        Step::Freeze(env, on) => {
            let path = format!("/api/v1/environments/{env}/freeze");
            let method = if *on { Method::PUT } else { Method::DELETE };
            actor.call(method, &path, |request| request.json(&json!({"reason": "frozen"}))).await
        }
        Step::Rollback(scope, to) => {
            let to = model.target(*to);
            actor
                .roll_back(match scope {
                    Scope::Environment(env) => json!({"env": env, "to": to}),
                    Scope::Namespace((env, name)) => json!({"env": env, "namespace": name, "to": to}),
                    Scope::Keys((env, name), keys) => json!({"env": env, "namespace": name, "keys": keys, "to": to}),
                })
                .await
        }
        Step::Revert(revision) => actor.roll_back(json!({"revert": model.reverted(*revision)})).await,
    }
}

/// What the API shows of a world: environments, namespaces and entries, as text.
type Shown = Vec<String>;

fn expected(world: &World, revision: u64) -> Shown {
    let mut shown = Shown::new();
    for (number, env) in steps::ENVIRONMENTS.iter().enumerate() {
        if revision <= number as u64 {
            continue;
        }
        shown.push(format!("{env} frozen={}", world.frozen.contains(env)));
        for ((_, name), description) in world.namespaces.iter().filter(|((of, _), _)| of == env) {
            let inside = |at: &Address| (at.0, at.1) == (*env, *name);
            let entries: Vec<_> = world.entries.iter().filter(|(at, _)| inside(at)).collect();
            let bytes: usize = entries.iter().map(|(_, (content, _))| content.len()).sum();
            shown.push(format!("{env}/{name} {description:?} entries={} bytes={bytes}", entries.len()));
            let line = |((_, _, key), (content, revision)): &(&Address, &(&str, u64))| {
                format!("{env}/{name}/{key} {content:?} {revision}")
            };
            shown.extend(entries.iter().map(line));
        }
    }
    shown
}

async fn read(actor: &Actor, revision: u64) -> Shown {
    show(actor, &format!("?at={revision}")).await
}

async fn now(actor: &Actor) -> Shown {
    let shown = show(actor, "").await;
    // One entry by itself is what the list says of it.
    if let Some(line) = shown.iter().find(|line| line.split(' ').next().unwrap().matches('/').count() >= 2) {
        let one = actor.get(&entry(line.split(' ').next().unwrap())).await.ok();
        assert!(line.ends_with(&format!("{:?} {}", one["content"].as_str().unwrap(), one["revision"])), "{line} {one}");
    }
    shown
}

async fn show(actor: &Actor, query: &str) -> Shown {
    let mut shown = Shown::new();
    let list = |answer: Answer, field: &str| -> Vec<Value> { answer.ok()[field].as_array().unwrap().clone() };
    for environment in list(actor.get(&format!("/api/v1/environments{query}")).await, "environments") {
        let env = environment["name"].as_str().unwrap();
        shown.push(format!("{env} frozen={}", environment.get("frozen").is_some()));
        let path = format!("/api/v1/environments/{env}/namespaces");
        for namespace in list(actor.get(&format!("{path}{query}")).await, "namespaces") {
            let name = namespace["name"].as_str().unwrap();
            let (description, entries, bytes) = (&namespace["description"], &namespace["entries"], &namespace["bytes"]);
            shown.push(format!("{env}/{name} {description} entries={entries} bytes={bytes}"));
            for entry in list(actor.get(&format!("{path}/{name}/entries{query}")).await, "entries") {
                let key = entry["key"].as_str().unwrap();
                shown.push(format!("{env}/{name}/{key} {} {}", entry["content"], entry["revision"]));
            }
        }
    }
    shown
}
