//! Indexed stores for Kubernetes objects.

pub mod selector;
#[cfg(feature = "testing")]
pub mod testing;
