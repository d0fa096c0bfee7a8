//! The host functions of the two request resources (`wit/0.2.0/host.wit`): a plugin borrows a request for one call.

use http::HeaderName;
use wasmtime::component::{Resource, ResourceTable};

use super::bindings::imports::ccr::plugin::host::{HostRequest, HostWireRequest, RequestSummary};
use super::bindings::{Fault, Target};
use super::guest::Guest;
use crate::base::request::{self, InnerRequest};
use crate::base::wire::WireBody;

/// Most notes of one call about what was left out: as many as a request may sensibly lose, few enough for a header.
const MAX_DROPPED: usize = 256;

/// Longest of those notes, in bytes.
const MAX_DROPPED_BYTES: usize = 256;

/// Where a request is sent: what plugins see of its target.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The provider's name in the config, and the model in the provider's own words.
    pub target: Target,
    /// Path and query of the provider's base URL.
    pub base_path: String,
}

impl Destination {
    /// A model of a provider, with path and query of the provider's base URL.
    pub fn new(provider: &str, model: &str, base_path: String) -> Self {
        Self { target: Target { provider: provider.to_owned(), model: model.to_owned() }, base_path }
    }
}

/// The resource `request`: one in the inner form.
pub struct Request {
    pub(super) request: InnerRequest,
    /// `None` before it is routed.
    destination: Option<Destination>,
    access: Access,
    /// What the plugin noted as left out.
    pub(super) dropped: Vec<String>,
}

/// What a role may do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Edit,
}

impl Request {
    pub(super) fn new(request: InnerRequest, destination: Option<Destination>, access: Access) -> Self {
        Self { request, destination, access, dropped: Vec::new() }
    }
}

/// The resource `wire-request`: one as it goes over the wire, without credentials.
pub struct WireRequest {
    pub(super) target: Target,
    pub(super) path: String,
    pub(super) headers: http::HeaderMap,
    pub(super) body: WireBody,
    /// What the plugin noted as left out.
    pub(super) dropped: Vec<String>,
}

fn note(list: &mut Vec<String>, what: String) {
    if list.len() < MAX_DROPPED {
        list.push(request::shortened(what, MAX_DROPPED_BYTES));
    }
}

fn borrowed<'t, T: 'static>(table: &'t ResourceTable, handle: &Resource<T>) -> wasmtime::Result<&'t T> {
    Ok(table.get(handle)?)
}

impl HostRequest for Guest {
    fn id(&mut self, handle: Resource<Request>) -> wasmtime::Result<String> {
        Ok(borrowed(&self.table, &handle)?.request.about().id.clone())
    }

    fn model(&mut self, handle: Resource<Request>) -> wasmtime::Result<String> {
        Ok(borrowed(&self.table, &handle)?.request.about().model.clone())
    }

    fn target(&mut self, handle: Resource<Request>) -> wasmtime::Result<Option<Target>> {
        Ok(borrowed(&self.table, &handle)?.destination.as_ref().map(|destination| destination.target.clone()))
    }

    fn base_path(&mut self, handle: Resource<Request>) -> wasmtime::Result<Option<String>> {
        Ok(borrowed(&self.table, &handle)?.destination.as_ref().map(|destination| destination.base_path.clone()))
    }

    fn header(&mut self, handle: Resource<Request>, name: String) -> wasmtime::Result<Option<String>> {
        let headers = &borrowed(&self.table, &handle)?.request.about().headers;
        Ok(headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned))
    }

    fn session(&mut self, handle: Resource<Request>) -> wasmtime::Result<Option<String>> {
        Ok(borrowed(&self.table, &handle)?.request.about().session.as_deref().map(str::to_owned))
    }

    fn summary(&mut self, handle: Resource<Request>) -> wasmtime::Result<RequestSummary> {
        let request = &borrowed(&self.table, &handle)?.request;
        let figures = request.figures();
        Ok(RequestSummary {
            body_bytes: request.text().len() as u64,
            messages: figures.messages,
            tools: figures.tools,
            has_images: figures.has_images,
            thinking: figures.thinking,
            streaming: request.about().streaming,
            max_tokens: figures.max_tokens,
        })
    }

    fn get(&mut self, handle: Resource<Request>, pointer: String) -> wasmtime::Result<Option<String>> {
        Ok(borrowed(&self.table, &handle)?.request.get(&pointer).map(str::to_owned))
    }

    fn set(&mut self, handle: Resource<Request>, pointer: String, json: String) -> wasmtime::Result<Result<(), Fault>> {
        let request = self.table.get_mut(&handle)?;
        Ok(editable(request).and_then(|request| request.set(&pointer, &json).map_err(Fault::Other)))
    }

    fn remove(&mut self, handle: Resource<Request>, pointer: String) -> wasmtime::Result<Result<(), Fault>> {
        let request = self.table.get_mut(&handle)?;
        Ok(editable(request).map(|request| request.remove(&pointer)))
    }

    fn body(&mut self, handle: Resource<Request>) -> wasmtime::Result<Vec<u8>> {
        Ok(borrowed(&self.table, &handle)?.request.text().as_bytes().to_vec())
    }

    fn dropped(&mut self, handle: Resource<Request>, what: String) -> wasmtime::Result<()> {
        note(&mut self.table.get_mut(&handle)?.dropped, what);
        Ok(())
    }

    fn token_count(&mut self, handle: Resource<Request>) -> wasmtime::Result<u64> {
        let borrowed = borrowed(&self.table, &handle)?;
        // A request that is not on its way to a model yet is counted as the config says in general.
        let tokenizers = &self.surroundings.tokenizers;
        let tokenizer = match &borrowed.destination {
            Some(destination) => tokenizers.of(&destination.target.model),
            None => tokenizers.default.clone(),
        };
        Ok(self.tokens.count(&borrowed.request, &tokenizer))
    }

    fn drop(&mut self, handle: Resource<Request>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

fn editable(resource: &mut Request) -> Result<&mut InnerRequest, Fault> {
    match resource.access {
        Access::Edit => Ok(&mut resource.request),
        Access::Read => Err(Fault::Denied("this role may read the request, not edit it".into())),
    }
}

impl HostWireRequest for Guest {
    fn target(&mut self, handle: Resource<WireRequest>) -> wasmtime::Result<Target> {
        Ok(borrowed(&self.table, &handle)?.target.clone())
    }

    fn path(&mut self, handle: Resource<WireRequest>) -> wasmtime::Result<String> {
        Ok(borrowed(&self.table, &handle)?.path.clone())
    }

    fn set_path(&mut self, handle: Resource<WireRequest>, path: String) -> wasmtime::Result<Result<(), Fault>> {
        let request = self.table.get_mut(&handle)?;
        if let Err(reason) = crate::base::wire::check_path(&path) {
            return Ok(Err(Fault::Other(reason)));
        }
        request.path = path;
        Ok(Ok(()))
    }

    fn header(&mut self, handle: Resource<WireRequest>, name: String) -> wasmtime::Result<Option<String>> {
        let headers = &borrowed(&self.table, &handle)?.headers;
        Ok(headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned))
    }

    fn set_header(
        &mut self,
        handle: Resource<WireRequest>,
        name: String,
        value: String,
    ) -> wasmtime::Result<Result<(), Fault>> {
        let request = self.table.get_mut(&handle)?;
        Ok(crate::base::wire::set_header(&mut request.headers, &name, &value).map_err(Fault::Denied))
    }

    fn remove_header(&mut self, handle: Resource<WireRequest>, name: String) -> wasmtime::Result<()> {
        if let Ok(name) = HeaderName::try_from(name) {
            self.table.get_mut(&handle)?.headers.remove(name);
        }
        Ok(())
    }

    fn get(&mut self, handle: Resource<WireRequest>, pointer: String) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get_mut(&handle)?.body.get(&pointer))
    }

    fn set(
        &mut self,
        handle: Resource<WireRequest>,
        pointer: String,
        json: String,
    ) -> wasmtime::Result<Result<(), Fault>> {
        Ok(self.table.get_mut(&handle)?.body.set(&pointer, &json).map_err(Fault::Other))
    }

    fn remove(&mut self, handle: Resource<WireRequest>, pointer: String) -> wasmtime::Result<Result<(), Fault>> {
        Ok(self.table.get_mut(&handle)?.body.remove(&pointer).map_err(Fault::Other))
    }

    fn body(&mut self, handle: Resource<WireRequest>) -> wasmtime::Result<Vec<u8>> {
        Ok(borrowed(&self.table, &handle)?.body.bytes().to_vec())
    }

    fn set_body(&mut self, handle: Resource<WireRequest>, body: Vec<u8>) -> wasmtime::Result<Result<(), Fault>> {
        let request = self.table.get_mut(&handle)?;
        request.body = WireBody::new(body.into());
        Ok(Ok(()))
    }

    fn dropped(&mut self, handle: Resource<WireRequest>, what: String) -> wasmtime::Result<()> {
        note(&mut self.table.get_mut(&handle)?.dropped, what);
        Ok(())
    }

    fn drop(&mut self, handle: Resource<WireRequest>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_bounded_in_number_and_length() {
        let mut list = Vec::new();
        for _ in 0..1000 {
            note(&mut list, "é".repeat(1000));
        }
        assert_eq!(list.len(), MAX_DROPPED);
        assert!(list.iter().all(|what| what.len() <= MAX_DROPPED_BYTES));
    }
}
