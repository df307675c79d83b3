// What a fuzz target is: where its inputs begin, and what must hold whatever becomes of them.
//
// One file a target. Two drivers call it: libFuzzer's, in the preset `fuzz`, searches (libfuzzer_driver.cc);
// the plain one runs the seeds and a fixed number of drawn mutations of them, the same ones each time, as a
// unit test (plain_driver.cc).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace liveness::fuzz {

// --- Of the target -----------------------------------------------------------

// Good inputs, and those that once found something. The seeds are the beginning of the corpus.
std::vector<std::string> Seeds();
// Ends the process by Require() if a property does not hold. Holds no state from one input to the next.
void Try(std::string_view input);

// --- For targets -------------------------------------------------------------

// Says `property` and ends the process if it does not hold.
void Require(bool holds, std::string_view property);

// Takes the bytes up to the first newline off the front of `input`, and the newline; all of them if there is
// none. For inputs of more than one text.
std::string_view TakeLine(std::string_view& input);

}  // namespace liveness::fuzz
