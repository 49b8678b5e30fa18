// Texts that may hold any bytes, because they come from a file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chokepoint {

// Bytes of the character that `text` begins with; 0 if that is no valid UTF-8.
std::size_t utf8_length(std::string_view text);

// Valid UTF-8: U+FFFD for every byte that is not part of a character.
std::string repair_utf8(std::string_view text);

}  // namespace chokepoint
