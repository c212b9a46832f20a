//! The kinds the server knows: those of Kubernetes 1.36's stable groups, including kinds that are never stored, and
//! custom ones.
//!
//! Not here: alpha and beta groups.

mod built_in;
mod definition;
mod fields;
mod kind;
mod version;
mod words;

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

pub(super) use definition::{Definition, priority};
pub(super) use fields::Fields;
pub(super) use kind::{Kind, KindId, Names, Rules};
pub(super) use version::{Connection, NamedCall, Part, ScalePaths, Version};

pub(super) const CRD_GROUP: &str = "apiextensions.k8s.io";
pub(super) const CRDS: &str = "customresourcedefinitions";

/// All kinds, built-in ones first, in the order discovery lists their groups.
#[derive(Debug, Clone)]
pub(super) struct Kinds {
    served: Vec<Arc<Kind>>,
    /// The places in `served`, by plural.
    plurals: HashMap<String, Vec<usize>>,
    /// The places in `served`, by the name of the kind.
    names: HashMap<String, Vec<usize>>,
    /// The numbers of all custom kinds there ever were, by group and plural.
    customs: HashMap<(String, String), KindId>,
    built_in: usize,
}

impl Kinds {
    pub(super) fn new() -> Self {
        let served: Vec<_> = built_in::kinds().map(Arc::new).collect();
        let built_in = served.len();
        let (plurals, names) = places(&served);
        Kinds { served, plurals, names, customs: HashMap::new(), built_in }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.served.iter()
    }

    pub(super) fn has_group(&self, group: &str) -> bool {
        self.iter().any(|kind| kind.group == group)
    }

    pub(super) fn has_built_in(&self, group: &str) -> bool {
        self.iter().any(|kind| kind.group == group && !kind.custom)
    }

    pub(super) fn find(&self, group: &str, plural: &str) -> Option<&Arc<Kind>> {
        let mut places = self.plurals.get(plural)?.iter();
        places.find_map(|place| Some(&self.served[*place]).filter(|kind| kind.group == group))
    }

    pub(super) fn served(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Kind>> {
        self.find(group, plural).filter(|kind| kind.serves(version))
    }

    /// The kind of namespaces.
    pub(super) fn namespaces(&self) -> &Arc<Kind> {
        self.find("", "namespaces").expect("it is built in, and stays")
    }

    /// The kind of pods.
    pub(super) fn pods(&self) -> &Arc<Kind> {
        self.find("", "pods").expect("it is built in, and stays")
    }

    /// The kind of CustomResourceDefinitions.
    pub(super) fn definitions(&self) -> &Arc<Kind> {
        self.find(CRD_GROUP, CRDS).expect("it is built in, and stays")
    }

    /// The kind an object says it is, and the version it names.
    pub(super) fn of_object<'o>(&self, api_version: &'o str, kind: &str) -> Option<(&Arc<Kind>, &'o str)> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let mut places = self.names.get(kind)?.iter();
        let found = places.find_map(|place| Some(&self.served[*place]).filter(|kind| kind.group == group))?;
        found.serves(version).then_some((found, version))
    }

    /// The custom kind a CustomResourceDefinition describes, if it is served.
    pub(super) fn defined(&self, definition: &Value) -> Option<&Arc<Kind>> {
        let definition = Definition::read(&definition["spec"])?;
        self.find(&definition.group, &definition.plural).filter(|kind| kind.custom)
    }

    /// Serves (or serves anew) the kind a CustomResourceDefinition describes.
    pub(super) fn define(&mut self, definition: &Value) {
        let going = definition["metadata"]["deletionTimestamp"].is_string();
        let Some(definition) = Definition::read(&definition["spec"]) else { return };
        let place = self.iter().position(|kind| kind.group == definition.group && kind.plural == definition.plural);
        if place.is_some_and(|place| !self.served[place].custom) {
            return;
        }
        let next = KindId(self.built_in + self.customs.len());
        let id = *self.customs.entry((definition.group.clone(), definition.plural.clone())).or_insert(next);
        let mut kind = definition.kind(id);
        if going {
            kind.rules = kind.rules.and(Rules::IS_GOING);
        }
        let kind = Arc::new(kind);
        match place {
            Some(place) => {
                self.served[place] = kind;
                (self.plurals, self.names) = places(&self.served);
            }
            None => {
                note(&mut self.plurals, &kind.plural, self.served.len());
                note(&mut self.names, &kind.kind, self.served.len());
                self.served.push(kind);
            }
        }
    }

    /// Stops serving a custom kind.
    pub(super) fn forget(&mut self, id: KindId) {
        self.served.retain(|kind| kind.id != id);
        (self.plurals, self.names) = places(&self.served);
    }
}

type Places = HashMap<String, Vec<usize>>;

/// Where kinds stand, by plural and by name.
fn places(kinds: &[Arc<Kind>]) -> (Places, Places) {
    let (mut plurals, mut names) = (Places::new(), Places::new());
    for (place, kind) in kinds.iter().enumerate() {
        note(&mut plurals, &kind.plural, place);
        note(&mut names, &kind.kind, place);
    }
    (plurals, names)
}

fn note(places: &mut Places, name: &str, place: usize) {
    places.entry(name.to_owned()).or_default().push(place);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition(plural: &str) -> Value {
        let versions = json!([{"name": "v1", "served": true, "storage": true}]);
        json!({"spec": {"group": "x.io", "names": {"plural": plural, "kind": "Some"}, "versions": versions}})
    }

    #[test]
    fn numbers_leave_nothing_out() {
        let mut kinds = Kinds::new();
        kinds.define(&definition("things"));
        kinds.define(&definition("others"));
        let numbered = kinds.iter().enumerate().filter(|(_, kind)| !kind.is_younger_event());
        assert!(numbered.into_iter().all(|(place, kind)| kind.id.index() == place));
    }

    #[test]
    fn a_custom_kind_that_comes_back_keeps_its_number() {
        let mut kinds = Kinds::new();
        let things = definition("things");
        kinds.define(&things);
        let id = kinds.defined(&things).unwrap().id;
        kinds.forget(id);
        assert!(kinds.defined(&things).is_none() && kinds.served("x.io", "v1", "things").is_none());
        kinds.define(&definition("others"));
        kinds.define(&things);
        assert_eq!(kinds.defined(&things).unwrap().id, id);
        assert_ne!(kinds.defined(&definition("others")).unwrap().id, id);
    }

    #[test]
    fn a_definition_never_takes_the_place_of_a_built_in_kind() {
        let mut kinds = Kinds::new();
        let mut intruder = definition("deployments");
        intruder["spec"]["group"] = "apps".into();
        kinds.define(&intruder);
        assert!(kinds.defined(&intruder).is_none());
        assert!(!kinds.served("apps", "v1", "deployments").unwrap().custom);
    }

    #[test]
    fn deprecated_versions_name_the_latest_that_is_not() {
        let version = |name: &str, deprecated: bool| json!({"name": name, "served": true, "storage": name == "v1", "deprecated": deprecated});
        let mut own = version("v1alpha1", true);
        own["deprecationWarning"] = "go away".into();
        let versions = json!([
            own,
            version("v1beta1", true),
            version("v1", false),
            version("v2alpha1", false),
            version("v2", true)
        ]);
        let definition =
            json!({"spec": {"group": "x.io", "names": {"plural": "somes", "kind": "Some"}, "versions": versions}});
        let read = Definition::read(&definition["spec"]).expect("a definition").kind(KindId(0));
        let said = |name: &str| read.version(name).expect("a version").deprecation.clone();
        assert_eq!(said("v1"), None);
        assert_eq!(said("v1alpha1").as_deref(), Some("go away"));
        assert_eq!(said("v1beta1").as_deref(), Some("x.io/v1beta1 Some is deprecated; use x.io/v1 Some"));
        assert_eq!(said("v2").as_deref(), Some("x.io/v2 Some is deprecated"));
    }
}
