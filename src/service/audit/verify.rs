//! Verifying the audit, straight from the database, in pages: every chain, what the chains say of each other and of the history,
//! and anchors that were kept elsewhere.

use std::collections::{HashMap, HashSet};

use ed25519_dalek::VerifyingKey;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::audit::{Anchor, Broken, ChainRow, Cut, STORE_CHAIN, Said, Walk};
use crate::service::audit::anchors;
use crate::store::{self, Conn, Digested, StoreError};

/// Rows that are read at once.
const PAGE: i64 = 1000;
/// Findings after which it is enough.
const ENOUGH: usize = 100;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Chains that were checked.
    pub chains: u64,
    /// Rows that were found good.
    pub rows: u64,
    /// Revisions that agree with their rows.
    pub revisions: u64,
    /// Anchors that agree.
    pub anchors: u64,
    /// Anchors of rows that were cut off since.
    pub anchors_cut: u64,
    /// What does not agree: of each chain the first row.
    pub broken: Vec<Broken>,
}

impl Report {
    fn note(&mut self, chain: &str, seq: u64, what: impl Into<String>) {
        if self.broken.len() < ENOUGH {
            self.broken.push(Broken { chain: chain.to_owned(), seq, what: what.into() });
        }
    }
}

/// What the chain of the store says about others.
#[derive(Debug, Default)]
struct Told {
    /// Chains that were begun: where it says so, and the hash of the first row.
    began: HashMap<String, (u64, String)>,
    /// The newest cut.
    cut: Option<Cut>,
    removed: HashSet<String>,
    /// Up to which revision there are no rows.
    from: Option<u64>,
    /// How far rows and revisions were compared; none once they disagree.
    compared: Option<u64>,
}

/// Verifies everything. Signatures of anchors are checked when there are keys.
pub async fn verify(
    conn: &mut Conn,
    anchors: impl Iterator<Item = std::io::Result<String>>,
    keys: &[VerifyingKey],
) -> Result<Report, VerifyError> {
    let mut tx = store::snapshot(conn).await?;
    let mut report = Report::default();
    let (chains, floor_revision) = store::list_chains(&mut tx).await?;
    let mut told = Told { compared: Some(floor_revision), ..Told::default() };
    for chain in &chains {
        report.chains += 1;
        walk(&mut tx, chain, &mut told, &mut report).await?;
    }
    let known: HashMap<&str, &ChainRow> = chains.iter().map(|chain| (chain.name.as_str(), chain)).collect();
    if !known.contains_key(STORE_CHAIN) {
        report.note(STORE_CHAIN, 1, "the chain is missing");
    }
    for name in store::list_endless_chains(&mut tx).await? {
        report.note(&name, 1, "the chain has rows, and its end is missing");
    }
    // A chain that is broken says no more what others must be like.
    if report.broken.iter().all(|broken| broken.chain != STORE_CHAIN) {
        check_beginnings(&chains, &told, floor_revision, &mut report);
    }
    if let Some(compared) = told.compared {
        let beyond = store::digests(&mut tx, compared, i64::MAX.cast_unsigned(), 1).await?;
        if let Some(found) = beyond.first() {
            report.note(STORE_CHAIN, end_of(&known), format!("no row tells of revision {}", found.revision));
        }
    }
    let cut_before = told.cut.as_ref().and_then(|cut| cut.before);
    let ends = Ends { known: &known, cut_before, keys };
    let mut page = Vec::new();
    for (number, line) in (1..).zip(anchors) {
        let line = line.map_err(VerifyError::Anchors)?;
        if !line.trim().is_empty() {
            page.push((number, line));
        }
        if i64::try_from(page.len()).is_ok_and(|len| len == PAGE) {
            check_anchors(&mut tx, &ends, std::mem::take(&mut page), &mut report).await?;
        }
    }
    check_anchors(&mut tx, &ends, page, &mut report).await?;
    Ok(report)
}

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The anchors could not be read.
    #[error("the anchors cannot be read: {0}")]
    Anchors(std::io::Error),
}

fn end_of(known: &HashMap<&str, &ChainRow>) -> u64 {
    known.get(STORE_CHAIN).map_or(0, |chain| chain.end.seq)
}

/// Follows one chain to its end, or to its first row that is not as it must be.
async fn walk(conn: &mut Conn, chain: &ChainRow, told: &mut Told, report: &mut Report) -> Result<(), StoreError> {
    let mut walk = Walk::new(chain);
    loop {
        let rows = store::chain_rows(conn, &chain.name, walk.at().seq, PAGE).await?;
        let mut said = Vec::new();
        for row in &rows {
            match walk.step(row) {
                Ok(one) => said.push((row.seq, row.at, one)),
                Err(broken) => {
                    take_said(conn, said, told, report).await?;
                    report.note(&broken.chain, broken.seq, broken.what);
                    // What follows may be anything.
                    if chain.name == STORE_CHAIN {
                        told.compared = None;
                    }
                    return Ok(());
                }
            }
        }
        report.rows += rows.len() as u64;
        take_said(conn, said, told, report).await?;
        if i64::try_from(rows.len()).is_ok_and(|len| len < PAGE) {
            break;
        }
    }
    if let Err(broken) = walk.finish() {
        report.note(&broken.chain, broken.seq, broken.what);
    }
    if let Some((row, hash)) = told.began.get(&chain.name)
        && chain.floor.seq == 0
    {
        let first = store::hashes_at(conn, &[(chain.name.clone(), 1)]).await?;
        if !first.iter().any(|(_, _, found)| hex::encode(found) == *hash) {
            report.note(&chain.name, 1, format!("the chain begins with another row than row {row} of the store says"));
        }
    }
    Ok(())
}

/// Takes in what rows say: notes what concerns other chains, and compares revisions with the history.
async fn take_said(
    conn: &mut Conn,
    said: Vec<(u64, OffsetDateTime, Said)>,
    told: &mut Told,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut revisions = Vec::new();
    for (seq, at, said) in said {
        match said {
            Said::Revision { revision, actor, kind, digest } => {
                revisions.push((seq, Digested { revision, at, actor, kind, digest }));
            }
            Said::Began { chain, hash } => {
                told.began.insert(chain, (seq, hash));
            }
            Said::From(revision) => told.from = Some(revision),
            Said::Cut(cut) => {
                told.removed.extend(cut.removed.iter().cloned());
                told.from = Some(cut.revision);
                told.cut = Some(cut);
            }
            Said::Else => {}
        }
    }
    let (Some(compared), Some((_, last))) = (told.compared, revisions.last()) else { return Ok(()) };
    let limit = i64::try_from(revisions.len() + 1).unwrap_or(i64::MAX);
    let mut found = store::digests(conn, compared, last.revision, limit).await?.into_iter();
    let mut reached = compared;
    for (seq, said) in revisions {
        let what = match found.next() {
            Some(found) if found == said => None,
            Some(found) if found.revision < said.revision => {
                Some(format!("no row tells of revision {}, which the history has", found.revision))
            }
            Some(found) if found.revision == said.revision => {
                let which = if found.digest != said.digest {
                    "what is there"
                } else if found.at == said.at {
                    "who did it, and how,"
                } else {
                    "the time"
                };
                Some(format!("the history was changed: {which} of revision {} is not what the row says", said.revision))
            }
            Some(_) | None if said.revision <= reached => Some(format!(
                "revision {} has a row, and those up to {reached} are said to have had theirs",
                said.revision
            )),
            Some(_) | None => Some(format!("revision {} is not in the history", said.revision)),
        };
        if let Some(what) = what {
            report.note(STORE_CHAIN, seq, what);
            told.compared = None;
            return Ok(());
        }
        report.revisions += 1;
        reached = said.revision;
    }
    told.compared = Some(reached);
    Ok(())
}

/// Compares where chains begin with what the chain of the store says of it.
fn check_beginnings(chains: &[ChainRow], told: &Told, floor_revision: u64, report: &mut Report) {
    let names: HashSet<&str> = chains.iter().map(|chain| chain.name.as_str()).collect();
    let mut missing: Vec<_> =
        told.began.iter().filter(|(name, _)| !names.contains(name.as_str()) && !told.removed.contains(*name)).collect();
    missing.sort();
    for (name, (row, _)) in missing {
        report.note(name, 1, format!("the chain is missing: row {row} of the store says that it began"));
    }
    let store_cut = chains.iter().any(|chain| chain.name == STORE_CHAIN && chain.floor.seq > 0);
    for chain in chains {
        let said = told.cut.as_ref().and_then(|cut| cut.floors.get(&chain.name));
        let floor = &chain.floor;
        let agrees = match said {
            None => floor.seq == 0,
            Some(said) => said.seq == floor.seq && said.hash == floor.hash.to_string(),
        };
        if !agrees {
            report.note(
                &chain.name,
                floor.seq,
                "rows up to this one are missing, and no row of the store says that they were cut off",
            );
        }
        if chain.name != STORE_CHAIN && !store_cut && !told.began.contains_key(&chain.name) {
            report.note(&chain.name, 1, "no row of the store says that the chain began");
        }
    }
    if told.from != Some(floor_revision) {
        let what = format!("revisions up to {floor_revision} are said to have no row, and no row says so");
        report.note(STORE_CHAIN, 1, what);
    }
}

fn shown(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// What anchors are compared with.
struct Ends<'a> {
    known: &'a HashMap<&'a str, &'a ChainRow>,
    cut_before: Option<OffsetDateTime>,
    keys: &'a [VerifyingKey],
}

async fn check_anchors(
    conn: &mut Conn,
    ends: &Ends<'_>,
    lines: Vec<(u64, String)>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut found = Vec::new();
    for (number, line) in lines {
        match Anchor::find(&line) {
            None => report.note("anchors", number, "the line is no anchor"),
            Some(anchor) if !ends.keys.is_empty() && !ends.keys.iter().any(|key| anchors::is_signed(&anchor, key)) => {
                report.note(
                    &anchor.chain,
                    anchor.seq,
                    format!("the anchor in line {number} was not signed with this master key"),
                );
            }
            Some(anchor) => found.push(anchor),
        }
    }
    let places: Vec<(String, u64)> = found.iter().map(|anchor| (anchor.chain.clone(), anchor.seq)).collect();
    let rows = store::hashes_at(conn, &places).await?;
    let rows: HashMap<(&str, u64), String> =
        rows.iter().map(|(chain, seq, hash)| ((chain.as_str(), *seq), hex::encode(hash))).collect();
    for anchor in &found {
        let (chain, seq) = (anchor.chain.as_str(), anchor.seq);
        let row = rows.get(&(chain, seq)).map(String::as_str);
        match ends.known.get(chain) {
            None if ends.cut_before.is_some_and(|before| anchor.at < before) => report.anchors_cut += 1,
            None => report.note(chain, seq, format!("the chain is missing, which was there at {}", shown(anchor.at))),
            Some(known) if seq < known.floor.seq => report.anchors_cut += 1,
            Some(known) if seq == known.floor.seq && anchor.hash == known.floor.hash.to_string() => report.anchors += 1,
            Some(_) if row == Some(&anchor.hash) => report.anchors += 1,
            Some(known) if seq > known.end.seq => {
                let what = format!(
                    "the tail was cut: the chain ends at row {}, and had this one at {}",
                    known.end.seq,
                    shown(anchor.at)
                );
                report.note(chain, known.end.seq + 1, what);
            }
            Some(_) if row.is_none() => {
                report.note(chain, seq, format!("the row is missing, which was there at {}", shown(anchor.at)));
            }
            Some(_) => {
                let what = format!("the chain was computed anew: the row had another hash at {}", shown(anchor.at));
                report.note(chain, seq, what);
            }
        }
    }
    Ok(())
}
