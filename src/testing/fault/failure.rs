//! The error a test asks for: an HTTP code, or a complete Status.

use kube::core::Status;

use super::super::status;

/// The error that a fault answers with, or that ends a watch. Made from an HTTP code, with its usual reason and
/// message, or from a complete Status.
///
/// ```
/// use kube_indexed_store::testing::{FakeCluster, Fault, objects::secret};
///
/// let cluster = FakeCluster::new();
/// cluster.fault(Fault::on("get").status(503));
/// let missing = cluster.get("Secret", "default", "missing").unwrap_err();
/// cluster.fault(Fault::on("delete").status(missing));
/// cluster.watches().fail(410);
/// ```
#[derive(Debug, Clone)]
pub struct Failure(Box<Status>);

impl Failure {
    /// Its Status.
    ///
    /// # Panics
    ///
    /// If the code is not that of an error.
    #[track_caller]
    pub(in super::super) fn status(self) -> Box<Status> {
        let code = self.0.code;
        assert!((400..600).contains(&code), "{code} is not an error code; use 400 to 599");
        self.0
    }
}

impl From<u16> for Failure {
    fn from(code: u16) -> Self {
        let (reason, message) = match code {
            400 => ("BadRequest", "the server rejected our request for an unknown reason"),
            401 => ("Unauthorized", "Unauthorized"),
            403 => ("Forbidden", "forbidden"),
            404 => ("NotFound", "the server could not find the requested resource"),
            409 => ("Conflict", "the server reported a conflict"),
            410 => ("Expired", "The resourceVersion for the provided list is too old."),
            429 => ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
            500 => ("InternalError", "an error on the server has prevented the request from succeeding"),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "the server was unable to return a response in the time allotted"),
            _ => ("", "the request failed"),
        };
        Failure(status::failure(code, reason, message))
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Failure(Box::new(status))
    }
}

impl From<Box<Status>> for Failure {
    fn from(status: Box<Status>) -> Self {
        Failure(status)
    }
}
