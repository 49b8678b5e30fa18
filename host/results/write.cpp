// The result file as a whole: provenance, attributes, and how it gets its name only when it is complete.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "../errors.h"
#include "hdf5.h"
#include "layout.h"
#include "result.h"

namespace chokepoint {

namespace {

void write_provenance(Hdf5Writer& file, const Scenario& scenario, const Provenance& provenance) {
  file.enter("/provenance");
  for (const auto& [name, value] : provenance)
    if (std::find(std::begin(kLongProvenance), std::end(kLongProvenance), name) == std::end(kLongProvenance))
      file.annotate({name, value});
    else
      file.write_text(name, name, value);
  const Axis parameter = {"parameter", scenario.parameters.size()};
  const auto write_column = [&](const char* name, const char* what, auto get) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < parameter.length; ++i) values.push_back(get(scenario.model->parameters[i], scenario.parameters[i]));
    file.write_texts({name, {parameter}, "1", what}, values);
  };
  using Row = ParameterRow;
  using Setting = ParameterSetting;
  write_column("parameter", "parameter of the model", [](const Row& row, const Setting&) { return row.key; });
  write_column("parameter_meaning", "meaning", [](const Row& row, const Setting&) { return row.meaning; });
  write_column("parameter_units", "unit", [](const Row& row, const Setting&) { return row.unit; });
  write_column("parameter_prior", "distribution", [](const Row&, const Setting& setting) { return setting.text; });
  write_column("parameter_source", "source of the distribution", [](const Row&, const Setting& setting) { return setting.source; });
  write_column("parameter_rationale", "why this distribution", [](const Row&, const Setting& setting) { return setting.rationale; });
  write_column("parameter_would_change_if", "what would change it",
               [](const Row&, const Setting& setting) { return setting.would_change_if; });
  write_column("parameter_origin", "where it was set", [](const Row&, const Setting& setting) { return setting.origin; });
}

void write_root_attributes(Hdf5Writer& file, const char* file_type, const Scenario& scenario, const Provenance& provenance,
                           const std::string& hash) {
  std::string metrics;
  for (const MetricRow& metric : scenario.model->metrics) metrics += (metrics.empty() ? "" : " ") + std::string(metric.key);
  file.enter("/");
  file.annotate({"Conventions", "CF-1.8"});
  file.annotate({"title", scenario.title});
  file.annotate({"source", "Chokepoint " + entry(provenance, "version")});
  file.annotate({"history", fmt::format("{} {}", now_text(), entry(provenance, "command"))});
  file.annotate({"references", "outputs/README.md of Chokepoint describes this file"});
  file.annotate({"file_type", file_type});
  file.annotate({"format_version", std::int32_t{kFormatVersion}});
  file.annotate({"model", scenario.model->name});
  file.annotate({"metrics", metrics});
  file.annotate({"result_hash", hash});
}

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent;
}

std::string advice(int system_error) {
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

EnvironmentError failure(const std::string& path, const std::string& call, int system_error) {
  return EnvironmentError(fmt::format("{}: {} failed: {}{}", path, call, std::strerror(system_error), advice(system_error)));
}

// The name that a file has while it is written. Removed with the object unless it was published.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path) : path_(path), name_(fmt::format("{}.tmp.{}", path, getpid())) {}
  TemporaryFile(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!published_) unlink(name_.c_str());
  }

  const std::string& name() const { return name_; }

  void create() const {
    const int file = open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) throw failure(path_, "creating a file beside it", errno);
    ::close(file);
  }

  // HDF5 itself never calls fsync.
  void publish() {
    if (!synchronize(name_, O_RDONLY)) throw failure(path_, "fsync", errno);
    if (std::rename(name_.c_str(), path_.c_str()) != 0) throw failure(path_, "renaming the complete file", errno);
    published_ = true;
    synchronize(directory_of(path_), O_RDONLY | O_DIRECTORY);  // some file systems cannot; the file is complete anyway
  }

 private:
  static bool synchronize(const std::string& name, int flags) {
    const int file = open(name.c_str(), flags | O_CLOEXEC);
    if (file < 0) return false;
    const bool done = fsync(file) == 0;
    const int error = errno;
    ::close(file);
    errno = error;
    return done;
  }

  std::string path_, name_;
  bool published_ = false;
};

}  // namespace

std::string write_datasets(const std::string& path, const char* file_type, const Scenario& scenario, const Provenance& provenance,
                           const std::function<std::string(Hdf5Writer&)>& put) try {
  TemporaryFile temporary(path);
  temporary.create();
  Hdf5Writer file(temporary.name());
  const std::string hash = put(file);
  write_provenance(file, scenario, provenance);
  write_root_attributes(file, file_type, scenario, provenance, hash);
  file.close();
  temporary.publish();
  return hash;
} catch (const Hdf5Error& error) {
  throw EnvironmentError(fmt::format("{}: {}{}", path, error.what(), advice(error.system_error)));
}

std::string write_result(const std::string& path, const Result& result) {
  return write_datasets(path, kFileType, result.scenario, result.provenance, [&](Hdf5Writer& file) { return put_result(result, &file); });
}

void write_text(const std::string& path, const std::string& text) {
  TemporaryFile temporary(path);
  temporary.create();
  std::ofstream file(temporary.name(), std::ios::binary);
  file << text;
  file.close();
  if (!file) throw failure(path, "writing", errno);
  temporary.publish();
}

std::string hash_result(const Result& result) { return put_result(result, nullptr); }

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
  TemporaryFile(path).create();  // only trying tells about permissions, quotas and read-only file systems
  struct statvfs space {};
  if (statvfs(directory.c_str(), &space) != 0) throw failure(path, "statvfs", errno);
  const std::uint64_t available = std::uint64_t{space.f_bavail} * space.f_frsize;
  if (available < bytes)
    throw EnvironmentError(fmt::format("{}: needs {:.1f} MB, the file system has {:.1f} MB left{}", path, static_cast<double>(bytes) / 1e6,
                                       static_cast<double>(available) / 1e6, advice(ENOSPC)));
}

}  // namespace chokepoint
