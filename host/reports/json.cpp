// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <fmt/format.h>

#include <cmath>

#include "utf8.h"

namespace chokepoint::json {

std::string number(double value) { return std::isfinite(value) ? fmt::format("{:.9g}", value) : "null"; }

std::string exact(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "null"; }

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : repair_utf8(text)) {
    if (static_cast<unsigned char>(c) < 0x20)
      json += fmt::format("\\u{:04x}", static_cast<int>(c));
    else
      json.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
  }
  return json + '"';
}

std::string object(const Members& members, const char* separator) {
  std::string json;
  for (const auto& [name, value] : members) json += (json.empty() ? "" : separator) + quoted(name) + ": " + value;
  return "{" + json + "}";
}

}  // namespace chokepoint::json
