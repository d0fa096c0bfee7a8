//! Which function call a response answers. Gemini's ids are optional; without them a response belongs to the first call of its
//! name that has none yet.

use super::at::At;

/// The calls of the model's last turn.
#[derive(Debug, Default)]
pub(super) struct Calls<'d>(Vec<Call<'d>>);

#[derive(Debug)]
struct Call<'d> {
    /// As it stands in a JSON string.
    id: String,
    /// As it stands in a JSON string.
    name: &'d str,
    /// The client gave the id.
    given: bool,
    answered: bool,
}

impl<'d> Calls<'d> {
    /// Another turn of the model's begins.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// The id of a call; `id` is the client's, empty if it gave none.
    pub(super) fn add(&mut self, id: &str, name: &'d str, at: At) -> String {
        let given = !id.is_empty();
        let id = if given { id.to_owned() } else { at.id() };
        self.0.push(Call { id: id.clone(), name, given, answered: false });
        id
    }

    /// The id of the call that a response answers.
    pub(super) fn answer(&mut self, id: &str, name: &str, at: At) -> String {
        let fits = |call: &&mut Call<'_>| !call.answered && call.given && !id.is_empty() && call.id == id;
        let by_id = self.0.iter_mut().find(fits);
        let found = match by_id {
            Some(call) => Some(call),
            // An id that no call has was made up by the client behind calls without.
            None => {
                self.0.iter_mut().find(|call| !call.answered && call.name == name && (id.is_empty() || !call.given))
            }
        };
        match found {
            Some(call) => {
                call.answered = true;
                call.id.clone()
            }
            None if id.is_empty() => at.id(),
            None => id.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{At, Calls};

    fn at(part: usize) -> At {
        At { content: 1, part }
    }

    #[test]
    fn responses_find_their_calls() {
        let mut calls = Calls::default();
        assert_eq!(calls.add("x", "f", at(0)), "x");
        let made = calls.add("", "g", at(1));
        assert_eq!(made, "call_1_1");
        let second = calls.add("", "g", at(2));
        assert_eq!(calls.answer("", "g", at(9)), made);
        assert_eq!(calls.answer("made-up", "g", at(9)), second);
        assert_eq!(calls.answer("x", "f", at(9)), "x");
        // Answered already, or never asked.
        assert_eq!(calls.answer("", "f", at(9)), "call_1_9");
        assert_eq!(calls.answer("y", "f", at(9)), "y");
        calls.forget();
        assert_eq!(calls.answer("", "g", at(9)), "call_1_9");
    }
}
