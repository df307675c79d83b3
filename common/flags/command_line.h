// Hands a command line to CLI11 so that each word stays the one value that it is.
//
// CLI11 alone takes values apart and together: it reads `[a,b]` as the list of a and b, fills the
// empty value of `--id=` with the word that follows, be it another flag, and drops a `++`.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace liveness::common {

// Parses `words` (without the program's name) as `app` and its subcommands say. An empty value is
// refused, but for the flags in `may_be_empty` ("--filter"), whose value it then is. Throws what
// CLI::App::parse() throws; PlainText() makes its message fit to be read.
// REQUIRES: all flags were added to `app`; this is the only parse of it.
void ParseWords(CLI::App& app, std::vector<std::string> words, const std::set<std::string>& may_be_empty);

// Has `option`, which was not given, take `values` as if the command line had had them: with its checks, and
// with what is done with the value. Throws what ParseWords() throws.
// REQUIRES: its app was parsed by ParseWords(); `values` is not empty.
void GiveValues(CLI::Option& option, const std::vector<std::string>& values);

// `message` of an exception of ParseWords() or GiveValues(), with the words as they were given. Pure,
// thread-safe.
std::string PlainText(std::string message);

}  // namespace liveness::common
