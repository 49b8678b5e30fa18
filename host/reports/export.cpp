// Every table is a walk over blocks of rows: of the axes, and of each dataset the values that go with them.
// SPDX-License-Identifier: Apache-2.0
#include "export.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "../config/toml_tools.h"
#include "../errors.h"
#include "../results/layout.h"

namespace chokepoint {

namespace {

constexpr std::size_t kBlockValues = std::size_t{1} << 20;  // that are read at a time, of each dataset
constexpr std::size_t kMostNames = 8;                       // that a message suggests

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string cell(std::int64_t x) { return fmt::format("{}", x); }
std::string cell(float x) { return std::isnan(x) ? "" : fmt::format("{}", x); }
std::string cell(double x) { return std::isnan(x) ? "" : fmt::format("{}", x); }
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

// What one axis puts into a row: its coordinate, and beside a time the decimal year.
struct Coordinate {
  std::vector<std::string> columns;
  std::vector<std::string> names;  // of its places
  std::vector<std::string> cells;  // the same, ready for a row
};

Coordinate dates(const std::string& name, const std::vector<double>& days) {
  Coordinate result{{name, "year"}, {}, {}};
  for (const double day : days) {
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{std::llround(day)}}};
    const int year = int(date.year()), month = static_cast<int>(unsigned(date.month())), of_month = static_cast<int>(unsigned(date.day()));
    result.names.push_back(fmt::format("{:04}-{:02}-{:02}", year, month, of_month));
    result.cells.push_back(fmt::format("{},{}", result.names.back(), year + (month - 1) / 12.0 + (of_month - 1) / 365.25));
  }
  return result;
}

Coordinate read_coordinate(const Hdf5Reader& file, const Axis& axis, std::size_t number) {
  Coordinate result{{axis.name.empty() ? fmt::format("axis_{}", number) : last_part(axis.name)}, {}, {}};
  StoredValues values = std::vector<std::int64_t>(axis.length);
  if (axis.name.empty()) {
    std::iota(std::get<0>(values).begin(), std::get<0>(values).end(), 0);
  } else {
    const StoredDataset coordinate = file.dataset(axis.name);
    if (coordinate.axes.size() != 1 || coordinate.axes[0].length != axis.length)
      throw Hdf5Error("reading dataset '" + axis.name + "' failed: it does not fit the axis that it labels", 0);
    values = file.block(coordinate, {0}, {axis.length});
    if (const auto* days = std::get_if<std::vector<double>>(&values); days && coordinate.units == "days since 1970-01-01")
      return dates(result.columns[0], *days);
  }
  std::visit(
      [&](const auto& all) {
        for (const auto& one : all) result.names.push_back(fmt::format("{}", one));
      },
      values);
  for (const std::string& name : result.names) result.cells.push_back(cell(name));
  return result;
}

std::string axes_text(const StoredDataset& dataset) {
  std::vector<std::string> names;
  for (const Axis& axis : dataset.axes) names.push_back(axis.name.empty() ? "?" : last_part(axis.name));
  return fmt::format("({})", fmt::join(names, ", "));
}

// "/paired/x" of "paired/x".
std::string found_dataset(const Hdf5Reader& file, const std::string& given) {
  const std::string path = given.starts_with('/') ? given : "/" + given;
  if (file.has_dataset(path)) return path;
  const std::vector<std::string> all = file.datasets();
  std::vector<std::string> names, near;
  for (const std::string& one : all) {
    names.push_back(one.substr(1));
    if (one.find(given) != one.npos && near.size() < kMostNames) near.push_back(names.back());
  }
  const std::string nearest = advice(given, names);
  throw UserError(fmt::format("{}: no dataset of this file.{} Without a name, `chokepoint export` lists all.", given,
                              !near.empty() ? fmt::format(" It has {}.", fmt::join(near, ", ")) : nearest));
}

class Table {
 public:
  Table(const Hdf5Reader& file, const ExportOptions& options);
  void write(const std::function<void(std::string_view)>& out) const;

 private:
  void find_row_axes(bool wide);
  std::size_t each(const StoredDataset& dataset) const { return dataset.length(row_axes_, dataset.axes.size()); }  // values in a row
  bool is_coordinate(const std::string& column) const;
  std::string header() const;
  std::string rows(const std::vector<std::size_t>& first, const std::vector<std::size_t>& count) const;

  const Hdf5Reader& file_;
  std::vector<StoredDataset> datasets_;
  StoredDataset longest_;                // of them: its axes are those of the table
  std::size_t row_axes_ = 0;             // the last one may be spread over columns
  std::vector<Coordinate> coordinates_;  // of all axes
};

Table::Table(const Hdf5Reader& file, const ExportOptions& options) : file_(file) {
  for (const std::string& name : options.datasets) datasets_.push_back(file.dataset(found_dataset(file, name)));
  longest_ = *std::ranges::max_element(datasets_, {}, [](const StoredDataset& d) { return d.axes.size(); });
  find_row_axes(options.wide);
  for (const Axis& axis : longest_.axes) coordinates_.push_back(read_coordinate(file, axis, coordinates_.size()));
  std::erase_if(datasets_, [&](const StoredDataset& d) { return d.axes.size() == row_axes_ && is_coordinate(last_part(d.name)); });
}

bool Table::is_coordinate(const std::string& column) const {
  return std::any_of(coordinates_.begin(), coordinates_.begin() + static_cast<std::ptrdiff_t>(row_axes_),
                     [&](const Coordinate& c) { return std::ranges::find(c.columns, column) != c.columns.end(); });
}

void Table::find_row_axes(bool wide) {
  if (wide && longest_.axes.empty()) throw UserError(fmt::format("--wide: {} has no axis to spread", longest_.name.substr(1)));
  row_axes_ = longest_.axes.size() - wide;
  const auto same = [](const Axis& a, const Axis& b) { return a.name == b.name && a.length == b.length; };
  for (const StoredDataset& dataset : datasets_) {
    const std::size_t rank = dataset.axes.size();
    if (rank >= row_axes_ && std::equal(dataset.axes.begin(), dataset.axes.end(), longest_.axes.begin(),
                                        longest_.axes.begin() + static_cast<std::ptrdiff_t>(rank), same))
      continue;
    throw UserError(fmt::format("{}{} and {}{} have different axes{}. Export them one by one?", longest_.name.substr(1),
                                axes_text(longest_), dataset.name.substr(1), axes_text(dataset),
                                wide ? "; with --wide all but the last one must be the same" : ""));
  }
}

std::string Table::header() const {
  std::vector<std::string> columns;
  for (std::size_t axis = 0; axis < row_axes_; ++axis)
    columns.insert(columns.end(), coordinates_[axis].columns.begin(), coordinates_[axis].columns.end());
  for (const StoredDataset& dataset : datasets_) {
    std::string name = last_part(dataset.name);
    if (std::ranges::count(datasets_, name, [](const StoredDataset& d) { return last_part(d.name); }) > 1) name = dataset.name.substr(1);
    if (dataset.axes.size() == row_axes_)
      columns.push_back(name);
    else
      for (const std::string& place : coordinates_.back().names) columns.push_back(cell(name + "_" + place));
  }
  return fmt::format("{}\n", fmt::join(columns, ","));
}

// The block of rows of `count` places from `first` on along each of their axes.
std::string Table::rows(const std::vector<std::size_t>& first, const std::vector<std::size_t>& count) const {
  std::vector<StoredValues> values;
  for (const StoredDataset& dataset : datasets_) {
    auto from = first, extent = count;
    for (std::size_t axis = row_axes_; axis < dataset.axes.size(); ++axis) from.push_back(0), extent.push_back(dataset.axes[axis].length);
    values.push_back(file_.block(dataset, from, extent));
  }
  std::string text;
  std::vector<std::size_t> place = first;
  std::size_t total = 1;
  for (const std::size_t along : count) total *= along;
  for (std::size_t row = 0; row < total; ++row) {
    std::vector<std::string> cells;
    for (std::size_t axis = 0; axis < row_axes_; ++axis) cells.push_back(coordinates_[axis].cells[place[axis]]);
    for (std::size_t d = 0; d < datasets_.size(); ++d)
      for (std::size_t i = 0, width = each(datasets_[d]); i < width; ++i)
        cells.push_back(std::visit([&](const auto& all) { return cell(all[row * width + i]); }, values[d]));
    fmt::format_to(std::back_inserter(text), "{}\n", fmt::join(cells, ","));
    for (std::size_t axis = row_axes_; axis-- > 0 && ++place[axis] == first[axis] + count[axis];) place[axis] = first[axis];
  }
  return text;
}

void Table::write(const std::function<void(std::string_view)>& out) const {
  out(header());
  // Whole axes from the last one back as long as a block has room, then as many places of the one before as fit.
  std::size_t split = row_axes_, values = std::max<std::size_t>(each(longest_), 1);
  while (split > 0 && values * longest_.axes[split - 1].length <= kBlockValues) values *= longest_.axes[--split].length;
  std::vector<std::size_t> first(row_axes_, 0), count(row_axes_, 1);
  for (std::size_t axis = split; axis < row_axes_; ++axis) count[axis] = longest_.axes[axis].length;
  if (longest_.length(0, row_axes_) == 0) return;
  const std::size_t step = split > 0 ? std::max<std::size_t>(kBlockValues / values, 1) : 1;
  for (bool more = true; more;) {
    if (split > 0) count[split - 1] = std::min(step, longest_.axes[split - 1].length - first[split - 1]);
    out(rows(first, count));
    more = false;
    for (std::size_t axis = split; axis-- > 0 && !more;) {
      first[axis] += count[axis];
      more = first[axis] < longest_.axes[axis].length;
      if (!more) first[axis] = 0;
    }
  }
}

}  // namespace

void export_csv(const std::string& path, const ExportOptions& options, const std::function<void(std::string_view)>& write) {
  with_result(path, [&](const Hdf5Reader& file) { Table(file, options).write(write); });
}

std::string list_datasets(const std::string& path) {
  std::string text;
  with_result(path, [&](const Hdf5Reader& file) {
    std::vector<StoredDataset> all;
    std::size_t names = 0, units = 0;
    const auto name = [](const StoredDataset& dataset) { return dataset.name.substr(1) + " " + axes_text(dataset); };
    for (const std::string& one : file.datasets()) {
      const StoredDataset& dataset = all.emplace_back(file.dataset(one));
      names = std::max(names, name(dataset).size());
      units = std::max(units, dataset.units.size());
    }
    for (const StoredDataset& dataset : all)
      text += fmt::format("{:<{}}  {:<{}}  {}\n", name(dataset), names, dataset.units, units, dataset.long_name);
    const std::string views = std::string(kWorldviewGroup) + "/worldview";
    if (!file.has_dataset(views)) return;
    for (const std::string& view : file.texts(views))
      if (file.has_group(kWorldviewGroup + ("/" + view)))
        text +=
            fmt::format("worldview/{}/...: the same for this world view, as `chokepoint export {}/worldview/{}` lists\n", view, path, view);
  });
  return text;
}

}  // namespace chokepoint
