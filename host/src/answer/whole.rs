//! Typed events gathered into one message, for clients that do not stream.

use ccr_messages::event::{Event, Start};

use super::Totals;
use super::turns::{Step, TurnSource};
use crate::agents::Conversation;
use crate::base::error::GatewayError;
use crate::client::{Collector, WholeAnswer};
use crate::plugins::PluginEngine;
use crate::reading::EventSource;

/// A whole answer being gathered.
pub struct Gathering {
    source: TurnSource,
    collector: Collector,
    start: Start,
}

/// Whether all has come.
pub enum Gathered {
    /// It has: [`Gathering::write`].
    All,
    /// Agents have calls to answer first: [`Gathering::agents`], then [`Gathering::go_on`].
    Turn,
}

impl Gathering {
    /// Nothing yet.
    pub fn new(source: TurnSource, collector: Collector) -> Self {
        Self { source, collector, start: Start::default() }
    }

    /// Reads the answer, to its end or up to calls that agents have to answer.
    pub async fn read(&mut self) -> Result<Gathered, GatewayError> {
        loop {
            let (events, gathered) = match self.source.next().await? {
                Step::Quiet => continue,
                Step::Events(events) => (events, None),
                Step::Turn(events) => (events, Some(Gathered::Turn)),
                Step::Last(events) => (events, Some(Gathered::All)),
                Step::Broken(_, error) => return Err(error),
            };
            for event in &events {
                match event {
                    Event::Start(start) => self.start = start.clone(),
                    Event::Error(failure) => self.collector.push(&Event::Error(self.source.redacted(failure))),
                    event => self.collector.push(event),
                }
            }
            match gathered {
                Some(Gathered::Turn) => return Ok(Gathered::Turn),
                None if !self.collector.is_done() => {}
                _ => break,
            }
        }
        self.source.close();
        self.collector.finish();
        Ok(Gathered::All)
    }

    /// The agents' part in the answer.
    pub fn agents(&mut self) -> Option<&mut Conversation> {
        self.source.agents()
    }

    /// Goes on with the model's next turn; with none, the client is next.
    pub fn go_on(&mut self, upstream: Option<EventSource>) {
        self.source.go_on(upstream);
    }

    /// What is known so far.
    pub fn totals(&mut self) -> Totals {
        let mut totals = Totals {
            start: self.start.clone(),
            usage: *self.collector.usage(),
            finish: self.collector.finish_reason().cloned(),
            dropped: self.collector.notes().to_vec(),
            ..Totals::default()
        };
        self.source.add_to(&mut totals);
        totals
    }

    /// Writes it in the client's format.
    pub async fn write(self, engine: &PluginEngine) -> Result<WholeAnswer, GatewayError> {
        self.collector.write(engine).await
    }
}
