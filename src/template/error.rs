//! Why a template could not be read or rendered.

use std::fmt;
use std::sync::Arc;

use crate::store;

/// Why a template could not be read or rendered, where, and about which object.
#[derive(Clone)]
pub struct Error {
    template: String,
    line: Option<usize>,
    cause: Box<Cause>,
}

#[derive(Clone)]
pub(super) enum Cause {
    /// The template failed, when this object had been read last.
    Template { error: Arc<minijinja::Error>, object: Option<String> },
    /// A body could not be fetched.
    Store { store: String, error: store::Error },
    /// New bodies were asked for again and again.
    Endless { passes: usize },
}

impl Error {
    pub(super) fn new(template: &str, cause: Cause) -> Error {
        let mut found = Error { template: template.to_owned(), line: None, cause: Box::new(cause.clone()) };
        let Cause::Template { error, .. } = cause else { return found };
        if let Some(name) = error.name() {
            name.clone_into(&mut found.template);
        }
        found.line = error.line();
        // The innermost place is where the author has to look: a macro or include may be elsewhere.
        let mut inner = std::error::Error::source(&*error);
        while let Some(cause) = inner {
            if let Some(cause) = cause.downcast_ref::<minijinja::Error>()
                && let (Some(name), Some(line)) = (cause.name(), cause.line())
            {
                (found.template, found.line) = (name.to_owned(), Some(line));
            }
            inner = cause.source();
        }
        found
    }

    /// The template in which it happened.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The line, counted from 1, if it is about one.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The object that was read last, as `store namespace/name`.
    pub fn object(&self) -> Option<&str> {
        match &*self.cause {
            Cause::Template { object, .. } => object.as_deref(),
            _ => None,
        }
    }

    /// What the store said, if an object could not be fetched.
    pub fn store_error(&self) -> Option<&store::Error> {
        match &*self.cause {
            Cause::Store { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// What the template engine says, of the innermost place and without the place.
fn reason(error: &minijinja::Error) -> String {
    let mut error = error;
    while let Some(inner) = std::error::Error::source(error).and_then(|inner| inner.downcast_ref()) {
        error = inner;
    }
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// `haproxy.cfg, line 12, at ingresses shop/web: undefined value: ...`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.template)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(object) = self.object() {
            write!(f, ", at {object}")?;
        }
        match &*self.cause {
            Cause::Template { error, .. } => write!(f, ": {}", reason(error)),
            Cause::Store { store, error } => write!(f, ": {store} {error}"),
            Cause::Endless { passes } => {
                write!(f, ": after {passes} passes the template still asked for objects that depend on others")
            }
        }
    }
}

/// As it is displayed: what else minijinja knows may hold the values of variables.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.cause {
            Cause::Store { error, .. } => std::error::Error::source(error),
            _ => None,
        }
    }
}
