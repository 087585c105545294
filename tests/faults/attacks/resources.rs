//! Using up what others need.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::suite::Suite;
use super::world::{World, refused};
use crate::support::http::{Caller, client};
use crate::support::{Tested, ensure};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_uses_up_what_others_need() -> Tested {
    let mut suite = Suite::new().await?;
    suite
        .case("D89", "heads that never end", async |w| {
            let mut slow = Vec::new();
            for _ in 0..50 {
                let mut stream = TcpStream::connect(("127.0.0.1", w.nodes[0].port())).await?;
                stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await?;
                slow.push(stream);
            }
            others_are_served(w).await?;
            let mut rest = Vec::new();
            let first = slow.first_mut().ok_or("none")?;
            timeout(Duration::from_secs(20), first.read_to_end(&mut rest)).await.map_err(|_| "never cut")??;
            Ok(())
        })
        .await;
    suite.case("D90", "a body that hardly comes", async |w| {
        let mut stream = TcpStream::connect(("127.0.0.1", w.nodes[0].port())).await?;
        let head = format!("POST /api/v1/publish HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
                            Content-Length: 1000\r\n\r\n{{", w.admin.token);
        stream.write_all(head.as_bytes()).await?;
        others_are_served(w).await?;
        let mut rest = Vec::new();
        timeout(Duration::from_secs(45), stream.read_to_end(&mut rest)).await.map_err(|_| "never cut")??;
        let answer = String::from_utf8_lossy(&rest);
        ensure(answer.is_empty() || answer.contains(" 408 "), || answer.to_string())
    })
    .await;
    suite
        .case("D91", "lengths that lie", async |w| {
            for length in ["9223372036854775807", "18446744073709551616", "-1", "0x10", "1e9"] {
                let (status, answer) = announced(w, length).await?;
                ensure(status == 0 || [400, 413].contains(&status), || format!("{length}: {answer}"))?;
            }
            Ok(())
        })
        .await;
    suite
        .case("D95", "cursors that are none", async |w| {
            for id in [
                "-1",
                "1.-1",
                "18446744073709551616.1",
                "1.18446744073709551616",
                "a.b",
                "1.1.1",
                "%0d%0aX: y",
                "999999999999.1",
            ] {
                let path = format!("/api/v1/watch?env=dev&namespace=orders&after={id}");
                let url = format!("{}{path}", w.url());
                let answer = timeout(Duration::from_secs(5), w.admin.http.get(&url).bearer_auth(&w.admin.token).send())
                    .await??;
                ensure(answer.status().as_u16() < 500, || format!("{id}: {}", answer.status()))?;
            }
            let long = "1".repeat(64 * 1024);
            let (status, answer) = w
                .raw_get(
                    &w.admin.token,
                    "/api/v1/watch?env=dev&namespace=orders",
                    &format!("Last-Event-ID: {long}\r\n"),
                )
                .await?;
            ensure(status == 0 || (400..500).contains(&status), || answer.clone())
        })
        .await;
    suite
        .case("D96", "one that connects again and again", async |w| {
            let url = format!("{}/api/v1/watch?env=dev&namespace=orders", w.url());
            for _ in 0..200 {
                let answer = w.admin.http.get(&url).bearer_auth(&w.admin.token).send().await?;
                ensure(answer.status().is_success(), || answer.status().to_string())?;
            }
            others_are_served(w).await?;
            Ok(())
        })
        .await;
    suite
        .case("D99", "a search that matches everything slowly", async |w| {
            let pattern = "%25".repeat(500);
            for path in [format!("/api/v1/audit?target={pattern}"), format!("/api/v1/audit?actor={pattern}")] {
                let answer = timeout(Duration::from_secs(5), w.admin.get(&path)).await??;
                ensure(answer.status.as_u16() < 500, || answer.text())?;
            }
            Ok(())
        })
        .await;
    suite
        .case("X132", "a list in one piece", async |w| {
            for path in [
                "/api/v1/revisions?limit=1000000",
                "/api/v1/audit?limit=1000000",
                "/api/v1/environments/dev/namespaces/orders/entries?limit=1000000",
            ] {
                refused(&w.admin.get(path).await?, &[400, 422])?;
            }
            Ok(())
        })
        .await;
    suite
        .case("X133", "a watch of a thousand namespaces with a large list of what it has", async |w| {
            let namespaces: Vec<String> = (0..1000).map(|n| format!("n{n}")).collect();
            let body = json!({"env": "dev", "namespaces": namespaces});
            refused(&w.admin.post_json("/api/v1/watch", &body).await?, &[422])
        })
        .await;
    suite
        .case("X134", "an address that is too long", async |w| {
            let (status, answer) = w.raw_get(&w.admin.token, &format!("/{}", "a".repeat(20_000)), "").await?;
            ensure([400, 414, 431].contains(&status), || answer.clone())
        })
        .await;
    suite
        .case("X136", "a token of ten megabytes", async |w| {
            let (status, answer) = w.raw_get(&"a".repeat(10 * 1024 * 1024), "/api/v1/revisions", "").await?;
            ensure(status == 0 || [400, 431].contains(&status), || answer.chars().take(300).collect())?;
            others_are_served(w).await?;
            Ok(())
        })
        .await;
    suite.finish().await
}

/// A publish that announces this length and sends almost nothing.
async fn announced(w: &World, length: &str) -> Tested<(u16, String)> {
    let request = format!(
        "POST /api/v1/publish HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{{}}",
        w.admin.token
    );
    w.raw(request.as_bytes()).await
}

/// Asks as somebody who was not there before: a connection kept since the last question may end just now.
async fn others_are_served(w: &World) -> Tested {
    Caller { http: client()?, ..w.admin.clone() }.get("/healthz").await?.expect(200)?;
    Ok(())
}
