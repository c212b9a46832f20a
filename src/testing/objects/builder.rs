//! The builder: each method sets a field where the kind has it.
//!
//! Not here: what an object starts with ([`objects`](super)).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{super::typed::typed, backend, container, path, up};

/// Builds an object. Made by the functions of [`objects`](super).
///
/// The methods from [`label`](ObjectBuilder::label) to [`set`](ObjectBuilder::set) work for every kind, the others only
/// for the kinds they name.
///
/// # Panics
///
/// A method panics if the kind does not have what it adds: a ConfigMap has no ports.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an object in the making is in no cluster yet"]
pub struct ObjectBuilder {
    pub(super) object: Value,
    /// The default that the first call of its method replaces; null if there is none.
    pub(super) stand_in: Value,
    /// Whether it has the status of what is up, as far as the test says no other.
    pub(super) up: bool,
}

impl From<ObjectBuilder> for Value {
    fn from(builder: ObjectBuilder) -> Value {
        let ObjectBuilder { mut object, up, .. } = builder;
        if let Some(mut status) = up::status(&object).filter(|_| up) {
            overlay(&mut status, object["status"].take());
            object["status"] = status;
        }
        object
    }
}

impl Serialize for ObjectBuilder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from(self.clone()).serialize(serializer)
    }
}

/// Says more of a status, or other things.
fn overlay(status: &mut Value, said: Value) {
    match (status, said) {
        (_, Value::Null) => {}
        (Value::Object(status), Value::Object(said)) => {
            said.into_iter().for_each(|(field, value)| overlay(status.entry(field).or_insert(Value::Null), value));
        }
        (status, said) => *status = said,
    }
}

impl ObjectBuilder {
    /// Adds a label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.object["metadata"]["labels"][key] = value.into();
        self
    }

    /// Adds an annotation.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.object["metadata"]["annotations"][key] = value.into();
        self
    }

    /// Adds a finalizer.
    pub fn finalizer(mut self, finalizer: &str) -> Self {
        push(&mut self.object["metadata"]["finalizers"], finalizer);
        self
    }

    /// Adds an owner reference. The owner is an object that a cluster returned, because the reference needs its uid.
    ///
    /// # Panics
    ///
    /// If the owner has no uid.
    #[track_caller]
    pub fn owner(mut self, owner: &impl Serialize) -> Self {
        let owner = serde_json::to_value(owner).expect("the owner is an object");
        assert!(owner["metadata"]["uid"].is_string(), "the owner has no uid; own what a cluster answered");
        let (name, uid) = (&owner["metadata"]["name"], &owner["metadata"]["uid"]);
        let reference = json!({"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name, "uid": uid});
        push(&mut self.object["metadata"]["ownerReferences"], reference);
        self
    }

    /// Sets any field, and creates what is missing on the way: `set("spec.template.spec.containers.0.image", "nginx")`.
    ///
    /// The parts of the path are separated by dots; numbers are indexes of lists, and the index after the last appends.
    /// A key that contains a dot cannot be written in a path; set the whole map instead.
    ///
    /// # Panics
    ///
    /// If an index is further behind the end of its list than that, or if the value cannot be serialized as JSON.
    #[track_caller]
    pub fn set(mut self, path: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).expect("the value is JSON");
        *path::field(&mut self.object, path) = value;
        self
    }

    /// Adds an entry to a ConfigMap or a Secret. Secrets get it in base64; in a ConfigMap, bytes that are not UTF-8 go
    /// to `binaryData`.
    #[track_caller]
    pub fn data(mut self, key: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        match (self.kind(), std::str::from_utf8(value)) {
            ("ConfigMap", Ok(text)) => self.object["data"][key] = text.into(),
            ("ConfigMap", Err(_)) => self.object["binaryData"][key] = STANDARD.encode(value).into(),
            ("Secret", _) => self.object["data"][key] = STANDARD.encode(value).into(),
            _ => self.has_no("data"),
        }
        self
    }

    /// Adds a port to a Service, to an EndpointSlice, or to the last container of a Pod or a Deployment. If a Service
    /// or a slice has several ports, those without a name are named by their number: `port-80`.
    #[track_caller]
    pub fn port(mut self, port: u16) -> Self {
        match self.kind() {
            "Service" => {
                let ports = take_place(&mut self.object["spec"]["ports"], &mut self.stand_in);
                push(ports, json!({"port": port}));
                name_ports(ports);
            }
            "EndpointSlice" => {
                push(&mut self.object["ports"], json!({"port": port}));
                name_ports(&mut self.object["ports"]);
            }
            _ => {
                let container = self.containers("ports").as_array_mut().and_then(|containers| containers.last_mut());
                push(&mut container.expect("there is a container")["ports"], json!({"containerPort": port}));
            }
        }
        self
    }

    /// Adds a container to a Pod or a Deployment.
    #[track_caller]
    pub fn container(mut self, name: &str, image: &str) -> Self {
        let mut stand_in = std::mem::take(&mut self.stand_in);
        push(take_place(self.containers("containers"), &mut stand_in), container(name, image));
        self
    }

    /// Adds a rule for a host to an Ingress.
    #[track_caller]
    pub fn host(mut self, host: &str) -> Self {
        push(self.rules(), json!({"host": host}));
        self
    }

    /// Adds a path (`pathType: Prefix`) to the last rule of an Ingress, which sends it to a port of a Service. Without
    /// a rule, one for all hosts is added first.
    #[track_caller]
    pub fn path(mut self, path: &str, service: &str, port: u16) -> Self {
        let path = json!({"path": path, "pathType": "Prefix", "backend": backend(service, port)});
        let rules = self.rules();
        if rules[0].is_null() {
            *rules = json!([{}]);
        }
        let last = rules.as_array_mut().and_then(|rules| rules.last_mut()).expect("there is a rule");
        push(&mut last["http"]["paths"], path);
        self
    }

    /// Adds a ready endpoint to an EndpointSlice. An address with a colon makes it a slice of IPv6 addresses.
    #[track_caller]
    pub fn address(mut self, address: &str) -> Self {
        if self.kind() != "EndpointSlice" {
            self.has_no("addresses");
        }
        if address.contains(':') {
            self.object["addressType"] = "IPv6".into();
        }
        push(&mut self.object["endpoints"], json!({"addresses": [address], "conditions": {"ready": true}}));
        self
    }

    /// Gives a Pod, a Node or a Deployment the status it has once it is up, for all its containers and replicas, also
    /// those that are added later. The IP address is derived from the name.
    ///
    /// Status fields that are [set](ObjectBuilder::set) win. The observed generation of a Deployment is 1, or the
    /// `metadata.generation` that is set. A Pod is on a node only if `spec.nodeName` is set.
    ///
    /// ```
    /// use k8s_openapi::api::apps::v1::Deployment;
    /// use kube::runtime::{conditions::is_deployment_completed, wait::Condition};
    /// use kube_indexed_store::testing::{FakeCluster, objects::deployment};
    ///
    /// let cluster = FakeCluster::new();
    /// cluster.create(deployment("web").ready().set("spec.replicas", 3))?;
    /// let web: Deployment = cluster.get_as("default", "web")?;
    /// assert!(is_deployment_completed().matches_object(Some(&web)));
    /// assert_eq!(web.status.unwrap().ready_replicas, Some(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The direct methods [`create`](crate::testing::FakeCluster::create) and
    /// [`apply`](crate::testing::FakeCluster::apply) store this status. A client's create drops it, as on a real
    /// server; a client has to write the status subresource.
    #[track_caller]
    pub fn ready(mut self) -> Self {
        if up::status(&self.object).is_none() {
            self.has_no("readiness");
        }
        self.up = true;
        self
    }

    /// Gives every version of a CustomResourceDefinition a status subresource, so that clients write the status at
    /// `/status` only.
    #[track_caller]
    pub fn with_status(mut self) -> Self {
        match self.object["spec"]["versions"].as_array_mut() {
            Some(versions) if !versions.is_empty() => {
                versions.iter_mut().for_each(|version| version["subresources"]["status"] = json!({}));
            }
            _ => self.has_no("versions"),
        }
        self
    }

    /// Converts the object into a type, such as one of k8s-openapi, for `Api::create`.
    ///
    /// ```
    /// # use kube_indexed_store::testing::{FakeCluster, objects::config_map};
    /// use k8s_openapi::api::core::v1::ConfigMap;
    /// use kube::{Api, api::PostParams};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # let cluster = FakeCluster::new();
    /// let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    /// maps.create(&PostParams::default(), &config_map("settings").data("color", "blue").typed()).await?;
    /// # Ok::<(), kube::Error>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the object is not of this type: its kind is another one, a required field is missing, or a field has the
    /// wrong type.
    #[track_caller]
    pub fn typed<K: DeserializeOwned>(self) -> K {
        typed(self.into())
    }

    fn kind(&self) -> &str {
        self.object["kind"].as_str().unwrap_or_default()
    }

    #[track_caller]
    fn has_no(&self, what: &str) -> ! {
        panic!("a {} has no {what} that could be added so; see ObjectBuilder::set", self.kind());
    }

    pub(super) fn standing_in(self, path: &str, value: Value) -> Self {
        ObjectBuilder { stand_in: value.clone(), ..self.set(path, value) }
    }

    #[track_caller]
    fn containers(&mut self, what: &str) -> &mut Value {
        match self.kind() {
            "Pod" => &mut self.object["spec"]["containers"],
            "Deployment" => &mut self.object["spec"]["template"]["spec"]["containers"],
            _ => self.has_no(what),
        }
    }

    #[track_caller]
    fn rules(&mut self) -> &mut Value {
        if self.kind() != "Ingress" {
            self.has_no("rules");
        }
        let spec = &mut self.object["spec"];
        if take_place(&mut spec["defaultBackend"], &mut self.stand_in).is_null() {
            spec.as_object_mut().map(|spec| spec.remove("defaultBackend"));
        }
        &mut spec["rules"]
    }
}

/// Makes room for the first that is added, if nothing but what stood in for it is there.
fn take_place<'o>(field: &'o mut Value, stand_in: &mut Value) -> &'o mut Value {
    if *field == stand_in.take() {
        field.take();
    }
    field
}

fn push(list: &mut Value, item: impl Into<Value>) {
    match list {
        Value::Array(items) => items.push(item.into()),
        _ => *list = json!([item.into()]),
    }
}

/// Several ports have names.
fn name_ports(ports: &mut Value) {
    let ports = ports.as_array_mut().filter(|ports| ports.len() > 1);
    for port in ports.into_iter().flatten() {
        if port["name"].is_null() {
            port["name"] = format!("port-{}", port["port"]).into();
        }
    }
}
