// SPDX-License-Identifier: Apache-2.0
#include "copy.h"

#include <algorithm>

#include "layout.h"

namespace chokepoint {

namespace {

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void copy_numbers(const DatasetReader& from, const Variable& variable, Number type, Hdf5Writer& to) {
  DatasetWriter dataset = to.create(variable, type);
  const std::size_t together = rows_together(variable, type);
  std::vector<char> piece(together * variable.row_size() * size_of(type));
  for (std::size_t first = 0; first < variable.rows(); first += together) {
    const std::size_t rows = std::min(together, variable.rows() - first);
    from.read_rows(first, rows, type, piece.data());
    dataset.write_rows(first, rows, piece.data());
  }
  dataset.close();
}

void copy_dataset(const Hdf5Reader& from, const std::string& path, Hdf5Writer& to) {
  const Variable variable = variable_of(from.dataset(path));
  const DatasetReader dataset = from.open(path);
  if (dataset.type())
    copy_numbers(dataset, variable, *dataset.type(), to);
  else
    to.write_texts(variable, from.texts(path));
}

}  // namespace

Variable variable_of(const StoredDataset& dataset) {
  Variable variable{last_part(dataset.name), {}, dataset.units, dataset.long_name, dataset.attributes};
  for (const Axis& axis : dataset.axes) {
    if (axis.name.empty()) throw Hdf5Error("dataset '" + dataset.name + "' has an axis without a coordinate: no result has", 0);
    variable.axes.push_back({last_part(axis.name), axis.length});
  }
  return variable;
}

void copy_result(const Hdf5Reader& from, Hdf5Writer& to) {
  std::string open;
  for (const std::string& path : from.datasets()) {
    const std::string group = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
    if (group == kWorldviewGroup) continue;
    if (group != open) {
      to.enter(open = group);
      for (const Attribute& attribute : from.attributes(group)) to.annotate(attribute);
    }
    copy_dataset(from, path, to);
  }
}

}  // namespace chokepoint
