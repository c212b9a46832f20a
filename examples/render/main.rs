//! Renders an HAProxy configuration from the objects of a Kubernetes cluster, and again whenever they change.
//!
//! Objects are watched, slimmed and indexed as `config.yaml` says, and `haproxy.cfg.j2` reads them from snapshots.
//! Without options the cluster is a small one in this process, and a few changes to it are played. The rendered
//! configuration goes to standard output or a folder, everything else to standard error.

mod certificates;
mod changes;
mod cluster;
mod diff;
mod functions;
mod options;
mod output;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use kube_indexed_store::config::Config;
use kube_indexed_store::template::Renderer;
use kube_indexed_store::watcher::{Notification, WatcherSet};
use minijinja::context;

use changes::CHANGES;
use cluster::Cluster;
use functions::Files;
use options::Options;
use output::{Folder, Rendered};

type Error = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "error".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let options = Options::parse();
    let stopped = tokio::select! {
        finished = run(&options) => finished,
        _ = tokio::signal::ctrl_c() => {
            eprintln!("stopped");
            Ok(())
        }
    };
    match stopped {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Error> {
    let config = match &options.config {
        Some(file) => Config::from_file(file)?,
        None => Config::from_yaml(include_str!("config.yaml"))?,
    };
    config.notices().iter().for_each(|notice| eprintln!("{notice}"));
    let mut output = Output::new(options)?;
    let cluster = Cluster::open(options, &config).await?;
    let watchers = config.start(cluster.client())?;
    let finished = follow(options, &cluster, &watchers, &mut output).await;
    watchers.shutdown().await;
    finished
}

async fn follow(options: &Options, cluster: &Cluster, watchers: &WatcherSet, output: &mut Output) -> Result<(), Error> {
    sync(watchers, options.once).await?;
    let mut notifications = watchers.notifications();
    let Some(first) = notifications.next().await else { return Ok(()) };
    eprintln!("watching {}", counts(watchers));
    if options.once {
        return output.render(watchers, &first);
    }
    output.try_render(watchers, &first);
    if !options.plays_changes() {
        while let Some(changes) = notifications.next().await {
            output.try_render(watchers, &changes);
        }
        return Ok(());
    }
    for (number, change) in CHANGES.iter().enumerate() {
        println!("\n=== {}. {}", number + 1, change.title);
        let version = cluster.play(&change.operation).await?;
        for (_, watcher) in watchers.iter() {
            watcher.wait_for(&version, Duration::from_secs(60)).await?;
        }
        match notifications.flush() {
            Some(changes) => output.try_render(watchers, &changes),
            None => println!("no input changed: nothing to render"),
        }
    }
    println!("\n{} changes, {} renders", CHANGES.len(), output.renders);
    Ok(())
}

/// Waits until all stores are filled and says meanwhile what is missing.
async fn sync(watchers: &WatcherSet, once: bool) -> Result<(), Error> {
    let mut said = String::new();
    for second in 1.. {
        let Err(missing) = watchers.wait_until_synced(Duration::from_secs(1)).await else { break };
        if once && second == 60 {
            return Err(missing.into());
        }
        let waits = missing.missing.iter().map(|(what, why)| format!("\n  {what}: {why}")).collect::<String>();
        if waits != said {
            eprintln!("syncing:{waits}");
            said = waits;
        }
    }
    Ok(())
}

fn counts(watchers: &WatcherSet) -> String {
    let counts = watchers.iter().map(|(name, watcher)| format!("{} {name}", watcher.store().snapshot().len()));
    counts.collect::<Vec<_>>().join(", ")
}

/// The template, and what became of it last.
struct Output {
    renderer: Renderer,
    template: String,
    any_class: bool,
    files: Files,
    folder: Option<Folder>,
    last: Option<Rendered>,
    renders: usize,
}

impl Output {
    fn new(options: &Options) -> Result<Output, Error> {
        let (template, source) = match &options.template {
            Some(file) => {
                let name = file.display().to_string();
                let source = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
                (name, source)
            }
            None => ("haproxy.cfg.j2".to_owned(), include_str!("haproxy.cfg.j2").to_owned()),
        };
        let mut renderer = Renderer::new();
        let files = functions::register(renderer.environment_mut());
        renderer.add_template(&template, &source)?;
        let folder = options.output.as_ref().map(Folder::new);
        Ok(Output { renderer, template, any_class: options.any_class, files, folder, last: None, renders: 0 })
    }

    /// Renders; when that fails, says so and keeps what was rendered last.
    fn try_render(&mut self, watchers: &WatcherSet, changes: &Notification) {
        if let Err(error) = self.render(watchers, changes) {
            let kept = if self.last.is_some() { "; the last output stays" } else { "" };
            eprintln!("error: {}{kept}", chain(&*error));
        }
    }

    fn render(&mut self, watchers: &WatcherSet, changes: &Notification) -> Result<(), Error> {
        let context = context! { any_class => self.any_class };
        let rendered = self.renderer.render_with(&self.template, &watchers.snapshots(), context);
        // Taken in any case: a render that failed must leave no files to the next.
        let files = self.files.take();
        let rendered = Rendered::new(rendered?, files);
        self.renders += 1;
        if let Some(folder) = &self.folder {
            let written = folder.write(&rendered)?;
            for path in &written.changed {
                eprintln!("wrote {path}");
            }
            for path in &written.removed {
                eprintln!("removed {path}");
            }
        }
        match &self.last {
            None if self.folder.is_none() => print!("{}", rendered.configuration),
            None => println!("{}", rendered.configuration.lines().last().unwrap_or_default()),
            Some(last) => {
                println!("changed: {changes}\nrender {}:", self.renders);
                let difference = diff::diff(last, &rendered);
                print!("{}", if difference.is_empty() { "the output is the same\n" } else { &difference });
            }
        }
        self.last = Some(rendered);
        Ok(())
    }
}

/// An error and its causes, without those that it tells itself.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string);
    causes.fold(error.to_string(), |text, cause| if text.contains(&cause) { text } else { format!("{text}: {cause}") })
}
