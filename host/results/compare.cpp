// SPDX-License-Identifier: Apache-2.0
#include "compare.h"

#include <bit>
#include <cstring>
#include <numeric>

#include "layout.h"

namespace chokepoint {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{4} << 20;

void hash_numbers(const DatasetReader& dataset, ResultHash& hash) {
  const auto& shape = dataset.shape();
  const std::size_t row = std::accumulate(shape.begin() + 1, shape.end(), size_of(*dataset.type()), std::multiplies<>());
  const std::size_t together = std::max<std::size_t>(1, kPieceBytes / std::max<std::size_t>(row, 1));
  std::vector<char> piece(std::min(together, shape.front()) * row);
  for (std::size_t first = 0; first < shape.front(); first += together) {
    const std::size_t rows = std::min(together, shape.front() - first);
    dataset.read_rows(first, rows, *dataset.type(), piece.data());
    hash.feed(piece.data(), rows * row);
  }
}

FileHash hash_groups(const Hdf5Reader& file, const std::function<bool(const std::string&)>& wanted) {
  ResultHash hash;
  FileHash result;
  for (const std::string& path : file.datasets()) {
    const std::size_t slash = path.rfind('/');
    const std::string group = path.substr(0, std::max<std::size_t>(slash, 1));
    if (!wanted(group)) continue;
    const DatasetReader dataset = file.open(path);
    if (dataset.shape().empty()) throw Hdf5Error("dataset '" + path + "' has no axes: no result has such a dataset", 0);
    hash.begin(group, path.substr(slash + 1), dataset.shape());
    if (dataset.type())
      hash_numbers(dataset, hash);
    else
      for (const std::string& text : file.texts(path)) hash.feed(text);
    ++result.datasets;
  }
  result.digest = hash.digest();
  return result;
}

template <class T>
bool as_wanted(Relation wanted, T other, T stored) {
  if (wanted == Relation::kEqual) return std::memcmp(&other, &stored, sizeof(T)) == 0;
  if (other != other) return true;  // no extreme yet
  return wanted == Relation::kAtMost ? other <= stored : other >= stored;
}

}  // namespace

std::string with_bits(float value) { return fmt::format("{} (0x{:08x})", value, std::bit_cast<std::uint32_t>(value)); }
std::string with_bits(double value) { return fmt::format("{} (0x{:016x})", value, std::bit_cast<std::uint64_t>(value)); }
std::string with_bits(std::int64_t value) { return fmt::format("{}", value); }

FileHash hash_file(const Hdf5Reader& file) {
  return hash_groups(file, [](const std::string& group) { return group != "/provenance" && group != kWorldviewGroup; });
}

FileHash hash_group(const Hdf5Reader& file, const std::string& group) {
  return hash_groups(file, [&](const std::string& other) { return other == group; });
}

// False if there is nothing to compare.
bool FileComparison::open(const std::string& group, const Variable& variable, std::optional<Number> type) {
  stored_.reset();
  wanted_ = relation_ ? relation_(group, variable) : Relation::kEqual;
  if (wanted_ == Relation::kIgnored) return false;
  ++datasets_;
  name_ = (group == "/" ? group : group + "/") + variable.name;
  axes_ = variable.axes;
  differs_ = false;
  std::vector<std::size_t> shape;
  for (const Axis& axis : axes_) shape.push_back(axis.length);
  if (!file_.has_dataset(name_)) {
    differences_.push_back({name_, "nothing", "a dataset"});
    return false;
  }
  stored_ = file_.open(name_);
  if (stored_->shape() == shape && stored_->type() == type) return true;
  differences_.push_back(
      {name_, fmt::format("shape {}", fmt::join(stored_->shape(), " x ")), fmt::format("shape {}", fmt::join(shape, " x "))});
  stored_.reset();
  return false;
}

void FileComparison::numbers(const std::string& group, const Variable& variable, Number type) {
  type_ = type;
  open(group, variable, type);
}

void FileComparison::rows(std::size_t first, std::size_t count, const void* values) {
  if (!stored_) return;
  if (type_ == Number::kInt64) return compare(first, count, static_cast<const std::int64_t*>(values));
  if (type_ == Number::kFloat) return compare(first, count, static_cast<const float*>(values));
  compare(first, count, static_cast<const double*>(values));
}

void FileComparison::texts(const std::string& group, const Variable& variable, const std::vector<std::string>& values) {
  if (variable.name == variable.axes.front().name) labels_[variable.name] = values;
  if (!open(group, variable, std::nullopt)) return;
  const std::vector<std::string> stored = file_.texts(name_);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (stored[i] != values[i]) return differences_.push_back({place(i), fmt::format("'{}'", stored[i]), fmt::format("'{}'", values[i])});
}

template <class T>
void FileComparison::compare(std::size_t first, std::size_t count, const T* values) {
  const std::size_t row = std::accumulate(axes_.begin() + 1, axes_.end(), std::size_t{1},
                                          [](std::size_t size, const Axis& axis) { return size * axis.length; });
  std::vector<T> stored(count * row);
  stored_->read_rows(first, count, kNumber<T>, stored.data());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (as_wanted(wanted_, values[i], stored[i])) continue;
    if (differs_)
      ++differences_.back().count;
    else
      differences_.push_back({place(first * row + i), with_bits(stored[i]), with_bits(values[i])});
    differs_ = true;
  }
}

std::string FileComparison::place(std::size_t element) const {
  std::string text;
  for (std::size_t axis = axes_.size(); axis-- > 0;) {
    const std::size_t at = element % axes_[axis].length;
    const auto labels = labels_.find(axes_[axis].name);
    text = fmt::format(", {} {}{}", axes_[axis].name, labels == labels_.end() ? fmt::format("{}", at) : labels->second[at], text);
    element /= axes_[axis].length;
  }
  return name_ + text;
}

}  // namespace chokepoint
