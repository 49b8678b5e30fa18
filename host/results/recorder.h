// Every dataset of a result passes through here: it is hashed, and written if there is a file, and shown to who listens.
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

// The result_hash: XXH3 over name, shape and bytes of datasets in the order of the file.
class ResultHash {
 public:
  ResultHash() { XXH3_128bits_reset(&state_); }
  void begin(const std::string& group, const std::string& name, std::span<const std::size_t> shape) {
    feed(group + "/" + name);
    feed(shape.data(), shape.size_bytes());
  }
  void feed(const void* bytes, std::size_t size) { XXH3_128bits_update(&state_, bytes, size); }
  void feed(const std::string& text) { feed(text.c_str(), text.size() + 1); }
  std::string digest() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(&state_);
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
  }

 private:
  XXH3_state_t state_;
};

// Hears of every dataset in the order of the file.
class DatasetListener {
 public:
  virtual ~DatasetListener() = default;
  virtual void numbers(const std::string& group, const Variable& variable, Number type) = 0;
  virtual void rows(std::size_t, std::size_t, const void*) {}  // of that dataset, in order: the first one, how many, their values
  virtual void texts(const std::string&, const Variable&, const std::vector<std::string>&) {}
};

class Recorder {
 public:
  explicit Recorder(Hdf5Writer* file, DatasetListener* listener = nullptr) : file_(file), listener_(listener) {}

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
    if (listener_) listener_->numbers(group_, variable, kNumber<T>);
    std::optional<DatasetWriter> dataset;
    if (file_) dataset = file_->create(variable, kNumber<T>);
    const std::size_t size = variable.row_size(), together = rows_together(variable, kNumber<T>);
    std::vector<T> buffer(together * size);
    for (std::size_t first = 0; first < variable.rows(); first += together) {
      const std::size_t rows = std::min(together, variable.rows() - first);
      for (std::size_t row = 0; row < rows; ++row) fill_row(first + row, std::span(buffer).subspan(row * size, size));
      for (T& value : buffer) value = canonical(value);
      hash_.feed(buffer.data(), rows * size * sizeof(T));
      if (dataset) dataset->write_rows(first, rows, buffer.data());
      if (listener_) listener_->rows(first, rows, buffer.data());
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
    for (const std::string& value : values) hash_.feed(value);
    if (file_) file_->write_texts(variable, values);
    if (listener_) listener_->texts(group_, variable, values);
  }

  std::string digest() const { return hash_.digest(); }

 private:
  // One bit pattern for each value: machines differ in the sign of a NaN, and merging in that of a zero.
  template <class T>
  static T canonical(T value) {
    if (value == 0) return 0;
    return value == value ? value : std::numeric_limits<T>::quiet_NaN();
  }

  void begin(const Variable& variable) {
    std::vector<std::size_t> shape;
    for (const Axis& axis : variable.axes) shape.push_back(axis.length);
    hash_.begin(group_, variable.name, shape);
  }

  Hdf5Writer* file_;
  DatasetListener* listener_;
  std::string group_ = "/";
  ResultHash hash_;
};

}  // namespace chokepoint
