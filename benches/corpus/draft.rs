//! An object before the API server has added what makes it twice as large: who wrote which field, and what was applied.

use serde_json::{Map, Value, json};

use super::cluster::App;
use super::random::Random;

/// The lists of which fields are owned element by element, with what tells their elements apart.
const KEYED: &[(&str, &[&str])] = &[
    ("conditions", &["type"]),
    ("containers", &["name"]),
    ("env", &["name"]),
    ("hostIPs", &["ip"]),
    ("ownerReferences", &["uid"]),
    ("podIPs", &["ip"]),
    ("ports", &["containerPort", "port", "protocol"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];

/// An object, and the field managers so far.
pub struct Draft {
    pub object: Value,
    managers: Vec<Value>,
}

impl Draft {
    /// An object of an application, with the metadata that every object has; `fields` are all others, by name.
    pub fn new(random: &mut Random, app: &App, api_version: &str, kind: &str, name: &str, fields: Value) -> Draft {
        let mut object = json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": app.namespace,
                "uid": random.uid(),
                "resourceVersion": random.within(100_000_000..=899_999_999).to_string(),
                "creationTimestamp": random.time(),
                "labels": app.labels(),
            },
        });
        let Value::Object(fields) = fields else { unreachable!("the fields of an object are a map") };
        object.as_object_mut().expect("it is a map").extend(fields);
        Draft { object, managers: Vec::new() }
    }

    pub fn metadata(&mut self) -> &mut Map<String, Value> {
        self.object["metadata"].as_object_mut().expect("metadata is a map")
    }

    pub fn annotate(&mut self, key: &str, value: &str) {
        let annotations = self.metadata().entry("annotations").or_insert_with(|| json!({}));
        annotations[key] = json!(value);
    }

    /// Records that a manager owns everything at these paths that is there by now.
    pub fn owned(&mut self, random: &mut Random, manager: &str, subresource: Option<&str>, paths: &[&str]) {
        let mut fields = json!({});
        for path in paths {
            let Some(value) = self.object.pointer(path) else { continue };
            let steps = path[1..].split('/');
            let place = steps.fold(&mut fields, |place, step| &mut place[format!("f:{step}")]);
            *place = owned_fields(path.rsplit('/').next().unwrap_or_default(), value);
        }
        let mut entry = json!({
            "manager": manager, "operation": "Update", "apiVersion": self.object["apiVersion"], "time": random.time(),
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        });
        if let Some(subresource) = subresource {
            entry["subresource"] = json!(subresource);
        }
        self.managers.push(entry);
    }

    /// Keeps what kubectl applied, as an annotation: what is there by now, without what the server has added.
    pub fn applied(&mut self) {
        let mut applied = self.object.clone();
        if let Some(fields) = applied.as_object_mut() {
            fields.remove("status");
        }
        let metadata = applied["metadata"].as_object_mut().expect("metadata is a map");
        metadata.retain(|field, _| ["annotations", "labels", "name", "namespace"].contains(&field.as_str()));
        metadata.entry("annotations").or_insert_with(|| json!({}));
        self.annotate("kubectl.kubernetes.io/last-applied-configuration", &format!("{applied}\n"));
    }

    /// The object as the server would send it.
    pub fn finish(mut self) -> Value {
        let managers = std::mem::take(&mut self.managers);
        self.metadata().insert("managedFields".to_owned(), Value::Array(managers));
        self.object
    }
}

/// The fields of a value of that name, in the form in which the server records owners.
fn owned_fields(name: &str, value: &Value) -> Value {
    let keys = KEYED.iter().find(|(list, _)| *list == name).map(|(_, keys)| *keys);
    match (value, keys) {
        (Value::Object(fields), _) if !fields.is_empty() => {
            fields.iter().map(|(field, value)| (format!("f:{field}"), owned_fields(field, value))).collect()
        }
        (Value::Array(items), Some(keys)) => {
            let element = |item: &Value| {
                let key: Map<String, Value> =
                    keys.iter().filter_map(|key| Some(((*key).to_owned(), item.get(key)?.clone()))).collect();
                let mut fields = owned_fields("", item);
                fields["."] = json!({});
                (format!("k:{}", Value::Object(key)), fields)
            };
            std::iter::once((".".to_owned(), json!({}))).chain(items.iter().map(element)).collect()
        }
        _ => json!({}),
    }
}
