//! Changing what happened. Each case tampers with a copy of the truth, and puts it back.

use serde_json::json;

use super::suite::Suite;
use super::world::World;
use crate::support::{Tested, ensure};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_cannot_be_changed_unseen() -> Tested {
    let mut suite = Suite::new().await?;
    {
        let w = &suite.world;
        for n in 0..20 {
            let change =
                json!({"op": "put", "env": "dev", "namespace": "orders", "key": "a.txt", "content": format!("{n}")});
            w.admin.post_json("/api/v1/publish", &json!({"changes": [change]})).await?.expect(200)?;
        }
        ensure(verify(w)?.0, || "it does not verify untouched".to_owned())?;
    }
    suite
        .case("I106", "a row of the audit changed", async |w| {
            found(
                w,
                "UPDATE audit SET body = replace(body, '\"admin\"', '\"ghost\"') WHERE chain = 'store' AND seq = 9",
                "9",
            )
        })
        .await;
    suite
        .case("X150", "a row deleted", async |w| found(w, "DELETE FROM audit WHERE chain = 'store' AND seq = 9", "9"))
        .await;
    suite
        .case("X151", "two rows exchanged", async |w| {
            found(
                w,
                "UPDATE audit a SET body = b.body, hash = b.hash FROM audit b \
             WHERE a.chain = 'store' AND b.chain = 'store' AND (a.seq, b.seq) IN ((8, 9), (9, 8))",
                "8",
            )
        })
        .await;
    suite.case("X152", "a row inserted at the end, the chain's end moved along", async |w| {
        found(
            w,
            "INSERT INTO audit (chain, seq, body, previous, hash, at) \
             SELECT chain, seq + 1, body, hash, previous, at FROM audit WHERE chain = 'store' ORDER BY seq DESC LIMIT 1; \
             UPDATE audit_chains SET seq = seq + 1 WHERE chain = 'store'",
            "store",
        )
    })
    .await;
    suite.case("X153", "the tail cut, the chain's end moved along", async |w| {
        anchored(w).await?;
        found(
            w,
            "DELETE FROM audit WHERE chain = 'store' AND seq > 12; \
             UPDATE audit_chains SET seq = 12, hash = (SELECT hash FROM audit WHERE chain = 'store' AND seq = 12) WHERE chain = 'store'",
            "store",
        )
    })
    .await;
    suite
        .case("X154", "the whole chain computed anew", async |w| {
            anchored(w).await?;
            found(
                w,
                "DO $$ DECLARE r record; before bytea := decode(repeat('00', 32), 'hex'); after bytea; BEGIN \
             FOR r IN SELECT * FROM audit WHERE chain = 'store' ORDER BY seq LOOP \
               IF r.seq = 9 THEN r.body := replace(r.body, '\"admin\"', '\"ghost\"'); END IF; \
               after := sha256(before || convert_to(r.body, 'UTF8')); \
               UPDATE audit SET body = r.body, actor = r.body::jsonb->>'actor', previous = before, hash = after WHERE chain = 'store' AND seq = r.seq; \
               before := after; \
             END LOOP; \
             UPDATE audit_chains SET hash = before WHERE chain = 'store'; END $$",
                "store",
            )
        })
        .await;
    suite
        .case("X155", "the history changed beneath the audit", async |w| {
            found(w, "UPDATE revisions SET actor = 'ghost' WHERE revision = 7", "7")
        })
        .await;
    suite.case("X156", "a whole chain of a node gone", async |w| {
        found(
            w,
            "DELETE FROM audit WHERE chain IN (SELECT chain FROM audit_chains WHERE chain <> 'store' ORDER BY chain LIMIT 1); \
             DELETE FROM audit_chains WHERE chain IN (SELECT chain FROM audit_chains WHERE chain <> 'store' ORDER BY chain LIMIT 1)",
            "node",
        )
    })
    .await;
    suite.finish().await
}

/// Tampers, verifies, and puts the tables back. The report must name the place.
fn found(w: &World, tamper: &str, names: &str) -> Tested {
    w.cluster.sql(
        "CREATE TABLE kept_audit AS SELECT * FROM audit; \
         CREATE TABLE kept_chains AS SELECT * FROM audit_chains; CREATE TABLE kept_revisions AS SELECT * FROM revisions",
    )?;
    w.cluster.sql(tamper)?;
    let outcome = verify(w);
    w.cluster.sql(
        "BEGIN; SELECT lock_store(); DELETE FROM audit a WHERE EXISTS (SELECT FROM kept_audit k WHERE k.chain = a.chain AND k.seq <= a.seq); \
         INSERT INTO audit SELECT * FROM kept_audit; \
         DELETE FROM audit_chains; INSERT INTO audit_chains SELECT * FROM kept_chains; \
         UPDATE revisions r SET actor = k.actor FROM kept_revisions k WHERE k.revision = r.revision; COMMIT; \
         DROP TABLE kept_audit, kept_chains, kept_revisions",
    )?;
    let (holds, report) = outcome?;
    ensure(!holds, || "it was not found".to_owned())?;
    ensure(report.contains(names), || format!("{names} is not named: {report}"))
}

/// Runs the verifier as an auditor does, and says whether all is well.
fn verify(w: &World) -> Tested<(bool, String)> {
    let mut command = crate::support::node::pintle();
    command
        .args(["audit", "verify", "--database-url", &w.cluster.url(), "--master-key-file"])
        .arg(w.file("master.key"));
    for node in ["a.anchors", "b.anchors"] {
        let file = w.file(node);
        if file.exists() {
            command.arg("--anchors").arg(file);
        }
    }
    let output = command.output()?;
    let report = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), report))
}

/// Waits until the end of the chain, as it is now, was signed.
async fn anchored(w: &World) -> Tested {
    let seq: u64 = w.cluster.sql("SELECT seq FROM audit_chains WHERE chain = 'store'")?.trim().parse()?;
    crate::support::eventually("an anchor", crate::support::BOUND, async || {
        let text = std::fs::read_to_string(w.file("a.anchors")).unwrap_or_default();
        let signed = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let reached = signed.filter(|line| line["chain"] == "store").filter_map(|line| line["seq"].as_u64()).max();
        Ok(reached.is_some_and(|reached| reached >= seq).then_some(()))
    })
    .await
}
