// Calls of the HDF5 library. The layout rules and the trouble behind each: which files netCDF-C, xarray, R
// and Octave read was tried reader by reader.
// SPDX-License-Identifier: Apache-2.0
#include "hdf5.h"

#include <hdf5_hl.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>

#include "hdf5_calls.h"

namespace chokepoint {

namespace {

constexpr std::size_t kMaxChunkBytes = std::size_t{4} << 20;
constexpr std::size_t kSmallChunkBytes = std::size_t{64} << 10;
// Half of the chunks that a node of a dataset's index has room for. Nodes are stored full-sized, one at least for every dataset: the
// library's 32 would take 3 kB for each, and most have one chunk, few more than ten.
constexpr unsigned kIndexHalfNode = 2;
constexpr unsigned kCreationOrder = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

struct Cause {
  std::string text;  // innermost line of the library's error stack
  int system_error = 0;
};

extern "C" herr_t note_cause(unsigned, const H5E_error2_t* error, void* out) {
  Cause& cause = *static_cast<Cause*>(out);
  cause.text = error->desc ? error->desc : "";
  if (const auto at = cause.text.find("errno = "); at != std::string::npos) cause.system_error = std::atoi(cause.text.c_str() + at + 8);
  return 0;
}

hid_t file_type(Number type) { return type == Number::kInt64 ? H5T_STD_I64LE : type == Number::kFloat ? H5T_IEEE_F32LE : H5T_IEEE_F64LE; }

// Octave shows the trailing zero of any other form.
Handle attribute_text_type(std::size_t length) {
  Handle type = make_handle(H5Tcopy(H5T_C_S1), H5Tclose);
  check_hdf5(H5Tset_size(type, std::max<std::size_t>(length, 1)), "making", "the text type");
  check_hdf5(H5Tset_cset(type, H5T_CSET_UTF8), "making", "the text type");
  check_hdf5(H5Tset_strpad(type, H5T_STR_NULLPAD), "making", "the text type");
  return type;
}

void write_attribute(hid_t object, const std::string& name, hid_t type, const Handle& space, const void* value) {
  Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, "writing attribute", name);
  if (value) check_hdf5(H5Awrite(attribute, type, value), "writing attribute", name);
  attribute.close("writing attribute", name);
}

void write_attribute(hid_t object, const std::string& name, const std::string& text) {
  // As netCDF-C does, an empty text is an attribute without a value: HDF5 has no text of length 0.
  const Handle space = make_handle(H5Screate(text.empty() ? H5S_NULL : H5S_SCALAR), H5Sclose);
  write_attribute(object, name, attribute_text_type(text.size()), space, text.empty() ? nullptr : text.data());
}

void write_attribute(hid_t object, const Attribute& attribute) {
  const Handle one = make_space({1});
  const auto& value = attribute.value;
  if (const auto* text = std::get_if<std::string>(&value)) return write_attribute(object, attribute.name, *text);
  if (const auto* number = std::get_if<std::int32_t>(&value)) return write_attribute(object, attribute.name, H5T_NATIVE_INT32, one, number);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return write_attribute(object, attribute.name, H5T_NATIVE_INT64, one, number);
  write_attribute(object, attribute.name, H5T_NATIVE_DOUBLE, one, &std::get<double>(value));
}

std::size_t divide_up(std::size_t n, std::size_t by) { return (n + by - 1) / by; }

// One policy and all times; several policies up to 64 KiB together, less than one above 4 MiB.
std::vector<hsize_t> chunk_of(const Variable& variable, Number type) {
  std::vector<hsize_t> chunk;
  for (const Axis& axis : variable.axes) chunk.push_back(axis.length);
  if (chunk.size() > 1 && variable.axes.front().name == "policy") {
    const std::size_t small = std::clamp(kSmallChunkBytes / (variable.row_size() * size_of(type)), std::size_t{1}, variable.rows());
    const std::size_t chunks = divide_up(variable.rows(), small);
    chunk.front() = divide_up(variable.rows(), chunks);
  }
  const auto bytes = [&] { return std::accumulate(chunk.begin(), chunk.end(), size_of(type), std::multiplies<>()); };
  for (std::size_t axis = 0; bytes() > kMaxChunkBytes; axis += chunk[axis] == 1) chunk[axis] = (chunk[axis] + 1) / 2;
  return chunk;
}

Handle numeric_properties(const Variable& variable, Number type) {
  Handle list = make_handle(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const auto chunk = chunk_of(variable, type);
  const double missing = std::numeric_limits<double>::quiet_NaN();
  check_hdf5(H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data()), "laying out dataset", variable.name);
  check_hdf5(H5Pset_shuffle(list), "laying out dataset", variable.name);
  check_hdf5(H5Pset_deflate(list, 1), "laying out dataset", variable.name);
  check_hdf5(H5Pset_fletcher32(list), "laying out dataset", variable.name);
  check_hdf5(H5Pset_fill_time(list, H5D_FILL_TIME_IFSET), "laying out dataset", variable.name);
  if (type != Number::kInt64) check_hdf5(H5Pset_fill_value(list, H5T_NATIVE_DOUBLE, &missing), "laying out dataset", variable.name);
  return list;
}

hobj_ref_t reference_to(const Handle& dataset, const std::string& name) {
  hobj_ref_t reference;
  check_hdf5(H5Rcreate(&reference, dataset, ".", H5R_OBJECT, -1), "making a reference to", name);
  return reference;
}

void write_missing_value(const Handle& dataset, Number type) {
  const double wide = std::numeric_limits<double>::quiet_NaN();
  const float narrow = std::numeric_limits<float>::quiet_NaN();
  const void* value = type == Number::kFloat ? static_cast<const void*>(&narrow) : &wide;
  write_attribute(dataset, "_FillValue", memory_type(type), make_space({1}), value);
}

bool is_coordinate(const Variable& variable) { return variable.axes.size() == 1 && variable.axes.front().name == variable.name; }

}  // namespace

void check_hdf5(long long status, std::string_view doing, std::string_view name) {
  if (status >= 0) return;
  Cause cause;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, note_cause, &cause);  // before any other call: that would empty the stack
  const std::string why = cause.system_error ? std::strerror(cause.system_error) : cause.text;
  throw Hdf5Error(std::string(doing) + " '" + std::string(name) + "' failed: " + why, cause.system_error);
}

Handle::Handle(hid_t id, Close close, std::string_view doing, std::string_view name) : id_(id), close_(close) {
  check_hdf5(id, doing, name);
}

Handle& Handle::operator=(Handle&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(close_, other.close_);
  return *this;
}

Handle::~Handle() {
  if (id_ >= 0) close_(id_);
}

void Handle::close(std::string_view doing, std::string_view name) { check_hdf5(close_(std::exchange(id_, H5I_INVALID_HID)), doing, name); }

std::size_t Variable::row_size() const {
  return std::accumulate(axes.begin() + 1, axes.end(), std::size_t{1},
                         [](std::size_t size, const Axis& axis) { return size * axis.length; });
}

std::size_t size_of(Number type) { return type == Number::kFloat ? sizeof(float) : sizeof(double); }

std::size_t rows_together(const Variable& variable, Number type) { return chunk_of(variable, type).front(); }

DatasetWriter::DatasetWriter(Handle dataset, const Variable& variable, Number type)
    : dataset_(std::move(dataset)),
      space_(H5Dget_space(dataset_), H5Sclose, "writing dataset", variable.name),
      name_(variable.name),
      type_(type) {
  for (const Axis& axis : variable.axes) shape_.push_back(axis.length);
}

void DatasetWriter::write_rows(std::size_t first, std::size_t count, const void* values) {
  std::vector<hsize_t> start(shape_.size()), block(shape_.begin(), shape_.end());
  start.front() = first;
  block.front() = count;
  const Handle memory = make_space(block);
  check_hdf5(H5Sselect_hyperslab(space_, H5S_SELECT_SET, start.data(), nullptr, block.data(), nullptr), "writing dataset", name_);
  check_hdf5(H5Dwrite(dataset_, memory_type(type_), memory, space_, H5P_DEFAULT, values), "writing dataset", name_);
}

Hdf5Writer::Hdf5Writer(const std::string& path, std::size_t user_block) {
  start_library();
  const Handle creation = make_handle(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  check_hdf5(H5Pset_userblock(creation, user_block), "creating", "the file");
  check_hdf5(H5Pset_link_creation_order(creation, kCreationOrder), "creating", "the file");
  check_hdf5(H5Pset_attr_creation_order(creation, kCreationOrder), "creating", "the file");
  check_hdf5(H5Pset_istore_k(creation, kIndexHalfNode), "creating", "the file");
  const Handle access = file_access();
  check_hdf5(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), "creating", "the file");
  file_ = Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access), H5Fclose, "creating", path);
  enter("/");
}

DimensionScale::DimensionScale(const Handle& dataset, const std::string& name) : name_(name), reference_(reference_to(dataset, name)) {
  check_hdf5(H5DSset_scale(dataset, name.c_str()), "making a dimension scale of", name);
  check_hdf5(H5Iinc_ref(dataset), "keeping", name);
  dataset_ = Handle(dataset, H5Dclose, "keeping", name);
}

void DimensionScale::close() {
  if (!attached_.empty()) {
    const Handle type = make_handle(H5Tcreate(H5T_COMPOUND, sizeof(Attached)), H5Tclose);
    check_hdf5(H5Tinsert(type, "dataset", HOFFSET(Attached, dataset), H5T_STD_REF_OBJ), "listing what is attached to", name_);
    check_hdf5(H5Tinsert(type, "dimension", HOFFSET(Attached, dimension), H5T_NATIVE_INT32), "listing what is attached to", name_);
    write_attribute(dataset_, "REFERENCE_LIST", type, make_space({attached_.size()}), attached_.data());
  }
  dataset_.close("writing dataset", name_);
}

void Hdf5Writer::close(Scales& scales) {
  for (auto& [name, scale] : scales) scale.close();
  scales.clear();
}

void Hdf5Writer::move_root(const std::string& group) {
  close(group_scales_);
  close(root_scales_);
  root_ = group;
  enter("/");
}

void Hdf5Writer::enter(const std::string& name) {
  close(group_scales_);
  in_root_ = name == "/";
  const std::string group = in_root_ && !root_.empty() ? root_ : root_ + name;
  if (group != "/" && H5Lexists(file_, group.c_str(), H5P_DEFAULT) <= 0) {
    const Handle creation = make_handle(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
    check_hdf5(H5Pset_link_creation_order(creation, kCreationOrder), "creating group", group);
    check_hdf5(H5Pset_attr_creation_order(creation, kCreationOrder), "creating group", group);
    group_ = Handle(H5Gcreate2(file_, group.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT), H5Gclose, "creating group", group);
  } else {
    group_ = Handle(H5Gopen2(file_, group.c_str(), H5P_DEFAULT), H5Gclose, "opening group", group);
  }
}

DatasetWriter Hdf5Writer::create(const Variable& variable, Number type) {
  std::vector<hsize_t> shape;
  for (const Axis& axis : variable.axes) shape.push_back(axis.length);
  const Handle space = make_space(shape), properties = numeric_properties(variable, type);
  Handle dataset = make_dataset(variable, file_type(type), space, properties);
  if (type != Number::kInt64 && !is_coordinate(variable)) write_missing_value(dataset, type);
  return DatasetWriter(std::move(dataset), variable, type);
}

Handle Hdf5Writer::make_dataset(const Variable& variable, hid_t type, hid_t space, hid_t properties) {
  check_hdf5(H5Pset_attr_creation_order(properties, kCreationOrder), "laying out dataset", variable.name);
  Handle dataset(H5Dcreate2(group_, variable.name.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose, "creating dataset",
                 variable.name);
  attach_axes(variable, dataset);
  write_attribute(dataset, "units", variable.units);
  write_attribute(dataset, "long_name", variable.long_name);
  for (const Attribute& attribute : variable.attributes) write_attribute(dataset, attribute);
  return dataset;
}

// A group may repeat a coordinate of the root, so that it is labelled when it is read alone: the axis
// stays the root's.
void Hdf5Writer::attach_axes(const Variable& variable, const Handle& dataset) {
  if (is_coordinate(variable) && !root_scales_.contains(variable.name) && !group_scales_.contains(variable.name)) {
    (in_root_ ? root_scales_ : group_scales_).emplace(variable.name, DimensionScale(dataset, variable.name));
    return;
  }
  if (variable.axes.empty()) return;
  const hobj_ref_t own = reference_to(dataset, variable.name);
  std::vector<hobj_ref_t> references;
  for (const Axis& axis : variable.axes) {
    Scales& scales = group_scales_.contains(axis.name) ? group_scales_ : root_scales_;
    const auto scale = scales.find(axis.name);
    if (scale == scales.end()) throw std::logic_error("dataset '" + variable.name + "': axis '" + axis.name + "' has no coordinate");
    scale->second.note(own, references.size());
    references.push_back(scale->second.reference());
  }
  // For each axis a list of its scales ("HDF5 Dimension Scale Specification and Design Notes"): here one.
  std::vector<hvl_t> list;
  for (hobj_ref_t& reference : references) list.push_back({1, &reference});
  const Handle type = make_handle(H5Tvlen_create(H5T_STD_REF_OBJ), H5Tclose);
  write_attribute(dataset, "DIMENSION_LIST", type, make_space({list.size()}), list.data());
}

void Hdf5Writer::write_texts(const Variable& variable, std::span<const std::string> values) {
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  const Handle type = text_type(), properties = make_handle(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const Handle space = variable.axes.empty() ? make_handle(H5Screate(H5S_SCALAR), H5Sclose) : make_space({values.size()});
  Handle dataset = make_dataset(variable, type, space, properties);
  check_hdf5(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), "writing dataset", variable.name);
  dataset.close("writing dataset", variable.name);
}

void Hdf5Writer::write_text(const std::string& name, const std::string& long_name, const std::string& value) {
  write_texts({name, {}, "1", long_name}, {&value, 1});
}

void Hdf5Writer::write_words(const std::string& name, std::span<const std::int64_t> words) {
  const Variable variable{name, {{"word", words.size()}}, "1", ""};
  const Handle space = make_space({words.size()}), properties = numeric_properties(variable, Number::kInt64);
  Handle dataset(H5Dcreate2(group_, name.c_str(), H5T_STD_I64LE, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose, "creating dataset",
                 name);
  check_hdf5(H5Dwrite(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, words.data()), "writing dataset", name);
  dataset.close("writing dataset", name);
}

void Hdf5Writer::annotate(const Attribute& attribute) { write_attribute(group_, attribute); }

void Hdf5Writer::close() {
  close(group_scales_);
  close(root_scales_);
  group_.close("closing", "a group");
  check_hdf5(H5Fflush(file_, H5F_SCOPE_GLOBAL), "flushing", "the file");
  if (H5Fget_obj_count(file_, H5F_OBJ_ALL) != 1) throw std::logic_error("the result file still has open objects");
  file_.close("closing", "the file");
}

}  // namespace chokepoint
