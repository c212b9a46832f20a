//! What Go calls the types of fields, which OpenAPI does not tell. A value of a wrong type makes the server say it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use futures::StreamExt;
use serde_json::{Value, json};

use crate::table::{Writer, bodies, last};

/// What is particular about a field in Go: the structure it stands in within its own, and the name of its type where
/// that does not follow from what it is.
#[derive(Debug, Default, Clone)]
pub struct Name {
    pub within: Option<String>,
    pub ty: Option<String>,
}

/// By type and field.
pub type Names<'d> = HashMap<(&'d str, &'d str), Name>;

/// The way to a type: where to send an object to, and the fields that lead on from there.
#[derive(Clone)]
struct Route<'d> {
    method: &'static str,
    path: String,
    steps: Vec<(&'d str, &'d Value)>,
}

impl<'d> Route<'d> {
    fn then(&self, field: &'d str, schema: &'d Value) -> Self {
        let mut route = self.clone();
        route.steps.push((field, schema));
        route
    }

    /// An object with this value at the end.
    fn object(&self, value: Value) -> Value {
        let (last, steps) = self.steps.split_last().expect("a field");
        let innermost = json!({last.0: value});
        steps.iter().rev().fold(innermost, |value, (field, schema)| json!({*field: wrapped(schema, value)}))
    }
}

/// A value in the lists and maps of a schema.
fn wrapped(schema: &Value, value: Value) -> Value {
    match (&schema["items"], &schema["additionalProperties"]) {
        (Value::Null, Value::Null) => value,
        (Value::Null, entry) => json!({"k": wrapped(entry, value)}),
        (item, _) => json!([wrapped(item, value)]),
    }
}

/// The type a schema leads to.
fn named(schema: &Value) -> Option<&str> {
    let nested = [&schema["items"], &schema["additionalProperties"]].into_iter().find(|nested| nested.is_object());
    let reference = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref")).and_then(Value::as_str);
    reference.map(|to| last(to, '/')).or_else(|| named(nested?))
}

/// Asks for all fields of all types that requests lead to.
pub async fn names<'d>(
    client: &kube::Client,
    documents: &'d BTreeMap<String, Value>,
    writer: &Writer<'d>,
) -> Names<'d> {
    let mut routes: HashMap<&str, Route<'d>> = HashMap::new();
    let mut open = VecDeque::new();
    for document in documents.values() {
        for (path, method, body) in bodies(document) {
            let path = path.replace("{namespace}", "default").replace("{name}", "x");
            let method = if method == "post" { "POST" } else { "PUT" };
            if !routes.contains_key(body) {
                routes.insert(body, Route { method, path, steps: Vec::new() });
                open.push_back(body);
            }
        }
    }
    let mut questions = Vec::new();
    while let Some(name) = open.pop_front() {
        let route = routes[name].clone();
        for (field, schema) in writer.fields(name).filter(|(field, _)| !["apiVersion", "kind"].contains(field)) {
            let route = route.then(field, schema);
            let wrong = match writer.shape(schema).as_str() {
                "any" | "any!" | "bytes" | "time" | "microtime" | "quantity" | "intstr" => None,
                "bool" | "int32" | "int64" | "number" => Some(json!("x")),
                _ => Some(json!(5)),
            };
            questions.extend(wrong.map(|wrong| ((name, field), route.clone(), wrong)));
            if let Some(next) = named(schema).filter(|next| writer.has_fields(next) && !routes.contains_key(next)) {
                routes.insert(next, route);
                open.push_back(next);
            }
        }
    }
    let answers = questions.into_iter().map(|(place, route, wrong)| async move {
        let body = route.object(wrong).to_string();
        let request = http::Request::builder().method(route.method).uri(format!("{}?dryRun=All", route.path));
        let request = request.header("content-type", "application/json").body(body.into_bytes().into());
        let answer = client.send(request.expect("a request")).await.expect("an answer").into_body();
        let answer = http_body_util::BodyExt::collect(answer).await.expect("a body").to_bytes();
        let status: Value = serde_json::from_slice(&answer).expect("JSON");
        let message = status["message"].as_str().unwrap_or_default();
        let (_, told) = message.split_once(" Go struct field ").unwrap_or_else(|| panic!("{place:?}: {message}"));
        let (path, ty) = told.split_once(" of type ").expect("a type");
        let segments: Vec<&str> = path.split('.').skip(1).collect();
        let before = segments.len().checked_sub(2).map(|index| segments[index]);
        let parent = route.steps.len().checked_sub(2).map(|index| route.steps[index].0);
        let within = before.filter(|before| Some(*before) != parent).map(str::to_owned);
        let schema = route.steps.last().expect("a field").1;
        let ty = Some(ty.to_owned()).filter(|ty| *ty != writer.go_type(schema));
        (place, Name { within, ty })
    });
    futures::stream::iter(answers).buffer_unordered(8).collect().await
}
