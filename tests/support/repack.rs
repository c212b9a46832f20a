//! A store that has packed everything anew.

use kube_indexed_store::{Indexed, Object, Store, Write};
use serde_json::json;

/// Writes three objects in one batch, again and again with another text that they share, so that everything is packed
/// anew: the texts from before are gone then. It ends as it always does.
pub fn repack(store: &dyn Store) {
    const TEXT: usize = 8_192;
    let before = store.memory();
    let texts = 8 + before.total() / TEXT;
    let text = |at: usize| format!("{at:08x}").repeat(TEXT / 8);
    let churn = |name: &str, text: &str| {
        let object = json!({"metadata": {"name": name, "namespace": "zzz"}, "text": text});
        Indexed::new(Object::try_from(object).unwrap()).unwrap()
    };
    let all = (1..=texts).rev().map(text).chain(["the end".to_owned()]);
    let write = |text: String| ["churn-1", "churn-2", "churn-3"].map(|name| Write::Apply(churn(name, &text)));
    store.write(all.flat_map(write).collect()).unwrap();
    let after = store.memory().shared_bytes;
    assert!(after < before.shared_bytes + texts * TEXT / 2, "nothing was packed anew: {before}, {after} now");
}
