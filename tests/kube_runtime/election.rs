//! Leaders are elected by a Lease.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{
    Api, Client, ResourceExt,
    api::{ObjectMeta, PostParams},
};
use kube_indexed_store::testing::FakeCluster;
use tokio::time::{Instant, sleep};

use crate::patience::eventually;

/// Tries to become the leader until it is, then stays it.
async fn lead(client: Client, who: &str, leading: impl Fn()) -> Infallible {
    const TERM: Duration = Duration::from_secs(15);
    let leases: Api<Lease> = Api::default_namespaced(client);
    let start = Instant::now();
    // What was last seen, and since when.
    let mut seen: Option<(Option<String>, Instant)> = None;
    loop {
        let elapsed = i64::try_from(start.elapsed().as_micros()).unwrap();
        let spec = LeaseSpec {
            holder_identity: Some(who.to_owned()),
            renew_time: Timestamp::from_microsecond(elapsed).ok().map(MicroTime),
            ..LeaseSpec::default()
        };
        let written = match leases.get_opt("leader").await.unwrap() {
            None => {
                let metadata = ObjectMeta { name: Some("leader".to_owned()), ..ObjectMeta::default() };
                Some(leases.create(&PostParams::default(), &Lease { metadata, spec: Some(spec) }).await)
            }
            Some(lease) => {
                let version = lease.resource_version();
                if seen.as_ref().is_none_or(|(known, _)| *known != version) {
                    seen = Some((version, Instant::now()));
                }
                let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
                let expired = seen.as_ref().is_some_and(|(_, since)| since.elapsed() >= TERM);
                match holder == Some(who) || expired {
                    true => {
                        let lease = Lease { spec: Some(spec), ..lease };
                        Some(leases.replace("leader", &PostParams::default(), &lease).await)
                    }
                    false => None,
                }
            }
        };
        match written {
            Some(Ok(_)) => leading(),
            Some(Err(kube::Error::Api(status))) => assert_eq!(status.code, 409),
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
        sleep(TERM / 5).await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_many_who_want_a_lease_one_leads_until_it_stops() {
    const CANDIDATES: [&str; 4] = ["a", "b", "c", "d"];
    let cluster = FakeCluster::new();
    let (told, mut leaders) = tokio::sync::mpsc::unbounded_channel();
    let mut running = BTreeMap::new();
    for who in CANDIDATES {
        let (client, told) = (cluster.client(), told.clone());
        running.insert(who, tokio::spawn(async move { lead(client, who, || told.send(who).unwrap()).await }));
    }
    // All read that there is no Lease before one writes it.
    for round in 0..CANDIDATES.len() {
        let leader = leaders.recv().await.unwrap();
        for _ in 0..10 {
            assert_eq!(leaders.recv().await, Some(leader));
        }
        let lease = cluster.get("Lease", "default", "leader").unwrap();
        assert_eq!(lease["spec"]["holderIdentity"], leader);
        let since = Instant::now();
        running.remove(leader).unwrap().abort();
        while leaders.try_recv().is_ok() {}
        if round + 1 < CANDIDATES.len() {
            eventually("followed by another", || !leaders.is_empty()).await;
            assert!((12..=18).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
        }
    }
    let writes = cluster.requests().resource("leases").when(|request| request.verb != "get");
    assert!(writes.answered(409).count() > 0);
}
