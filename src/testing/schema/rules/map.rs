//! Objects and maps as expressions see them: those of the evaluator, with their keys in order, so that two runs of a rule
//! do the same.

use std::collections::BTreeMap;

use cel::common::{
    traits::{Container, Indexer, Iterable, Iterator, Sizer, Zeroer},
    types::{CelMap, CelMapKey, CelString, MAP_TYPE, Type},
    value::{Builtin, BuiltinRef, Val},
};

static TYPE: Type = MAP_TYPE;

/// A map, and its keys in order.
#[derive(Debug, Clone)]
pub(super) struct Map<'v> {
    map: CelMap<'v>,
    keys: Vec<CelString<'v>>,
}

impl<'v> Map<'v> {
    pub(super) fn new(fields: BTreeMap<String, Box<dyn Val + 'v>>) -> Self {
        let keys = fields.keys().map(|name| CelString::from(name.clone())).collect();
        let entries = fields.into_iter().map(|(name, field)| (CelMapKey::from(name), field));
        Map { map: CelMap::from(entries.collect::<std::collections::HashMap<_, _>>()), keys }
    }
}

impl<'v> Val for Map<'v> {
    fn get_type(&self) -> &Type {
        &TYPE
    }

    fn cel_type() -> &'static Type {
        &TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(&self.map)
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(&self.map)
    }

    fn into_indexer<'w>(self: Box<Self>) -> Option<Box<dyn Indexer + 'w>>
    where
        Self: 'w,
    {
        Some(Box::new(self.map))
    }

    fn as_iterable<'b, 'w>(&'b self) -> Option<&'b (dyn Iterable + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(&self.map)
    }

    fn as_zeroer(&self) -> Option<&dyn Zeroer> {
        Some(&self.map)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        self.map.equals(other)
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(self.clone())
    }

    // A map of the evaluator is told from other values by these.
    fn as_builtin<'b, 'w>(&'b self) -> BuiltinRef<'b, 'w>
    where
        Self: 'w,
    {
        BuiltinRef::Map(&self.map)
    }

    fn into_builtin<'w>(self: Box<Self>) -> Option<Builtin<'w>>
    where
        Self: 'w,
    {
        Some(Builtin::Map(self.map))
    }
}

impl Iterable for Map<'_> {
    fn iter<'b, 'w>(&'b self) -> Box<dyn Iterator<'b, 'w> + 'b>
    where
        Self: 'w,
    {
        Box::new(Keys(self.keys.iter()))
    }
}

/// The keys of a map.
struct Keys<'b, 'v>(std::slice::Iter<'b, CelString<'v>>);

impl<'b, 'v: 'w, 'w> Iterator<'b, 'w> for Keys<'b, 'v> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'w)> {
        self.0.next().map(|key| key as &(dyn Val + 'w))
    }
}
