// Reading: a file may be damaged or claim anything.
// SPDX-License-Identifier: Apache-2.0
#include <hdf5_hl.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <numeric>

#include "hdf5_calls.h"

namespace chokepoint {

namespace {

constexpr std::size_t kMaxReadElements = std::size_t{1} << 27;  // a damaged file may claim any size

std::size_t checked_size(const std::vector<std::size_t>& shape, const std::string& name) {
  std::size_t count = 1;
  for (const std::size_t length : shape) {
    if (length > 0 && count > kMaxReadElements / length)
      throw Hdf5Error("reading dataset '" + name + "' failed: it claims more values than any result has", 0);
    count *= length;
  }
  return count;
}

// "/sample" of "/sample/trajectory", "" of "/policy".
std::string group_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

std::size_t StoredDataset::length(std::size_t from, std::size_t to) const {
  return std::accumulate(axes.begin() + static_cast<std::ptrdiff_t>(from), axes.begin() + static_cast<std::ptrdiff_t>(to), std::size_t{1},
                         [](std::size_t product, const Axis& axis) { return product * axis.length; });
}

GroupPath split_path(const std::string& path) {
  for (std::size_t end = path.size(); end != path.npos && end > 0; end = path.rfind('/', end - 1))
    if (std::filesystem::is_regular_file(path.substr(0, end))) return {path.substr(0, end), path.substr(end)};
  return {path, ""};
}

Hdf5Reader::Hdf5Reader(const std::string& path) {
  start_library();
  const auto [file, group] = split_path(path);
  file_ = Handle(H5Fopen(file.c_str(), H5F_ACC_RDONLY, file_access()), H5Fclose, "opening", file);
  root_ = group;
}

bool Hdf5Reader::has(const std::string& name, H5I_type_t kind) const {
  if (H5Lexists(file_, at(name).c_str(), H5P_DEFAULT) <= 0) return false;
  return H5Iget_type(Handle(H5Oopen(file_, at(name).c_str(), H5P_DEFAULT), H5Oclose, "opening", name)) == kind;
}

std::optional<std::string> Hdf5Reader::text_attribute(const std::string& object, const std::string& name) const {
  if (H5Aexists_by_name(file_, at(object).c_str(), name.c_str(), H5P_DEFAULT) <= 0) return {};
  const Handle attribute(H5Aopen_by_name(file_, at(object).c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose, "reading attribute",
                         name);
  const Handle type(H5Aget_type(attribute), H5Tclose, "reading attribute", name);
  const Handle space(H5Aget_space(attribute), H5Sclose, "reading attribute", name);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || H5Sget_simple_extent_npoints(space) > 1) return {};
  if (H5Sget_simple_extent_npoints(space) == 0) return "";
  std::string text(H5Tget_size(type), '\0');
  check_hdf5(H5Aread(attribute, type, text.data()), "reading attribute", name);
  text.resize(std::strlen(text.c_str()));
  return text;
}

std::optional<std::int64_t> Hdf5Reader::integer_attribute(const std::string& object, const std::string& name) const {
  if (H5Aexists_by_name(file_, at(object).c_str(), name.c_str(), H5P_DEFAULT) <= 0) return {};
  const Handle attribute(H5Aopen_by_name(file_, at(object).c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose, "reading attribute",
                         name);
  const Handle type(H5Aget_type(attribute), H5Tclose, "reading attribute", name);
  const Handle space(H5Aget_space(attribute), H5Sclose, "reading attribute", name);
  if (H5Tget_class(type) != H5T_INTEGER || H5Sget_simple_extent_npoints(space) != 1) return {};
  std::int64_t value = 0;
  check_hdf5(H5Aread(attribute, H5T_NATIVE_INT64, &value), "reading attribute", name);
  return value;
}

std::vector<std::string> Hdf5Reader::attribute_names(const std::string& object) const {
  std::vector<std::string> names;
  const auto append = [](hid_t, const char* name, const H5A_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->push_back(name);
    return 0;
  };
  check_hdf5(H5Aiterate_by_name(file_, at(object).c_str(), H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, append, &names, H5P_DEFAULT),
             "listing the attributes of", object);
  return names;
}

std::vector<Attribute> Hdf5Reader::attributes(const std::string& object) const {
  std::vector<Attribute> all;
  for (const std::string& name : attribute_names(object)) {
    if (const auto text = text_attribute(object, name)) {
      all.push_back({name, *text});
      continue;
    }
    const Handle attribute(H5Aopen_by_name(file_, at(object).c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                           "reading attribute", name);
    const Handle type(H5Aget_type(attribute), H5Tclose, "reading attribute", name);
    const Handle space(H5Aget_space(attribute), H5Sclose, "reading attribute", name);
    const H5T_class_t kind = H5Tget_class(type);
    if (H5Sget_simple_extent_npoints(space) != 1 || (kind != H5T_INTEGER && kind != H5T_FLOAT)) continue;
    const auto number = [&]<class T>(T value, hid_t memory) {
      check_hdf5(H5Aread(attribute, memory, &value), "reading attribute", name);
      all.push_back({name, value});
    };
    if (kind == H5T_FLOAT)
      number(0.0, H5T_NATIVE_DOUBLE);
    else if (H5Tget_size(type) == sizeof(std::int32_t))
      number(std::int32_t{0}, H5T_NATIVE_INT32);
    else
      number(std::int64_t{0}, H5T_NATIVE_INT64);
  }
  return all;
}

std::size_t Hdf5Reader::length(const std::string& name) const {
  const Handle dataset(H5Dopen2(file_, at(name).c_str(), H5P_DEFAULT), H5Dclose, "reading dataset", name);
  const Handle space(H5Dget_space(dataset), H5Sclose, "reading dataset", name);
  const hssize_t length = H5Sget_simple_extent_npoints(space);
  check_hdf5(length, "reading dataset", name);
  return static_cast<std::size_t>(length);
}

std::vector<std::string> Hdf5Reader::texts(const std::string& name) const {
  const DatasetReader dataset = open(name);
  return dataset.read_texts(std::vector<std::size_t>(dataset.shape().size(), 0), dataset.shape());
}

std::vector<double> Hdf5Reader::numbers(const std::string& name, const std::vector<std::size_t>& shape) const {
  return numbers(name, shape, std::vector<std::size_t>(shape.size(), 0), shape);
}

std::vector<double> Hdf5Reader::numbers(const std::string& name, const std::vector<std::size_t>& shape,
                                        const std::vector<std::size_t>& first, const std::vector<std::size_t>& count) const {
  const DatasetReader dataset = open(name);
  if (dataset.shape() != shape) throw Hdf5Error("reading dataset '" + name + "' failed: its shape does not fit the labels of its axes", 0);
  std::vector<double> values(checked_size(count, name));
  dataset.read(first, count, Number::kDouble, values.data());
  return values;
}

// Link by link: the library's own iterators crash on some damaged files.
std::vector<std::string> Hdf5Reader::children(const std::string& group, H5I_type_t kind) const {
  H5G_info_t info;
  check_hdf5(H5Gget_info_by_name(file_, at(group).c_str(), &info, H5P_DEFAULT), "listing group", group);
  std::vector<std::string> paths;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const auto name_of = [&](char* name, std::size_t size) {
      return H5Lget_name_by_idx(file_, at(group).c_str(), H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name, size, H5P_DEFAULT);
    };
    const ssize_t length = name_of(nullptr, 0);
    check_hdf5(length, "listing group", group);
    std::string name(static_cast<std::size_t>(length), ' ');
    check_hdf5(name_of(name.data(), name.size() + 1), "listing group", group);
    std::string path = (group == "/" ? group : group + "/") + name;
    const Handle object(H5Oopen(file_, at(path).c_str(), H5P_DEFAULT), H5Oclose, "opening", path);
    if (H5Iget_type(object) == kind) paths.push_back(std::move(path));
  }
  return paths;
}

std::vector<std::string> Hdf5Reader::datasets() const {
  std::vector<std::string> paths = children("/", H5I_DATASET);
  for (const std::string& group : children("/", H5I_GROUP)) {
    const std::vector<std::string> more = children(group, H5I_DATASET);
    paths.insert(paths.end(), more.begin(), more.end());
  }
  return paths;
}

DatasetReader Hdf5Reader::open(const std::string& name) const {
  return {Handle(H5Dopen2(file_, at(name).c_str(), H5P_DEFAULT), H5Dclose, "reading dataset", name), name};
}

DatasetReader::DatasetReader(Handle dataset, const std::string& name)
    : dataset_(std::move(dataset)), space_(H5Dget_space(dataset_), H5Sclose, "reading dataset", name), name_(name) {
  std::vector<hsize_t> shape(H5S_MAX_RANK);
  const int rank = H5Sget_simple_extent_dims(space_, shape.data(), nullptr);
  check_hdf5(rank, "reading dataset", name);
  shape_.assign(shape.begin(), shape.begin() + rank);
  const Handle type(H5Dget_type(dataset_), H5Tclose, "reading dataset", name);
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_INTEGER) type_ = Number::kInt64;
  if (kind == H5T_FLOAT) type_ = H5Tget_size(type) == sizeof(float) ? Number::kFloat : Number::kDouble;
}

std::size_t DatasetReader::require(const std::vector<std::size_t>& shape, Number type) const {
  if (shape_ == shape && type_ == type) return checked_size(shape, name_);
  throw Hdf5Error("reading dataset '" + name_ + "' failed: it has another shape or type than the file's configuration gives it", 0);
}

Handle DatasetReader::select(const std::vector<std::size_t>& first, const std::vector<std::size_t>& count) const {
  const std::vector<hsize_t> start(first.begin(), first.end()), block(count.begin(), count.end());
  if (!block.empty())
    check_hdf5(H5Sselect_hyperslab(space_, H5S_SELECT_SET, start.data(), nullptr, block.data(), nullptr), "reading dataset", name_);
  return make_space(block);
}

void DatasetReader::read(const std::vector<std::size_t>& first, const std::vector<std::size_t>& count, Number type, void* values) const {
  if (checked_size(count, name_) == 0) return;
  const Handle memory = select(first, count);
  check_hdf5(H5Dread(dataset_, memory_type(type), memory, space_, H5P_DEFAULT, values), "reading dataset", name_);
}

std::vector<std::string> DatasetReader::read_texts(const std::vector<std::size_t>& first, const std::vector<std::size_t>& count) const {
  std::vector<char*> pointers(checked_size(count, name_));
  if (pointers.empty()) return {};
  const Handle memory = select(first, count), type = text_type();
  check_hdf5(H5Dread(dataset_, type, memory, space_, H5P_DEFAULT, pointers.data()), "reading dataset", name_);
  std::vector<std::string> texts;
  for (const char* text : pointers) texts.emplace_back(text ? text : "");
  check_hdf5(H5Dvlen_reclaim(type, memory, H5P_DEFAULT, pointers.data()), "reading dataset", name_);
  return texts;
}

void DatasetReader::read_rows(std::size_t first, std::size_t count, Number type, void* values) const {
  std::vector<std::size_t> start(shape_.size()), block = shape_;
  start.front() = first;
  block.front() = count;
  read(start, block, type, values);
}

void Hdf5Reader::words(const std::string& name, std::size_t first, std::span<std::int64_t> out) const {
  const Handle dataset(H5Dopen2(file_, at(name).c_str(), H5P_DEFAULT), H5Dclose, "reading dataset", name);
  const Handle space(H5Dget_space(dataset), H5Sclose, "reading dataset", name), memory = make_space({out.size()});
  const hsize_t start = first, count = out.size();
  check_hdf5(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &count, nullptr), "reading dataset", name);
  check_hdf5(H5Dread(dataset, H5T_NATIVE_INT64, memory, space, H5P_DEFAULT, out.data()), "reading dataset", name);
}

// Link by link: on a damaged file the library's own iterators free what was never allocated.
// netCDF looks for the coordinate of an axis in the group of the dataset, then in those above it.
std::string Hdf5Reader::scale_path(const Handle& dataset, const std::string& name, unsigned axis) const {
  if (H5DSis_scale(dataset) > 0) return name;
  const auto note = [](hid_t, unsigned, hid_t scale, void* found) -> herr_t {
    const ssize_t length = H5DSget_scale_name(scale, nullptr, 0);
    if (length <= 0) return length < 0 ? -1 : 1;
    std::string& text = *static_cast<std::string*>(found);
    text.resize(static_cast<std::size_t>(length));
    return H5DSget_scale_name(scale, text.data(), text.size() + 1) < 0 ? -1 : 1;
  };
  std::string scale;
  check_hdf5(H5DSiterate_scales(dataset, axis, nullptr, note, &scale), "reading the axes of", name);
  for (std::string above = name; !scale.empty() && !above.empty();) {
    above = group_of(above);
    const std::string path = above + "/" + scale;
    if (!has_dataset(path)) continue;
    const Handle coordinate(H5Dopen2(file_, at(path).c_str(), H5P_DEFAULT), H5Dclose, "reading dataset", path);
    if (H5DSis_scale(coordinate) > 0) return path;
  }
  return "";
}

StoredDataset Hdf5Reader::dataset(const std::string& name) const {
  const Handle dataset(H5Dopen2(file_, at(name).c_str(), H5P_DEFAULT), H5Dclose, "reading dataset", name);
  StoredDataset found{
      name, {}, text_attribute(name, "units").value_or(""), text_attribute(name, "long_name").value_or(""), attributes(name)};
  std::erase_if(found.attributes, [](const Attribute& a) {  // the former, and those of dimension scales and missing values
    constexpr const char* kOwn[] = {"units", "long_name", "CLASS", "NAME", "_FillValue"};
    return std::ranges::find(kOwn, a.name) != std::end(kOwn);
  });
  const std::vector<std::size_t> shape = open(name).shape();
  for (const std::size_t length : shape)
    found.axes.push_back({scale_path(dataset, name, static_cast<unsigned>(found.axes.size())), length});
  return found;
}

StoredValues Hdf5Reader::block(const StoredDataset& of, const std::vector<std::size_t>& first,
                               const std::vector<std::size_t>& count) const {
  const DatasetReader dataset = open(of.name);
  if (!dataset.type()) return dataset.read_texts(first, count);
  const auto numbers = [&]<class T>(std::vector<T> values) -> StoredValues {
    values.resize(checked_size(count, of.name));
    dataset.read(first, count, kNumber<T>, values.data());
    return values;
  };
  switch (*dataset.type()) {
    case Number::kInt64:
      return numbers(std::vector<std::int64_t>());
    case Number::kFloat:
      return numbers(std::vector<float>());
    default:
      return numbers(std::vector<double>());
  }
}

}  // namespace chokepoint
