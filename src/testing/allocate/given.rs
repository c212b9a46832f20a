//! The addresses and ports of all Services, updated with each change of one.

use std::{borrow::Borrow, collections::HashMap, hash::Hash};

use serde_json::Value;

use super::{
    super::storage::{Object, Table},
    ports_of,
};

/// How many times each address and each port is in use: Services that are forced in may share one.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Given {
    addresses: HashMap<String, usize>,
    ports: HashMap<i64, usize>,
    /// The revision up to which this is known.
    seen: u64,
}

impl Given {
    /// Takes notice of what became of the Services since; of all of them, where that is no longer known.
    pub(super) fn follow(&mut self, services: &Table) {
        if services.forgotten() > self.seen {
            *self = Given::default();
            services.at(services.last(), "", "").for_each(|(_, service)| self.add(service));
        } else {
            for change in services.after(self.seen) {
                change.before.iter().for_each(|service| self.remove(service));
                change.after.iter().for_each(|service| self.add(service));
            }
        }
        self.seen = services.last();
    }

    pub(super) fn address(&self, address: &str) -> usize {
        self.addresses.get(address).copied().unwrap_or_default()
    }

    pub(super) fn port(&self, port: i64) -> usize {
        self.ports.get(&port).copied().unwrap_or_default()
    }

    fn add(&mut self, service: &Object) {
        let spec = &service.value["spec"];
        addresses_of(spec).for_each(|address| *self.addresses.entry(address.to_owned()).or_default() += 1);
        ports_of(spec).into_iter().for_each(|port| *self.ports.entry(port).or_default() += 1);
    }

    fn remove(&mut self, service: &Object) {
        let spec = &service.value["spec"];
        addresses_of(spec).for_each(|address| once_less(&mut self.addresses, address));
        ports_of(spec).iter().for_each(|port| once_less(&mut self.ports, port));
    }
}

fn once_less<K: Hash + Eq + Borrow<Q>, Q: Hash + Eq + ?Sized>(uses: &mut HashMap<K, usize>, key: &Q) {
    if let Some(count) = uses.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            uses.remove(key);
        }
    }
}

/// The addresses a Service has.
pub(super) fn addresses_of(spec: &Value) -> impl Iterator<Item = &str> {
    spec["clusterIPs"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;

    use super::*;
    use crate::testing::{clock::Clock, doors, kinds::KindId, state::State};

    /// A Service that is forced in with the addresses it brings.
    fn force(state: &mut State, name: &str, address: &str) {
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"type": "NodePort", "clusterIP": address, "clusterIPs": [address], "ports": [{"port": 1, "nodePort": 30100}]},
        });
        let target = doors::target_of(state, &service).expect("it is known");
        doors::apply(state, &target, service).expect("it is valid");
    }

    fn services(state: &State) -> KindId {
        state.kinds.served("", "v1", "services").expect("it is built in").id
    }

    fn follow(state: &State, mut given: Given) -> Given {
        given.follow(state.storage.table(services(state)).expect("there were some"));
        given
    }

    #[test]
    fn what_is_given_out_is_what_the_services_of_now_have_however_much_was_missed() {
        for window in [1, 2, 100] {
            let mut state = State::new(1, Clock::starting_at(SystemTime::UNIX_EPOCH), window, false);
            force(&mut state, "a", "10.0.1.1");
            let early = follow(&state, Given::default());
            force(&mut state, "b", "10.0.1.1");
            force(&mut state, "a", "10.0.1.2");
            force(&mut state, "c", "10.0.1.3");
            let services = services(&state);
            state.storage.remove(services, "default/c");
            let late = follow(&state, early);
            assert_eq!(late, follow(&state, Given::default()), "{window}");
            let uses = |address: &str| late.address(address);
            assert_eq!([uses("10.0.1.1"), uses("10.0.1.2"), uses("10.0.1.3")], [1, 1, 0]);
            assert_eq!(late.port(30100), 2);
        }
    }
}
