// A result file against what it ought to hold: its own hash, and the datasets of another result.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/ranges.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "hdf5.h"
#include "recorder.h"

namespace chokepoint {

// What the result_hash of a file would be that holds what this one does.
struct FileHash {
  std::string digest;
  std::size_t datasets = 0;
};
FileHash hash_file(const Hdf5Reader& file);
FileHash hash_group(const Hdf5Reader& file, const std::string& group);  // of a group that has a hash of its own

enum class Relation { kIgnored, kEqual, kAtMost, kAtLeast };  // of another number to that in the file

// The first number of a dataset that is not as it ought to be, and how many there are.
struct Difference {
  std::string where;          // "/paired/price_mean_difference, policy status_quo, time 39"
  std::string stored, other;  // in decimal and in bits
  std::size_t count = 1;
};

// Listens to another result and compares it with the file.
class FileComparison : public DatasetListener {
 public:
  using Choice = std::function<Relation(const std::string& group, const Variable& variable)>;

  explicit FileComparison(const Hdf5Reader& file, Choice relation = {}) : file_(file), relation_(std::move(relation)) {}

  void numbers(const std::string& group, const Variable& variable, Number type) override;
  void rows(std::size_t first, std::size_t count, const void* values) override;
  void texts(const std::string& group, const Variable& variable, const std::vector<std::string>& values) override;

  std::size_t datasets() const { return datasets_; }                           // that were compared
  const std::vector<Difference>& differences() const { return differences_; }  // one for each dataset that is not as it ought to be

 private:
  template <class T>
  void compare(std::size_t first, std::size_t count, const T* values);
  bool open(const std::string& group, const Variable& variable, std::optional<Number> type);
  std::string place(std::size_t element) const;

  const Hdf5Reader& file_;
  const Choice relation_;
  std::vector<Difference> differences_;
  std::size_t datasets_ = 0;
  std::map<std::string, std::vector<std::string>> labels_;  // of axes that have texts

  // Of the dataset that is being compared, if it is.
  std::optional<DatasetReader> stored_;
  std::string name_;
  std::vector<Axis> axes_;
  Relation wanted_ = Relation::kEqual;
  Number type_{};
  bool differs_ = false;
};

// "5.25 (0x40a80000)".
std::string with_bits(float value);
std::string with_bits(double value);
std::string with_bits(std::int64_t value);

}  // namespace chokepoint
