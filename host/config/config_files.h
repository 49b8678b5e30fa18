// Configuration files, what they extend, and overrides, merged into one document that still knows where
// every value was written.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../scenario.h"
#include "toml_tools.h"

namespace chokepoint {

struct Document {
  TomlValue root;
  std::vector<ConfigurationFile> files;  // bases first
  Place end;                             // of the last file: the place of what is missing
};

// `defaults`: TOML that every file overrides. Throws EnvironmentError for a file that cannot be read,
// UserError when files are not TOML.
Document read_document(std::string_view defaults, const std::vector<std::string>& paths, const std::vector<std::string>& overrides,
                       Problems& problems);

// The same from one text, called `name` in messages, that extends nothing: what resolved_text() gave.
Document parse_document(std::string_view defaults, const std::string& name, const std::string& text, Problems& problems);

// The document as one TOML text. With `origins` a comment after each value says where it was written.
std::string resolved_text(const TomlValue& root, const Problems* origins);

}  // namespace chokepoint
