//! What differs and is known to, with the reasons.

use crate::exchange::Request;

/// Whether a difference is known.
pub fn is(request: &Request, difference: &str) -> bool {
    let path = request.target.split('?').next().unwrap_or_default().trim_end_matches('/');
    let says = |what: &str| difference.contains(what);
    // Caches of the real server lag behind what it wrote, and it writes for others meanwhile.
    let reads = request.method == "GET" || request.target.contains("resourceVersion=0");
    let lag = reads && says("metadata.resourceVersion: recorded") && says(", which ");
    // A body in which something is said twice is made anew where it holds versions of the real server.
    let doubled = request.method == "PUT" && says("duplicate field");
    // What is wrong with YAML is told in other words.
    let yaml = says("error decoding YAML: ") || says("already set in map");
    // No protobuf.
    let protobuf = request.headers.iter().any(|(_, value)| value.contains("protobuf"));
    // Messages do not show what the body of a Secret holds.
    let secret = says("unexpected end of JSON input (") || says("the object provided is unrecognized");
    // Addresses, ports and names that the server gives out, where the comparison does not look for them.
    let given_out = says(".cells[") && (path.contains("/services") || says("-g-"))
        || says("healthCheckNodePort: recorded ")
        || says("kubernetes.io/metadata.name: recorded \"") && says("-g-")
        || says("-g-") && (says("details.name") || says("message: "));
    // What is in no namespace in particular is everybody's.
    let everywhere = ["GET", "POST"].contains(&&*request.method) && path.contains("/namespaces//");
    // The server stores what it reads in bytes that it would not write again: empty texts where there were none.
    let again = ["PATCH", "PUT"].contains(&&*request.method)
        && says("metadata.resourceVersion: recorded")
        && says(", which must be later than ");
    // Messages show maps with nothing in them and none at all apart, and of a patch what is left of it.
    let shown = says("`selector` does not match template `labels`") || says("Invalid value: \\\"map[");
    // What the server has too little time for, it may have done or not.
    let hurried = request.target.contains("timeoutSeconds=-1");
    everywhere || shown || hurried || again || lag || doubled || yaml || protobuf || secret || given_out
}
