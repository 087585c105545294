//! The audit on the wire.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

/// Who did what to which target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditRow {
    /// The chain: `store`, or that of a node.
    pub chain: String,
    /// The number in the chain, without gaps.
    pub seq: u64,
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The user, `anonymous`, or `system` for the node itself.
    pub actor: String,
    /// The verb: `publish`, `denied`, `create_token`.
    pub action: String,
    /// On what.
    pub target: String,
    /// The environment it belongs to; absent when it belongs to none or several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The namespace it belongs to; absent when it belongs to none or several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The revision it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// How often it happened, when the row stands for several times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The token that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Uuid>,
    /// The address of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The request, as the log names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Why, as the caller said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many changes a revision has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// The hash of the row, which covers all rows of the chain before it.
    pub hash: String,
}

/// A page of the audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditList {
    /// Newest first.
    pub rows: Vec<AuditRow>,
    /// `before` of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl AuditRow {
    /// The names of the columns of a table of rows.
    pub const COLUMNS: [&'static str; 18] = [
        "at",
        "actor",
        "action",
        "target",
        "env",
        "namespace",
        "revision",
        "count",
        "token",
        "address",
        "request_id",
        "message",
        "changed",
        "before",
        "after",
        "chain",
        "seq",
        "hash",
    ];

    /// The cells of those columns. One that a spreadsheet would take for a formula begins with an apostrophe.
    #[must_use]
    pub fn cells(&self) -> [String; 18] {
        fn text(value: Option<impl ToString>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        let cells = [
            self.at.format(&Rfc3339).unwrap_or_default(),
            self.actor.clone(),
            self.action.clone(),
            self.target.clone(),
            text(self.env.as_ref()),
            text(self.namespace.as_ref()),
            text(self.revision),
            text(self.count),
            text(self.token),
            text(self.address.as_ref()),
            text(self.request_id.as_ref()),
            text(self.message.as_ref()),
            text(self.changed),
            text(self.before.as_ref()),
            text(self.after.as_ref()),
            self.chain.clone(),
            self.seq.to_string(),
            self.hash.clone(),
        ];
        cells.map(
            |cell| if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell },
        )
    }
}

/// What all rows are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table after RFC 4180, safe to open in a spreadsheet.
    Csv,
    /// An array.
    Json,
}

/// A file of rows, written page by page.
#[derive(Debug)]
pub struct AuditFile {
    format: Format,
    begun: bool,
    rows: usize,
}

impl AuditFile {
    /// A file without a page.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { format, begun: false, rows: 0 }
    }

    /// How many rows were written.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The text of the next page.
    pub fn page(&mut self, rows: &[AuditRow], last: bool) -> String {
        let first = !std::mem::replace(&mut self.begun, true);
        let mut text = String::new();
        match self.format {
            Format::Csv => {
                if first {
                    push_record(&mut text, &AuditRow::COLUMNS);
                }
                for row in rows {
                    push_record(&mut text, &row.cells());
                }
            }
            Format::Json => {
                text.push_str(if first { "[" } else { "" });
                for (number, row) in rows.iter().enumerate() {
                    text.push_str(if self.rows + number == 0 { "\n" } else { ",\n" });
                    // Texts and values of JSON: there is no way to fail.
                    text.push_str(&serde_json::to_string(row).unwrap_or_default());
                }
                text.push_str(if last { "\n]\n" } else { "" });
            }
        }
        self.rows += rows.len();
        text
    }
}

fn push_record(text: &mut String, cells: &[impl AsRef<str>]) {
    for (number, cell) in cells.iter().enumerate() {
        text.push_str(if number == 0 { "" } else { "," });
        let cell = cell.as_ref();
        if cell.contains(['"', ',', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, target: &str) -> AuditRow {
        serde_json::from_value(serde_json::json!({
            "chain": "store", "seq": seq, "at": "2026-01-31T12:00:00Z", "actor": "vera", "action": "publish",
            "target": target, "hash": "00",
        }))
        .unwrap()
    }

    #[test]
    fn files_in_pages_are_read_back_as_they_were() {
        let rows = [row(1, "a,b"), row(2, "say \"hi\"\r\nagain"), row(3, "ü")];
        for cut in 0..=3 {
            let (one, two) = rows.split_at(cut);
            let text = |format| {
                let mut file = AuditFile::new(format);
                [file.page(one, false), file.page(&[], false), file.page(two, true)].concat()
            };
            let read: Vec<AuditRow> = serde_json::from_str(&text(Format::Json)).unwrap();
            assert_eq!(read, rows);
            let csv = text(Format::Csv);
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            assert_eq!(reader.headers().unwrap(), AuditRow::COLUMNS.as_slice());
            let records: Vec<_> = reader.records().map(Result::unwrap).collect();
            assert_eq!(records.len(), 3);
            for (record, row) in records.iter().zip(&rows) {
                assert_eq!(record, row.cells().as_slice());
            }
        }
        assert_eq!(AuditFile::new(Format::Json).page(&[], true), "[\n]\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        let row: AuditRow = serde_json::from_value(serde_json::json!({
            "chain": "store", "seq": 3, "at": "2026-01-31T12:00:00Z", "actor": "=cmd|' /C calc'!A0", "action": "publish",
            "target": "+dev", "message": "-1", "address": "@x", "request_id": "\tx", "after": 7, "hash": "00",
        }))
        .unwrap();
        let cells = row.cells();
        let cell = |name| cells[AuditRow::COLUMNS.iter().position(|column| *column == name).unwrap()].as_str();
        assert_eq!((cell("actor"), cell("target"), cell("message")), ("'=cmd|' /C calc'!A0", "'+dev", "'-1"));
        assert_eq!((cell("address"), cell("request_id"), cell("action")), ("'@x", "'\tx", "publish"));
        assert_eq!((cell("at"), cell("seq"), cell("after")), ("2026-01-31T12:00:00Z", "3", "7"));
    }
}
