//! What is watched: a resource type, and the part of it that matters.

use std::fmt;

use form_urlencoded::{Serializer, byte_serialize};

use crate::ObjectName;
use crate::selector::LabelSelector;
use crate::store::Scope;

/// A resource type as the API server's paths name it: group, version and plural. Its kind need not be known.
///
/// ```
/// use kube_indexed_store::watcher::Resource;
///
/// assert_eq!(Resource::new("v1", "secrets").to_string(), "secrets.v1");
/// assert_eq!(Resource::new("networking.k8s.io/v1", "ingresses").to_string(), "ingresses.v1.networking.k8s.io");
/// ```
#[doc(alias = "GroupVersionResource")]
#[doc(alias = "GVR")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    api_version: String,
    plural: String,
}

impl Resource {
    /// The resource of that apiVersion (`v1`, `networking.k8s.io/v1`) and plural (`secrets`, `ingresses`).
    pub fn new(api_version: &str, plural: &str) -> Resource {
        Resource { api_version: api_version.to_owned(), plural: plural.to_owned() }
    }

    /// The apiVersion.
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// The plural name.
    pub fn plural(&self) -> &str {
        &self.plural
    }

    fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        let namespace = namespace.map_or(String::new(), |namespace| format!("namespaces/{namespace}/"));
        format!("/{root}/{}/{namespace}{}", self.api_version, self.plural)
    }
}

impl Resource {
    /// The path of one object. Names that are none are escaped, so that they find nothing.
    pub(crate) fn object_path(&self, name: &ObjectName) -> String {
        let escape = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let namespace = Some(name.namespace()).filter(|namespace| !namespace.is_empty()).map(escape);
        format!("{}/{}", self.path(namespace.as_deref()), escape(name.name()))
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.api_version.split_once('/') {
            Some((group, version)) => write!(f, "{}.{version}.{group}", self.plural),
            None => write!(f, "{}.{}", self.plural, self.api_version),
        }
    }
}

/// Which objects of a resource the server is asked for. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) labels: LabelSelector,
    pub(crate) fields: String,
}

impl Selection {
    /// What of the store these objects are.
    pub(crate) fn scope(&self) -> Scope {
        match (&self.namespace, &self.name) {
            (Some(namespace), Some(name)) => Scope::Name(ObjectName::new(namespace, name)),
            (Some(namespace), None) => Scope::Namespace(namespace.clone()),
            // Of cluster scope, or of that name in every namespace.
            (None, _) => Scope::All,
        }
    }

    /// Path and query of a list or watch.
    pub(crate) fn uri(&self, resource: &Resource, parameters: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(parameters);
        if !self.labels.is_empty() {
            query.append_pair("labelSelector", &self.labels.to_string());
        }
        let name = self.name.as_ref().map(|name| format!("metadata.name={name}"));
        let fields = [name.as_deref(), Some(&*self.fields)].into_iter().flatten().filter(|field| !field.is_empty());
        let fields = fields.collect::<Vec<_>>().join(",");
        if !fields.is_empty() {
            query.append_pair("fieldSelector", &fields);
        }
        format!("{}?{}", resource.path(self.namespace.as_deref()), query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_to_the_paths_of_the_api_and_escape_what_users_write() {
        let all = Selection::default();
        assert_eq!(all.uri(&Resource::new("v1", "nodes"), &[("limit", "500")]), "/api/v1/nodes?limit=500");
        let one = Selection {
            namespace: Some("shop".into()),
            name: Some("tls".into()),
            labels: "app in (a,b),!c".parse().unwrap(),
            fields: "type=a&b".into(),
        };
        assert_eq!(
            one.uri(&Resource::new("apps/v1", "deployments"), &[("watch", "true")]),
            "/apis/apps/v1/namespaces/shop/deployments?watch=true&labelSelector=app+in+%28a%2Cb%29%2C%21c\
             &fieldSelector=metadata.name%3Dtls%2Ctype%3Da%26b"
        );
    }
}
