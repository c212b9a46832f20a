//! What is convenient on every store, in terms of [`Store`] alone.

use std::future::Future;

use serde::de::DeserializeOwned;

use super::{Error, Objects, Query, Revision, Scope, Store, Write};
use crate::{Indexed, Object, ObjectName};

/// Comfort on top of [`Store`]; implemented for every store.
pub trait StoreExt: Store {
    /// Inserts an object, or replaces the one of its name.
    ///
    /// # Errors
    ///
    /// When its keys do not fit the indexes.
    #[doc(alias = "Add")]
    #[doc(alias = "Update")]
    fn apply(&self, indexed: Indexed) -> Result<Revision, Error> {
        self.write(vec![Write::Apply(indexed)])
    }

    /// Removes the object of that name; that it is not there is no error.
    #[doc(alias = "Delete")]
    fn delete(&self, name: &ObjectName) -> Result<Revision, Error> {
        self.write(vec![Write::delete(name.clone())])
    }

    /// Removes all objects that a query finds now, in one publication, as the Go original deletes by key; returns how
    /// many were found.
    ///
    /// An object that becomes newer meanwhile stays.
    ///
    /// # Errors
    ///
    /// When the query does not fit the indexes.
    fn delete_matching(&self, query: Query<'_>) -> Result<usize, Error> {
        let found = self.snapshot().get(&query)?;
        let delete =
            |entry: &crate::snapshot::Entry| Write::Delete { name: entry.name().to_owned(), version: entry.version() };
        self.write(found.iter().map(delete).collect())?;
        Ok(found.len())
    }

    /// Every object.
    #[doc(alias = "List")]
    fn list(&self) -> impl Future<Output = Result<Objects, Error>> + Send {
        let get = self.get(Query::all());
        async { get?.await }
    }

    /// Removes everything, in one publication, and forgets the versions: what is written next may be older.
    ///
    /// It is a reset, so that a write which arrives meanwhile stays.
    #[doc(alias = "Clear")]
    fn clear(&self) -> Revision {
        self.reset(Scope::All).commit(None)
    }

    /// The one object that a query finds; `None` when there is none.
    ///
    /// # Errors
    ///
    /// When there are several, the query does not fit the indexes, or a fetch fails.
    #[doc(alias = "GetSingle")]
    fn single(&self, query: Query<'_>) -> impl Future<Output = Result<Option<Object>, Error>> + Send {
        let get = self.get(query);
        let shown = format!("{query}");
        async {
            let objects = get?.await?;
            if let [Some(first), Some(second)] = [0, 1].map(|at| objects.at(at).and_then(Object::name)) {
                return Err(Error::Several { query: shown, count: objects.len(), first, second });
            }
            Ok(objects.at(0).cloned())
        }
    }

    /// The objects that a query finds, as typed ones.
    ///
    /// # Errors
    ///
    /// When one of them does not parse, for example because the indexer drops a field that `T` requires, when the
    /// query does not fit the indexes, or when a fetch fails.
    fn get_as<T: DeserializeOwned>(&self, query: Query<'_>) -> impl Future<Output = Result<Vec<T>, Error>> + Send {
        let get = self.get(query);
        async {
            let parse = |object: &Object| {
                let object_name = || object.name().unwrap_or_else(|| ObjectName::new("", ""));
                let reason = |error: serde_json::Error| error.to_string().into();
                object.parse().map_err(|error| Error::Parse { object: object_name(), reason: reason(error) })
            };
            get?.await?.iter().map(parse).collect()
        }
    }

    /// The count of visible changes.
    #[doc(alias = "ModCount")]
    fn revision(&self) -> Revision {
        self.snapshot().revision()
    }

    /// The number of objects.
    #[doc(alias = "Size")]
    fn len(&self) -> usize {
        self.snapshot().len()
    }

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<S: Store + ?Sized> StoreExt for S {}
