// SPDX-License-Identifier: Apache-2.0
#include "text_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "../errors.h"

namespace chokepoint {

std::string read_text_file(const std::string& path, const std::string& reason) {
  const auto refuse = [&] { throw EnvironmentError(fmt::format("{}: cannot be read: {}{}", path, std::strerror(errno), reason)); };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) refuse();
  std::string text;
  char part[1 << 16];
  while (const std::size_t size = std::fread(part, 1, sizeof part, file.get())) text.append(part, size);
  if (std::ferror(file.get())) refuse();
  return text;
}

}  // namespace chokepoint
