//! The command line. Nothing is opened or checked here beyond the arguments themselves.

use std::path::PathBuf;

use clap::Parser;

/// Renders an HAProxy configuration from Kubernetes objects, and again whenever one that matters changes.
///
/// Without options it needs nothing else: it starts a small cluster in its own process, prints the configuration, then
/// makes a few changes (a new pod, a renewed certificate, an Ingress that moves) and shows what each one does to it.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(
    name = "render",
    disable_version_flag = true,
    after_help = "\
Examples:
  cargo run --example render                                   watch a small cluster change
  cargo run --example render -- --once --output out            write out/haproxy.cfg and out/certs/
  cargo run --example render -- --manifests my-app/            what would my manifests become?
  ... --manifests my-app/ --any-class                          ... whatever controller they were written for
  cargo run --example render -- --cluster --output /etc/proxy  follow the cluster of your kubeconfig

Check what was written with: haproxy -c -f out/haproxy.cfg"
)]
pub struct Options {
    /// Which resources to watch and how to index them [default: the example's own config.yaml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The template to render [default: the example's own haproxy.cfg.j2]
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,

    /// Fill the cluster in this process from a folder of manifests, instead of the small one
    #[arg(long, value_name = "DIR", conflicts_with = "cluster")]
    pub manifests: Option<PathBuf>,

    /// Watch a real cluster: the current context of your kubeconfig, or the one this pod runs in
    ///
    /// It only reads: it must be allowed to list and watch what the configuration names, and to get what is on demand.
    #[arg(long)]
    pub cluster: bool,

    /// Take Ingresses of every class, not only those for HAProxy
    #[arg(long)]
    pub any_class: bool,

    /// Render once and stop
    #[arg(long)]
    pub once: bool,

    /// Write haproxy.cfg and certs/*.pem into this folder, instead of printing the configuration
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

impl Options {
    /// Whether to make the changes: only in the small cluster, and unless it renders only once.
    pub fn plays_changes(&self) -> bool {
        self.manifests.is_none() && !self.cluster && !self.once
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn parse(line: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once("render").chain(line.split_whitespace()))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn without_options_the_small_cluster_plays_its_changes() {
        let options = parse("").unwrap();
        assert!(options.plays_changes());
        assert_eq!(options.output, None);
    }

    #[test]
    fn a_render_of_foreign_objects_plays_nothing() {
        assert!(!parse("--manifests app").unwrap().plays_changes());
        assert!(!parse("--cluster").unwrap().plays_changes());
        assert!(!parse("--once").unwrap().plays_changes());
    }

    #[test]
    fn a_folder_and_a_cluster_exclude_each_other() {
        let error = parse("--manifests app --cluster").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ArgumentConflict);
    }

    #[test]
    fn a_misspelled_option_is_answered_with_the_right_one() {
        let error = parse("--manifest app").unwrap_err().to_string();
        assert!(error.contains("--manifests"), "{error}");
    }
}
