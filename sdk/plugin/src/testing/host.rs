//! The host's functions in a test: a store, a clock and random bytes that work, and models and HTTP as the test answers them.
//! Every thread, and so every test, has its own.

use crate::Fault;
use crate::bindings::imports::ccr::plugin::{
    host::Level,
    http::{HttpRequest, HttpResponse},
    kv::Scope,
};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

type Model = Box<dyn FnMut(&str) -> Result<String, Fault>>;
type Http = Box<dyn FnMut(&HttpRequest) -> Result<HttpResponse, Fault>>;
/// Whether for a session, and the key; the value, and when it ends in milliseconds.
type Entries = BTreeMap<(bool, String), (Vec<u8>, Option<u64>)>;

thread_local! {
    static CONFIG: RefCell<String> = RefCell::new("{}".into());
    static MODEL: RefCell<Option<Model>> = const { RefCell::new(None) };
    static HTTP: RefCell<Option<Http>> = const { RefCell::new(None) };
    static ENTRIES: RefCell<Entries> = const { RefCell::new(BTreeMap::new()) };
    static HAS_SESSION: Cell<bool> = const { Cell::new(true) };
    static RANDOM: Cell<u64> = const { Cell::new(1) };
}

/// What [`crate::host::config`] says from now on: a JSON object.
pub fn set_config(json: &str) {
    CONFIG.set(json.into());
}

/// What answers [`crate::host::complete`] from now on. Until then it is denied.
pub fn on_complete(answer: impl FnMut(&str) -> Result<String, Fault> + 'static) {
    MODEL.set(Some(Box::new(answer)));
}

/// What answers [`crate::host::http`] from now on. Until then it is denied.
pub fn on_http(answer: impl FnMut(&HttpRequest) -> Result<HttpResponse, Fault> + 'static) {
    HTTP.set(Some(Box::new(answer)));
}

/// Whether the client names a session; it does until a test says otherwise.
pub fn set_session(named: bool) {
    HAS_SESSION.set(named);
}

/// Empties the store, as a restart of the gateway does.
pub fn forget() {
    ENTRIES.take();
}

pub(crate) fn log(level: Level, message: &str) {
    eprintln!("{level:?}: {message}");
}

pub(crate) fn config() -> String {
    CONFIG.with_borrow(String::clone)
}

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn monotonic_ns() -> u64 {
    thread_local!(static START: Instant = Instant::now());
    START.with(|start| u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
}

/// Always the same sequence, so that a test that failed fails again (xorshift, Marsaglia 2003).
pub(crate) fn random(length: u32) -> Vec<u8> {
    let byte = || {
        let mut state = RANDOM.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        RANDOM.set(state);
        state.to_le_bytes()[7]
    };
    (0..length).map(|_| byte()).collect()
}

fn entry(scope: Scope, key: &str) -> Result<(bool, String), Fault> {
    let of_session = matches!(scope, Scope::Session);
    if of_session && !HAS_SESSION.get() {
        return Err(Fault::Unavailable("the client names no session".into()));
    }
    Ok((of_session, key.into()))
}

pub(crate) fn get(scope: Scope, key: &str) -> Result<Option<Vec<u8>>, Fault> {
    let entry = entry(scope, key)?;
    let now = now_ms();
    Ok(ENTRIES.with_borrow(|entries| {
        let (value, ends) = entries.get(&entry)?;
        ends.is_none_or(|ends| now < ends).then(|| value.clone())
    }))
}

pub(crate) fn set(scope: Scope, key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<(), Fault> {
    let entry = entry(scope, key)?;
    let ends = ttl_ms.map(|ttl| now_ms().saturating_add(ttl));
    ENTRIES.with_borrow_mut(|entries| entries.insert(entry, (value.to_owned(), ends)));
    Ok(())
}

pub(crate) fn delete(scope: Scope, key: &str) -> Result<(), Fault> {
    let entry = entry(scope, key)?;
    ENTRIES.with_borrow_mut(|entries| entries.remove(&entry));
    Ok(())
}

pub(crate) fn keys(scope: Scope, prefix: &str) -> Result<Vec<String>, Fault> {
    let (of_session, prefix) = entry(scope, prefix)?;
    Ok(ENTRIES.with_borrow(|entries| {
        let own = entries.keys().filter(|(session, key)| *session == of_session && key.starts_with(&prefix));
        own.map(|(_, key)| key.clone()).collect()
    }))
}

pub(crate) fn complete(request: &str) -> Result<String, Fault> {
    MODEL.with_borrow_mut(|model| match model {
        Some(model) => model(request),
        None => Err(Fault::Denied("the test answers no model calls".into())),
    })
}

pub(crate) fn send(request: &HttpRequest) -> Result<HttpResponse, Fault> {
    HTTP.with_borrow_mut(|http| match http {
        Some(http) => http(request),
        None => Err(Fault::Denied("the test answers no HTTP requests".into())),
    })
}
