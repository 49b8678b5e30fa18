// The datasets of a result file, apart from what is done to the file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "hdf5.h"
#include "result.h"

namespace chokepoint {

class DatasetListener;

inline constexpr const char* kFileType = "chokepoint-result";
inline constexpr const char* kWorldviewGroup = "/worldview";  // of a file that holds results of other world views, too

// Bytes in front of a file that seal(name) fills when all else is written.
struct UserBlock {
  std::size_t size = 0;
  std::function<void(const std::string& name)> seal = {};
};

// A file of `file_type` with its attributes and provenance, complete or not at all, as write_result(); put(file) writes its datasets
// and returns their hash, as this does.
std::string write_datasets(const std::string& path, const char* file_type, const Scenario& scenario, const Provenance& provenance,
                           const std::function<std::string(Hdf5Writer&)>& put, const UserBlock& front = {});

// Calls `read` with the file once it is known to be a result of this format. Throws as read_result(), also for what fails in `read`.
void with_result(const std::string& path, const std::function<void(const Hdf5Reader&)>& read);

// The texts of a file's provenance. Throws Hdf5Error.
std::map<std::string, std::string> read_provenance(const Hdf5Reader& file);

// Puts every dataset of the result but its provenance into `file`, or nowhere if it is null. Returns the
// result_hash.
std::string put_result(const Result& result, Hdf5Writer* file);

// Shows every dataset of the result but its provenance to a listener; no file is written. Returns the result_hash.
std::string show_result(const Result& result, DatasetListener& listener);

}  // namespace chokepoint
