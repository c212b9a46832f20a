//! A document as its parser tells of it: nodes, none of which has a value yet.

use std::{borrow::Cow, collections::HashMap};

use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};

use super::{Problem, problem};

/// The nodes of one document, by position. Aliases are positions too, so nothing is owned twice.
#[derive(Default)]
pub(super) struct Document {
    pub(super) nodes: Vec<(Node, usize)>,
    pub(super) root: Option<usize>,
}

pub(super) enum Node {
    Scalar { text: String, plain: bool, tag: Option<Tag> },
    Sequence(Vec<usize>),
    Mapping(Vec<usize>),
    Alias(usize),
}

impl Document {
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let mut document = Document::default();
        let mut open: Vec<usize> = Vec::new();
        let mut anchors: HashMap<usize, usize> = HashMap::new();
        let mut options = Options::default();
        options.set_emit_comments(false);
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = next.map_err(|error| problem(error.marker().line().saturating_sub(1), error.info()))?;
            let line = span.start.line().saturating_sub(1);
            let (node, anchor) = match event {
                Event::DocumentEnd => break,
                Event::Scalar(text, style, anchor, tag) => {
                    let tag = tag.map(Cow::into_owned);
                    let plain = style == ScalarStyle::Plain;
                    (Node::Scalar { text: text.into_owned(), plain, tag }, anchor)
                }
                Event::SequenceStart(_, anchor, _) => (Node::Sequence(Vec::new()), anchor),
                Event::MappingStart(_, anchor, _) => (Node::Mapping(Vec::new()), anchor),
                Event::Alias(anchor) => {
                    let target = anchors.get(&anchor).copied();
                    let target = target.ok_or_else(|| problem(line, "unknown anchor"))?;
                    (Node::Alias(target), 0)
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    continue;
                }
                _ => continue,
            };
            let position = document.nodes.len();
            let collection = matches!(node, Node::Sequence(_) | Node::Mapping(_));
            document.nodes.push((node, line));
            if anchor != 0 {
                anchors.insert(anchor, position);
            }
            match open.last() {
                None => document.root = Some(position),
                Some(&parent) => match &mut document.nodes[parent].0 {
                    Node::Sequence(children) | Node::Mapping(children) => children.push(position),
                    Node::Scalar { .. } | Node::Alias(_) => {}
                },
            }
            if collection {
                open.push(position);
            }
        }
        Ok(document)
    }

    /// What a merge key may name: a mapping, or an alias of one.
    pub(super) fn is_mapping(&self, node: usize) -> bool {
        match self.nodes[node].0 {
            Node::Mapping(_) => true,
            Node::Alias(target) => matches!(self.nodes[target].0, Node::Mapping(_)),
            _ => false,
        }
    }
}
