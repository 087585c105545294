//! The nodes of a YAML stream, shared where the text shares them.

use std::collections::{HashMap, HashSet};

use crate::domain::formats::Values;

/// How much text the aliases of one stream may repeat when its values are read, in bytes. Comparing is all that values are for,
/// and nobody reads a comparison of more.
const MAX_REPEATED_BYTES: u64 = 16 << 20;

/// The number of a node in its [`Graph`].
pub(super) type NodeId = usize;

/// A number that two nodes share exactly when they are equal.
pub(super) type Identity = usize;

/// One entry of a mapping.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    /// A key and its value.
    Pair(NodeId, NodeId),
    /// `<<` and the mapping, or the list of mappings, that it merges.
    Merge(NodeId),
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    Scalar(Values),
    List(Vec<NodeId>),
    Map(Vec<Entry>),
}

/// A node, with what it would be if every alias below it were expanded.
#[derive(Debug)]
pub(super) struct Node {
    kind: Kind,
    /// The tag of a collection, when it is one of its own.
    tag: Option<String>,
    pub(super) identity: Identity,
    /// Nodes, itself included.
    pub(super) nodes: u64,
    /// Bytes of text.
    bytes: u64,
    /// Levels of collections, itself included.
    pub(super) depth: usize,
}

/// What makes two nodes equal: mappings by their pairs in any order, everything else as written.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Shape {
    Scalar(Values),
    List(Option<String>, Vec<Identity>),
    Map(Option<String>, Vec<(Option<Identity>, Identity)>),
}

/// All nodes of a stream and the roots of its documents.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    roots: Vec<NodeId>,
    identities: HashMap<Shape, Identity>,
}

impl Graph {
    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    pub(super) fn add_root(&mut self, id: NodeId) {
        self.roots.push(id);
    }

    /// Adds a node whose children are there already.
    pub(super) fn add(&mut self, kind: Kind, tag: Option<String>) -> NodeId {
        let children: Vec<NodeId> = match &kind {
            Kind::Scalar(_) => Vec::new(),
            Kind::List(items) => items.clone(),
            Kind::Map(entries) => entries.iter().flat_map(|entry| entry.children()).flatten().collect(),
        };
        let mut node = Node { nodes: 1, bytes: 0, depth: 0, identity: self.identity(&kind, tag.as_ref()), kind, tag };
        match &node.kind {
            Kind::Scalar(value) => node.bytes = text_length(value),
            Kind::List(_) | Kind::Map(_) => node.depth = 1,
        }
        for child in children.into_iter().filter_map(|child| self.node(child)) {
            node.nodes = node.nodes.saturating_add(child.nodes);
            node.bytes = node.bytes.saturating_add(child.bytes);
            node.depth = node.depth.max(child.depth + 1);
        }
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Whether a node may stand after `<<`: a mapping, or a list of them.
    pub(super) fn can_merge(&self, id: NodeId) -> bool {
        let is_map = |id: &NodeId| self.node(*id).is_some_and(|node| matches!(node.kind, Kind::Map(_)));
        match self.node(id).map(|node| &node.kind) {
            Some(Kind::List(items)) => items.iter().all(is_map),
            Some(Kind::Map(_)) => true,
            Some(Kind::Scalar(_)) | None => false,
        }
    }

    /// The values of every document; `None` when the aliases repeat too much text, or two keys of a mapping read the same.
    ///
    /// `written` is the length of the text in bytes. Recursion is bounded by the depth that the loader allows.
    pub(super) fn values(&self, written: usize) -> Option<Vec<Values>> {
        let roots = self.roots.iter().filter_map(|root| self.node(*root));
        let bytes = roots.fold(0_u64, |sum, root| sum.saturating_add(root.bytes));
        if bytes > MAX_REPEATED_BYTES.saturating_add(u64::try_from(written).unwrap_or(u64::MAX)) {
            return None;
        }
        self.roots.iter().map(|root| self.expand(*root)).collect()
    }

    fn identity_of(&self, id: NodeId) -> Identity {
        self.node(id).map_or(usize::MAX, |node| node.identity)
    }

    fn identity(&mut self, kind: &Kind, tag: Option<&String>) -> Identity {
        let shape = match kind {
            Kind::Scalar(value) => Shape::Scalar(value.clone()),
            Kind::List(items) => Shape::List(tag.cloned(), items.iter().map(|item| self.identity_of(*item)).collect()),
            Kind::Map(entries) => {
                let mut pairs: Vec<_> = entries
                    .iter()
                    .map(|entry| match *entry {
                        Entry::Pair(key, value) => (Some(self.identity_of(key)), self.identity_of(value)),
                        Entry::Merge(value) => (None, self.identity_of(value)),
                    })
                    .collect();
                pairs.sort_unstable();
                Shape::Map(tag.cloned(), pairs)
            }
        };
        let next = self.identities.len();
        *self.identities.entry(shape).or_insert(next)
    }

    fn expand(&self, id: NodeId) -> Option<Values> {
        let node = self.node(id)?;
        let value = match &node.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => Values::List(items.iter().map(|item| self.expand(*item)).collect::<Option<_>>()?),
            Kind::Map(_) => {
                let mut names = HashSet::new();
                let mut entries = Vec::new();
                for (key, value) in self.pairs(id) {
                    let name = key_name(self.expand(key)?);
                    if !names.insert(name.clone()) {
                        return None;
                    }
                    entries.push((name, self.expand(value)?));
                }
                Values::Map(entries)
            }
        };
        Some(match &node.tag {
            Some(tag) => Values::Tagged(tag.clone(), Box::new(value)),
            None => value,
        })
    }

    /// The pairs of a mapping, those merged into it in the place of their `<<`. A mapping's own keys win over merged ones, and of
    /// merged ones the first (<https://yaml.org/type/merge.html>).
    fn pairs(&self, map: NodeId) -> Vec<(NodeId, NodeId)> {
        let Some(Kind::Map(entries)) = self.node(map).map(|node| &node.kind) else {
            return Vec::new();
        };
        let mut taken: HashSet<Identity> = HashSet::new();
        for entry in entries {
            if let Entry::Pair(key, _) = entry {
                taken.insert(self.identity_of(*key));
            }
        }
        let mut pairs = Vec::new();
        for entry in entries {
            match *entry {
                Entry::Pair(key, value) => pairs.push((key, value)),
                Entry::Merge(source) => {
                    let sources = match self.node(source).map(|node| &node.kind) {
                        Some(Kind::List(items)) => items.clone(),
                        Some(Kind::Map(_) | Kind::Scalar(_)) | None => vec![source],
                    };
                    let merged = sources.into_iter().flat_map(|source| self.pairs(source));
                    pairs.extend(merged.filter(|(key, _)| taken.insert(self.identity_of(*key))));
                }
            }
        }
        pairs
    }
}

impl Entry {
    fn children(self) -> [Option<NodeId>; 2] {
        match self {
            Self::Pair(key, value) => [Some(key), Some(value)],
            Self::Merge(value) => [Some(value), None],
        }
    }
}

fn text_length(value: &Values) -> u64 {
    let length = match value {
        Values::Null | Values::Bool(_) | Values::List(_) | Values::Map(_) => 0,
        Values::Number(text) | Values::Date(text) | Values::String(text) => text.len(),
        Values::Tagged(tag, value) => return text_length(value).saturating_add(tag.len() as u64),
    };
    length as u64
}

/// A key as a path shows it: a scalar by its text, anything else as JSON.
fn key_name(key: Values) -> String {
    match key {
        Values::Null => "null".to_owned(),
        Values::Bool(value) => value.to_string(),
        Values::Number(text) | Values::Date(text) | Values::String(text) => text,
        Values::List(_) | Values::Map(_) | Values::Tagged(..) => key.to_json().to_string(),
    }
}
