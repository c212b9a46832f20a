//! What is given out already, and what is free.

use std::{collections::BTreeSet, net::Ipv4Addr};

use serde_json::Value;

use super::{
    super::{state::State, storage::Object},
    ADDRESSES, NETWORK, ports_of,
};

/// Where ports on the nodes may be.
const PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

/// What other Services have.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) addresses: BTreeSet<String>,
    pub(super) ports: BTreeSet<i64>,
}

impl Taken {
    pub(super) fn of<'o>(services: impl Iterator<Item = &'o Object>) -> Self {
        let mut taken = Taken::default();
        taken.addresses.insert(Ipv4Addr::from_bits(NETWORK + 1).to_string());
        for service in services {
            let addresses = service.value["spec"]["clusterIPs"].as_array().into_iter().flatten();
            taken.addresses.extend(addresses.filter_map(Value::as_str).map(str::to_owned));
            taken.ports.extend(ports_of(&service.value["spec"]));
        }
        taken
    }

    /// A free address: not among the first, which are for those who ask for them.
    pub(super) fn address(&mut self, state: &mut State) -> Option<String> {
        const KEPT: u32 = 256;
        let start = u32::try_from(state.random.next() % u64::from(ADDRESSES)).unwrap_or_default();
        let mut all = (0..ADDRESSES).map(|step| (start + step) % ADDRESSES);
        // The last address of a network is no address.
        let free = all.find_map(|place| {
            let address = Ipv4Addr::from_bits(NETWORK + place).to_string();
            ((KEPT..ADDRESSES - 1).contains(&place) && !self.addresses.contains(&address)).then_some(address)
        })?;
        self.addresses.insert(free.clone());
        Some(free)
    }

    /// Whether a port may be had that someone asks for; what the same Service already has, it may have again.
    pub(super) fn may_have(&self, port: i64, own: bool) -> Result<(), String> {
        if !PORTS.contains(&port) {
            let (first, last) = (PORTS.start(), PORTS.end());
            return Err(format!("provided port is not in the valid range. The range of valid ports is {first}-{last}"));
        }
        if self.ports.contains(&port) && !own {
            return Err("provided port is already allocated".to_owned());
        }
        Ok(())
    }

    /// A free port; the last one if there is none, for nobody has that many.
    pub(super) fn port(&mut self, state: &mut State) -> i64 {
        const KEPT: i64 = 86;
        let count = PORTS.end() - PORTS.start() + 1 - KEPT;
        let start = i64::try_from(state.random.next() % count.unsigned_abs()).unwrap_or_default();
        let mut all = (0..count).map(|step| PORTS.start() + KEPT + (start + step) % count);
        let free = all.find(|port| !self.ports.contains(port)).unwrap_or(*PORTS.end());
        self.ports.insert(free);
        free
    }
}
