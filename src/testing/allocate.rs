//! What Services get from pools that all of them share: cluster IPs, node ports, ports for health checks.
//!
//! Nothing is recorded apart: taken is what the current Services have, so an address that one loses is free for
//! another. The cluster has IPv4 addresses only, and the first of them belongs to the API server.

mod change;
mod families;
mod given;
mod taken;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{
    state::State,
    status::{self, Flaw},
    validation,
    write::Write,
};

pub(super) use given::Given;
use taken::Taken;

type Fields = Map<String, Value>;

/// The addresses of Services are 10.0.0.0/16.
const NETWORK: u32 = 0x0a00_0000;
const ADDRESSES: u32 = 1 << 16;
const LAST: u32 = ADDRESSES - 1;

/// Gives a new Service what it needs. One that is forced in keeps what it brings.
pub(super) fn create(state: &mut State, service: &mut Fields, write: Write<'_>) -> Result<(), Box<Status>> {
    if let Some(spec) = service.get_mut("spec").and_then(Value::as_object_mut)
        && let (Some(address), true) = (spec.get("clusterIP").cloned(), texts(spec, "clusterIPs").is_empty())
    {
        spec.insert("clusterIPs".to_owned(), json!([address]));
    }
    give(state, None, service, write)
}

/// Gives a Service what it needs now, and takes what it needs no more. What its writer leaves open it keeps.
pub(super) fn update(
    state: &mut State,
    live: &Value,
    service: &mut Fields,
    write: Write<'_>,
) -> Result<(), Box<Status>> {
    if let Some(spec) = service.get_mut("spec").and_then(Value::as_object_mut) {
        change::keep(&live["spec"], spec);
        change::release(&live["spec"], spec);
    }
    give(state, Some(live), service, write)
}

fn give(state: &mut State, live: Option<&Value>, service: &mut Fields, write: Write<'_>) -> Result<(), Box<Status>> {
    let name = at(service, "metadata")["name"].as_str().unwrap_or_default().to_owned();
    let Some(spec) = service.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    let live = live.map(|live| &live["spec"]).unwrap_or(&Value::Null);
    let mut given = std::mem::take(&mut state.given);
    let services = state.kinds.served("", "v1", "services");
    services.and_then(|kind| state.storage.table(kind.id)).into_iter().for_each(|services| given.follow(services));
    let outcome = give_of(state, live, &name, spec, &mut Taken::by_others(&given, live), write);
    state.given = given;
    outcome
}

fn give_of(
    state: &mut State,
    live: &Value,
    name: &str,
    spec: &mut Fields,
    taken: &mut Taken<'_>,
    write: Write<'_>,
) -> Result<(), Box<Status>> {
    let refuse = |flaws: Vec<Flaw>| status::invalid_as("", "Service", name, flaws);
    if at(spec, "type") != "ExternalName" {
        let mut flaws = Vec::new();
        validation::addresses(&Value::Object(spec.clone()), &mut flaws);
        if !flaws.is_empty() && !write.force {
            return Err(refuse(flaws));
        }
        families::choose(spec, live).or_else(|flaws| if write.force { Ok(()) } else { Err(refuse(flaws)) })?;
        address(state, spec, live, taken, write).map_err(|flaw| refuse(vec![flaw]))?;
    }
    if on_nodes(spec) {
        node_ports(state, spec, live, taken, write).map_err(|flaw| refuse(vec![flaw]))?;
    }
    if health_checked(spec) {
        health_port(state, spec, live, taken, write)?;
    }
    Ok(())
}

/// Gives out an address, or the one that is asked for.
fn address(
    state: &mut State,
    spec: &mut Fields,
    live: &Value,
    taken: &mut Taken<'_>,
    write: Write<'_>,
) -> Result<(), Flaw> {
    let asked = texts(spec, "clusterIPs");
    let had = live["clusterIPs"][0].as_str();
    match asked.first().map(String::as_str) {
        Some(asked) if had == Some(asked) => return Ok(()),
        Some(_) if write.force => return Ok(()),
        Some("None") if had.is_none() => return Ok(()),
        Some(address) => {
            let refuse = |why: &str| {
                let why = format!("failed to allocate IP {address}: {why}");
                Err(Flaw::invalid("spec.clusterIPs", asked.clone(), &why))
            };
            // That it may not change is told with all else that is wrong.
            if had.is_some_and(|had| !had.is_empty()) {
                return Ok(());
            }
            let place = address.parse().map(|address: Ipv4Addr| address.to_bits().wrapping_sub(NETWORK));
            match place {
                Ok(place) if (1..LAST).contains(&place) => {}
                // The first and the last are in the range, and nobody's.
                Ok(0 | LAST) => {
                    return refuse(&format!(
                        "the provided IP ({address}) is not in the valid range. The range of valid IPs is 10.0.0.0/16"
                    ));
                }
                _ => return refuse("the provided network does not match the current range"),
            }
            if taken.has_address(address) {
                return refuse("provided IP is already allocated");
            }
        }
        None => {
            if let Some(address) = taken.address(state) {
                spec.insert("clusterIP".to_owned(), address.clone().into());
                spec.insert("clusterIPs".to_owned(), json!([address]));
            }
        }
    }
    Ok(())
}

/// Gives each port one on the nodes; ports of one number share it.
fn node_ports(
    state: &mut State,
    spec: &mut Fields,
    live: &Value,
    taken: &mut Taken<'_>,
    write: Write<'_>,
) -> Result<(), Flaw> {
    let had: BTreeSet<_> = ports_of(live).into_iter().collect();
    let wanted =
        *at(spec, "type") != *"LoadBalancer" || spec.get("allocateLoadBalancerNodePorts") != Some(&Value::Bool(false));
    let Some(ports) = spec.get_mut("ports").and_then(Value::as_array_mut) else { return Ok(()) };
    let asked = |port: &Value| port["nodePort"].as_i64().filter(|port| *port != 0);
    let mut own = BTreeSet::new();
    for (place, port) in ports.iter().enumerate() {
        let Some(number) = asked(port) else { continue };
        let again = !own.insert(number);
        if had.contains(&number) || write.force {
            continue;
        }
        if let Err(why) = taken.may_have(number, again) {
            return Err(Flaw::invalid(format!("spec.ports[{place}].nodePort"), number, &why));
        }
    }
    let mut given: BTreeMap<i64, i64> = BTreeMap::new();
    for port in ports.iter() {
        taken.take_port(asked(port));
        given.extend(asked(port).map(|on_nodes| (port["port"].as_i64().unwrap_or_default(), on_nodes)));
    }
    for port in ports.iter_mut().filter(|port| wanted && asked(port).is_none()) {
        let number = port["port"].as_i64().unwrap_or_default();
        let on_nodes = *given.entry(number).or_insert_with(|| taken.port(state));
        port.as_object_mut().into_iter().for_each(|port| drop(port.insert("nodePort".to_owned(), on_nodes.into())));
    }
    Ok(())
}

/// Gives out a port for health checks, or the one that is asked for.
fn health_port(
    state: &mut State,
    spec: &mut Fields,
    live: &Value,
    taken: &mut Taken<'_>,
    write: Write<'_>,
) -> Result<(), Box<Status>> {
    match spec.get("healthCheckNodePort").and_then(Value::as_i64).filter(|port| *port != 0) {
        None => drop(spec.insert("healthCheckNodePort".to_owned(), taken.port(state).into())),
        // One that it had stays; that is told with all else that is wrong.
        Some(_) if write.force || live.as_object().is_some_and(health_checked) => {}
        Some(asked) => {
            let told = |why| {
                status::internal_error(&format!("failed to allocate requested HealthCheck NodePort {asked}: {why}"))
            };
            taken.may_have(asked, false).map_err(told)?;
        }
    }
    Ok(())
}

/// Whether the ports of a Service are ports of the nodes too.
fn on_nodes(spec: &Fields) -> bool {
    ["NodePort", "LoadBalancer"].iter().any(|wanted| at(spec, "type") == *wanted)
}

/// Whether a load balancer asks the nodes which of them it may send to.
fn health_checked(spec: &Fields) -> bool {
    at(spec, "type") == "LoadBalancer" && spec.get("externalTrafficPolicy").is_some_and(|policy| policy == "Local")
}

fn at<'f>(fields: &'f Fields, field: &str) -> &'f Value {
    fields.get(field).unwrap_or(&Value::Null)
}

fn texts(spec: &Fields, field: &str) -> Vec<String> {
    let texts = spec.get(field).and_then(Value::as_array).into_iter().flatten();
    texts.filter_map(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// The ports on the nodes that a Service has.
fn ports_of(spec: &Value) -> Vec<i64> {
    let ports = spec["ports"].as_array().into_iter().flatten();
    let given = ports.filter_map(|port| port["nodePort"].as_i64());
    given.chain(spec["healthCheckNodePort"].as_i64()).filter(|port| *port != 0).collect()
}
