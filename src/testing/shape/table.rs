//! Types in short notation, a line each.
//!
//! ```text
//! PodSpec: containers [Container]~name       a structure; it has other, open fields too
//! Secret = data, immutable, stringData       an object: these, apiVersion, kind, metadata
//! ```
//!
//! A field without a type is open. `[T]~a` is a list that merges objects by `a`, `[]~` one that merges scalars;
//! `~replace` says that maps are replaced.

use super::{Field, Shapes, Strategy, Type};

pub(super) fn parse(text: &'static str) -> Result<Shapes, String> {
    let types = text.lines().map(|line| definition(line).ok_or_else(|| format!("cannot read {line:?}")));
    Ok(Shapes { types: types.collect::<Result<_, _>>()? })
}

fn definition(line: &'static str) -> Option<(&'static str, Type)> {
    if let Some((name, list)) = line.split_once(": ") {
        return Some((name, Type::Structure { fields: list.split(", ").map(field).collect(), others: true }));
    }
    let (name, list) = line.split_once(" = ")?;
    let object: &[&str] = if name == "ObjectMeta" { &[] } else { &["apiVersion", "kind", "metadata ObjectMeta"] };
    let fields = object.iter().copied().chain(list.split(", ")).map(field).collect();
    Some((name, Type::Structure { fields, others: false }))
}

fn field(text: &'static str) -> (&'static str, Field) {
    let (name, text) = text.split_once(' ').unwrap_or((text, ""));
    let (ty, strategy) = match text.split_once('~') {
        None => (text, Strategy::Usual),
        Some((ty, "replace")) => (ty, Strategy::Replace),
        Some((ty, key)) => (ty, Strategy::Merge(Some(key).filter(|key| !key.is_empty()))),
    };
    let ty = match ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')) {
        Some(item) => Type::List(item),
        None if ty.is_empty() => Type::Open,
        None => Type::Named(ty),
    };
    (name, Field { ty, strategy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_reads_as_its_doc_says() {
        let shapes = parse("Crate: bottles [Bottle]~shelf, tags []~, lid Lid~replace\nmuseum/v1.Shelf = spec\n");
        let shapes = shapes.expect("well-formed");
        let field = |ty, strategy| Field { ty, strategy };
        let usual = |ty| field(ty, Strategy::Usual);
        let fields = [
            ("bottles", field(Type::List("Bottle"), Strategy::Merge(Some("shelf")))),
            ("tags", field(Type::List(""), Strategy::Merge(None))),
            ("lid", field(Type::Named("Lid"), Strategy::Replace)),
        ];
        assert_eq!(shapes.named("Crate"), &Type::Structure { fields: fields.into(), others: true });
        let fields = [
            ("apiVersion", usual(Type::Open)),
            ("kind", usual(Type::Open)),
            ("metadata", usual(Type::Named("ObjectMeta"))),
            ("spec", usual(Type::Open)),
        ];
        assert_eq!(shapes.kind("museum/v1", "Shelf").ty, &Type::Structure { fields: fields.into(), others: false });
    }

    #[test]
    fn all_names_in_the_table_are_defined() {
        let shapes = Shapes::built_in();
        let fields = shapes.types.values().flat_map(|ty| match ty {
            Type::Structure { fields, .. } => fields.values().collect(),
            _ => Vec::new(),
        });
        let names = fields.filter_map(|field| match field.ty {
            Type::Named(name) | Type::List(name) => Some(name),
            _ => None,
        });
        let undefined: Vec<_> = names.filter(|name| !name.is_empty() && !shapes.types.contains_key(name)).collect();
        assert_eq!(undefined, Vec::<&str>::new());
    }

    #[test]
    fn containers_and_their_ports_have_keys() {
        let pod = Shapes::built_in().kind("v1", "Pod");
        let spec = pod.member("spec").expect("declared").shape;
        let containers = spec.member("containers").expect("declared");
        assert_eq!(containers.strategy, &Strategy::Merge(Some("name")));
        let ports = containers.shape.item().member("ports").expect("declared");
        assert_eq!(ports.strategy, &Strategy::Merge(Some("containerPort")));
        assert_eq!(spec.member("tolerations").expect("open").strategy, &Strategy::Usual);
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
