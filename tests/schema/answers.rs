//! What servers answer, as far as it is about types.

use std::collections::BTreeSet;

use http_body_util::BodyExt;
use serde_json::{Value, json};

/// What a server answers: the code, the warnings, and what it says of itself or of the object.
pub type Answered = (u16, Vec<String>, Value);

/// A question that both servers are asked: a method, a path, a type of a body and the body.
pub type Question = (&'static str, &'static str, &'static str, String);

pub fn request((method, path, media_type, body): &Question) -> http::Request<String> {
    let request = http::Request::builder().method(*method).uri(*path).header("content-type", *media_type);
    request.body(body.clone()).expect("a request")
}

pub async fn answered<B>(response: http::Response<B>) -> Answered
where
    B: http_body::Body<Error: std::fmt::Debug>,
{
    let (head, body) = response.into_parts();
    let warnings = head.headers.get_all("warning").iter().map(|warning| warning.to_str().expect("text").to_owned());
    let body = body.collect().await.expect("a body").to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let said = match body.pointer("/details/causes").and_then(Value::as_array) {
        // Identities and times differ from run to run, and states are others' matter.
        _ if body["kind"] != "Status" => {
            let fields = body.as_object().into_iter().flatten();
            fields
                .filter(|(name, _)| !["metadata", "status"].contains(&name.as_str()))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        }
        // The server goes through maps in any order.
        Some(causes) => json!(causes.iter().map(Value::to_string).collect::<BTreeSet<_>>()),
        None => body["message"].clone(),
    };
    (head.status.as_u16(), warnings.collect(), said)
}

pub fn questions() -> Vec<Question> {
    let mut questions = Vec::new();
    let text = include_str!("questions.txt");
    let (mut path, mut media_type) = ("", "application/json");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(' ') {
            Some(("at", said)) => path = said,
            Some(("as", said)) => media_type = said,
            _ => {
                let method = if media_type.contains("patch") { "PATCH" } else { "POST" };
                questions.push((method, path, media_type, line.replace("\\n", "\n")));
            }
        }
    }
    questions
}
