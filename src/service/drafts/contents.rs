//! Contents of drafts: sealed where the entry is secret, and masked for whoever reads them.
//!
//! Markers get their values back when a draft is written, from what the draft had or from the entry that was edited. A text that
//! is half written may have markers whose place is not known yet: it is kept as it came, together with the last text that had
//! none, in which their values are. See [`crate::domain::secrets::masking`].

use std::collections::BTreeSet;

use bytes::Bytes;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::contents::ContentHash;
use crate::domain::drafts::{self, DraftChange, DraftContent};
use crate::domain::formats::Format;
use crate::domain::names::Address;
use crate::domain::revisions::Revision;
use crate::domain::secrets::masking::{self, Masked, Original};
use crate::domain::secrets::{Marks, RequestedMarks};
use crate::domain::state::State;
use crate::service::ServiceError;
use crate::service::keyring::{KeyError, Keyring};
use crate::service::secrets::{Opened, mask};
use crate::store::{self, DraftEdit, Store};
use crate::view::View;

/// What a draft has for an entry, in the clear.
pub(super) struct Text {
    text: Zeroizing<Vec<u8>>,
    /// An earlier text, in which are the values of markers that the text has still; empty when there is none.
    kept: Zeroizing<Vec<u8>>,
}

/// What is needed to seal, open and mask contents of one draft.
pub(super) struct Contents<'a> {
    pub(super) keyring: &'a Keyring,
    pub(super) state: &'a State,
    pub(super) draft: Uuid,
}

/// A change that is to come into a draft.
pub(super) struct Incoming<'a> {
    pub(super) address: &'a Address,
    pub(super) format: Format,
    pub(super) marks: Option<RequestedMarks>,
    pub(super) if_revision: Revision,
    pub(super) bytes: &'a Bytes,
}

/// What is secret in a content: what its writer said, and whatever the entry must hide. None when it is open.
pub(super) fn marks_of(state: &State, address: &Address, requested: Option<&RequestedMarks>) -> Option<Marks> {
    // What cannot be marks was refused when it was written.
    let requested = requested.and_then(|requested| requested.marks().unwrap_or(Some(Marks::Whole)));
    match (requested, state.must_hide(address)) {
        (Some(ours), Some(theirs)) => Some(ours.with(&theirs)),
        (Some(ours), None) => Some(ours),
        (None, theirs) => theirs.map(|theirs| (*theirs).clone()),
    }
}

impl Contents<'_> {
    /// The bytes of a content, which must be those that it was written with.
    pub(super) fn open(&self, address: &Address, content: &DraftContent) -> Result<Text, KeyError> {
        let damaged = || KeyError::Damaged(format!("{address} in draft {}", self.draft));
        if !content.sealed {
            if ContentHash::of(&content.body) != content.hash {
                return Err(damaged());
            }
            return Ok(Text { text: Zeroizing::new(content.body.to_vec()), kept: Zeroizing::default() });
        }
        let opened = self.keyring.open_draft(self.draft, address, &content.body)?;
        let (length, rest) = opened.split_first_chunk().ok_or_else(damaged)?;
        let length = usize::try_from(u64::from_be_bytes(*length)).map_err(|_| damaged())?;
        let (text, kept) = rest.split_at_checked(length).ok_or_else(damaged)?;
        if self.keyring.hash(address, text)? != content.hash {
            return Err(damaged());
        }
        Ok(Text { text: Zeroizing::new(text.to_vec()), kept: Zeroizing::new(kept.to_vec()) })
    }

    /// What publishing would put.
    pub(super) fn plaintext(&self, address: &Address, content: &DraftContent) -> Result<Bytes, KeyError> {
        Ok(Bytes::copy_from_slice(&self.open(address, content)?.text))
    }

    /// What people see of a content, of which this is secret.
    pub(super) fn show(
        &self,
        address: &Address,
        content: &DraftContent,
        marks: Option<&Marks>,
    ) -> Result<Bytes, KeyError> {
        let Text { text, .. } = self.open(address, content)?;
        Ok(match marks {
            Some(marks) => self.mask(address, content.format, marks, &text).text.into(),
            None => Bytes::copy_from_slice(&text),
        })
    }

    /// Values that are markers already stay what they are.
    fn mask(&self, address: &Address, format: Format, marks: &Marks, content: &[u8]) -> Masked {
        let tag = |path: &str, value: &[u8]| match masking::tag_of(value) {
            Some(tag) => tag,
            None => self.keyring.tag(address, path, value).unwrap_or_default(),
        };
        Original { format, marks, content }.mask(&tag)
    }

    /// A content as it is to be stored, in the place of what the draft had for the entry.
    pub(super) fn prepare(&self, new: Incoming<'_>, old: Option<&DraftContent>) -> Result<DraftContent, ServiceError> {
        let Incoming { address, format, marks: requested, if_revision, bytes } = new;
        let before = old.and_then(|old| old.marks.clone());
        let requested = requested.or(before);
        let Some(marks) = marks_of(self.state, address, requested.as_ref()) else {
            let (hash, body) = (ContentHash::of(bytes), bytes.clone());
            return Ok(DraftContent { format, marks: requested, hash, sealed: false, body });
        };
        let text = self.resolve(address, (format, &marks, if_revision), bytes, old)?;
        Ok(self.seal(address, format, requested, &text)?)
    }

    /// The same content, sealed, of an entry that became secret since it was written.
    pub(super) fn sealed(&self, change: &DraftChange, address: &Address) -> Result<Option<DraftChange>, ServiceError> {
        let Some(put) = change.put.as_ref().filter(|put| !put.sealed) else { return Ok(None) };
        if marks_of(self.state, address, put.marks.as_ref()).is_none() {
            return Ok(None);
        }
        let text = self.open(address, put)?;
        let put = self.seal(address, put.format, put.marks.clone(), &text)?;
        Ok(Some(DraftChange { put: Some(put), ..change.clone() }))
    }

    fn seal(
        &self,
        address: &Address,
        format: Format,
        marks: Option<RequestedMarks>,
        Text { text, kept }: &Text,
    ) -> Result<DraftContent, KeyError> {
        let whole = Zeroizing::new([&(text.len() as u64).to_be_bytes()[..], text, kept].concat());
        let body = self.keyring.seal_draft(self.draft, address, &whole)?;
        Ok(DraftContent { format, marks, hash: self.keyring.hash(address, text)?, sealed: true, body })
    }

    /// Puts values in the places of markers, as far as they are known.
    fn resolve(
        &self,
        address: &Address,
        (format, marks, if_revision): (Format, &Marks, Revision),
        bytes: &Bytes,
        old: Option<&DraftContent>,
    ) -> Result<Text, ServiceError> {
        let mut text = Zeroizing::new(bytes.to_vec());
        if masking::find_marker(&text).is_none() {
            return Ok(Text { text, kept: Zeroizing::default() });
        }
        let shown = old.filter(|old| old.format == format).and_then(|old| {
            let shown = marks_of(self.state, address, old.marks.as_ref()).unwrap_or_else(|| marks.clone());
            // Who would show more of what was hidden begins anew.
            marks.cover(&shown).then_some((old, shown))
        });
        let had = shown.map(|(old, shown)| Ok::<_, KeyError>((shown, self.open(address, old)?))).transpose()?;
        if let Some((shown, had)) = &had {
            for content in [&had.text, &had.kept] {
                let masked = self.mask(address, format, shown, content);
                let original = Original { format, marks: shown, content };
                if let Some(restored) = original.restore_known(&masked, format, &text) {
                    text = Zeroizing::new(restored);
                }
            }
        }
        let live = self.state.find_entry(address).filter(|entry| entry.stamp.revision == if_revision);
        let readable = live.map(|entry| &entry.version).filter(|version| !version.content.is_redacted());
        if let Some(version) = readable
            && let Some(Opened { marks: shown, plaintext, masked }) = mask(self.keyring, self.state, address, version)?
            && marks.cover(&shown)
        {
            let original = Original { format: version.format, marks: &shown, content: &plaintext };
            if let Some(restored) = original.restore_known(&masked, format, &text) {
                text = Zeroizing::new(restored);
            }
        }
        let unknown = masking::find_marker(&text).is_some();
        let kept = had
            .filter(|_| unknown)
            .map(|(_, had)| if masking::find_marker(&had.text).is_none() { had.text } else { had.kept });
        Ok(Text { text, kept: kept.unwrap_or_default() })
    }
}

/// Seals contents of drafts whose entries became secret since they were written. Whatever somebody edits meanwhile is left for the
/// next look.
pub(in crate::service) async fn seal_open(store: &Store, view: &View, keyring: &Keyring) -> Result<(), ServiceError> {
    let mut session = store.acquire().await?;
    let open = store::list_open_contents(&mut session).await?;
    let state = view.state();
    let secret = open.into_iter().filter(|(_, address)| state.must_hide(address).is_some());
    for draft in secret.map(|(draft, _)| draft).collect::<BTreeSet<Uuid>>() {
        let Some(draft) = store::find_draft(&mut session, draft).await? else { continue };
        let contents = Contents { keyring, state: &state, draft: draft.id };
        let mut put = Vec::new();
        for change in &draft.changes {
            put.extend(contents.sealed(change, &change.address(&draft.environment))?);
        }
        let hash = drafts::hash(&draft.environment, &drafts::edited(&draft.changes, put.iter().cloned(), &[]));
        let edit = DraftEdit { put, ..DraftEdit::default() };
        store::edit_draft(&mut session, (draft.id, draft.hash), &edit, hash).await?;
    }
    Ok(())
}
