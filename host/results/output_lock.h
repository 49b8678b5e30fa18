// One writer for each output.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "../errors.h"

namespace chokepoint {

// Somebody else is writing this output.
struct OutputInUse : EnvironmentError {
  using EnvironmentError::EnvironmentError;
};

// Holds PATH.lock from construction on, so that nobody else on this file system writes `path`; the system frees it when the process
// dies, in whatever way. Throws OutputInUse naming who has it, EnvironmentError if it cannot be made. On a file system without locks
// it warns on standard error and lets pass.
class OutputLock {
 public:
  explicit OutputLock(const std::string& path);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

 private:
  bool try_lock(const std::string& path);

  std::string name_;
  int file_ = -1;
};

}  // namespace chokepoint
