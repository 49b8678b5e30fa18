// A thin layer over the C API of HDF5 that writes what netCDF tools read: every axis has an attached
// dimension scale, texts are variable-length UTF-8, filters are shuffle, deflate and Fletcher-32. Small numeric datasets are one
// chunk and keep the filters: contiguous, a thousand of them would take more room, and have no checksum. Every call is
// checked: on a full disk HDF5 may report the failure only when a dataset is closed, and not when the file is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace chokepoint {

// A call of the library that failed: "writing dataset 'a' failed: No space left on device".
struct Hdf5Error : std::runtime_error {
  Hdf5Error(const std::string& text, int number) : std::runtime_error(text), system_error(number) {}
  int system_error;  // errno of the system call below, 0 if there was none
};

// Throws if `status`, the result of the call just made, says that it failed.
void check_hdf5(long long status, std::string_view doing, std::string_view name);

// Owns an identifier of the library.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle() = default;
  // `id` is the result of the call just made; throws if it failed.
  Handle(hid_t id, Close close, std::string_view doing, std::string_view name);
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();
  void close(std::string_view doing, std::string_view name);  // the checked way
  operator hid_t() const { return id_; }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

struct Axis {
  std::string name;
  std::size_t length;
};

struct Attribute {
  std::string name;
  std::variant<std::string, std::int32_t, std::int64_t, double> value;
};

// A dataset. One that is named as its only axis is a coordinate: it becomes the axis' dimension scale.
struct Variable {
  std::string name;
  std::vector<Axis> axes;
  std::string units, long_name;
  std::vector<Attribute> attributes = {};

  std::size_t rows() const { return axes.front().length; }  // along the first axis
  std::size_t row_size() const;
  std::size_t size() const { return rows() * row_size(); }
};

enum class Number { kInt64, kFloat, kDouble };
template <class T>
inline constexpr Number kNumber = std::is_same_v<T, std::int64_t> ? Number::kInt64
                                  : std::is_same_v<T, float>      ? Number::kFloat
                                                                  : Number::kDouble;
std::size_t size_of(Number type);

// How many rows of a numeric dataset are stored, and best written, together.
std::size_t rows_together(const Variable& variable, Number type);

// A dataset that is being written.
class DatasetWriter {
 public:
  DatasetWriter(Handle dataset, const Variable& variable, Number type);
  void write_rows(std::size_t first, std::size_t count, const void* values);
  void close() { dataset_.close("writing dataset", name_); }

 private:
  Handle dataset_, space_;
  std::string name_;
  std::vector<std::size_t> shape_;
  Number type_;
};

// The coordinate of an axis, and all that is attached to it. An attribute of it, REFERENCE_LIST, repeats what every dataset says of its
// own axes. H5DSattach_scale writes it anew for each dataset, which takes time and leaves holes that grow with the square of their
// number: here it is written once, when the scale is closed.
class DimensionScale {
 public:
  DimensionScale(const Handle& dataset, const std::string& name);  // makes it one
  hobj_ref_t reference() const { return reference_; }
  void note(hobj_ref_t dataset, std::size_t axis) { attached_.push_back({dataset, static_cast<std::int32_t>(axis), 0}); }
  void close();

 private:
  // An entry of REFERENCE_LIST ("HDF5 Dimension Scale Specification and Design Notes"), as wide as those that the library writes.
  struct Attached {
    hobj_ref_t dataset;
    std::int32_t dimension, unused = 0;
  };

  Handle dataset_;
  std::string name_;
  hobj_ref_t reference_;
  std::vector<Attached> attached_;
};

// A new file. The axes of a dataset must have got their coordinates before, in its group or in the root.
class Hdf5Writer {
 public:
  // user_block: bytes left free in front, for the program's own use.
  explicit Hdf5Writer(const std::string& path, std::size_t user_block = 0);
  void enter(const std::string& name);       // a group, made if it is not there; "/" at first
  void move_root(const std::string& group);  // what follows is written as if this group were the root: a result within a result
  DatasetWriter create(const Variable& variable, Number type);
  void write_texts(const Variable& variable, std::span<const std::string> values);
  void write_text(const std::string& name, const std::string& long_name, const std::string& value);  // without axes
  void write_words(const std::string& name, std::span<const std::int64_t> words);                    // without axes: not for netCDF tools
  void annotate(const Attribute& attribute);                                                         // the group
  void close();  // the file is complete when this returns

 private:
  Handle make_dataset(const Variable& variable, hid_t type, hid_t space, hid_t properties);
  void attach_axes(const Variable& variable, const Handle& dataset);

  Handle file_, group_;
  std::string root_;                                     // "" or "/worldview/commodity"
  using Scales = std::map<std::string, DimensionScale>;  // by axis
  static void close(Scales& scales);
  // netCDF looks for dimensions in a dataset's own group and in those above it.
  Scales root_scales_, group_scales_;
  bool in_root_ = true;
};

// A dataset that is being read.
class DatasetReader {
 public:
  DatasetReader(Handle dataset, const std::string& name);
  const std::vector<std::size_t>& shape() const { return shape_; }
  std::optional<Number> type() const { return type_; }                            // none: no numbers
  std::size_t require(const std::vector<std::size_t>& shape, Number type) const;  // how many numbers; throws if it is not so
  // `count` of them from `first` on along each axis, converted to `type`.
  void read(const std::vector<std::size_t>& first, const std::vector<std::size_t>& count, Number type, void* values) const;
  void read_rows(std::size_t first, std::size_t count, Number type, void* values) const;
  std::vector<std::string> read_texts(const std::vector<std::size_t>& first, const std::vector<std::size_t>& count) const;

 private:
  Handle select(const std::vector<std::size_t>& first, const std::vector<std::size_t>& count) const;  // the space in memory

  Handle dataset_, space_;
  std::string name_;
  std::vector<std::size_t> shape_;
  std::optional<Number> type_;
};

// A dataset that is read without knowing what it is.
struct StoredDataset {
  std::string name;        // a path
  std::vector<Axis> axes;  // named by the paths of their coordinates, of which a coordinate is its own; "" without one
  std::string units, long_name;
  std::vector<Attribute> attributes;  // the others

  std::size_t length(std::size_t from, std::size_t to) const;  // of these axes together
};
using StoredValues = std::variant<std::vector<std::int64_t>, std::vector<float>, std::vector<double>, std::vector<std::string>>;

// "out.h5/worldview/commodity", as the HDF5 tools write it: a group in a file. Without a group: "".
struct GroupPath {
  std::string file, group;
};
GroupPath split_path(const std::string& path);

// A file to read from, or a group of it as if it were one. Names are paths: "/provenance/configuration_resolved".
class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::string& path);
  bool has_dataset(const std::string& name) const { return has(name, H5I_DATASET); }
  bool has_group(const std::string& name) const { return has(name, H5I_GROUP); }
  std::optional<std::string> text_attribute(const std::string& object, const std::string& name) const;  // none if absent or no text
  std::optional<std::int64_t> integer_attribute(const std::string& object, const std::string& name) const;
  std::vector<std::string> attribute_names(const std::string& object) const;
  std::vector<Attribute> attributes(const std::string& object) const;  // that are one text or number
  DatasetReader open(const std::string& name) const;
  std::vector<std::string> texts(const std::string& name) const;
  std::vector<double> numbers(const std::string& name, const std::vector<std::size_t>& shape) const;  // throws on another shape
  // `count` of them from `first` on along each axis.
  std::vector<double> numbers(const std::string& name, const std::vector<std::size_t>& shape, const std::vector<std::size_t>& first,
                              const std::vector<std::size_t>& count) const;
  template <class T>
  std::vector<T> values(const std::string& name, const std::vector<std::size_t>& shape) const {  // the same without conversion
    const DatasetReader dataset = open(name);
    std::vector<T> all(dataset.require(shape, kNumber<T>));
    dataset.read_rows(0, shape.front(), kNumber<T>, all.data());
    return all;
  }
  std::size_t length(const std::string& name) const;
  void words(const std::string& name, std::size_t first, std::span<std::int64_t> out) const;  // as Hdf5Writer::write_words() wrote them

  // Of the root, then of each of its groups, in the order in which they were made.
  std::vector<std::string> datasets() const;
  StoredDataset dataset(const std::string& name) const;
  // `count` places from `first` on along each axis, in the type that is stored.
  StoredValues block(const StoredDataset& dataset, const std::vector<std::size_t>& first, const std::vector<std::size_t>& count) const;

 private:
  std::string at(const std::string& name) const { return root_ + name; }
  bool has(const std::string& name, H5I_type_t kind) const;
  std::vector<std::string> children(const std::string& group, H5I_type_t kind) const;
  std::string scale_path(const Handle& dataset, const std::string& name, unsigned axis) const;

  Handle file_;
  std::string root_;
};

}  // namespace chokepoint
