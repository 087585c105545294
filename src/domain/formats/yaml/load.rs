//! From the parser's events to a [`Graph`], with every limit checked on the way.
//!
//! `saphyr-parser` is read through its iterator, which does not recurse (its `load` does); brackets nested more than 255 deep it
//! refuses itself. Its anchors outlive a document there, so they are followed here.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::graph::{Entry, Graph, Identity, Kind, NodeId};
use super::scalars::{is_merge, resolve, tag_name};
use crate::domain::formats::cursor::{Position, position_at};
use crate::domain::formats::{MAX_DEPTH, SyntaxError};

/// How many nodes a stream with aliases may have when they are expanded. More than any configuration, and still cheap to hold: a
/// reader that copies what an alias stands for needs about 100 MB for it.
const MAX_NODES: u64 = 1_000_000;

/// From how many expanded nodes on the growth is looked at: less does no harm, however it came about.
const MANY_NODES: u64 = 100_000;

/// How many times its written size a stream may grow. Anchors used in earnest repeat a block for each service, not a hundredfold.
const MAX_GROWTH: u64 = 100;

/// How long a `%TAG` line may be, in bytes: its prefix is copied to each tag that uses it.
const MAX_TAG_DIRECTIVE: usize = 1024;

/// Reads a whole stream.
///
/// # Errors
/// As [`check`](super::check).
pub(super) fn load(text: &str) -> Result<Graph, SyntaxError> {
    refuse_long_directives(text)?;
    read(text).map_err(|error| {
        // The parser places what is wrong with the end on a line after the last.
        let end = position_at(text, text.len());
        if error.line > end.line { end.error(error.message) } else { error }
    })
}

fn read(text: &str) -> Result<Graph, SyntaxError> {
    let mut loader = Loader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_error(&error))?;
        loader.on(event, place(span.start))?;
    }
    loader.check_growth()?;
    Ok(loader.graph)
}

fn refuse_long_directives(text: &str) -> Result<(), SyntaxError> {
    let mut offset = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        if line.len() > MAX_TAG_DIRECTIVE && line.starts_with("%TAG") {
            return Err(
                position_at(text, offset).error(format!("a `%TAG` line of more than {MAX_TAG_DIRECTIVE} bytes"))
            );
        }
        offset += line.len();
    }
    Ok(())
}

/// The parser counts lines from 1 and columns from 0.
fn place(marker: Marker) -> Position {
    Position {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col().saturating_add(1)).unwrap_or(u32::MAX),
    }
}

fn scan_error(error: &ScanError) -> SyntaxError {
    let position = place(*error.marker());
    match error.info() {
        "recursion limit exceeded" => position.error(format!("nested more than {MAX_DEPTH} levels deep")),
        "while parsing node, found unknown anchor" => {
            position.error("there is no anchor of this name before the alias")
        }
        info => position.error(info),
    }
}

/// A collection that is being read.
struct Frame {
    is_map: bool,
    anchor: usize,
    tag: Option<String>,
    start: Position,
    items: Vec<NodeId>,
    entries: Vec<Entry>,
    /// The key whose value comes next.
    key: Option<Key>,
    keys: HashSet<Identity>,
    /// Nodes so far, aliases expanded.
    nodes: u64,
}

/// A key that waits for its value.
#[derive(Clone, Copy)]
enum Key {
    Merge,
    Node(NodeId),
}

/// A finished node and where it is written.
#[derive(Clone, Copy)]
struct Finished {
    id: NodeId,
    position: Position,
    merge: bool,
}

#[derive(Default)]
struct Loader {
    graph: Graph,
    open: Vec<Frame>,
    /// The nodes of the current document's anchors, by the parser's numbers; `None` while a node is not finished.
    anchors: HashMap<usize, Option<NodeId>>,
    /// Nodes as written, in all documents.
    written: u64,
    /// Nodes of all finished documents, aliases expanded.
    expanded: u64,
    /// The alias that stands for the most nodes.
    largest: Option<(u64, Position)>,
}

impl Loader {
    fn on(&mut self, event: Event<'_>, position: Position) -> Result<(), SyntaxError> {
        match event {
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, position),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let tag = tag.map(|tag| tag_name(&tag));
                let merge = is_merge(&text, plain, tag.as_deref());
                let value = resolve(&text, plain, tag.as_deref());
                let id = self.graph.add(Kind::Scalar(value), None);
                self.written = self.written.saturating_add(1);
                self.anchors.insert(anchor, Some(id));
                self.attach(Finished { id, position, merge })
            }
            Event::SequenceStart(anchor, tag) => self.enter(false, anchor, tag.as_deref(), position),
            Event::MappingStart(anchor, tag) => self.enter(true, anchor, tag.as_deref(), position),
            Event::SequenceEnd | Event::MappingEnd => self.leave(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn alias(&mut self, anchor: usize, position: Position) -> Result<(), SyntaxError> {
        let id = match self.anchors.get(&anchor) {
            Some(Some(id)) => *id,
            Some(None) => return Err(position.error("the alias is within what it stands for")),
            None => return Err(position.error("there is no anchor of this name before the alias in this document")),
        };
        let nodes = self.graph.node(id).map_or(0, |node| node.nodes);
        if self.largest.is_none_or(|(most, _)| nodes > most) {
            self.largest = Some((nodes, position));
        }
        self.written = self.written.saturating_add(1);
        self.attach(Finished { id, position, merge: false })
    }

    fn enter(&mut self, is_map: bool, anchor: usize, tag: Option<&Tag>, start: Position) -> Result<(), SyntaxError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(start.error(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        let plain_tag = if is_map { "!!map" } else { "!!seq" };
        let tag = tag.map(tag_name).filter(|tag| tag != plain_tag && tag != "!");
        self.written = self.written.saturating_add(1);
        self.anchors.insert(anchor, None);
        self.open.push(Frame {
            is_map,
            anchor,
            tag,
            start,
            items: Vec::new(),
            entries: Vec::new(),
            key: None,
            keys: HashSet::new(),
            nodes: 1,
        });
        Ok(())
    }

    fn leave(&mut self) -> Result<(), SyntaxError> {
        let Some(frame) = self.open.pop() else {
            return Ok(());
        };
        let kind = if frame.is_map { Kind::Map(frame.entries) } else { Kind::List(frame.items) };
        let id = self.graph.add(kind, frame.tag);
        self.anchors.insert(frame.anchor, Some(id));
        self.attach(Finished { id, position: frame.start, merge: false })
    }

    /// Puts a finished node into the collection around it, or makes it the root of its document.
    fn attach(&mut self, finished: Finished) -> Result<(), SyntaxError> {
        let Finished { id, position, merge } = finished;
        let (nodes, depth, identity) =
            self.graph.node(id).map_or((0, 0, 0), |node| (node.nodes, node.depth, node.identity));
        if self.open.len() + depth > MAX_DEPTH {
            return Err(position.error(format!("nested more than {MAX_DEPTH} levels deep, aliases expanded")));
        }
        let Some(frame) = self.open.last_mut() else {
            self.expanded = self.expanded.saturating_add(nodes);
            self.graph.add_root(id);
            return self.check_nodes(self.expanded, position);
        };
        frame.nodes = frame.nodes.saturating_add(nodes);
        let so_far = frame.nodes;
        if !frame.is_map {
            frame.items.push(id);
        } else if let Some(key) = frame.key.take() {
            frame.entries.push(match key {
                Key::Node(key) => Entry::Pair(key, id),
                Key::Merge if self.graph.can_merge(id) => Entry::Merge(id),
                Key::Merge => return Err(position.error("a merge key `<<` takes a mapping or a list of mappings")),
            });
        } else if merge {
            // Repeated merge keys are common and mean what a list of the mappings means; they are not repeated keys.
            frame.key = Some(Key::Merge);
        } else if frame.keys.insert(identity) {
            frame.key = Some(Key::Node(id));
        } else {
            return Err(position.error("the key is repeated in this mapping"));
        }
        self.check_nodes(so_far, position)
    }

    /// Refuses more than [`MAX_NODES`], unless they are all written.
    fn check_nodes(&self, nodes: u64, position: Position) -> Result<(), SyntaxError> {
        if self.largest.is_some() && nodes > MAX_NODES {
            return Err(position.error(format!("the aliases expand to more than {MAX_NODES} nodes")));
        }
        Ok(())
    }

    fn check_growth(&self) -> Result<(), SyntaxError> {
        match self.largest {
            Some((_, position))
                if self.expanded > MANY_NODES && self.expanded > self.written.saturating_mul(MAX_GROWTH) =>
            {
                Err(position.error(format!("the aliases expand {} nodes to {}", self.written, self.expanded)))
            }
            Some(_) | None => Ok(()),
        }
    }
}
