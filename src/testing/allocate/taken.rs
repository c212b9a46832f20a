//! Which addresses and ports other Services have, and which are free.

use std::{collections::BTreeSet, net::Ipv4Addr};

use serde_json::Value;

use super::{super::state::State, ADDRESSES, Given, NETWORK, given, ports_of};

/// Where ports on the nodes may be.
const PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

/// What other Services have than the one that is written, and the ports that one gets.
pub(super) struct Taken<'g> {
    given: &'g Given,
    own_addresses: Vec<&'g str>,
    own_ports: Vec<i64>,
    new_ports: BTreeSet<i64>,
}

impl<'g> Taken<'g> {
    /// `live` is the specification of the Service as it was, null for a new one.
    pub(super) fn by_others(given: &'g Given, live: &'g Value) -> Self {
        let (own_addresses, own_ports) = (given::addresses_of(live).collect(), ports_of(live));
        Taken { given, own_addresses, own_ports, new_ports: BTreeSet::new() }
    }

    /// The first address is the one of the API server.
    pub(super) fn has_address(&self, address: &str) -> bool {
        let own = self.own_addresses.iter().filter(|own| **own == address).count();
        self.given.address(address) > own || address == Ipv4Addr::from_bits(NETWORK + 1).to_string()
    }

    fn has_port(&self, port: i64) -> bool {
        let own = self.own_ports.iter().filter(|own| **own == port).count();
        self.given.port(port) > own || self.new_ports.contains(&port)
    }

    pub(super) fn take_port(&mut self, port: Option<i64>) {
        self.new_ports.extend(port);
    }

    /// A free address: not among the first, which are for those who ask for them.
    pub(super) fn address(&self, state: &mut State) -> Option<String> {
        const KEPT: u32 = 256;
        let start = u32::try_from(state.random.next() % u64::from(ADDRESSES)).unwrap_or_default();
        let mut all = (0..ADDRESSES).map(|step| (start + step) % ADDRESSES);
        // The last address of a network is no address.
        all.find_map(|place| {
            let address = Ipv4Addr::from_bits(NETWORK + place).to_string();
            ((KEPT..ADDRESSES - 1).contains(&place) && !self.has_address(&address)).then_some(address)
        })
    }

    /// Whether a port may be had that someone asks for; what the same Service already has, it may have again.
    pub(super) fn may_have(&self, port: i64, own: bool) -> Result<(), String> {
        if !PORTS.contains(&port) {
            let (first, last) = (PORTS.start(), PORTS.end());
            return Err(format!("provided port is not in the valid range. The range of valid ports is {first}-{last}"));
        }
        if self.has_port(port) && !own {
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
        let free = all.find(|port| !self.has_port(*port)).unwrap_or(*PORTS.end());
        self.new_ports.insert(free);
        free
    }
}
