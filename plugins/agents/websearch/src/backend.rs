//! The services that search, each in a module of its own that says what it is asked and how its answer is read; here is what is
//! the same for all.

mod ask;
mod brave;
mod searxng;
mod serper;
mod tavily;

#[cfg(test)]
mod tests;

pub(crate) use ask::Ask;

use crate::options::Kind;
use crate::report::Failed;
use crate::source::Source;
use crate::text::{first, one_line};
use ccr_plugin::Fault;
use ccr_plugin::host::{HttpRequest, HttpResponse, Level, http, log};
use ccr_plugin::messages::json::{Document, Value};

/// The longest excerpt that is kept of a result, in characters. Brave's have 200 to 300, Tavily's up to some 1,500; twenty of the
/// longest are some 10,000 tokens.
const LONGEST_TEXT: usize = 2_000;

/// The longest title, in characters: browsers show far less.
pub(crate) const LONGEST_TITLE: usize = 300;

/// The longest address, in bytes; longer ones are tracking links, which models do not copy rightly.
pub(crate) const LONGEST_URL: usize = 2_000;

impl Kind {
    /// What the service is called in words.
    fn name(self) -> &'static str {
        match self {
            Self::Brave => "Brave",
            Self::Tavily => "Tavily",
            Self::Serper => "Serper",
            Self::Searxng => "SearXNG",
        }
    }

    fn request(self, ask: &Ask<'_>) -> HttpRequest {
        match self {
            Self::Brave => brave::request(ask),
            Self::Tavily => tavily::request(ask),
            Self::Serper => serper::request(ask),
            Self::Searxng => searxng::request(ask),
        }
    }

    /// Reads what was found, numbers left open; `None` if the answer is none of this service.
    fn read(self, answer: Value<'_>) -> Option<Vec<Source>> {
        match self {
            Self::Brave => brave::read(answer),
            Self::Tavily => tavily::read(answer),
            Self::Serper => serper::read(answer),
            Self::Searxng => searxng::read(answer),
        }
    }

    /// Characters and words of the longest query. Brave's documentation names both, Tavily's and Google's the one; a SearXNG has
    /// the limits of the engines that it asks.
    fn longest_query(self) -> (usize, usize) {
        match self {
            Self::Brave => (400, 50),
            Self::Tavily => (400, usize::MAX),
            Self::Serper | Self::Searxng => (2_048, usize::MAX),
        }
    }
}

/// Whether the service can be told this of where the user is.
pub(crate) fn takes_place(kind: Kind, member: &str, place: &str) -> bool {
    match kind {
        Kind::Brave => brave::place(member, place).is_some(),
        Kind::Serper => serper::country(member, place).is_some(),
        Kind::Tavily | Kind::Searxng => false,
    }
}

pub(crate) fn search(ask: &Ask<'_>) -> Result<Vec<Source>, Failed> {
    let Some(kind) = ask.options.backend else {
        return Err(Failed::new(
            "unavailable",
            "No search service is configured. Answer from what you know, and say so.",
        ));
    };
    let (characters, words) = kind.longest_query();
    if ask.query.chars().count() > characters || ask.query.split(' ').count() > words {
        return Err(Failed::new(
            "query_too_long",
            "The query is too long. Search with a few words instead of sentences.",
        ));
    }
    let answer = http(&kind.request(ask)).map_err(|fault| unreachable_service(kind, &fault))?;
    if !(200..=299).contains(&answer.status) {
        return Err(refused(kind, &answer));
    }
    let found = Document::parse(&answer.body).ok().and_then(|document| kind.read(document.root()));
    let found = found.ok_or_else(|| {
        log(Level::Warn, &[kind.name(), " answered a search with something that is not its JSON"].concat());
        unavailable(kind, "answered something that cannot be read")
    })?;
    Ok(found.into_iter().filter_map(tidy).collect())
}

/// The result in a bounded form; `None` if it leads nowhere.
fn tidy(source: Source) -> Option<Source> {
    let url = source.url.trim();
    let leads = (url.starts_with("https://") || url.starts_with("http://")) && url.len() <= LONGEST_URL;
    if !leads || url.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return None;
    }
    let title = one_line(&source.title);
    Some(Source {
        number: source.number,
        title: if title.is_empty() { url.to_owned() } else { first(&title, LONGEST_TITLE).to_owned() },
        url: url.to_owned(),
        age: first(&one_line(&source.age), LONGEST_TITLE).to_owned(),
        text: first(&one_line(&source.text), LONGEST_TEXT).to_owned(),
    })
}

/// The operator reads in the log what went wrong; the model is told what it can do about it.
fn unreachable_service(kind: Kind, fault: &Fault) -> Failed {
    let words = match fault {
        Fault::Denied(_) => "may not be asked: the gateway's config does not allow it",
        Fault::Unavailable(_) | Fault::Upstream(_) | Fault::BadAnswer(_) => "did not answer",
        Fault::InvalidRequest(_) | Fault::Unsupported(_) | Fault::Other(_) => "could not be asked",
    };
    log(Level::Warn, &[kind.name(), " ", words, ": ", fault.message()].concat());
    unavailable(kind, words)
}

fn refused(kind: Kind, answer: &HttpResponse) -> Failed {
    let status = answer.status.to_string();
    let said = String::from_utf8_lossy(&answer.body);
    let said = one_line(first(&said, LONGEST_TITLE));
    log(Level::Warn, &[kind.name(), " answered a search with HTTP ", &*status, ": ", &*said].concat());
    match answer.status {
        // Tavily answers 432 and 433 where the limit of the plan, or of what is paid as one goes, is used up.
        429 | 432 | 433 => Failed::new(
            "too_many_requests",
            [kind.name(), " takes no more searches now (HTTP ", &*status, "). Go on without, or search again later."]
                .concat(),
        ),
        413 | 414 => {
            Failed::new("query_too_long", "The query is too long. Search with a few words instead of sentences.")
        }
        401 | 403 => {
            unavailable(kind, &["refused the gateway's key, or its JSON format (HTTP ", &*status, ")"].concat())
        }
        _ => unavailable(kind, &["answered with HTTP ", &*status].concat()),
    }
}

fn unavailable(kind: Kind, why: &str) -> Failed {
    let words = ["The web cannot be searched now: ", kind.name(), " ", why, ". Answer from what you know, and say so."];
    Failed::new("unavailable", words.concat())
}
