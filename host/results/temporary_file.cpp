// SPDX-License-Identifier: Apache-2.0
#include "temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace chokepoint {

namespace {

constexpr const char* kMark = ".tmp.";

// HDF5 itself never calls fsync.
bool synchronize(const std::string& name, int flags) {
  const int file = open(name.c_str(), flags | O_CLOEXEC);
  if (file < 0) return false;
  const bool done = fsync(file) == 0;
  const int error = errno;
  close(file);
  errno = error;
  return done;
}

// Whether the process that made a temporary file ran here and is gone; `maker` is "host.process".
bool is_dead(const std::string& maker) {
  const std::string here = host_name() + ".";
  if (!maker.starts_with(here)) return false;
  const int process = std::atoi(maker.c_str() + here.size());
  return process > 0 && kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 && *name ? name : "unknown";
}

std::string file_advice(int system_error) {
  switch (system_error) {
    case ENOSPC:
    case EDQUOT:
      return ". Free some space, or write to another place?";
    case EFBIG:
      return ". Raise the limit on the size of files (ulimit -f)?";
    case EACCES:
    case EPERM:
    case EROFS:
      return ". Write to another place?";
    case EAGAIN:
    case ENOLCK:
    case ENOSYS:
      return ". Does another program use the file? If the file system has no locks: HDF5_USE_FILE_LOCKING=FALSE";
    default:
      return "";
  }
}

EnvironmentError file_error(const std::string& path, const std::string& call, int system_error) {
  return EnvironmentError(fmt::format("{}: {} failed: {}{}", path, call, std::strerror(system_error), file_advice(system_error)));
}

TemporaryFile::TemporaryFile(const std::string& path) : path_(path), name_(fmt::format("{}{}{}.{}", path, kMark, host_name(), getpid())) {
  const int file = open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) throw file_error(path_, "creating a file beside it", errno);
  close(file);
}

TemporaryFile::~TemporaryFile() {
  if (!published_) unlink(name_.c_str());
}

void TemporaryFile::publish() {
  if (!synchronize(name_, O_RDONLY)) throw file_error(path_, "fsync", errno);
  if (std::rename(name_.c_str(), path_.c_str()) != 0) throw file_error(path_, "renaming the complete file", errno);
  published_ = true;
  synchronize(directory_of(path_), O_RDONLY | O_DIRECTORY);  // some file systems cannot; the file is complete anyway
}

void remove_leftovers(const std::string& path) {
  namespace fs = std::filesystem;
  const std::string prefix = fs::path(path).filename().string() + kMark;
  std::error_code ignored;
  for (const fs::directory_entry& file : fs::directory_iterator(directory_of(path), ignored)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const bool old = fs::file_time_type::clock::now() - file.last_write_time(ignored) > std::chrono::hours(1);
    if (old || is_dead(name.substr(prefix.size()))) fs::remove(file.path(), ignored);
  }
}

void check_output(const std::string& path, bool force, std::uint64_t bytes) {
  const std::string directory = directory_of(path);
  struct stat found {};
  if (stat(directory.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    throw EnvironmentError(fmt::format("{}: there is no directory '{}'. Make it with mkdir -p?", path, directory));
  if (stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) throw UserError(fmt::format("{}: is a directory; the name of a file is needed. Append one?", path));
    if (!force)
      throw UserError(fmt::format("{}: exists already and would be overwritten. Choose another name, or allow it with --force?", path));
  }
  const TemporaryFile trial(path);  // only trying tells about permissions, quotas and read-only file systems
  struct statvfs space {};
  if (statvfs(directory.c_str(), &space) != 0) throw file_error(path, "statvfs", errno);
  const std::uint64_t available = std::uint64_t{space.f_bavail} * space.f_frsize;
  if (available < bytes)
    throw EnvironmentError(fmt::format("{}: needs {:.1f} MB, the file system has {:.1f} MB left{}", path, static_cast<double>(bytes) / 1e6,
                                       static_cast<double>(available) / 1e6, file_advice(ENOSPC)));
}

void write_text(const std::string& path, std::string_view text) {
  TemporaryFile temporary(path);
  std::ofstream file(temporary.name(), std::ios::binary);
  file << text;
  file.close();
  if (!file) throw file_error(path, "writing", errno);
  temporary.publish();
}

}  // namespace chokepoint
