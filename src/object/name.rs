//! The two things that must not be mixed up: what an object *is* ([`ObjectName`]) and what it is *found by*
//! ([`IndexKey`]).

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// Identity of an object within its kind: namespace and name. The namespace is empty for cluster scope.
///
/// Ordered by namespace, then name; that is the order of every result. One allocation, shared by clones.
///
/// ```
/// use kube_indexed_store::ObjectName;
///
/// let name = ObjectName::new("shop", "web");
/// assert_eq!((name.namespace(), name.name()), ("shop", "web"));
/// assert_eq!(name.to_string(), "shop/web");
/// assert_eq!(ObjectName::new("", "node-1").to_string(), "node-1");
/// assert!(ObjectName::new("a", "z") < ObjectName::new("a-b", "a"));
/// ```
#[doc(alias = "ObjectRef")]
#[doc(alias = "ObjectKey")]
#[derive(Clone)]
pub struct ObjectName {
    /// The namespace, and right after it the name.
    text: Arc<str>,
    split: usize,
}

impl ObjectName {
    /// The object `name` in `namespace`; an empty namespace is cluster scope.
    #[doc(alias = "NamespacedName")]
    pub fn new(namespace: &str, name: &str) -> ObjectName {
        let mut text = String::with_capacity(namespace.len() + name.len());
        text.push_str(namespace);
        text.push_str(name);
        ObjectName { text: text.into(), split: namespace.len() }
    }

    /// The namespace, empty for cluster scope.
    pub fn namespace(&self) -> &str {
        &self.text[..self.split]
    }

    /// The name within the namespace.
    pub fn name(&self) -> &str {
        &self.text[self.split..]
    }

    pub(crate) fn parts(&self) -> (&str, &str) {
        (self.namespace(), self.name())
    }

    /// The same, borrowed.
    pub fn as_name_ref(&self) -> NameRef<'_> {
        NameRef { namespace: self.namespace(), name: self.name() }
    }
}

impl PartialEq for ObjectName {
    fn eq(&self, other: &ObjectName) -> bool {
        self.split == other.split && self.text == other.text
    }
}

impl Eq for ObjectName {}

impl std::hash::Hash for ObjectName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialOrd for ObjectName {
    fn partial_cmp(&self, other: &ObjectName) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectName {
    fn cmp(&self, other: &ObjectName) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_name_ref().fmt(f)
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectName({self})")
    }
}

/// A borrowed [`ObjectName`]: what a stored object answers when it is asked for its name.
///
/// ```
/// use kube_indexed_store::{NameRef, ObjectName};
///
/// let name = NameRef::new("shop", "web");
/// assert_eq!(name, ObjectName::new("shop", "web"));
/// assert_eq!(ObjectName::from(name).to_string(), name.to_string());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameRef<'a> {
    namespace: &'a str,
    name: &'a str,
}

impl<'a> NameRef<'a> {
    /// The object `name` in `namespace`; an empty namespace is cluster scope.
    pub fn new(namespace: &'a str, name: &'a str) -> NameRef<'a> {
        NameRef { namespace, name }
    }

    /// The namespace, empty for cluster scope.
    pub fn namespace(self) -> &'a str {
        self.namespace
    }

    /// The name within the namespace.
    pub fn name(self) -> &'a str {
        self.name
    }

    /// The same, owned: one allocation.
    pub fn to_owned(self) -> ObjectName {
        ObjectName::new(self.namespace, self.name)
    }
}

impl From<NameRef<'_>> for ObjectName {
    fn from(name: NameRef<'_>) -> ObjectName {
        name.to_owned()
    }
}

impl<'a> From<&'a ObjectName> for NameRef<'a> {
    fn from(name: &'a ObjectName) -> NameRef<'a> {
        name.as_name_ref()
    }
}

impl PartialEq<ObjectName> for NameRef<'_> {
    fn eq(&self, other: &ObjectName) -> bool {
        *self == other.as_name_ref()
    }
}

impl PartialEq<NameRef<'_>> for ObjectName {
    fn eq(&self, other: &NameRef<'_>) -> bool {
        self.as_name_ref() == *other
    }
}

impl fmt::Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(self.name)
    }
}

impl fmt::Debug for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NameRef({self})")
    }
}

/// The ordered components an object is found by in one index. Compared by component, never joined.
///
/// ```
/// use kube_indexed_store::IndexKey;
///
/// assert_ne!(IndexKey::new(["a/b", "c"]), IndexKey::new(["a", "b/c"]));
/// assert_eq!(IndexKey::new(["shop", "web"]).to_string(), r#"("shop", "web")"#);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexKey {
    components: Arc<[Box<str>]>,
}

impl IndexKey {
    /// A key of these components, in order.
    pub fn new<C: Into<Box<str>>>(components: impl IntoIterator<Item = C>) -> IndexKey {
        IndexKey { components: components.into_iter().map(Into::into).collect() }
    }

    /// The number of components.
    #[expect(clippy::len_without_is_empty, reason = "an index has at least one component")]
    pub fn len(&self) -> usize {
        self.components.len()
    }

    /// The components, in order.
    pub fn components(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        self.components.iter().map(|component| &**component)
    }

    /// The component at `position`.
    pub fn component(&self, position: usize) -> Option<&str> {
        self.components.get(position).map(|component| &**component)
    }

    /// Compares the first components with a prefix; a key that starts with it is equal to it.
    pub(crate) fn cmp_prefix(&self, prefix: &[&str]) -> Ordering {
        self.components().take(prefix.len()).cmp(prefix.iter().copied())
    }
}

impl fmt::Display for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (position, component) in self.components().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{component:?}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndexKey{self}")
    }
}
