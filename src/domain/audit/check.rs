//! Checking a chain row by row: what was changed, deleted, moved or added shows at the first row that is not as it must be.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::audit::{Link, STORE_CHAIN};
use crate::domain::contents::ContentHash;

/// A row as it is stored, with everything that must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// Its number in the chain.
    pub seq: u64,
    /// What it says, as JSON.
    pub body: String,
    /// The hash of its predecessor.
    pub previous: Vec<u8>,
    /// Its hash.
    pub hash: Vec<u8>,
    /// When it happened.
    pub at: OffsetDateTime,
    /// Columns made from the body, by name.
    pub columns: [(&'static str, Option<String>); 6],
}

/// Where a chain begins and ends, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRow {
    /// Its name.
    pub name: String,
    /// Its last row.
    pub end: Link,
    /// The last row that was cut off; 0 when none was.
    pub floor: Link,
}

/// The first row of a chain that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The chain.
    pub chain: String,
    /// The row.
    pub seq: u64,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "chain {}, row {}: {}", self.chain, self.seq, self.what)
    }
}

/// What a row says that others must agree with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A revision was committed.
    Revision {
        /// Which.
        revision: u64,
        /// By whom.
        actor: String,
        /// Which way.
        kind: String,
        /// Of what it changed.
        digest: String,
    },
    /// A node began a chain.
    Began {
        /// Its name.
        chain: String,
        /// The hash of its first row.
        hash: String,
    },
    /// Revisions up to this one have no row.
    From(u64),
    /// Old rows were cut off.
    Cut(Cut),
    /// Nothing that concerns others.
    Else,
}

/// What a row says about rows that were cut off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Cut {
    /// What is older is gone.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub before: Option<OffsetDateTime>,
    /// Revisions up to this one have no row.
    #[serde(default)]
    pub revision: u64,
    /// Where each chain begins since.
    #[serde(default)]
    pub floors: BTreeMap<String, Floor>,
    /// Chains that are gone as a whole.
    #[serde(default)]
    pub removed: Vec<String>,
}

/// The last row that was cut off a chain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Floor {
    /// Its number.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

/// A way along a chain, from where it begins to its end.
#[derive(Debug)]
pub struct Walk<'a> {
    chain: &'a ChainRow,
    at: Link,
}

impl<'a> Walk<'a> {
    /// Begins after what was cut off.
    #[must_use]
    pub fn new(chain: &'a ChainRow) -> Self {
        Self { chain, at: chain.floor }
    }

    /// The last row that was found good.
    #[must_use]
    pub fn at(&self) -> Link {
        self.at
    }

    fn broken(&self, seq: u64, what: impl Into<String>) -> Broken {
        Broken { chain: self.chain.name.clone(), seq, what: what.into() }
    }

    /// Checks the next row, and gives what others must agree with.
    pub fn step(&mut self, row: &StoredRow) -> Result<Said, Broken> {
        let (seq, expected) = (row.seq, self.at.seq + 1);
        if seq > self.chain.end.seq {
            let what =
                format!("it stands after the end of the chain, which is row {}: it was added", self.chain.end.seq);
            return Err(self.broken(seq, what));
        }
        if seq != expected {
            return Err(self.broken(expected, format!("it was deleted: the next row that is there is row {seq}")));
        }
        let body: Value = serde_json::from_str(&row.body)
            .map_err(|error| self.broken(seq, format!("it was changed: its body is no JSON ({error})")))?;
        if *field(&body, "chain") != *self.chain.name || *field(&body, "seq") != seq {
            let what = format!(
                "it was moved or inserted: its body is that of row {} of {}",
                field(&body, "seq"),
                field(&body, "chain")
            );
            return Err(self.broken(seq, what));
        }
        let previous = <[u8; 32]>::try_from(row.previous.as_slice()).map(ContentHash);
        let previous =
            previous.map_err(|_| self.broken(seq, "it was changed: its previous hash has another length"))?;
        let hash = Link { seq, hash: previous }.hash_after(&row.body);
        if hash.0.as_slice() != row.hash {
            return Err(self.broken(seq, "it was changed: its hash is not that of what it says"));
        }
        if previous != self.at.hash {
            let what = format!("row {} before it was changed, or either was put in the place of another", self.at.seq);
            return Err(self.broken(seq, what));
        }
        if moment(field(&body, "at")) != Some(row.at) {
            return Err(self.broken(seq, format!("its column at is {}, and not what it says", row.at)));
        }
        for (name, column) in &row.columns {
            let said = match field(&body, name) {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    Some(other.to_string())
                }
            };
            if said != *column {
                return Err(self.broken(seq, format!("its column {name} is not what it says")));
            }
        }
        self.at = Link { seq, hash };
        let said = if self.chain.name == STORE_CHAIN { said(&body) } else { Some(Said::Else) };
        said.ok_or_else(|| self.broken(seq, "it does not say what a row of its action must"))
    }

    /// Checks that the way led to the end.
    pub fn finish(self) -> Result<(), Broken> {
        let end = self.chain.end;
        if self.at.seq < end.seq {
            let what = format!("the tail was cut: the chain ended at row {}", end.seq);
            return Err(self.broken(self.at.seq + 1, what));
        }
        if self.at.hash != end.hash {
            return Err(self.broken(end.seq, "the chain is said to end with another row"));
        }
        Ok(())
    }
}

fn field<'a>(body: &'a Value, name: &str) -> &'a Value {
    body.get(name).unwrap_or(&Value::Null)
}

fn moment(text: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text.as_str()?, &Rfc3339).ok()
}

fn said(body: &Value) -> Option<Said> {
    if let (Some(revision), Some(digest)) = (field(body, "revision").as_u64(), field(body, "digest").as_str()) {
        let (actor, kind) = (field(body, "actor").as_str()?.to_owned(), field(body, "action").as_str()?.to_owned());
        return Some(Said::Revision { revision, actor, kind, digest: digest.to_owned() });
    }
    let after = field(body, "after");
    Some(match field(body, "action").as_str()? {
        "node_started" => Said::Began {
            chain: field(body, "target").as_str()?.to_owned(),
            hash: field(after, "hash").as_str()?.to_owned(),
        },
        "begin_audit" => Said::From(field(after, "revision").as_u64()?),
        "trim_audit" => Said::Cut(Cut::deserialize(after).ok()?),
        _ => Said::Else,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::{Chain, Event, Who};

    fn stored(seq: u64, previous: ContentHash, row: &crate::domain::audit::Row) -> StoredRow {
        let body: Value = serde_json::from_str(&row.body).unwrap();
        let columns = ["actor", "action", "environment", "namespace", "target", "revision"]
            .map(|name| (name, body[name].as_str().map(ToOwned::to_owned)));
        let (previous, hash) = (previous.0.to_vec(), row.hash.0.to_vec());
        StoredRow { seq, body: row.body.clone(), previous, hash, at: row.at, columns }
    }

    /// A chain of five rows.
    fn chain() -> (ChainRow, Vec<StoredRow>) {
        let mut chain = Chain::new("node.1".to_owned());
        let mut rows = Vec::new();
        for number in 1..=5 {
            let previous = chain.end().hash;
            let event = Event::new("reveal", format!("dev/orders/{number}"));
            let row = chain.append(OffsetDateTime::UNIX_EPOCH, &Who::system(), &event);
            rows.push(stored(number, previous, &row));
        }
        (ChainRow { name: "node.1".to_owned(), end: chain.end(), floor: Link::START }, rows)
    }

    fn check(chain: &ChainRow, rows: &[StoredRow]) -> Result<(), (u64, String)> {
        let mut walk = Walk::new(chain);
        let mut all = || {
            for row in rows {
                walk.step(row)?;
            }
            Ok(())
        };
        all().and_then(|()| walk.finish()).map_err(|broken: Broken| (broken.seq, broken.what))
    }

    fn assert_broken(chain: &ChainRow, rows: &[StoredRow], seq: u64, what: &str) {
        let (at, said) = check(chain, rows).unwrap_err();
        assert!(at == seq && said.contains(what), "{at}: {said}");
    }

    /// Makes the hashes of all rows from one on good again.
    fn rehash(chain: &mut ChainRow, rows: &mut [StoredRow], from: usize) {
        for at in from..rows.len() {
            let previous =
                if at == 0 { Link::START.hash } else { ContentHash(rows[at - 1].hash.clone().try_into().unwrap()) };
            rows[at].previous = previous.0.to_vec();
            rows[at].hash = Link { seq: 0, hash: previous }.hash_after(&rows[at].body).0.to_vec();
        }
        let last = rows.last().unwrap();
        chain.end = Link { seq: last.seq, hash: ContentHash(last.hash.clone().try_into().unwrap()) };
    }

    #[test]
    fn a_whole_chain_is_good_also_from_where_it_was_cut_off() {
        let (mut chain, rows) = chain();
        assert_eq!(check(&chain, &rows), Ok(()));
        chain.floor = Link { seq: 2, hash: ContentHash(rows[1].hash.clone().try_into().unwrap()) };
        assert_eq!(check(&chain, &rows[2..]), Ok(()));
        assert_broken(&chain, &rows[3..], 3, "deleted");
    }

    #[test]
    fn a_changed_row_is_named_also_with_a_new_hash() {
        let (chain, rows) = chain();
        let mut changed = rows.clone();
        changed[2].body = changed[2].body.replace("dev/orders", "dev/others");
        assert_broken(&chain, &changed, 3, "it was changed");
        let previous = ContentHash(changed[1].hash.clone().try_into().unwrap());
        changed[2].hash = Link { seq: 2, hash: previous }.hash_after(&changed[2].body).0.to_vec();
        changed[2].columns[4].1 = Some("dev/others/3".to_owned());
        assert_broken(&chain, &changed, 4, "row 3 before it was changed");
        let mut columns = rows.clone();
        columns[1].columns[0].1 = Some("vera".to_owned());
        assert_broken(&chain, &columns, 2, "column actor");
        let mut columns = rows;
        columns[1].at += time::Duration::SECOND;
        assert_broken(&chain, &columns, 2, "column at");
    }

    #[test]
    fn deleted_reordered_and_inserted_rows_are_named() {
        let (chain, rows) = chain();
        let without: Vec<StoredRow> = rows.iter().filter(|row| row.seq != 3).cloned().collect();
        assert_broken(&chain, &without, 3, "deleted: the next row that is there is row 4");
        let mut reordered = rows.clone();
        reordered.swap(1, 2);
        (reordered[1].seq, reordered[2].seq) = (2, 3);
        assert_broken(&chain, &reordered, 2, "that of row 3 of \"node.1\"");
        let mut inserted = rows.clone();
        inserted.insert(2, rows[1].clone());
        for (row, seq) in inserted.iter_mut().zip(1..) {
            row.seq = seq;
        }
        assert_broken(&chain, &inserted, 3, "moved or inserted");
        let mut longer = rows.clone();
        longer.push(StoredRow { seq: 6, ..rows[4].clone() });
        assert_broken(&chain, &longer, 6, "was added");
    }

    #[test]
    fn a_cut_tail_is_named_unless_the_end_was_moved_as_well() {
        let (mut chain, mut rows) = chain();
        assert_broken(&chain, &rows[..4], 5, "the tail was cut");
        assert_broken(&chain, &[], 1, "the tail was cut");
        chain.end.hash = ContentHash([7; 32]);
        assert_broken(&chain, &rows, 5, "another row");
        rows.pop();
        rehash(&mut chain, &mut rows, 0);
        assert_eq!(check(&chain, &rows), Ok(()), "only an anchor tells");
        rows[1].body = rows[1].body.replace("dev/orders", "dev/others");
        rows[1].columns[4].1 = Some("dev/others/2".to_owned());
        rehash(&mut chain, &mut rows, 1);
        assert_eq!(check(&chain, &rows), Ok(()), "only an anchor tells");
    }
}
