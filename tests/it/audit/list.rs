//! Reading the audit over HTTP: who sees what, in pages and as files.

use pintle::api::audit::{AuditList, AuditRow};
use pintle::client::AuditQuery;
use pintle::domain::audit::{Event, Who};
use pintle::domain::names::{EnvironmentName, NamespaceName};
use reqwest::Method;
use serde_json::json;

use super::eventually;
use crate::harness::actors::entry;
use crate::harness::{Actor, App, put};

async fn list(actor: &Actor, query: &str) -> Vec<AuditRow> {
    let answer = actor.get(&format!("/api/v1/audit?limit=1000&{query}")).await.expect(200);
    answer.json::<AuditList>().rows
}

fn said(rows: &[AuditRow]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row.action.as_str(), row.target.as_str())).collect()
}

#[tokio::test]
async fn rows_are_found_by_what_they_say_newest_first() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.create("dev/web").await;
    let paul = app.publisher("*").await;
    paul.write("dev/orders/a.txt", "a").await.expect(200);
    paul.write("dev/web/_b.txt", "b").await.expect(200);
    paul.publish(&[put("dev/orders/c.txt", "c"), put("dev/web/c.txt", "c")]).await.expect(200);

    let publishes = list(admin, "action=publish&actor=paul").await;
    let targets = said(&publishes);
    assert_eq!(
        targets,
        [("publish", "dev/orders/c.txt and 1 more"), ("publish", "dev/web/_b.txt"), ("publish", "dev/orders/a.txt")]
    );
    let newest = &publishes[0];
    assert_eq!(
        (newest.changed, newest.message.as_deref(), newest.namespace.as_ref()),
        (Some(2), Some("a change"), None)
    );
    assert_eq!((newest.env.as_deref(), newest.address.as_deref()), (Some("dev"), Some("127.0.0.1")));
    assert_eq!(list(admin, "env=dev&namespace=web&action=publish").await.len(), 2, "also the one of both");
    assert_eq!(list(admin, "env=dev&actor=paul").await.len(), 3);
    assert_eq!(list(admin, "target=b.txt").await.len(), 1);
    assert_eq!(list(admin, "target=web/_").await.len(), 1, "the text is no pattern");
    assert_eq!(list(admin, "target=%25%25%25").await.len(), 0);
    let at = publishes[1].at.format(&time::format_description::well_known::Rfc3339).unwrap();
    assert_eq!(list(admin, &format!("action=publish&actor=paul&since={at}")).await.len(), 2);
    assert_eq!(list(admin, &format!("action=publish&actor=paul&until={at}")).await.len(), 2);
    for bad in
        ["limit=0", "before=x", "namespace=web", "since=yesterday", "format=xml", "format=csv&limit=5", "nonsense=1"]
    {
        let status = admin.get(&format!("/api/v1/audit?{bad}")).await.status;
        assert!(status == 422 || status == 400, "{bad}: {status}");
    }

    let client = admin.client();
    let mut query = AuditQuery { limit: Some(3), ..AuditQuery::default() };
    let (mut paged, mut pages) = (Vec::new(), 0);
    loop {
        let page = client.list_audit(&query).await.unwrap();
        assert!(page.rows.len() <= 3);
        paged.extend(page.rows);
        pages += 1;
        query.before = page.next;
        if query.before.is_none() {
            break;
        }
    }
    let whole = list(admin, "").await;
    assert_eq!(said(&paged), said(&whole));
    assert!(pages > 3);
    app.finish().await;
}

#[tokio::test]
async fn a_teams_admin_sees_the_rows_of_the_team_and_no_others() {
    let app = App::start().await;
    let admin = app.admin();
    for place in ["dev/orders", "dev/web", "prod/orders"] {
        admin.create(place).await;
    }
    let team = app.user("tina", &[("admin", "dev", "orders", "")]).await;
    let keys = app.user("kurt", &[("admin", "dev", "web", "ours/")]).await;
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    admin.write("dev/web/ours/a.txt", "a").await.expect(200);
    admin.write("dev/web/theirs/a.txt", "a").await.expect(200);
    admin.write("prod/orders/a.txt", "a").await.expect(200);
    admin.publish(&[put("dev/orders/b.txt", "b"), put("dev/orders/c.txt", "c")]).await.expect(200);
    admin.publish(&[put("dev/orders/d.txt", "d"), put("dev/web/ours/d.txt", "d")]).await.expect(200);
    admin.publish(&[put("dev/web/ours/e.txt", "e"), put("dev/web/ours/f.txt", "f")]).await.expect(200);
    let stranger = app.stranger().await;
    stranger.get(&entry("dev/orders/a.txt")).await.expect(404);
    eventually(&app, "denied", 1).await;

    let seen = list(&team, "").await;
    let expected = [
        ("denied", "dev/orders/a.txt"),
        ("publish", "dev/orders/b.txt and 1 more"),
        ("publish", "dev/orders/a.txt"),
        ("namespace", "dev/orders"),
    ];
    assert_eq!(said(&seen), expected);
    let seen = list(&keys, "").await;
    assert_eq!(said(&seen), [("publish", "dev/web/ours/e.txt and 1 more"), ("publish", "dev/web/ours/a.txt")]);
    // Filters tell no more than the list does, and pages lead to its end.
    let client = team.client();
    let (environment, namespace) = (EnvironmentName::parse("dev").ok(), NamespaceName::parse("web").ok());
    let query = AuditQuery { environment, namespace, limit: Some(1), ..AuditQuery::default() };
    let found = client.list_audit(&query).await.unwrap();
    assert_eq!(found.rows, []);
    stranger.get("/api/v1/audit").await.problem(403, "denied");
    app.viewer("orders").await.get("/api/v1/audit").await.problem(403, "denied");
    app.anonymous().get("/api/v1/audit").await.problem(401, "unauthenticated");
    let all = list(admin, "").await;
    assert!(all.iter().any(|row| row.action == "log_in") && all.iter().any(|row| row.env.as_deref() == Some("prod")));
    app.finish().await;
}

#[tokio::test]
async fn all_rows_are_exported_in_pages_and_no_cell_is_a_formula() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let body =
        json!({"message": "=HYPERLINK(\"http://evil\",\"x\"),\"\r\n", "changes": [put("dev/orders/-ab.txt", "a")]});
    admin.post("/api/v1/publish", body).await.expect(200);
    let audit = &app.node().node.app.service.audit;
    for number in 0..2500 {
        audit.note(&Who::system(), Event::new("reveal", format!("=cmd{number}")));
    }
    audit.record(&Who::system(), Event::new("reveal", "last")).await.unwrap();

    let answer = admin.get("/api/v1/audit?action=reveal&format=json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let rows: Vec<AuditRow> = answer.json();
    assert_eq!(rows.len(), 2501);
    assert_eq!(rows[0].target, "last");
    let csv = |text: String| {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), AuditRow::COLUMNS.as_slice());
        reader.records().map(Result::unwrap).collect::<Vec<_>>()
    };
    let answer = admin.call(Method::GET, "/api/v1/audit?action=reveal", |r| r.header("accept", "text/csv")).await;
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"audit.csv\"");
    let records = csv(answer.expect(200).text());
    assert_eq!(records.len(), 2501);
    assert!(records[1..].iter().all(|record| record[3].starts_with("'=cmd")), "{:?}", records[1]);
    let records = csv(admin.get("/api/v1/audit?action=publish&format=csv").await.expect(200).text());
    assert_eq!(&records[0][11], "'=HYPERLINK(\"http://evil\",\"x\"),\"\r\n");
    assert_eq!(&records[0][3], "dev/orders/-ab.txt");
    let empty: Vec<AuditRow> = admin.get("/api/v1/audit?action=none&format=json").await.expect(200).json();
    assert_eq!(empty, []);
    app.finish().await;
}
