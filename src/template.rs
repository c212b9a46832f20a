//! Templates over snapshots: `minijinja`, with stores that are read lazily.
//!
//! [`Renderer`] is an environment with what configuration templates expect; [`Resources`] is what they see of the
//! stores. When to render is the caller's business, told by
#![cfg_attr(feature = "client", doc = "[notifications](crate::watcher::Notifications).")]
#![cfg_attr(not(feature = "client"), doc = "the changes of the stores.")]
//!
//! # What templates see
//!
//! | written | is |
//! |---|---|
//! | `resources.ingresses` | every object of the store `ingresses`, ordered by namespace and name; it iterates, slices, counts and sorts |
//! | `resources.ingresses.get("shop")` | the objects under a key prefix of the default index |
//! | `resources.ingresses.fetch("shop", "web")` | the object of that namespace and name, or undefined; `fetch("node-1")` of cluster scope |
//! | `resources.ingresses.single("shop", "web")` | the one object under a key prefix, or undefined; several are an error |
//! | `resources.ingresses.index("by-host").get("a.example")` | the same with another index |
//! | `resources.pods.where("app=web")` | only objects with matching labels; before or after `get` |
//! | `resources.pods.keys("shop")` | the keys that exist under a prefix, each a list of components |
//! | `ingress.spec.rules[0].host` | a field; one that is absent is undefined |
//! | `ingress \| label("app.kubernetes.io/name")`, `ingress \| annotation("a/b")` | a label or annotation, or undefined |
//! | `secret.data["tls.crt"] \| b64decode`, `text \| b64encode` | base64 |
//! | `fail("why")`, `required(value, "why")` | an error, always or when the value is undefined, none or empty |
//!
//! Undefined values are strict: printing, iterating or testing one is an error; `is defined` and `default(..)` are
//! for what may be absent. Nothing is escaped. `true`, `false` and `none` print in lower case where they are printed
//! by themselves or as part of an object; joined to a text with `~` they print as minijinja has them. Numbers with a
//! zero fraction are integers here, as the Go original has it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::Snapshot;

mod error;
mod functions;
mod object;
mod reads;
mod resources;
mod run;
mod session;

use error::Cause;
pub use error::Error;
pub use object::object_value;
pub use resources::Resources;
use run::Run;
pub use session::{Rendered, Session};

/// Renders templates from snapshots.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
/// use kube_indexed_store::template::Renderer;
/// use kube_indexed_store::{Indexed, MemoryStore, Store, StoreExt};
///
/// let services = MemoryStore::new();
/// let web = r#"{"kind": "Service", "metadata": {"namespace": "shop", "name": "web"}, "spec": {"ports": [{"port": 80}]}}"#;
/// services.apply(Indexed::new(serde_json::from_str(web)?).unwrap())?;
///
/// let mut renderer = Renderer::new();
/// renderer.add_template("backends", "\
/// {% for service in resources.services.get('shop') %}
/// backend {{ service.metadata.name }}: {{ service.spec.ports[0].port }}
/// {% endfor %}
/// ")?;
/// let snapshots = BTreeMap::from([("services".to_owned(), services.snapshot())]);
/// assert_eq!(renderer.render("backends", &snapshots)?, "backend web: 80\n");
///
/// renderer.add_template("wrong", "\n{{ resources.servces | length }}")?;
/// assert_eq!(
///     renderer.render("wrong", &snapshots).unwrap_err().to_string(),
///     "wrong, line 2: undefined value: no store is named \"servces\": there are services",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Renderer {
    environment: Environment<'static>,
    on_pass: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Default for Renderer {
    fn default() -> Renderer {
        Renderer::new()
    }
}

/// A line that holds only a statement or a comment leaves no line behind; a file ends as it is written.
fn syntax() -> SyntaxConfig {
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    syntax.expect("these settings go together")
}

impl Renderer {
    /// A renderer without templates.
    pub fn new() -> Renderer {
        let mut environment = Environment::new();
        // So that errors name the expression, in release builds too. What else they carry, the values of variables, is
        // never shown: see the `Debug` of `Error`.
        environment.set_debug(true);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_syntax(syntax());
        functions::register(&mut environment);
        Renderer { environment, on_pass: None }
    }

    /// The environment, for further functions, filters, tests and loaders.
    pub fn environment_mut(&mut self) -> &mut Environment<'static> {
        &mut self.environment
    }

    /// Adds a template, or replaces the one of that name. The name is for messages, and for `include` and `import`.
    ///
    /// # Errors
    ///
    /// When the source is no template; a template of that name that was there stays.
    pub fn add_template(&mut self, name: &str, source: &str) -> Result<(), Error> {
        let added = self.environment.add_template_owned(name.to_owned(), source.to_owned());
        added.map_err(|error| Error::new(name, Cause::Template { error: Arc::new(error), object: None }))
    }

    /// Renders a template. It sees the snapshots as `resources`.
    ///
    /// # Errors
    ///
    /// When there is no such template, or anything in it fails. Nothing is rendered in part.
    pub fn render(&self, template: &str, snapshots: &BTreeMap<String, Snapshot>) -> Result<String, Error> {
        self.render_with(template, snapshots, context! {})
    }

    /// Renders a template that also sees the members of `context`.
    ///
    /// # Errors
    ///
    /// As [`render`](Renderer::render).
    pub fn render_with(
        &self,
        template: &str,
        snapshots: &BTreeMap<String, Snapshot>,
        context: Value,
    ) -> Result<String, Error> {
        self.before_pass();
        let run = Run::default();
        let pinned = snapshots.iter().map(|(name, snapshot)| (name.as_str(), snapshot.clone(), None));
        self.render_resources(template, Resources::pin(pinned, &run), context, &run)
    }

    /// Calls `before` before every pass of a render, and there may be several until nothing is missing: what functions of
    /// one's own have recorded in an earlier pass is void.
    pub fn on_pass(&mut self, before: impl Fn() + Send + Sync + 'static) {
        self.on_pass = Some(Arc::new(before));
    }

    fn before_pass(&self) {
        if let Some(before) = &self.on_pass {
            before();
        }
    }

    fn render_resources(
        &self,
        template: &str,
        resources: Resources,
        context: Value,
        run: &Run,
    ) -> Result<String, Error> {
        let values = context! { resources => Value::from_object(resources), ..context };
        let rendered = self.environment.get_template(template).and_then(|found| found.render(values));
        rendered.map_err(|error| {
            let (error, object) = (Arc::new(error), run.at_hand());
            Error::new(template, Cause::Template { error, object })
        })
    }
}

impl fmt::Debug for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renderer").field("environment", &self.environment).finish_non_exhaustive()
    }
}
