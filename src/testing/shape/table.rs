//! Types in short notation, a line each.
//!
//! ```text
//! PodSpec: containers [Container]#name~, nodeSelector {}!      a structure; it has other, open fields too
//! Secret = data, immutable, stringData, type                   an object: these, apiVersion, kind, metadata
//! LabelSelector!                                               one value
//! RawExtension ?                                               anything
//! ```
//!
//! A field without a type is open. `[T]` is a list of one piece, `[T]#` a set, `[T]#a+b=TCP` a list with items told
//! apart by `a` and `b`, of which `b` is `TCP` where absent; `{T}` is a map. An exclamation mark makes a map one
//! value. `~merge(a)` after a type is what strategic patches merge by, `~` alone says by the key or value that tells
//! the items apart anyway, `~replace` that they replace maps.

use std::borrow::Cow;

use serde_json::Value;

use super::{Key, Scalar, Shapes, Strategy, Type};

pub(super) fn parse(text: &'static str) -> Result<Shapes, String> {
    let mut shapes = Shapes::default();
    for line in text.lines() {
        let (name, ty) = definition(line).ok_or_else(|| format!("cannot read {line:?}"))?;
        shapes.define(name, ty);
    }
    Ok(shapes)
}

fn definition(line: &'static str) -> Option<(&'static str, Type)> {
    if let Some(name) = line.strip_suffix('!').filter(|name| !name.contains(' ')) {
        return Some((name, Type::structure().and_others().atomic()));
    }
    if let Some(name) = line.strip_suffix(" ?") {
        return Some((name, Type::Any));
    }
    if let Some((name, list)) = line.split_once(": ") {
        return Some((name, fields(Type::structure().and_others(), list)?));
    }
    let (name, list) = line.split_once(" = ")?;
    let object = match name {
        "ObjectMeta" => Type::structure(),
        _ => ["apiVersion", "kind"]
            .into_iter()
            .fold(Type::structure(), |object, name| object.field(name, Type::Scalar(Scalar::String)))
            .field("metadata", Type::Named("ObjectMeta".into())),
    };
    Some((name, fields(object, list)?))
}

fn fields(structure: Type, list: &'static str) -> Option<Type> {
    list.split(", ").try_fold(structure, |structure, field| match field.split_once(' ') {
        None => Some(structure.field(field, Type::Open)),
        Some((name, text)) => {
            let (text, strategy) = text.split_once('~').map_or((text, None), |(text, rest)| (text, Some(rest)));
            let (ty, keys) = read(text)?;
            let strategy = match strategy {
                None => Strategy::Usual,
                Some("replace") => Strategy::Replace,
                Some("" | "merge") => Strategy::Merge(keys.first().map(|key| key.name.clone())),
                Some(rest) => Strategy::Merge(Some(rest.strip_prefix("merge(")?.strip_suffix(')')?.into())),
            };
            Some(structure.patched_field(name, ty, strategy))
        }
    })
}

/// A type, and the keys of its items if it is a list that has some.
fn read(text: &'static str) -> Option<(Type, Vec<Key>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (item, rest) = rest.split_once(']')?;
        let list = Type::list_of(inner(item)?);
        return Some(match rest {
            "" => (list, Vec::new()),
            "#" => (list.set(), Vec::new()),
            keys => {
                let keys: Vec<Key> = keys.strip_prefix('#')?.split('+').map(key).collect();
                (list.keyed(keys.clone()), keys)
            }
        });
    }
    if let Some(rest) = text.strip_prefix('{') {
        let (entry, rest) = rest.split_once('}')?;
        let map = Type::map_of(inner(entry)?);
        return Some((if rest == "!" { map.atomic() } else { map }, Vec::new()));
    }
    Some((inner(text)?, Vec::new()))
}

fn key(text: &'static str) -> Key {
    match text.split_once('=') {
        None => text.into(),
        Some((name, default)) => Key { name: name.into(), default: Some(Value::from(default)) },
    }
}

fn inner(name: &'static str) -> Option<Type> {
    match name {
        "" => Some(Type::Open),
        _ if name.contains(['[', '{', '#', '!']) => None,
        _ => Some(Type::Named(Cow::Borrowed(name))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::shape::Atom;

    #[test]
    fn the_notation_reads_as_its_doc_says() {
        let shapes = parse("Crate: bottles [Bottle]#shelf+side=left~merge(shelf), labels {}!, tags []#~\nBottle!\n");
        let shapes = shapes.expect("well-formed");
        let side = Key { name: "side".into(), default: Some(json!("left")) };
        let expected = Type::structure()
            .patched_field(
                "bottles",
                Type::list_of(Type::Named("Bottle".into())).keyed(["shelf".into(), side]),
                Strategy::Merge(Some("shelf".into())),
            )
            .field("labels", Type::map_of(Type::Open).atomic())
            .patched_field("tags", Type::list_of(Type::Open).set(), Strategy::Merge(None))
            .and_others();
        assert_eq!(shapes.named("Crate").ty, &expected);
        assert_eq!(shapes.named("Bottle").atom(&json!({"a": 1})), Atom::Leaf);
    }

    #[test]
    fn all_names_in_the_table_are_defined() {
        fn names<'t>(ty: &'t Type, out: &mut Vec<&'t str>) {
            match ty {
                Type::Named(name) => out.push(name),
                Type::List(list) => names(&list.item, out),
                Type::Map(map) => {
                    map.fields.values().for_each(|field| names(&field.ty, out));
                    if let Some(super::super::Other::Entries(ty)) = &map.other {
                        names(ty, out);
                    }
                }
                Type::Scalar(_) | Type::Open | Type::Any => {}
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
        assert_eq!(containers.strategy, &Strategy::Merge(Some("name".into())));
        assert_eq!(containers.shape.atom(&json!([])), Atom::Keyed(&["name".into()]));
        let ports = containers.shape.item().member("ports").expect("declared");
        assert_eq!(ports.strategy, &Strategy::Merge(Some("containerPort".into())));
        let protocol = Key { name: "protocol".into(), default: Some(json!("TCP")) };
        assert_eq!(ports.shape.atom(&json!([])), Atom::Keyed(&["containerPort".into(), protocol]));
        assert_eq!(spec.member("tolerations").expect("open").shape.atom(&json!([])), Atom::Leaf);
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
