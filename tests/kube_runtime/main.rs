//! The pieces of kube's own runtime against a `testing::FakeCluster`: watchers, reflectors, controllers, conditions, and
//! election by a Lease.

mod controllers;
mod election;
mod patience;
mod reflectors;
