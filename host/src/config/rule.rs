//! `Router.rules`: what a rule asks of a request, and what it does with one. How rules are spelled is `build`'s part, how they
//! are asked is `routing::rules`'.

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::{ModelRef, Scenario};

/// A rule. All its conditions must hold.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `name` or `id`, for reasons and traces; else its place.
    pub name: String,
    /// Where it stands in the file (`Router.rules[2]`), for messages.
    pub at: String,
    /// None: it always matches.
    pub conditions: Vec<Condition>,
    /// None: only the rewrites count, and the target is found as without rules.
    pub target: Option<ModelRef>,
    /// In the order of the file.
    pub rewrites: Vec<Rewrite>,
    /// In the place of the scenario's fallback and of the router's.
    pub fallback: Option<RuleFallback>,
}

/// What is tried after a rule's target has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFallback {
    /// In this order.
    pub models: Vec<ModelRef>,
    /// How often all of them are tried again; `None`: as often as the router says.
    pub retries: Option<u32>,
}

/// A comparison.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What is looked at.
    pub left: Left,
    /// How.
    pub operator: Operator,
    /// With what. May be a secret by mistake, so it is never shown.
    pub right: Value,
    /// `left` as written.
    pub written: String,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// A header of the client.
    Header(HeaderName),
    /// A value of the body, by JSON pointer.
    Body(String),
    /// The name of the client's key.
    Key,
    /// What kind of request it would be without rules.
    Scenario,
    /// Input tokens.
    Tokens,
    /// The names and types of the tools.
    Tools,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// A part of a text, or an item of a list.
    Contains,
    /// The same, anywhere within.
    ContainsDeep,
    NotContains,
    StartsWith,
}

impl Operator {
    pub const ALL: [Self; 10] = [
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Contains,
        Self::ContainsDeep,
        Self::NotContains,
        Self::StartsWith,
    ];

    /// As the configuration spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Contains => "contains",
            Self::ContainsDeep => "contains-deep",
            Self::NotContains => "not-contains",
            Self::StartsWith => "starts-with",
        }
    }

    /// Whether it compares numbers.
    pub fn is_order(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual)
    }
}

impl Scenario {
    /// By its name, in any case.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.as_str().eq_ignore_ascii_case(name))
    }
}

/// A change of the request.
#[derive(Debug, Clone)]
pub enum Rewrite {
    SetHeader(HeaderName, HeaderValue),
    RemoveHeader(HeaderName),
    /// Of the body, by JSON pointer.
    Set(String, Value),
    Remove(String),
    /// Of a list in the body.
    List {
        pointer: String,
        edit: ListEdit,
        value: Value,
    },
}

/// A change of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum ListEdit {
    Append,
    Prepend,
    /// Takes out the items that are equal to the value, or objects that hold its members.
    Remove,
    /// Puts the value in the place of those.
    Replace(Value),
}
