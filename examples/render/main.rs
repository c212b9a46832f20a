//! Renders an HAProxy configuration from the objects of a Kubernetes cluster, and again whenever they change.
//!
//! `config.yaml` says which objects are watched, which of their fields are dropped and how they are indexed;
//! `haproxy.cfg.j2` reads them from snapshots. Without options the cluster is a small one in this process, and the
//! example makes a few changes to it. The rendered configuration goes to standard output or a folder, everything else
//! to standard error.

mod certificates;
mod changes;
mod checks;
mod cluster;
mod der;
mod diff;
mod functions;
mod options;
mod output;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use kube_indexed_store::config::Config;
use kube_indexed_store::template::{self, Renderer};
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
        return output.render(watchers, &first).await;
    }
    output.try_render(watchers, &first).await;
    if !options.plays_changes() {
        while let Some(changes) = notifications.next().await {
            output.try_render(watchers, &changes).await;
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
            Some(changes) => output.try_render(watchers, &changes).await,
            None => println!("no input changed: nothing to render"),
        }
    }
    println!(
        "\nchanges: {}, renders: {}, skipped: {}, objects fetched: {}",
        CHANGES.len(),
        output.renders,
        output.skipped,
        output.fetched
    );
    Ok(())
}

/// Waits until all stores are filled, and prints meanwhile what is missing.
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

/// The template, and its last result.
struct Output {
    renderer: Renderer,
    template: String,
    any_class: bool,
    files: Files,
    folder: Option<Folder>,
    last: Option<Last>,
    renders: usize,
    /// Changes that did not affect anything the template had read.
    skipped: usize,
    /// Objects that were fetched because the template read them.
    fetched: usize,
}

/// The last render: what to print about it, and what decides whether to render again.
struct Last {
    output: Rendered,
    session: template::Rendered,
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
        let recorded = files.clone();
        // A pass that had to be repeated recorded files of values that were not there yet.
        renderer.on_pass(move || drop(recorded.take()));
        renderer.add_template(&template, &source)?;
        Ok(Output {
            renderer,
            template,
            any_class: options.any_class,
            files,
            folder: options.output.as_ref().map(Folder::new),
            last: None,
            renders: 0,
            skipped: 0,
            fetched: 0,
        })
    }

    /// Renders; when that fails, says so and keeps what was rendered last.
    async fn try_render(&mut self, watchers: &WatcherSet, changes: &Notification) {
        if let Err(error) = self.render(watchers, changes).await {
            let kept = if self.last.is_some() { "; the last output stays" } else { "" };
            eprintln!("error: {}{kept}", chain(&*error));
        }
    }

    async fn render(&mut self, watchers: &WatcherSet, changes: &Notification) -> Result<(), Error> {
        if !changes.initial {
            println!("changed: {changes}");
        }
        if self.last.as_mut().is_some_and(|last| last.session.is_current(watchers.stores())) {
            self.skipped += 1;
            println!("the template has not read it: nothing to render");
            return Ok(());
        }
        let session = self.renderer.watched_session(watchers).context(context! { any_class => self.any_class });
        let session = session.render(&self.template).await?;
        let output = Rendered::new(session.text().to_owned(), self.files.take());
        self.renders += 1;
        self.fetched += session.fetched();
        if let Some(folder) = &self.folder {
            let written = folder.write(&output)?;
            for path in &written.changed {
                eprintln!("wrote {path}");
            }
            for path in &written.removed {
                eprintln!("removed {path}");
            }
        }
        match &self.last {
            None if self.folder.is_none() => print!("{}", output.configuration),
            None => println!("{}", output.configuration.lines().last().unwrap_or_default()),
            Some(last) => {
                println!("render {}, objects fetched for it: {}", self.renders, session.fetched());
                let difference = diff::diff(&last.output, &output);
                print!("{}", if difference.is_empty() { "the output is the same\n" } else { &difference });
            }
        }
        self.last = Some(Last { output, session });
        Ok(())
    }
}

/// An error and its causes, without those that its own message already contains.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string);
    causes.fold(error.to_string(), |text, cause| if text.contains(&cause) { text } else { format!("{text}: {cause}") })
}
