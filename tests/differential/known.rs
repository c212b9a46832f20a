//! What differs and is known to, with the reasons.

use crate::trace::Request;

/// Whether a difference is known.
pub fn is(request: &Request, _: &str) -> bool {
    let path = request.target.split('?').next().unwrap_or_default().trim_end_matches('/');
    // Calls that are not objects are not served, and so not discovered.
    request.method == "GET" && (path == "/api/v1" || path.starts_with("/apis/") && path.matches('/').count() == 3)
}
