//! Types in short notation, a line each.
//!
//! ```text
//! EnvVar: name* string, value string, valueFrom EnvVarSource       a structure; it has to have a name
//! LabelSelector!: matchExpressions [..], matchLabels {string}      one value
//! ```
//!
//! `[T]` is a list of one piece, `[T]#` a set, `[T]#a+b=TCP` a list with items told apart by `a` and `b`, of which `b`
//! is `TCP` where absent, and `[T]#a=` one by `a`, which is empty where absent; `{T}` is a map. An exclamation mark makes
//! a map one value, and `any!` is one whatever it is; `granular.v1.T` is a `T` that is not, where others are. Scalars
//! have the words of [`Format`], and `any` is anything. What strategic patches merge by follows: `~merge(a)` for objects,
//! `~merge` for scalars; `~replace` says that they replace maps, `~retainKeys` that they tell which fields stay.
//!
//! What messages show of Go stands there too where it is not plain: `VolumeSource.secret SecretVolumeSource` is a field
//! that is in a structure within its own, `effect string v1.TaintEffect` one with a type of its own.

use std::borrow::Cow;

use serde_json::Value;

use super::{Format, Go, Key, Shapes, Strategy, Type};

pub(super) fn parse(text: &'static str) -> Result<Shapes, String> {
    let mut shapes = Shapes::default();
    for line in text.lines() {
        let (name, ty) = definition(line).ok_or_else(|| format!("cannot read {line:?}"))?;
        shapes.define(name, ty);
    }
    Ok(shapes)
}

fn definition(line: &'static str) -> Option<(&'static str, Type)> {
    let (name, list) = line.split_once(": ")?;
    let structure = list.split(", ").try_fold(Type::structure(), field)?;
    Some(match name.strip_suffix('!') {
        Some(name) => (name, structure.atomic()),
        None => (name, structure),
    })
}

/// The structure with the field of this text.
fn field(structure: Type, text: &'static str) -> Option<Type> {
    let mut words = text.split(' ');
    let (name, text, ty) = (words.next()?, words.next()?, words.next());
    let (text, strategies) = text.split_once('~').unwrap_or((text, ""));
    let (within, name) = name.split_once('.').map_or((None, name), |(within, name)| (Some(within), name));
    let mut strategy = Strategy::Usual;
    let mut retains_keys = false;
    for word in strategies.split_terminator('+') {
        match word {
            "replace" => strategy = Strategy::Replace,
            "retainKeys" => retains_keys = true,
            "merge" => strategy = Strategy::Merge(None),
            word => strategy = Strategy::Merge(Some(word.strip_prefix("merge(")?.strip_suffix(')')?.into())),
        }
    }
    let required = name.ends_with('*');
    let name = name.trim_end_matches('*');
    Some(structure.patched_field(name, read(text)?, strategy).with(name, |field| {
        field.required = required;
        field.retains_keys = retains_keys;
        field.go = Go { within, ty };
    }))
}

fn read(text: &'static str) -> Option<Type> {
    if let Some(rest) = text.strip_prefix('[') {
        let (item, keys) = rest.rsplit_once(']')?;
        let list = Type::list_of(read(item)?);
        return match keys.strip_prefix('#') {
            None => keys.is_empty().then_some(list),
            Some("") => Some(list.set()),
            Some(keys) => Some(list.keyed(keys.split('+').map(key))),
        };
    }
    if let Some(rest) = text.strip_prefix('{') {
        let (entry, atomic) = rest.rsplit_once('}')?;
        let map = Type::map_of(read(entry)?);
        return Some(if atomic == "!" { map.atomic() } else { map });
    }
    match Format::of(text) {
        Some(format) => Some(Type::Formatted(format)),
        None if text == "any" => Some(Type::Any),
        None if text == "any!" => Some(Type::Whole),
        None if text.is_empty() || text.contains(['#', '!']) => None,
        None => Some(Type::Named(Cow::Borrowed(text))),
    }
}

fn key(text: &'static str) -> Key {
    match text.split_once('=') {
        None => text.into(),
        Some((name, default)) => {
            let default = default.parse::<i64>().map_or_else(|_| Value::from(default), Value::from);
            Key { name: name.into(), default: Some(default) }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::shape::Atom;

    #[test]
    fn the_notation_reads_as_its_doc_says() {
        let text = "Crate: bottles* [Bottle]#shelf+side=left~merge(shelf)+retainKeys, labels {string}!, tags [string]#~merge\n\
                    Bottle!: Shape.depth int32 v1.Depth, rest any\n";
        let shapes = parse(text).expect("well-formed");
        let side = Key { name: "side".into(), default: Some(json!("left")) };
        let expected = Type::structure()
            .patched_field(
                "bottles",
                Type::list_of(Type::Named("Bottle".into())).keyed(["shelf".into(), side]),
                Strategy::Merge(Some("shelf".into())),
            )
            .with("bottles", |field| (field.required, field.retains_keys) = (true, true))
            .field("labels", Type::map_of(Type::Formatted(Format::Text)).atomic())
            .patched_field("tags", Type::list_of(Type::Formatted(Format::Text)).set(), Strategy::Merge(None));
        assert_eq!(shapes.named("Crate").ty, &expected);
        let bottle = Type::structure()
            .field("depth", Type::Formatted(Format::Int32))
            .with("depth", |field| field.go = Go { within: Some("Shape"), ty: Some("v1.Depth") })
            .field("rest", Type::Any)
            .atomic();
        assert_eq!(shapes.named("Bottle").ty, &bottle);
    }

    #[test]
    fn all_names_in_the_table_are_defined() {
        fn names<'t>(ty: &'t Type, out: &mut Vec<&'t str>) {
            match ty {
                Type::Named(name) => out.push(name),
                Type::List(list) => names(&list.item, out),
                Type::Map(map) => {
                    map.fields.values().for_each(|field| names(&field.ty, out));
                    map.entries.iter().for_each(|ty| names(ty, out));
                }
                Type::Scalar(_) | Type::Formatted(_) | Type::Open | Type::Any | Type::Whole => {}
            }
        }
        let shapes = Shapes::built_in();
        let mut used = Vec::new();
        shapes.types.values().for_each(|ty| names(ty, &mut used));
        used.retain(|name| !shapes.types.contains_key(*name));
        used.sort_unstable();
        used.dedup();
        assert_eq!(used, Vec::<&str>::new());
    }

    #[test]
    fn containers_and_their_ports_have_keys() {
        let pod = Shapes::built_in().kind("v1", "Pod");
        let spec = pod.member("spec").expect("declared").shape;
        let containers = spec.member("containers").expect("declared");
        let key = |name: &'static str, default: Value| Key { name: name.into(), default: Some(default) };
        assert_eq!(containers.strategy, &Strategy::Merge(Some("name".into())));
        assert_eq!(containers.shape.atom(&json!([])), Atom::Keyed(&[key("name", json!(""))]));
        let ports = containers.shape.item().member("ports").expect("declared");
        assert_eq!(ports.strategy, &Strategy::Merge(Some("containerPort".into())));
        let keys = [key("containerPort", json!(0)), key("protocol", json!("TCP"))];
        assert_eq!(ports.shape.atom(&json!([])), Atom::Keyed(&keys));
        assert_eq!(spec.member("tolerations").expect("declared").shape.atom(&json!([])), Atom::Leaf);
        assert!(pod.member("wings").is_none());
    }

    #[test]
    fn kinds_of_two_groups_keep_apart() {
        let shapes = Shapes::built_in();
        assert!(shapes.kind("v1", "Event").member("involvedObject").is_some());
        assert!(shapes.kind("events.k8s.io/v1", "Event").member("involvedObject").is_none());
        assert!(shapes.kind("events.k8s.io/v1", "Event").member("regarding").is_some());
    }
}
