//! Tokens of service accounts: issued and verified. They look like those of a real server and have the same claims, but
//! only the cluster that signed one can verify it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jiff::{SignedDuration, Timestamp};
use kube::core::Status;
use serde_json::{Map, Value, json};

use super::super::{
    kinds::{Kind, NamedCall},
    random::Random,
    state::{State, Target},
    status::{self, Flaw},
    storage::Object,
};

/// The server itself, for which a token is unless it says otherwise.
pub(super) const AUDIENCE: &str = "https://kubernetes.default.svc";

/// How long a token is good unless it is said, and at least, in seconds.
const USUAL: i64 = 3600;
const SHORTEST: i64 = 600;
const LONGEST: i64 = 1 << 32;
/// How much clocks may differ.
const LEEWAY: i64 = 60;

/// What tokens are signed with.
#[derive(Debug)]
pub(in super::super) struct Tokens {
    key: u64,
}

impl Tokens {
    pub(in super::super) fn new(seed: u64) -> Self {
        Tokens { key: Random(!seed).next() }
    }

    fn signature(&self, text: &str) -> String {
        let mixed = text.bytes().fold(self.key, |mixed, byte| Random(mixed ^ u64::from(byte)).next());
        let mut random = Random(mixed);
        let bytes: Vec<u8> = (0..4).flat_map(|_| random.next().to_be_bytes()).collect();
        BASE64.encode(bytes)
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "RS256", "kid": BASE64.encode(self.key.to_be_bytes())});
        let text = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        format!("{text}.{}", self.signature(&text))
    }

    /// What a token says, if it was signed here.
    fn claims(&self, token: &str) -> Option<Value> {
        let (text, signature) = token.rsplit_once('.')?;
        let (_, claims) = text.split_once('.').filter(|_| self.signature(text) == signature)?;
        serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()
    }
}

/// Fills in what a request for a token leaves out.
pub(super) fn complete(request: &mut Map<String, Value>) {
    let spec = request.entry("spec").or_insert_with(|| json!({}));
    if spec["expirationSeconds"].is_null() {
        spec["expirationSeconds"] = USUAL.into();
    }
}

/// Gives out a token of a service account.
pub(super) fn issue(state: &mut State, target: &Target, name: &str, request: &mut Value) -> Result<(), Box<Status>> {
    let invalid = |name: &str, flaw: Flaw| status::invalid(&kind(), name, vec![flaw]);
    let said = |field: &str| request["metadata"][field].as_str().unwrap_or_default().to_owned();
    if ![String::new(), name.to_owned()].contains(&said("name")) {
        let why = "must match the service account name if specified";
        return Err(invalid(name, Flaw::invalid("metadata.name", said("name"), why)));
    }
    let account = state.find(&target.kind, &target.namespace, name)?.clone();
    let uid = account.metadata("uid");
    if ![String::new(), uid.to_owned()].contains(&said("uid")) {
        let why = format!(
            "the UID in the token request ({}) does not match the UID of the service account ({uid})",
            said("uid")
        );
        return Err(status::precondition(&kind(), name, &why));
    }
    let seconds = request["spec"]["expirationSeconds"].as_i64().unwrap_or_default();
    let why = match seconds {
        ..SHORTEST => Some("may not specify a duration less than 10 minutes"),
        SHORTEST..=LONGEST => None,
        _ => Some("may not specify a duration larger than 2^32 seconds"),
    };
    if let Some(why) = why {
        return Err(invalid("", Flaw::invalid("spec.expirationSeconds", seconds, why)));
    }
    let mut about = json!({"namespace": target.namespace, "serviceaccount": {"name": name, "uid": uid}});
    let reference = &request["spec"]["boundObjectRef"];
    if !reference.is_null() {
        let (field, bound) = bound(state, target, name, reference)?;
        about[field] = bound;
    }
    let now = now(state);
    let expires = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    let spec = &mut request["spec"];
    if spec["audiences"].as_array().is_none_or(Vec::is_empty) {
        spec["audiences"] = json!([AUDIENCE]);
    }
    if spec["boundObjectRef"].is_null() {
        spec["boundObjectRef"] = Value::Null;
    }
    let claims = json!({
        "aud": spec["audiences"],
        "exp": expires.as_second(),
        "iat": now.as_second(),
        "iss": AUDIENCE,
        "jti": state.random.uid(),
        "kubernetes.io": about,
        "nbf": now.as_second(),
        "sub": user(&target.namespace, name),
    });
    let metadata = &mut request["metadata"];
    for (field, value) in [("name", name), ("namespace", &target.namespace), ("uid", uid)] {
        metadata[field] = value.into();
    }
    metadata["creationTimestamp"] = state.time().into();
    let status = json!({"token": state.tokens.sign(&claims), "expirationTimestamp": expires.to_string()});
    request["status"] = status;
    Ok(())
}

/// What a token is to go with, under the name it has in tokens.
fn bound(
    state: &State,
    target: &Target,
    account: &str,
    reference: &Value,
) -> Result<(&'static str, Value), Box<Status>> {
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let version = text("apiVersion");
    let (field, plural) = match text("kind") {
        "Pod" if !version.contains('/') => ("pod", "pods"),
        "Secret" if !version.contains('/') => ("secret", "secrets"),
        "Node" if !version.contains('/') => ("node", "nodes"),
        kind => {
            let shown = if version.contains('/') { version.to_owned() } else { format!("/{version}") };
            return Err(status::bad_request(format!("cannot bind token to object of type {shown}, Kind={kind}")));
        }
    };
    if text("name").is_empty() {
        return Err(status::bad_request("Name parameter required."));
    }
    let kind = state.kinds.served("", "v1", plural).ok_or_else(status::unknown_resource)?;
    let namespace = if kind.namespaced { target.namespace.as_str() } else { "" };
    let object = state.find(kind, namespace, text("name"))?;
    if field == "pod" && object.value["spec"]["serviceAccountName"] != account {
        return Err(status::bad_request(format!(
            "cannot bind token for serviceaccount {account:?} to pod running with different serviceaccount name."
        )));
    }
    let uid = object.metadata("uid");
    if !["", uid].contains(&text("uid")) {
        let why = format!(
            "the UID in the bound object reference ({}) does not match the UID in record. The object might have been \
             deleted and then recreated",
            text("uid")
        );
        return Err(status::precondition(kind, text("name"), &why));
    }
    Ok((field, json!({"name": object.name, "uid": uid})))
}

/// Whose token it is, and for whom of those asked.
pub(super) struct Owner {
    pub(super) user: Value,
    pub(super) audiences: Vec<String>,
}

/// Whose token it is, or what is wrong with it.
pub(super) fn owner(state: &State, token: &str, asked: &[&str]) -> Result<Owner, String> {
    const INVALID: &str = "invalid bearer token";
    let claims = state.tokens.claims(token).ok_or(INVALID)?;
    let meant: Vec<&str> = claims["aud"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let audiences: Vec<String> = asked.iter().filter(|one| meant.contains(*one)).map(|one| (*one).to_owned()).collect();
    let checked = if audiences.is_empty() {
        Err(format!(
            "token audiences {} is invalid for the target audiences {}",
            json!(meant).to_string().replace("\",\"", "\" \""),
            json!(asked).to_string().replace("\",\"", "\" \"")
        ))
    } else {
        valid(state, &claims)
    };
    checked.map_err(|why| format!("[{INVALID}, {why}]"))?;
    let about = &claims["kubernetes.io"];
    let account = &about["serviceaccount"];
    let [namespace, name] = [&about["namespace"], &account["name"]].map(|text| text.as_str().unwrap_or_default());
    let mut extra = Map::new();
    let id = format!("JTI={}", claims["jti"].as_str().unwrap_or_default());
    extra.insert("authentication.kubernetes.io/credential-id".to_owned(), json!([id]));
    for of in ["node", "pod"] {
        for field in ["name", "uid"] {
            if let Some(known) = about[of].get(field) {
                extra.insert(format!("authentication.kubernetes.io/{of}-{field}"), json!([known]));
            }
        }
    }
    let groups =
        json!(["system:serviceaccounts", format!("system:serviceaccounts:{namespace}"), "system:authenticated",]);
    let user = json!({"username": user(namespace, name), "uid": account["uid"], "groups": groups, "extra": extra});
    Ok(Owner { user, audiences })
}

/// Whether a token is still good: it is not too old, and what it is of and goes with is there.
fn valid(state: &State, claims: &Value) -> Result<(), String> {
    if claims["exp"].as_i64().unwrap_or_default().saturating_add(LEEWAY) < now(state).as_second() {
        return Err("service account token has expired".to_owned());
    }
    let about = &claims["kubernetes.io"];
    let namespace = about["namespace"].as_str().unwrap_or_default();
    let find = |plural: &str, of: &Value| -> Result<Option<&Object>, Box<Status>> {
        let Some(kind) = state.kinds.served("", "v1", plural) else { return Ok(None) };
        let namespace = if kind.namespaced { namespace } else { "" };
        state.find(kind, namespace, of["name"].as_str().unwrap_or_default()).map(|object| Some(&**object))
    };
    let account = &about["serviceaccount"];
    if let Some(found) = find("serviceaccounts", account).map_err(|status| status.message)?
        && account["uid"] != found.metadata("uid")
    {
        let claim = account["uid"].as_str().unwrap_or_default();
        return Err(format!("service account UID ({}) does not match claim ({claim})", found.metadata("uid")));
    }
    for (field, plural) in [("secret", "secrets"), ("pod", "pods"), ("node", "nodes")] {
        let bound = &about[field];
        if bound.is_null() {
            continue;
        }
        let found = find(plural, bound).map_err(|_| "service account token has been invalidated".to_owned())?;
        if let Some(found) = found.filter(|found| bound["uid"] != found.metadata("uid")) {
            let claim = bound["uid"].as_str().unwrap_or_default();
            let uid = found.metadata("uid");
            return Err(format!("{field} UID ({uid}) does not match service account {field} ref claim ({claim})"));
        }
    }
    Ok(())
}

fn user(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

fn kind() -> Kind {
    Kind::of_call(NamedCall::Token)
}

fn now(state: &State) -> Timestamp {
    state.time().parse().unwrap_or_default()
}
