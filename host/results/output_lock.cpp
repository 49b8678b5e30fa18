// SPDX-License-Identifier: Apache-2.0
#include "output_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "provenance.h"
#include "temporary_file.h"

namespace chokepoint {

namespace {

// What others are told.
std::string whoami() {
  const char* const job = std::getenv("SLURM_JOB_ID");
  return fmt::format("process {} on {}{} since {}", getpid(), host_name(), job ? fmt::format(", Slurm job {},", job) : "", now_text());
}

std::string read_owner(int file) {
  char text[512] = {};
  return pread(file, text, sizeof text - 1, 0) > 0 ? text : "another process";
}

// A lock file is removed by its owner: what was opened before that is a file without a name.
bool still_named(int file, const std::string& name) {
  struct stat opened {
  }, named{};
  return fstat(file, &opened) == 0 && stat(name.c_str(), &named) == 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

OutputLock::OutputLock(const std::string& path) : name_(path + ".lock") {
  while (!try_lock(path)) {
  }
  const std::string owner = whoami();
  if (ftruncate(file_, 0) != 0 || pwrite(file_, owner.data(), owner.size(), 0) < 0) {
    const int error = errno;
    unlink(name_.c_str());
    close(file_);
    throw file_error(name_, "writing", error);
  }
}

// False: what was locked had lost its name.
bool OutputLock::try_lock(const std::string& path) {
  file_ = open(name_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) throw file_error(path, "creating " + name_, errno);
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EWOULDBLOCK) {
      const std::string owner = read_owner(file_);
      close(file_);
      throw OutputInUse(fmt::format("{}: is being written by {} ({}). Wait for it, or choose another output?", path, owner, name_));
    }
    fmt::print(stderr, "warning: {}: this file system has no locks ({}): see to it that no two runs write the same output.\n", path,
               std::strerror(error));
    return true;
  }
  if (still_named(file_, name_)) return true;
  close(file_);
  return false;
}

OutputLock::~OutputLock() {
  unlink(name_.c_str());
  close(file_);
}

}  // namespace chokepoint
