// Reading: a file may be damaged or claim anything.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

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

}  // namespace

Hdf5Reader::Hdf5Reader(const std::string& path) {
  start_library();
  file_ = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, file_access()), H5Fclose, "opening", path);
}

bool Hdf5Reader::has_dataset(const std::string& name) const { return H5Lexists(file_, name.c_str(), H5P_DEFAULT) > 0; }

std::optional<std::string> Hdf5Reader::text_attribute(const std::string& object, const std::string& name) const {
  if (H5Aexists_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT) <= 0) return {};
  const Handle attribute(H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose, "reading attribute",
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
  if (H5Aexists_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT) <= 0) return {};
  const Handle attribute(H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose, "reading attribute",
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
  check_hdf5(H5Aiterate_by_name(file_, object.c_str(), H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, append, &names, H5P_DEFAULT),
             "listing the attributes of", object);
  return names;
}

std::size_t Hdf5Reader::length(const std::string& name) const {
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose, "reading dataset", name);
  const Handle space(H5Dget_space(dataset), H5Sclose, "reading dataset", name);
  const hssize_t length = H5Sget_simple_extent_npoints(space);
  check_hdf5(length, "reading dataset", name);
  return static_cast<std::size_t>(length);
}

std::vector<std::string> Hdf5Reader::texts(const std::string& name) const {
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose, "reading dataset", name);
  const Handle space(H5Dget_space(dataset), H5Sclose, "reading dataset", name), type = text_type();
  std::vector<char*> pointers(checked_size({length(name)}, name));
  check_hdf5(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), "reading dataset", name);
  std::vector<std::string> values;
  for (const char* text : pointers) values.emplace_back(text ? text : "");
  check_hdf5(H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data()), "reading dataset", name);
  return values;
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

std::vector<std::string> Hdf5Reader::children(const std::string& group, H5I_type_t kind) const {
  H5G_info_t info;
  check_hdf5(H5Gget_info_by_name(file_, group.c_str(), &info, H5P_DEFAULT), "listing group", group);
  const Handle opened(H5Gopen2(file_, group.c_str(), H5P_DEFAULT), H5Gclose, "listing group", group);
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const ssize_t size = H5Lget_name_by_idx(opened, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
    check_hdf5(size, "listing group", group);
    std::string name(static_cast<std::size_t>(size), '\0');
    H5Lget_name_by_idx(opened, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name.data(), name.size() + 1, H5P_DEFAULT);
    const Handle child(H5Oopen(opened, name.c_str(), H5P_DEFAULT), H5Oclose, "opening", name);
    if (H5Iget_type(child) == kind) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> Hdf5Reader::groups() const { return children("/", H5I_GROUP); }

std::vector<std::string> Hdf5Reader::datasets(const std::string& group) const { return children(group, H5I_DATASET); }

DatasetReader Hdf5Reader::open(const std::string& name) const {
  return {Handle(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose, "reading dataset", name), name};
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

void DatasetReader::read(const std::vector<std::size_t>& first, const std::vector<std::size_t>& count, Number type, void* values) const {
  if (std::ranges::find(count, std::size_t{0}) != count.end()) return;
  const std::vector<hsize_t> start(first.begin(), first.end()), block(count.begin(), count.end());
  const Handle memory = make_space(block);
  check_hdf5(H5Sselect_hyperslab(space_, H5S_SELECT_SET, start.data(), nullptr, block.data(), nullptr), "reading dataset", name_);
  check_hdf5(H5Dread(dataset_, memory_type(type), memory, space_, H5P_DEFAULT, values), "reading dataset", name_);
}

void DatasetReader::read_rows(std::size_t first, std::size_t count, Number type, void* values) const {
  std::vector<std::size_t> start(shape_.size()), block = shape_;
  start.front() = first;
  block.front() = count;
  read(start, block, type, values);
}

void Hdf5Reader::words(const std::string& name, std::size_t first, std::span<std::int64_t> out) const {
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose, "reading dataset", name);
  const Handle space(H5Dget_space(dataset), H5Sclose, "reading dataset", name), memory = make_space({out.size()});
  const hsize_t start = first, count = out.size();
  check_hdf5(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &count, nullptr), "reading dataset", name);
  check_hdf5(H5Dread(dataset, H5T_NATIVE_INT64, memory, space, H5P_DEFAULT, out.data()), "reading dataset", name);
}

}  // namespace chokepoint
