//! The stores that are compared, each asked the same in the way that it answers best.

mod literal;
mod memory;
mod reflector;

pub use literal::Literal;
pub use memory::Memory;
pub use reflector::Reflector;

/// A store of the objects of one kind, found by namespace and name.
///
/// Answers are read where they are made, so that none is compared with more or less than it takes to come by
/// every object of it.
pub trait Peer {
    /// How it is called in what is printed.
    const NAME: &'static str;
    /// An object before it is stored.
    type Decoded;

    /// An empty store for objects of a kind.
    fn new(kind: &str) -> Self;

    /// An object without what no reader wants: who wrote which field, and what kubectl applied.
    fn decode(&self, json: &[u8]) -> Self::Decoded;

    /// Stores an object, in the place of the one of its name; when this returns, readers see it.
    fn apply(&mut self, object: Self::Decoded);

    /// Reads one object; whether it is there.
    fn exact(&self, namespace: &str, name: &str) -> bool;

    /// Reads the objects of a namespace, ordered by name; how many there are.
    fn prefix(&self, namespace: &str) -> usize;

    /// Reads all objects, ordered by namespace and name; how many there are.
    fn list(&self) -> usize;

    /// A store with these objects.
    fn filled<T: AsRef<[u8]>>(kind: &str, lines: impl IntoIterator<Item = T>) -> Self
    where
        Self: Sized,
    {
        let mut peer = Self::new(kind);
        for line in lines {
            let object = peer.decode(line.as_ref());
            peer.apply(object);
        }
        peer
    }
}
