// How files get their names only when they are complete and on disk.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "../errors.h"

namespace chokepoint {

// The name that a file has while it is written, different for all processes of a cluster. Removed with the object unless it was
// published.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path);  // makes an empty file; throws EnvironmentError if it cannot
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  const std::string& name() const { return name_; }
  void publish();  // to disk, and to its name. Throws EnvironmentError.

 private:
  std::string path_, name_;
  bool published_ = false;
};

// Removes what dead writers of `path` left behind: temporary files of processes of this host that are gone, and others that nobody has
// touched for an hour.
void remove_leftovers(const std::string& path);

// Throws EnvironmentError when `path` could not be written later: no such directory, no permission, too
// little space for `bytes`; UserError when it exists and `force` is false.
void check_output(const std::string& path, bool force, std::uint64_t bytes);

// A text file, complete or not at all. Throws EnvironmentError.
void write_text(const std::string& path, std::string_view text);

// "PATH: CALL failed: what the system says. What to do?"
EnvironmentError file_error(const std::string& path, const std::string& call, int system_error);
std::string file_advice(int system_error);  // the last part of it, if there is any

std::string directory_of(const std::string& path);
std::string host_name();

}  // namespace chokepoint
