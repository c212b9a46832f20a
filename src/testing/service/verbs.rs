//! The verbs: what a request orders is read from it, done to the state, and made an answer.
//!
//! Not here: what each does ([`write`](crate::testing::write), [`listing`](crate::testing::listing) and others).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use kube::core::Status;
use tokio::time::timeout;

use super::{Exchange, seen};
use crate::testing::{
    answer::Answer,
    body::Body,
    calls::{self, Question},
    cluster::Inner,
    connections,
    deletion::Deletion,
    kinds::{Connection, NamedCall, Part},
    listing,
    media::{self, PatchType},
    options::{Options, WriteOptions, revision},
    patch::Patch,
    reports,
    route::Call,
    selection::Selection,
    state::Target,
    status,
    storage::Object,
    text::{self, Form},
    watching,
    write::{self, Author, Change, Configuration, Write},
};

/// How long the server waits for a revision that is yet to come.
const PATIENCE: Duration = Duration::from_secs(3);

impl Exchange {
    pub(super) async fn answer_to(&self, call: Call<'_>, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        match call {
            Call::List => self.list(target, form).await,
            Call::Watch => self.watch(target, form).await,
            Call::Create => self.create(target, form),
            Call::DeleteCollection => self.delete_collection(target, form).await,
            Call::Get(name, part) => self.get(target, name, part, form).await,
            Call::Update(name, part) => self.update(target, name, part, form),
            Call::Delete(name) => self.delete(target, name, form),
            Call::Patch(name, part) => self.patch(target, name, part, form),
            Call::Ask(about) => self.ask(target, about, form),
            Call::Report(name) => self.report(target, name, form),
            Call::Connect(..) => Err(status::method_not_allowed()),
        }
    }

    async fn list(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = self.options(target)?;
        self.revision_reached(listing::awaited(&options)?).await?;
        let list = self.shared.read(|inner| listing::list(&inner.state, target, &options, form))?;
        Ok(Answer::Json(200, list.text()))
    }

    async fn watch(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = self.options(target)?;
        if options.initial_events == Some(true) {
            let asked = revision(&options.version).map_err(status::internal)?;
            if let Err(status) = self.revision_reached(asked.unwrap_or(0)).await {
                return Ok(Answer::Watch(Body::stream(watching::failed(&status))));
            }
        }
        let frames = watching::open(&self.shared, target, &options, form, self.request.user_agent.as_deref())?;
        Ok(Answer::Watch(Body::stream(frames)))
    }

    /// The options of a list or a watch, unless they are refused.
    fn options(&self, target: &Target) -> Result<Options, Box<Status>> {
        let mut options = Options::read(&self.request.query)?;
        options.check(self.shared.read(|inner| inner.features.watch_list))?;
        let selection = Selection::new(target, &options.labels, &options.fields)?;
        if let (Some(name), "watch") = (&self.request.name, self.request.verb.as_str()) {
            if !options.fields.is_empty() && selection.name() != Some(name) {
                return Err(status::bad_request("fieldSelector metadata.name doesn't match requested name"));
            }
            options.fields = format!("metadata.name={name}");
        }
        Ok(options)
    }

    async fn get(&self, target: &Target, name: &str, part: Option<Part>, form: Form) -> Result<Answer, Box<Status>> {
        let asked = revision(self.request.param("resourceVersion").unwrap_or_default()).map_err(status::internal)?;
        self.revision_reached(asked.unwrap_or(0)).await?;
        self.shared.read(|inner| match &part {
            Some(Part::Scale(paths)) => {
                let scale = inner.state.scale(target, name, paths)?;
                Ok(Answer::Json(200, printed(&seen(target, &part), &scale, form)))
            }
            _ => {
                let object = inner.state.find(&target.kind, &target.namespace, name)?;
                Ok(Answer::Json(200, printed(target, object, form)))
            }
        })
    }

    fn create(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        media::readable(&target.kind, &self.headers)?;
        let options = WriteOptions::read(&self.request, "CreateOptions", self.agent())?;
        let document = media::document(&target.kind, &self.headers, &self.body.clone()?)?;
        let created = self.shared.update(|inner| inner.state.create(target, document, self.write(&options, None)))?;
        Ok(Answer::Json(201, printed(target, &created.object, form)))
    }

    fn update(&self, target: &Target, name: &str, part: Option<Part>, form: Form) -> Result<Answer, Box<Status>> {
        let options = WriteOptions::read(&self.request, "UpdateOptions", self.agent())?;
        let seen = seen(target, &part);
        let change = Change::Replace(media::document(&seen.kind, &self.headers, &self.body.clone()?)?);
        let write = self.write(&options, part.as_ref());
        let written = self.shared.update(|inner| inner.state.change(target, name, change, write))?;
        let code = if written.created { 201 } else { 200 };
        Ok(Answer::Json(code, printed(&seen, &written.object, form)))
    }

    fn patch(&self, target: &Target, name: &str, part: Option<Part>, form: Form) -> Result<Answer, Box<Status>> {
        let said = PatchType::of(&target.kind, media::content_type(&self.headers).unwrap_or_default())?;
        let text = self.body.clone()?;
        let options = WriteOptions::of_patch(&self.request, said == PatchType::Apply, self.agent())?;
        let write = self.write(&options, part.as_ref());
        let change = |change: Change<'_>| self.shared.update(|inner| inner.state.change(target, name, change, write));
        let written = match said {
            PatchType::Apply => change(Change::Apply(&Configuration { text, force: options.force })),
            PatchType::Change(language) => change(Change::Patch(&Patch { language, text })),
        }?;
        let text = printed(&seen(target, &part), &written.object, form);
        Ok(Answer::Json(if written.created { 201 } else { 200 }, text))
    }

    fn ask(&self, target: &Target, about: Option<(&str, NamedCall)>, form: Form) -> Result<Answer, Box<Status>> {
        let options = WriteOptions::read(&self.request, "CreateOptions", self.agent())?;
        let seen = calls::seen(target, about);
        let document = media::document(&seen.kind, &self.headers, &self.body.clone()?)?;
        let part = about.map(|(_, call)| Part::Call(call));
        let write = self.write(&options, part.as_ref());
        let question = Question { target, about, document, write, token: self.token() };
        let answer = self.shared.update(|inner| calls::answer(inner, question))?;
        let text = match answer["kind"] == "Status" {
            true => text::whole(&seen.kind, &answer),
            false => printed(&seen, &Object::new(answer), form),
        };
        Ok(Answer::Json(201, text))
    }

    fn report(&self, target: &Target, name: Option<&str>, form: Form) -> Result<Answer, Box<Status>> {
        let options = self.options(target)?;
        if options.watch {
            return Err(status::unwatchable(&target.kind));
        }
        self.shared.read(|inner| match name {
            Some(name) => Ok(Answer::Json(200, printed(target, &reports::one(&inner.state, name)?, form))),
            None => Ok(Answer::Json(200, reports::all(&inner.state, target, &options, form)?)),
        })
    }

    pub(super) fn connect(
        &self,
        target: &Target,
        name: &str,
        connection: Connection,
    ) -> Result<Response<Body>, Box<Status>> {
        self.shared.read(|inner| connections::answer(&inner.state, target, name, connection, &self.request))
    }

    fn delete(&self, target: &Target, name: &str, form: Form) -> Result<Answer, Box<Status>> {
        let deletion = self.deletion()?;
        self.warnings.add(write::deletion_warnings(&target.kind, &deletion));
        let deleted = self.shared.update(|inner| inner.state.delete(target, name, &deletion))?;
        // Whoever asks in the old way is told when there is more to come.
        let code = if deletion.cascades && !deleted.gone { 202 } else { 200 };
        Ok(Answer::Json(code, text::deleted(&target.kind, &deleted.answer, form)))
    }

    async fn delete_collection(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = self.options(target)?;
        let deletion = self.deletion()?;
        self.revision_reached(listing::awaited(&options)?).await?;
        let delete = |inner: &mut Inner| inner.state.delete_collection(target, &options, &deletion, form);
        let list = self.shared.update(delete)?;
        self.warnings.add(write::deletion_warnings(&target.kind, &deletion));
        Ok(Answer::Json(200, list.text()))
    }

    /// Waits a little for a revision that is yet to come.
    async fn revision_reached(&self, asked: u64) -> Result<(), Box<Status>> {
        if timeout(PATIENCE, self.shared.reached(asked)).await.is_err() {
            let current = self.shared.read(|inner| inner.state.storage.revision);
            return Err(status::too_large_version(asked, current));
        }
        Ok(())
    }

    /// How a write is meant.
    fn write<'w>(&'w self, options: &'w WriteOptions, part: Option<&'w Part>) -> Write<'w> {
        Write {
            dry_run: options.dry_run,
            force: false,
            author: Author::Client(&options.manager),
            validation: options.validation,
            part,
            warnings: Some(&self.warnings),
        }
    }

    /// What the client calls itself.
    fn agent(&self) -> &[u8] {
        self.headers.get(header::USER_AGENT).map_or(&[], HeaderValue::as_bytes)
    }

    /// The token by which the client says who it is.
    fn token(&self) -> Option<&str> {
        let said = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        said.strip_prefix("Bearer ")
    }

    fn deletion(&self) -> Result<Deletion, Box<Status>> {
        Deletion::read(&self.request, &self.headers, &self.body.clone()?)
    }
}

fn printed(target: &Target, object: &Object, form: Form) -> Bytes {
    text::object(&target.kind, &target.version, object, form)
}
