//! ConfigMaps with one to four files of settings.

use serde_json::{Map, Value, json};

use crate::corpus::cluster::App;
use crate::corpus::draft::Draft;
use crate::corpus::random::{Random, distinct_suffix};
use crate::corpus::words::{KNOBS, REMARKS, ROLES, SUBJECTS};

pub fn config_map(random: &mut Random, app: &App, first: bool, serial: usize) -> Draft {
    let tail = distinct_suffix(serial);
    let name = if first { format!("{}-settings", app.name) } else { format!("{}-settings-{tail}", app.name) };
    let mut data = Map::new();
    for number in 0..random.within(1..=4) {
        let file = match number {
            0 => "settings.conf".to_owned(),
            _ => format!("{}.{}", random.pick(SUBJECTS), random.pick(&["conf", "ini", "toml", "env"])),
        };
        let length = random.size(60..=5000);
        data.insert(file, Value::String(settings(random, app, length)));
    }
    let mut map = Draft::new(random, app, "v1", "ConfigMap", &name, json!({ "data": data }));
    map.owned(random, app.installer(), None, &["/data", "/metadata/labels"]);
    if !app.helm && random.chance(60) {
        map.applied();
    }
    map
}

fn settings(random: &mut Random, app: &App, length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        let (subject, knob) = (random.pick(SUBJECTS), random.pick(KNOBS));
        text += &match random.below(4) {
            0 => format!("{knob}_{subject} = {}\n", random.below(400) * 50),
            1 => format!("use-{subject}-{knob} {}\n", random.pick(&["on", "off"])),
            2 => {
                let role = random.pick(ROLES);
                format!("[{subject}.{knob}]\nupstream = \"{role}.{}.svc.cluster.local:{}\"\n", app.namespace, app.port)
            }
            _ => {
                let (first, second) = (random.pick(REMARKS), random.pick(REMARKS));
                format!("; {first} {subject} {second} {knob}\n")
            }
        };
    }
    text
}
