//! Conversions between the plain types of [`crate::event`] and what a generator makes of `wit/0.2.0/types.wit`.
//!
//! Host and SDK each generate their own types from the same WIT; the conversions are the same for both, so they are written
//! once, as a macro over the module with the generated types. Only moves, no copies.

/// Writes the conversions for the generated types in `$types`, in both directions.
#[doc(hidden)]
#[macro_export]
macro_rules! convert_wit_types {
    ($types:path) => {
        const _: () = {
            use $crate::event as plain;
            use $types as wit;

            $crate::convert_both_ways!(plain::ErrorKind, wit::ErrorKind, |kind| match kind {
                From::InvalidRequest => Self::InvalidRequest,
                From::Authentication => Self::Authentication,
                From::Billing => Self::Billing,
                From::Permission => Self::Permission,
                From::NotFound => Self::NotFound,
                From::TooLarge => Self::TooLarge,
                From::RateLimit => Self::RateLimit,
                From::Api => Self::Api,
                From::Timeout => Self::Timeout,
                From::Overloaded => Self::Overloaded,
            });
            $crate::convert_both_ways!(plain::Failure, wit::Failure, |failure| Self {
                kind: failure.kind.into(),
                message: failure.message,
                status: failure.status,
                retry_after_ms: failure.retry_after_ms,
            });
            $crate::convert_both_ways!(plain::Usage, wit::Usage, |usage| Self {
                input_tokens: usage.input_tokens,
                output_tokens: usage.output_tokens,
                cache_read_input_tokens: usage.cache_read_input_tokens,
                cache_creation_input_tokens: usage.cache_creation_input_tokens,
                reasoning_tokens: usage.reasoning_tokens,
                web_search_requests: usage.web_search_requests,
            });
            $crate::convert_both_ways!(plain::FinishReason, wit::FinishReason, |reason| match reason {
                From::EndTurn => Self::EndTurn,
                From::MaxTokens => Self::MaxTokens,
                From::StopSequence(sequence) => Self::StopSequence(sequence),
                From::ToolUse => Self::ToolUse,
                From::Refusal => Self::Refusal,
                From::PauseTurn => Self::PauseTurn,
                From::ContextWindowExceeded => Self::ContextWindowExceeded,
            });
            $crate::convert_both_ways!(plain::Start, wit::AnswerStart, |start| Self {
                id: start.id,
                model: start.model
            });
            $crate::convert_both_ways!(plain::ToolDelta, wit::ToolDelta, |delta| Self {
                index: delta.index,
                id: delta.id,
                name: delta.name,
                arguments: delta.arguments,
            });
            $crate::convert_both_ways!(plain::ToolStart, wit::ToolStart, |start| Self {
                slot: start.slot,
                id: start.id,
                name: start.name,
            });
            $crate::convert_both_ways!(plain::ToolArguments, wit::ToolArguments, |piece| Self {
                slot: piece.slot,
                json: piece.json,
            });
            $crate::convert_both_ways!(plain::Event, wit::Event, |event| match event {
                From::Start(start) => Self::Start(start.into()),
                From::Text(text) => Self::Text(text),
                From::Thinking(text) => Self::Thinking(text),
                From::Signature(signature) => Self::Signature(signature),
                From::RedactedThinking(data) => Self::RedactedThinking(data),
                From::ToolDelta(delta) => Self::ToolDelta(delta.into()),
                From::ToolStart(start) => Self::ToolStart(start.into()),
                From::ToolArguments(piece) => Self::ToolArguments(piece.into()),
                From::ToolEnd(slot) => Self::ToolEnd(slot),
                From::Block(json) => Self::Block(json),
                From::Citation(json) => Self::Citation(json),
                From::NewBlock => Self::NewBlock,
                From::Usage(usage) => Self::Usage(usage.into()),
                From::Finish(reason) => Self::Finish(reason.into()),
                From::Error(failure) => Self::Error(failure.into()),
                From::Dropped(what) => Self::Dropped(what),
            });
        };
    };
}

/// One conversion for two types with the same shape; within it, `From` is the type that comes in.
#[doc(hidden)]
#[macro_export]
macro_rules! convert_both_ways {
    ($a:ty, $b:ty, |$value:ident| $convert:expr) => {
        $crate::convert_one_way!($a, $b, |$value| $convert);
        $crate::convert_one_way!($b, $a, |$value| $convert);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! convert_one_way {
    ($from:ty, $to:ty, |$value:ident| $convert:expr) => {
        impl ::core::convert::From<$from> for $to {
            #[inline]
            fn from($value: $from) -> Self {
                #[allow(dead_code, reason = "records need no name for the type that comes in")]
                type From = $from;
                $convert
            }
        }
    };
}
