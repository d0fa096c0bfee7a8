//! Which test shows what of the collection of edge cases that issue 3 names, line by line and in its order; or why none does.
//!
//! Names without a place are tests of this folder; a place is a module of this package, or a file of the component or library
//! that does the work. `golden` is a file of `plugins/lib/protocols/fixtures`. That all of them are there is tested below.
//!
//! ## SSE framing, bytes
//! | Case | Test |
//! |---|---|
//! | characters split across chunks | `characters_split_at_each_byte_stay_whole`; in arguments: `any_split_gives_the_same_input` |
//! | no space after the colon | `frames_of_all_kinds` |
//! | comments before and in mid-stream | `frames_of_all_kinds` |
//! | several `data:` lines | `frames_of_all_kinds` |
//! | no `[DONE]`; `[DONE]` and no reason | `frames_of_all_kinds`, `done_without_a_reason_ends_by_what_was_sent`, `a_call_broken_off_is_an_error` |
//! | one event over 1 MiB | `frames_of_all_kinds`, `arguments_of_all_kinds`, `ten_megabytes_byte_by_byte` |
//! | no content type | `a_stream_without_a_content_type_is_read_as_one` |
//! | 200 and nothing | `one_that_answers_with_nothing` |
//! | an error first in the stream | `one_that_hides_an_error_in_a_good_status`, golden `openai/streams/error-first.sse` |
//! | an error in mid-stream | `an_error_in_mid_stream_keeps_its_type_and_words` |
//! | a reset in mid-stream | `a_cut_ends_in_an_error` |
//! | compressed bodies | `a_compressed_answer_is_read_and_its_coding_not_passed_on`, streamed: `frames_of_all_kinds` |
//!
//! ## Text and chunk shape
//! | Case | Test |
//! |---|---|
//! | white space before a call; replayed | `text_around_calls`, `turns_of_the_assistant`, `reasoning_of_all_shapes` |
//! | content as a list of parts, Mistral's thinking | `texts_of_all_shapes`, `reasoning_of_all_shapes` |
//! | a refusal | `texts_of_all_shapes` |
//! | no id, model, … | `texts_of_all_shapes` |
//! | two choices, the second first | `texts_of_all_shapes` |
//! | no choices at the start | `texts_of_all_shapes`, `empty_id_and_model_of_azures_first_chunk_are_not_passed_on` |
//! | an annotation without its citation | `texts_of_all_shapes` |
//!
//! ## Finish, usage
//! | Case | Test |
//! |---|---|
//! | `stop` although tools were called | `reasons_of_all_kinds`, `stop_after_function_calls_is_tool_use` |
//! | an empty reason in every chunk | `reasons_of_all_kinds` |
//! | the limit within arguments | `the_limit_within_arguments` |
//! | Gemini's `MALFORMED_FUNCTION_CALL` | `malformed_function_call_with_empty_content_is_an_error_that_can_be_retried` |
//! | Gemini's `MAX_TOKENS` | `max_tokens_is_max_tokens_also_after_calls` |
//! | usage behind the finish | `counts_of_all_spellings` |
//! | usage in every chunk | `counts_of_all_spellings`, golden `openai/streams/usage-everywhere.sse` |
//! | cached tokens | `counts_of_all_spellings`, Gemini: `cached_tokens_are_not_counted_twice_and_thoughts_are_output` |
//! | reasoning beside the completion's tokens | `reasoning_outside_of_the_completion_is_output` |
//! | finish twice | `reasons_of_all_kinds` |
//!
//! ## Tool-call stream
//! | Case | Test |
//! |---|---|
//! | no index | `calls_side_by_side` |
//! | one index, two ids | `calls_side_by_side` |
//! | a continuation on another index | `calls_side_by_side` |
//! | one index twice in a delta | `calls_side_by_side` |
//! | interleaved | `calls_side_by_side` |
//! | an empty id on continuations | `ids_and_names_of_all_kinds` |
//! | a number for an id; `functions.Bash:0` in every turn | `ids_and_names_of_all_kinds`, `an_id_that_every_turn_repeats` |
//! | the id in every chunk | `ids_and_names_of_all_kinds` |
//! | the name in every chunk | `ids_and_names_of_all_kinds`, `name_repeated_in_each_chunk` |
//! | the name after the id | `ids_and_names_of_all_kinds` |
//! | arguments as an object | `arguments_of_all_kinds`, `arguments_as_an_object_become_their_text` |
//! | `null`, `[]` | `arguments_of_all_kinds` |
//! | encoded twice | `arguments_of_all_kinds`, `double_encoded_arguments_are_decoded_once_more_by_the_host` |
//! | JSON that cannot be repaired | `enhancetool` (an error without it), `what_cannot_be_repaired_stays_an_error` |
//! | two objects in one | `arguments_of_all_kinds`, `calls_side_by_side` |
//! | arguments in a last event only | `arguments_in_done_only_are_emitted_once` |
//! | an escape in two pieces | `arguments_of_all_kinds`, `escapes_cut_anywhere` |
//! | text, tool, text | `text_around_calls`, `text_tool_text_gives_three_blocks` |
//! | a call written as text | Not made a call, also not by `enhancetool`: texts that are meant as calls cannot be told from those that speak of them. It stays text: `texts_of_all_shapes` |
//! | a call to a tool that is not declared | All rows here: their requests declare none. |
//! | 40 calls; 1 MB byte by byte | `forty_calls_in_turns`, `a_megabyte_in_one_byte_pieces` |
//!
//! ## Reasoning stream
//! | Case | Test |
//! |---|---|
//! | reasoning and content in one delta | `reasoning_of_all_shapes`, `the_signature_stands_right_behind_the_thinking` |
//! | empty reasoning beside content | `reasoning_of_all_shapes` |
//! | thinking, text, thinking | `reasoning_of_all_shapes` |
//! | reasoning only | golden `openai/streams/reasoning-only.sse`, `empty_messages_that_are_meant` |
//! | whole: thinking comes first | `reasoning_becomes_thinking_before_the_text`, `comes_as_thinking` |
//! | order of deltas | `deltas_as_documented`, `thinking_then_parallel_calls` |
//!
//! ## Request: thinking
//! | Case | Test |
//! |---|---|
//! | plain OpenAI, or DeepSeek that does not think | `request_thinking`, `reasoning_is_sent_back_in_thinking_mode_only` |
//! | signatures of others; Anthropic's own | `request_thinking`, `what_anthropic_signed_stays_byte_for_byte` |
//! | `redacted_thinking` | `request_thinking` |
//! | empty thinking with a signature | `request_thinking` |
//! | adaptive thinking with effort | `request_thinking` |
//! | a budget above the limit | `request_thinking`, golden `anthropic/requests/thinking-budget-above-limit.json`; a client's own mistake goes to Anthropic as it is |
//!
//! ## Request: messages
//! | Case | Test |
//! |---|---|
//! | `system` in every shape | `system_prompts` |
//! | `system` in mid-conversation | `system_prompts` |
//! | results in every shape | `results_of_tools`, `what_a_tool_result_may_hold` |
//! | images in results | `results_of_tools` |
//! | results without calls, calls without results | `results_that_do_not_match_their_calls` |
//! | ids that occur twice | `results_that_do_not_match_their_calls`, `an_id_that_is_used_twice_is_found_and_many_ids_are_not_mistaken` |
//! | calls and no text | `turns_of_the_assistant` |
//! | text in several blocks, white space at the end | `turns_of_the_assistant` |
//! | images in every shape | `images`; text-only models: golden `openai/requests/text-only-model.json` |
//! | `cache_control` | `marks_for_caches`, `cache_control_is_kept_where_it_is_understood`, `cleancache` |
//!
//! ## Request: tools and parameters
//! | Case | Test |
//! |---|---|
//! | tools without description, properties, … | `schemas` |
//! | keywords that Gemini does not know | `schemas`, `every_json_becomes_a_legal_schema` |
//! | properties named like keywords | `schemas` |
//! | server tools | `server_tools` |
//! | more than 128 tools | `more_tools_than_there_may_be` |
//! | `tool_choice` | `choices_of_tools` |
//! | stop sequences and sampling | `parameters`, `a_stop_sequence_that_was_asked_for_is_named` |
//! | `max_tokens` over the limit; GPT-5's fields | `parameters`, golden `anthropic/requests/limit-too-high.json` |
//! | unknown fields, `input_examples`, betas | `parameters`, `schemas`, `betas_that_bedrock_does_not_know_are_left_out` |
//! | Gemini's calls without signatures | `parameters` |
//!
//! ## Routing, gateway
//! | Case | Test |
//! |---|---|
//! | spellings of `model` | `the_target_may_be_named_with_a_comma_or_a_slash_in_any_case`, `explicit_models_are_found_in_every_spelling`, `an_unknown_provider_is_named_with_what_to_do` |
//! | `metadata.user_id` | `sessions_in_every_form` |
//! | no `Router`, no providers | `a_config_without_a_route_says_how_to_make_one` |
//! | `background` and `think` | Not yet: routes by scenario come with their own issue. |
//! | `/v1/models` | `every_model_of_the_config_is_listed`, `one_model_is_found_by_any_name_that_a_request_could_use` |
//! | `HEAD`, `OPTIONS`, slashes, queries | `head_is_answered_like_get_without_its_body`, `options_opens_nothing_to_web_pages`, `a_slash_at_the_end_and_a_query_change_nothing` |
//! | large bodies, byte order marks, no JSON | `a_body_of_the_largest_size_passes_and_one_more_byte_does_not`, `a_byte_order_mark_and_space_around_the_body_are_no_matter`, `a_body_that_is_not_json_is_refused` |
//! | names outside ASCII | `a_name_outside_ascii_makes_no_broken_header` |
//! | clients that hang up | `before_the_answer_has_begun`, `in_the_middle_of_a_translated_stream` |
//! | spellings of `api_base_url` | `addresses_lead_to_the_endpoint_however_they_are_written`, Azure: `every_form_of_a_base_url` |
//!
//! ## Failure, fallback, auth
//! | Case | Test |
//! |---|---|
//! | refused, unknown, no TLS | `one_that_refuses_the_connection`, `one_whose_name_is_not_known`, `one_that_does_not_speak_tls`; what is tried next comes with fallback's own issue |
//! | 429 with a wait | `the_wait_that_it_asks_for_is_passed_on`, `retry_after_comes_in_seconds_and_as_a_date` |
//! | 529 and "too long" | `an_error_of_the_api_stays_what_it_is`, `a_prompt_that_is_too_long_is_said_in_the_clients_words` |
//! | 400 is not tried elsewhere | `one_that_refuses_with_a_status_of_its_own`; elsewhere: fallback's own issue |
//! | nothing, a role only, a finish without content | `one_that_answers_with_nothing`, `empty_answers_are_errors` |
//! | a second target of another format | Fallback's own issue. That a request is made anew from the original: `edits_leave_the_original_alone` |
//! | a reload between two requests | `a_request_in_flight_ends_under_the_config_it_began_with` |
//! | wrong keys | `every_wrong_key_gets_the_same_answer` |
//! | foreign pages and names | `without_a_key_foreign_names_and_pages_are_refused`; there is no `/api/config` yet |
//! | secrets | `what_clients_show_is_kept_nowhere`, `no_secret_is_ever_printed`, `google_gets_a_token_that_the_service_account_was_given`, `aws_gets_a_signature_for_its_region`, `azure_gets_its_key_in_a_header_of_its_own` |
//! | variables in the config | `variables_are_replaced_once_and_everywhere`, `missing_and_empty_variables_are_named_with_their_path` |
//!
//! ## Added after a second look
//! | Case | Test |
//! |---|---|
//! | Azure's choice without a delta | `texts_of_all_shapes` |
//! | whole arguments twice; two different ones | `arguments_of_all_kinds`, `two_different_objects_under_one_index` |
//! | `native_finish_reason` | `failures_are_not_ends`, golden `openai/streams/error-native.sse` |
//! | `stop` on the last piece of reasoning | `reasons_of_all_kinds` |
//! | "too long" in mid-stream | golden `bedrock/streams/validation-too-long.sse`, `numbers_are_read_from_every_providers_words` |
//! | cumulative lists of calls | `calls_side_by_side` |
//!
//! ## Newer clients
//! | Case | Test |
//! |---|---|
//! | `thread` | `threads_are_refused_in_the_words_that_let_the_client_go_on` |
//! | Claude Code 2.1 | `a_request_of_claude_code_keeps_all_its_tools`, goldens `claude-code.json` of every format |
//! | a bare model of an OpenAI or Gemini client | `both_ways_but_for_the_models_name` |

use std::collections::HashSet;
use std::path::Path;

use gateway_tests::artifacts;

/// Everything in backticks that looks like the name of a test, or like a golden file.
fn named() -> (Vec<&'static str>, Vec<&'static str>) {
    let cells = include_str!("table.rs").lines().filter_map(|line| line.strip_prefix("//! | ")?.split_once(" | "));
    let words = cells.flat_map(|(_, tests)| tests.split('`').skip(1).step_by(2));
    let (files, names) = words.partition::<Vec<_>, _>(|word| word.contains('/') || word.contains('.'));
    let is_name =
        |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let not_tests = ["default"];
    (names.into_iter().filter(|word| is_name(word) && !not_tests.contains(word)).collect(), files)
}

/// The names of all functions below a folder.
fn functions(folder: &Path, found: &mut HashSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let mut known = HashSet::new();
    for folder in ["tests/it", "sdk", "plugins", "host/src"] {
        functions(&artifacts::workspace().join(folder), &mut known);
    }
    let (names, files) = named();
    assert!(names.len() > 100 && files.len() > 5, "the table is not read: {names:?} {files:?}");
    let missing: Vec<_> = names.into_iter().filter(|name| !known.contains(*name)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
    let fixtures = artifacts::workspace().join("plugins/lib/protocols/fixtures");
    let missing: Vec<_> = files
        .into_iter()
        .filter(|file| file.contains('/') && file.contains('.') && !fixtures.join(file).exists())
        .collect();
    assert!(missing.is_empty(), "no such golden files: {missing:?}");
}
