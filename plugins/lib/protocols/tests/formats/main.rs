//! The formats from outside: golden files in `fixtures/`, what holds for any input, and answers on their way back into requests.
//! One binary, as the linking of a dozen takes longer than all that they do.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

mod anthropic {
    mod golden;
    mod properties;
    mod untouched;
}

mod bedrock {
    mod golden;
    mod round_trip;
}

mod gemini {
    mod client;
    mod golden;
    mod round_trip;
}

mod openai {
    mod client;
    mod golden;
}

mod responses {
    mod client;
    mod golden;
    mod round_trip;
}
