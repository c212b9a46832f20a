//! Renders an HAProxy configuration from the objects of a Kubernetes cluster.

mod certificates;
mod changes;
mod diff;
mod functions;
mod options;
mod output;

use clap::Parser;

fn main() {
    let options = options::Options::parse();
    let mut environment = minijinja::Environment::new();
    let files = functions::register(&mut environment);
    let older = output::Rendered::new(String::new(), files.take());
    let newer = output::Rendered::new(String::from("# empty\n"), files.take());
    print!("{}", diff::diff(&older, &newer));
    if options.plays_changes() {
        for change in changes::CHANGES {
            let what = match change.operation {
                changes::Operation::Apply(documents) => format!("{} bytes", documents.len()),
                changes::Operation::Delete { api_version, kind, namespace, name } => {
                    format!("{api_version} {kind} {namespace}/{name}")
                }
            };
            println!("{} ({what}, visible: {})", change.title, change.visible);
        }
    }
    for given in [&options.config, &options.template, &options.manifests] {
        println!("{given:?}");
    }
    println!("{} {}", options.once, options.cluster);
    if let Some(folder) = &options.output {
        let written = output::Folder::new(folder).write(&newer);
        println!("{written:?}");
    }
}
