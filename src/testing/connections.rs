//! Requests that a server passes on: logs, commands and ports of pods, proxies of Services and nodes.
//!
//! There are no pods and nodes to pass them on to, so the answer is the error that a real server gives when it cannot
//! reach them. A test can answer a log with [`Fault::text`](super::Fault::text).

use http::Response;
use kube::core::Status;
use serde_json::Value;

use super::{
    answer,
    body::Body,
    kinds::Connection,
    options::integer,
    requests::Request,
    state::{State, Target},
    status::{self, Flaw},
    storage::prefix,
};

pub(super) fn answer(
    state: &State,
    target: &Target,
    name: &str,
    connection: Connection,
    request: &Request,
) -> Result<Response<Body>, Box<Status>> {
    if connection == Connection::Log {
        log_options(name, request)?;
    }
    let named = if connection == Connection::Proxy { without_port(name) } else { name };
    let object = state.find(&target.kind, &target.namespace, named)?;
    match (target.kind.plural.as_str(), connection) {
        ("nodes", _) => reach(state, target, named),
        ("services", _) => behind(state, target, named),
        (_, Connection::Proxy) => match object.value["status"]["podIP"].as_str() {
            None | Some("") => Err(status::bad_request("address not allowed")),
            Some(address) => Err(unreachable(address)),
        },
        _ => {
            let node = object.value["spec"]["nodeName"].as_str().unwrap_or_default();
            if connection != Connection::PortForward {
                container(&object.value, named, request.param("container").unwrap_or_default())?;
            }
            match (node, connection) {
                ("", Connection::Log) => Ok(answer::bare(204)),
                ("", _) => Err(status::bad_request(format!("pod {named} does not have a host assigned"))),
                _ => reach(state, target, node),
            }
        }
    }
}

/// Refuses to read a log in a way that there is not.
fn log_options(pod: &str, request: &Request) -> Result<(), Box<Status>> {
    let said = |name: &str| request.param(name).filter(|said| !said.is_empty());
    let number = |name: &str| said(name).map(integer).transpose();
    let mut flaws = Vec::new();
    if let Some(lines) = number("tailLines")?.filter(|lines| *lines < 0) {
        flaws.push(Flaw::invalid("tailLines", lines, "must be greater than or equal to 0"));
    }
    let mut positive = |name: &str, number: Option<i64>| {
        let wrong = number.filter(|number| *number < 1);
        flaws.extend(wrong.map(|number| Flaw::invalid(name, number, "must be greater than 0")));
    };
    positive("limitBytes", number("limitBytes")?);
    let seconds = number("sinceSeconds")?;
    match said("sinceTime") {
        Some(_) if seconds.is_some() => {
            let why = "at most one of `sinceTime` or `sinceSeconds` may be specified";
            flaws.push(Flaw::forbidden("[]", why));
        }
        _ => positive("sinceSeconds", seconds),
    }
    if request.param("stream").is_some() {
        flaws.push(Flaw::forbidden("stream", "may not be specified"));
    }
    if flaws.is_empty() { Ok(()) } else { Err(status::invalid_as("", "PodLogOptions", pod, flaws)) }
}

/// The name in `https:name:port`.
fn without_port(name: &str) -> &str {
    match name.split(':').collect::<Vec<_>>()[..] {
        [name, _] | [_, name, _] => name,
        _ => name,
    }
}

/// Whether a pod has the container that is asked for, or just one.
fn container(pod: &Value, name: &str, asked: &str) -> Result<(), Box<Status>> {
    let of = |list: &str| {
        let containers = pod["spec"][list].as_array().into_iter().flatten();
        containers.filter_map(|container| container["name"].as_str()).collect::<Vec<_>>()
    };
    let all = ["initContainers", "containers", "ephemeralContainers"].map(of).concat();
    match asked {
        "" if of("containers").len() == 1 => Ok(()),
        "" => Err(status::bad_request(format!(
            "a container name must be specified for pod {name}, choose one of: [{}]",
            all.join(" ")
        ))),
        _ if all.contains(&asked) => Ok(()),
        _ => Err(status::bad_request(format!("container {asked} is not valid for pod {name}"))),
    }
}

/// Nobody answers on a node. Of one that is not there the server speaks as if it were of the kind that was asked for.
fn reach(state: &State, target: &Target, node: &str) -> Result<Response<Body>, Box<Status>> {
    let kind = state.kinds.served("", "v1", "nodes").ok_or_else(status::unknown_resource)?;
    let node = state.find(kind, "", node).map_err(|_| status::not_found(&target.kind, node))?;
    match node.value["status"]["addresses"][0]["address"].as_str() {
        None => Err(status::internal(
            "no preferred addresses found; known addresses: [] (this fake cluster runs no pods; answer logs with Fault::text)",
        )),
        Some(address) => Err(unreachable(address)),
    }
}

/// Nobody is behind a Service.
fn behind(state: &State, target: &Target, service: &str) -> Result<Response<Body>, Box<Status>> {
    let slices = state.kinds.served("discovery.k8s.io", "v1", "endpointslices");
    let prefix = prefix(&target.namespace);
    let mut slices = slices.into_iter().flat_map(|kind| state.storage.objects(kind.id, &prefix));
    let known = slices.any(|slice| slice.value["metadata"]["labels"]["kubernetes.io/service-name"] == *service);
    if !known {
        return Err(status::not_found(&target.kind, service));
    }
    let why = format!("no endpoints available for service {service:?}");
    Err(status::failure(503, "ServiceUnavailable", why))
}

fn unreachable(address: &str) -> Box<Status> {
    let why = format!("error trying to reach service: dial tcp {address}: this fake cluster runs nothing there");
    status::failure(503, "ServiceUnavailable", why)
}
