// Text from strangers, made fit for a terminal. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace liveness::cli {

// Takes one character off the front of `text`. None, and nothing is taken, if no UTF-8 stands there.
// REQUIRES: `text` is not empty.
std::optional<char32_t> TakeCharacter(std::string_view& text);

// True for characters that no output has as they are, because a terminal obeys them or shows nothing for
// them: control and bidi characters, those without a width of their own, fillers, tags, variation selectors.
bool IsHidden(char32_t c);

// `text` without anything that could move the cursor, change colors, turn the writing direction, or be there
// unseen: hidden characters become \xNN or \u{NNNN}, bytes that are no UTF-8 become \xNN.
std::string Printable(std::string_view text);

// The name or id of a client, such that no two are shown alike by what is hidden in them: as Printable(), and
// a backslash is doubled, and a space that is none of ASCII's becomes \u{NNNN} too.
std::string NameText(std::string_view name);

// NameText() for where one name is at stake. A name with characters that look like others, or with spaces
// where they are not seen, is quoted and told in ASCII as well: "wеb-1" (in ASCII: w\u{0435}b-1).
std::string DistinctName(std::string_view name);

// A name among others. As DistinctName() if the name has both ASCII's letters and letters of a script that
// has their likes (Cyrillic, Greek, full width and so on), because it may stand beside the name that it
// imitates; else as NameText().
std::string ListedName(std::string_view name);

// The columns that `text` takes: 2 for East Asian wide characters and emoji,
// 0 for combining marks, 1 for the rest.
// REQUIRES: `text` went through Printable.
std::size_t DisplayWidth(std::string_view text);

}  // namespace liveness::cli
