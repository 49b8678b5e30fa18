// Every dataset of a result passes through here: it is hashed, and written if there is a file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "hdf5.h"

namespace chokepoint {

class Recorder {
 public:
  // `numbers` hears of every dataset that is not of texts: its group and what it is.
  using Listener = std::function<void(const std::string& group, const Variable& variable)>;

  explicit Recorder(Hdf5Writer* file, Listener numbers = {}) : file_(file), numbers_(std::move(numbers)) { XXH3_128bits_reset(&hash_); }

  void enter(const std::string& group) {
    group_ = group;
    if (file_) file_->enter(group);
  }

  void annotate(const Attribute& attribute) {
    if (file_) file_->annotate(attribute);
  }

  // fill_row(row, out) gives the values of one row along the first axis.
  template <class T>
  void put(const Variable& variable, const std::function<void(std::size_t, std::span<T>)>& fill_row) {
    begin(variable);
    if (numbers_) numbers_(group_, variable);
    std::optional<DatasetWriter> dataset;
    if (file_) dataset = file_->create(variable, kNumber<T>);
    const std::size_t size = variable.row_size(), together = rows_together(variable, kNumber<T>);
    std::vector<T> buffer(together * size);
    for (std::size_t first = 0; first < variable.rows(); first += together) {
      const std::size_t rows = std::min(together, variable.rows() - first);
      for (std::size_t row = 0; row < rows; ++row) fill_row(first + row, std::span(buffer).subspan(row * size, size));
      for (T& value : buffer) value = canonical(value);
      feed(buffer.data(), rows * size * sizeof(T));
      if (dataset) dataset->write_rows(first, rows, buffer.data());
    }
    if (dataset) dataset->close();
  }

  template <class T>
  void put(const Variable& variable, const std::vector<T>& values) {
    if (values.size() != variable.size()) throw std::logic_error("dataset '" + variable.name + "': its values do not fit its axes");
    put<T>(variable, [&](std::size_t row, std::span<T> out) { std::copy_n(values.data() + row * out.size(), out.size(), out.data()); });
  }

  void put_texts(const Variable& variable, const std::vector<std::string>& values) {
    begin(variable);
    for (const std::string& value : values) feed(value.c_str(), value.size() + 1);
    if (file_) file_->write_texts(variable, values);
  }

  std::string digest() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(&hash_);
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
  }

 private:
  // One bit pattern for each value: machines differ in the sign of a NaN, and merging in that of a zero.
  template <class T>
  static T canonical(T value) {
    if (value == 0) return 0;
    return value == value ? value : std::numeric_limits<T>::quiet_NaN();
  }

  void begin(const Variable& variable) {
    const std::string name = group_ + "/" + variable.name;
    feed(name.c_str(), name.size() + 1);
    for (const Axis& axis : variable.axes) feed(&axis.length, sizeof axis.length);
  }

  void feed(const void* bytes, std::size_t size) { XXH3_128bits_update(&hash_, bytes, size); }

  Hdf5Writer* file_;
  Listener numbers_;
  std::string group_ = "/";
  XXH3_state_t hash_;
};

}  // namespace chokepoint
