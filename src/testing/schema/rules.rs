//! Rules in CEL (`x-kubernetes-validations`): they are read once for each schema, and asked about every object.
//!
//! Not here: what is wrong with a rule beside its expressions, and what rules cost: their rounds and
//! sizes are counted, which is much the same.

mod check;
mod definition;
mod error;
mod expression;
mod library;
mod limit;
mod map;
mod room;
mod rule;
mod signature;
mod types;
mod value;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

pub(in crate::testing) use definition::Inspection;

use self::{
    expression::Scope,
    room::with_room,
    rule::{Rule, Verdict},
    types::Type,
};
use super::{Judgement, child};
use crate::testing::status::Flaw;

/// How many rounds all rules about one object may take.
const ROUNDS: u64 = 2_000_000;

/// The rules of a schema.
#[derive(Debug, Default)]
pub(super) struct Rules {
    root: Option<Node>,
}

/// The rules of one schema in a schema, and of those below it.
#[derive(Debug, Default)]
struct Node {
    rules: Vec<Rule>,
    others: Option<Box<Node>>,
    fields: BTreeMap<String, Node>,
    items: Option<Box<Node>>,
}

impl Rules {
    /// The rules in a schema that can be asked.
    pub(super) fn new(schema: &Value) -> Self {
        Rules { root: Node::new(schema, true) }
    }

    /// What the rules say of an object, and of what it was before.
    pub(super) fn judge(&self, object: &Value, old: Option<&Value>, schema: &Value) -> Judgement {
        let Some(root) = &self.root else { return Judgement::default() };
        let judged = with_room(|| {
            let mut asking = Asking { judgement: Judgement::default(), left: ROUNDS, over: false };
            let unchanged = Unchanged { this: old.map(|old| (object, old)), parent: None };
            asking.visit(root, Place { value: object, old, schema, root: true }, unchanged, "");
            asking.judgement
        });
        let broken = || Flaw::unshown("<nil>", "a rule could not be evaluated by this fake cluster");
        judged.unwrap_or_else(|| Judgement { flaws: vec![broken()], warnings: Vec::new() })
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.root.is_none()
    }
}

impl Node {
    /// The rules of a schema; nothing where there are none.
    fn new(schema: &Value, root: bool) -> Option<Self> {
        let this = Type::of(schema, root)?;
        let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
        let below = |schema: &Value| Node::new(schema, value::is_resource(schema));
        let named = |name: &str| schema.get(name).filter(|schema| schema.is_object());
        let fields = named("properties").and_then(Value::as_object).into_iter().flatten();
        let node = Node {
            rules: rules.filter_map(|rule| Rule::compile(rule, &this, schema).ok().flatten()).collect(),
            others: named("additionalProperties").and_then(below).map(Box::new),
            fields: fields.filter_map(|(name, schema)| Some((name.clone(), below(schema)?))).collect(),
            items: named("items").and_then(below).map(Box::new),
        };
        let none = node.rules.is_empty() && node.fields.is_empty() && node.others.is_none() && node.items.is_none();
        (!none).then_some(node)
    }
}

/// A value that rules are asked about.
#[derive(Clone, Copy)]
struct Place<'v> {
    value: &'v Value,
    old: Option<&'v Value>,
    schema: &'v Value,
    root: bool,
}

/// The value and what it was before, and the same of what it is in: what has not changed may break rules on.
#[derive(Clone, Copy)]
struct Unchanged<'v> {
    this: Option<(&'v Value, &'v Value)>,
    parent: Option<(&'v Value, &'v Value)>,
}

impl<'v> Unchanged<'v> {
    fn below(self, find: impl FnOnce(&'v Value, &'v Value) -> Option<(&'v Value, &'v Value)>) -> Self {
        match self.this {
            None => self,
            Some((value, old)) => Unchanged { this: find(value, old), parent: self.this },
        }
    }

    fn field(self, name: &str) -> Self {
        if self.this.is_some() && self.parent.is_none() && ["apiVersion", "kind"].contains(&name) {
            return Unchanged { this: None, parent: None };
        }
        self.below(|value, old| Some((value.get(name)?, old.get(name)?)))
    }

    fn is_so(self) -> bool {
        self.this.or(self.parent).is_some_and(|(value, old)| value == old)
    }
}

/// The rules as they are asked, one after the other.
struct Asking {
    judgement: Judgement,
    /// How many rounds are left for all rules.
    left: u64,
    /// No more are asked.
    over: bool,
}

impl Asking {
    fn visit<'v>(&mut self, node: &Node, place: Place<'v>, unchanged: Unchanged<'v>, path: &str) {
        let Place { value, old, schema, .. } = place;
        if value.is_null() || self.over {
            return;
        }
        self.ask(&node.rules, place, unchanged, path);
        match value {
            Value::Array(items) => {
                let Some(node) = &node.items else { return };
                let schema_of_item = &schema["items"];
                let root = value::is_resource(schema_of_item);
                let earlier = by_keys(old, schema);
                for (index, item) in items.iter().enumerate() {
                    let old = value::identity(item, schema).and_then(|keys| earlier.get(&keys).copied());
                    let unchanged = unchanged.below(|_, _| Some((item, old?)));
                    let place = Place { value: item, old, schema: schema_of_item, root };
                    self.visit(node, place, unchanged, &format!("{path}[{index}]"));
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let (node, schema, path) = match (&node.others, node.fields.get(name)) {
                        (Some(node), _) => (&**node, &schema["additionalProperties"], format!("{path}[{name}]")),
                        (None, Some(node)) => (node, &schema["properties"][name], child(path, name)),
                        (None, None) => continue,
                    };
                    let old = old.and_then(|old| old.get(name)).filter(|old| !old.is_null());
                    let place = Place { value: field, old, schema, root: value::is_resource(schema) };
                    self.visit(node, place, unchanged.field(name), &path);
                }
            }
            _ => {}
        }
    }

    /// Asks the rules about one value.
    fn ask(&mut self, rules: &[Rule], place: Place<'_>, unchanged: Unchanged<'_>, path: &str) {
        let Place { value, old, schema, root } = place;
        if rules.is_empty() {
            return;
        }
        let seen = |value, like| value::seen(value, schema, root, like);
        let needed = rules.iter().any(Rule::uses_old);
        let before = old.filter(|_| needed).map(|old| seen(old, Some(value)));
        let scope = Scope::new(seen(value, None), before);
        for rule in rules.iter().filter(|rule| rule.wants(old.is_some())) {
            match rule.ask(&scope, &place, path, &mut self.left) {
                Verdict::Holds => {}
                Verdict::Broken { flaw, last } => {
                    match !rule.uses_old() && unchanged.is_so() {
                        true => self.judgement.warnings.push(flaw.told()),
                        false => self.judgement.flaws.push(flaw),
                    }
                    self.over = last;
                }
                Verdict::Fails(flaw) => self.judgement.flaws.push(flaw),
                Verdict::TakesTooLong(flaw) => {
                    self.judgement.flaws.push(flaw);
                    self.over = true;
                }
            }
            if self.over {
                return;
            }
        }
    }
}

/// The items of an old list that is a map, by what tells them apart.
fn by_keys<'v>(old: Option<&'v Value>, schema: &Value) -> HashMap<Vec<&'v Value>, &'v Value> {
    let old = old.filter(|_| schema["x-kubernetes-list-type"] == "map").and_then(Value::as_array);
    let mut items = HashMap::new();
    for item in old.into_iter().flatten() {
        if let Some(keys) = value::identity(item, schema) {
            items.entry(keys).or_insert(item);
        }
    }
    items
}

#[cfg(test)]
mod tests;
