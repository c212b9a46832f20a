//! The table of types, from the documents of a server.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::go::Names;

/// What is posted or put to a group version: the paths, the methods, and the types of the bodies.
pub fn bodies(document: &Value) -> impl Iterator<Item = (&String, &'static str, &str)> {
    let paths = document["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, methods)| {
        ["post", "put"].into_iter().filter_map(move |method| {
            let body = &methods[method]["requestBody"]["content"]["*/*"]["schema"]["$ref"];
            Some((path, method, last(body.as_str()?, '/')))
        })
    })
}

pub fn last(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or_default()
}

/// All types that lead on from the bodies of requests.
pub fn reachable(documents: &BTreeMap<String, Value>) -> BTreeMap<&str, &Value> {
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(|to| last(to, '/')));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut types = BTreeMap::new();
    for document in documents.values() {
        let schemas = &document["components"]["schemas"];
        let mut open: Vec<&str> = bodies(document).map(|(_, _, body)| body).collect();
        while let Some(name) = open.pop() {
            if types.insert(name, &schemas[name]).is_none() {
                references(&schemas[name], &mut open);
            }
        }
    }
    types
}

/// What the names of types begin with that are one value elsewhere.
const APART: &str = "granular.";

/// The text of all types, a line each.
pub struct Writer<'d> {
    types: BTreeMap<&'d str, &'d Value>,
    /// Last parts of names that several types share.
    shared: BTreeSet<&'d str>,
}

impl<'d> Writer<'d> {
    pub fn new(types: BTreeMap<&'d str, &'d Value>) -> Self {
        let (mut seen, mut shared) = (BTreeSet::new(), BTreeSet::new());
        shared.extend(types.keys().map(|name| last(name, '.')).filter(|short| !seen.insert(*short)));
        Writer { types, shared }
    }

    pub fn text(&self, names: &Names<'_>) -> String {
        let lines: BTreeSet<String> =
            self.structures().map(|(written, name)| self.line(&written, name, names)).collect();
        lines.into_iter().collect()
    }

    /// The types that have fields, as they are written and as the server calls them. Those that are one value come again
    /// where some field takes them apart.
    pub fn structures(&self) -> impl Iterator<Item = (String, &'d str)> {
        let all = self.types.keys().copied().filter(|name| self.has_fields(name));
        let fields = all.clone().flat_map(|name| self.fields(name));
        let apart = fields.filter(|(_, schema)| schema["x-kubernetes-map-type"] == "granular");
        let apart = apart.filter_map(|(_, schema)| Some((self.shape(schema), reference(schema)?)));
        all.map(|name| (self.name(name), name)).chain(apart)
    }

    pub fn has_fields(&self, name: &str) -> bool {
        self.scalar(name, self.types[name]).is_none()
    }

    pub fn fields(&self, name: &str) -> impl Iterator<Item = (&'d str, &'d Value)> + use<'d> {
        let fields = self.types[name]["properties"].as_object().expect("a structure");
        fields.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// What Go calls a type, as far as that follows from what it is.
    pub fn go_type(&self, schema: &Value) -> String {
        fn go_type(shape: &str) -> String {
            match shape {
                "int32" | "int64" | "bool" | "string" => shape.to_owned(),
                "number" => "float64".to_owned(),
                "bytes" => "[]uint8".to_owned(),
                "quantity" => "resource.Quantity".to_owned(),
                _ if shape.starts_with('[') => format!("[]{}", go_type(&shape[1..shape.rfind(']').expect("it ends")])),
                _ if shape.starts_with('{') => {
                    format!("map[string]{}", go_type(&shape[1..shape.rfind('}').expect("it ends")]))
                }
                _ => {
                    let mut parts = shape.trim_end_matches('!').rsplit('.');
                    let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("v1"));
                    format!("{version}.{name}")
                }
            }
        }
        go_type(&self.shape(schema))
    }

    /// `PodSpec`; `events.v1.Event` where others have that name, `autoscaling.v2.MetricSpec` where it is not of a v1.
    fn name(&self, name: &str) -> String {
        let mut parts: Vec<_> = name.rsplit('.').take(3).collect();
        parts.reverse();
        if self.shared.contains(parts[2]) || parts[1] != "v1" { parts.join(".") } else { parts[2].to_owned() }
    }

    fn line(&self, written: &str, name: &str, names: &Names<'_>) -> String {
        let ty = self.types[name];
        let required: Vec<_> = ty["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = self.fields(name).map(|(field, schema)| {
            let go = names.get(&(name, field)).cloned().unwrap_or_default();
            let within = go.within.map(|within| format!("{within}.")).unwrap_or_default();
            let mark = if required.contains(&field) { "*" } else { "" };
            let called = go.ty.map(|ty| format!(" {ty}")).unwrap_or_default();
            format!("{within}{field}{mark} {}{}{called}", self.shape(schema), strategy(schema))
        });
        let atomic = ty["x-kubernetes-map-type"] == "atomic" && !written.starts_with(APART);
        let atomic = if atomic { "!" } else { "" };
        format!("{written}{atomic}: {}\n", fields.collect::<Vec<_>>().join(", "))
    }

    /// What a type is that has no fields.
    fn scalar(&self, name: &str, ty: &Value) -> Option<&'static str> {
        match last(name, '.') {
            "Quantity" => Some("quantity"),
            "MicroTime" => Some("microtime"),
            // Whatever is in it is one value.
            "RawExtension" => Some("any!"),
            _ if ty.get("properties").is_some() => None,
            _ => Some(scalar(ty)),
        }
    }

    pub fn shape(&self, schema: &Value) -> String {
        if let Some(name) = reference(schema) {
            let scalar = self.scalar(name, self.types[name]).map(str::to_owned);
            return scalar.unwrap_or_else(|| match schema["x-kubernetes-map-type"].as_str() {
                Some("granular") => {
                    let mut parts: Vec<_> = name.rsplit('.').take(2).collect();
                    parts.reverse();
                    format!("{APART}{}", parts.join("."))
                }
                Some("atomic") => format!("{}!", self.name(name)),
                _ => self.name(name),
            });
        }
        match schema["type"].as_str() {
            Some("array") => format!("[{}]{}", self.shape(&schema["items"]), self.keys(schema)),
            Some("object") if schema.get("additionalProperties").is_some() => {
                let atomic = if schema["x-kubernetes-map-type"] == "atomic" { "!" } else { "" };
                format!("{{{}}}{atomic}", self.shape(&schema["additionalProperties"]))
            }
            _ => scalar(schema).to_owned(),
        }
    }

    /// What tells the items of a list apart.
    fn keys(&self, list: &Value) -> String {
        match list["x-kubernetes-list-type"].as_str() {
            Some("set") => "#".to_owned(),
            Some("map") => {
                let item = list.pointer("/items/$ref").or_else(|| list.pointer("/items/allOf/0/$ref"));
                let item = item.and_then(Value::as_str).map(|to| self.types[last(to, '/')]);
                let keys =
                    list["x-kubernetes-list-map-keys"].as_array().expect("keys").iter().filter_map(Value::as_str);
                let keys = keys.map(|key| match item.map(|item| &item["properties"][key]["default"]) {
                    Some(Value::String(default)) => format!("{key}={default}"),
                    Some(Value::Number(default)) => format!("{key}={default}"),
                    _ => key.to_owned(),
                });
                format!("#{}", keys.collect::<Vec<_>>().join("+"))
            }
            _ => String::new(),
        }
    }
}

/// The type that a schema names.
fn reference(schema: &Value) -> Option<&str> {
    let reference = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref"));
    reference.and_then(Value::as_str).map(|to| last(to, '/'))
}

fn scalar(schema: &Value) -> &'static str {
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (_, Some("int-or-string")) => "intstr",
        (Some("string"), Some("byte")) => "bytes",
        (Some("string"), Some("date-time")) => "time",
        (Some("string"), None) => "string",
        (Some("integer"), Some("int32")) => "int32",
        (Some("integer"), _) => "int64",
        (Some("number"), _) => "number",
        (Some("boolean"), _) => "bool",
        _ => "any",
    }
}

/// How strategic patches merge a field.
fn strategy(field: &Value) -> String {
    let Some(strategy) = field["x-kubernetes-patch-strategy"].as_str() else { return String::new() };
    let key = field["x-kubernetes-patch-merge-key"].as_str();
    let words = strategy.split(',').map(|word| match (word, key) {
        ("merge", Some(key)) => format!("merge({key})"),
        (word, _) => word.to_owned(),
    });
    format!("~{}", words.collect::<Vec<_>>().join("+"))
}
