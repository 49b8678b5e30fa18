// SPDX-License-Identifier: Apache-2.0
#include "config_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "../errors.h"
#include "distribution_config.h"
#include "laws.h"
#include "text_file.h"

namespace chokepoint {

namespace {

namespace fs = std::filesystem;

// Two paths to one file have the same identity.
fs::path identity(const fs::path& path) {
  std::error_code failed;
  const fs::path canonical = fs::weakly_canonical(path, failed);
  return failed ? path.lexically_normal() : canonical;
}

// A parameter's bare value is its constant: from here on every parameter is a table.
void spell_out_constants(TomlValue& root) {
  TomlEntry* parameters = root.find("parameters");
  if (!parameters) return;
  for (TomlEntry& parameter : parameters->value.entries) {
    if (parameter.value.is_table()) continue;
    TomlValue table = make_table(parameter.value.place);
    table.entries.push_back({"constant", parameter.value.place, std::move(parameter.value)});
    parameter.value = std::move(table);
  }
}

// Another law, or all arguments of the same one, replace the law; single arguments change it.
void drop_replaced_law(TomlValue& parameter, const TomlValue& over) {
  for (const TomlEntry& law : over.entries) {
    if (!is_law(law.key)) continue;
    std::erase_if(parameter.entries,
                  [&](const TomlEntry& old) { return is_law(old.key) && (old.key != law.key || is_complete_law(law.key, law.value)); });
  }
}

// Tables merge key by key, everything else is replaced. A merged table's place is that of the last change.
void merge(TomlValue& base, TomlValue&& over) {
  for (TomlEntry& entry : over.entries) {
    TomlEntry* old = base.find(entry.key);
    if (!old) {
      base.entries.push_back(std::move(entry));
    } else if (old->value.is_table() && entry.value.is_table()) {
      old->value.place = entry.value.place;
      merge(old->value, std::move(entry.value));
    } else {
      *old = std::move(entry);
    }
  }
}

// `base` has parameters: the defaults do.
void merge_document(TomlValue& base, TomlValue&& over) {
  spell_out_constants(over);
  if (const TomlEntry* changes = over.find("parameters"))
    for (const TomlEntry& change : changes->value.entries)
      if (TomlEntry* parameter = base.find("parameters")->value.find(change.key)) drop_replaced_law(parameter->value, change.value);
  merge(base, std::move(over));
  for (TomlEntry& parameter : base.find("parameters")->value.entries)
    std::stable_partition(parameter.value.entries.begin(), parameter.value.entries.end(),
                          [](const TomlEntry& entry) { return is_law(entry.key); });
}

class FileReader {
 public:
  FileReader(Document& document, Problems& problems) : document_(document), problems_(problems) {}

  // Merges the file after all that it extends, each file once. `chain`: the files that extend it.
  void read(const fs::path& path, const std::string& reason = "", std::vector<fs::path> chain = {});

 private:
  void read_bases(const TomlValue& extends, const fs::path& path, const std::vector<fs::path>& chain);

  Document& document_;
  Problems& problems_;
  std::vector<fs::path> done_;
};

void FileReader::read(const fs::path& path, const std::string& reason, std::vector<fs::path> chain) {
  if (std::ranges::find(done_, identity(path)) != done_.end()) return;
  std::string text = read_text_file(path, reason);
  done_.push_back(identity(path));
  chain.push_back(identity(path));
  const int source = problems_.add_source(Problems::Source::kFile, path);
  TomlValue root;
  try {
    root = parse_toml(text, source);
  } catch (const TomlSyntaxError& error) {
    problems_.add({source, error.line, error.column}, "not TOML: " + error.what);
    return;
  }
  if (const TomlEntry* extends = root.find("extends")) read_bases(extends->value, path, chain);
  std::erase_if(root.entries, [](const TomlEntry& entry) { return entry.key == "extends"; });
  merge_document(document_.root, std::move(root));
  document_.files.push_back({path, std::move(text)});
  document_.end = problems_.end_of(source);
}

void FileReader::read_bases(const TomlValue& extends, const fs::path& path, const std::vector<fs::path>& chain) {
  const bool is_list = extends.kind == TomlValue::Kind::kArray;
  for (const TomlValue& name : is_list ? extends.items : std::vector{extends}) {
    const auto base = read_string(name, "extends", problems_);
    if (!base) continue;
    const fs::path base_path = (path.parent_path() / *base).lexically_normal();
    const auto again = std::ranges::find(chain, identity(base_path));
    if (again == chain.end()) {
      read(base_path, fmt::format(" (extended at {})", problems_.where(name.place)), chain);
      continue;
    }
    std::string circle;
    for (auto file = again; file != chain.end(); ++file) circle += file->filename().string() + " -> ";
    problems_.add(name.place, fmt::format("extends closes a circle: {}{}. Take one of these out", circle, base_path.filename().string()));
  }
}

// parameters.initial_lag.p95 is short for the argument of the parameter's present law.
void complete_path(std::vector<std::string>& path, const TomlValue& value, const TomlValue& root) {
  if (path.size() < 3 || path[0] != "parameters") return;
  const TomlEntry* parameters = root.find("parameters");
  const TomlEntry* parameter = parameters ? parameters->value.find(path[1]) : nullptr;
  if (!parameter) return;
  const auto law = std::ranges::find_if(parameter->value.entries, [](const TomlEntry& entry) { return is_law(entry.key); });
  if (law == parameter->value.entries.end() || !is_argument(law->key, path[2])) return;
  if (is_law(path[2]) && value.is_table()) return;  // "beta" is a law and an argument of that law
  path.insert(path.begin() + 2, law->key);
}

// TOML; what starts like a word or a comparison and is none may stand without quotes.
TomlValue parse_value(std::string_view text, int source) {
  constexpr std::string_view kPrefix = "value = ";
  try {
    TomlValue root = parse_toml(std::string(kPrefix) + std::string(text), source);
    if (root.entries.size() == 1) return std::move(root.entries[0].value);
    throw TomlSyntaxError{1, 1, "more than one value"};
  } catch (const TomlSyntaxError&) {
    const bool word = !text.empty() && ((text[0] | 0x20) >= 'a' && (text[0] | 0x20) <= 'z');
    const bool comparison = !text.empty() && std::string_view("<>=").find(text[0]) != std::string_view::npos;
    if (!word && !comparison) throw;
    return make_value(TomlValue::Kind::kString, {source, 1, 1}, std::string(text));
  }
}

void apply_override(const std::string& text, TomlValue& root, Problems& problems) {
  const Place place{problems.add_source(Problems::Source::kOverride, text), 1, 1};
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return problems.add(place, "no '='; give KEY=VALUE, such as run.years=5");
  std::vector<std::string> path(1);
  for (const char c : trimmed(std::string_view(text).substr(0, equals))) {
    if (c == '.') {
      path.emplace_back();
    } else {
      path.back() += c;
    }
  }
  if (std::ranges::find(path, "") != path.end()) return problems.add(place, "a name in KEY is empty; give KEY=VALUE, such as run.years=5");
  if (path[0] == "extends") return problems.add(place, "extends can only stand in a file");
  if (path[0] == "policies" && path.size() > 2) {
    // A misspelt name would silently add a policy.
    const TomlEntry* policies = root.find("policies");
    std::vector<std::string> names = policies ? row_keys(policies->value.entries) : std::vector<std::string>{};
    if (std::ranges::find(names, path[1]) == names.end())
      return problems.add(place, fmt::format("no file has a policy '{}'.{} A new one needs all of it: policies.{}={{...}}", path[1],
                                             advice(path[1], names), path[1]));
  }
  TomlValue value;
  try {
    value = parse_value(trimmed(std::string_view(text).substr(equals + 1)), place.source);
  } catch (const TomlSyntaxError& error) {
    return problems.add(place, "VALUE is not TOML: " + error.what);
  }
  complete_path(path, value, root);
  for (std::size_t i = path.size(); i-- > 0;) {
    TomlValue table = make_table(place);
    table.entries.push_back({path[i], place, std::move(value)});
    value = std::move(table);
  }
  merge_document(root, std::move(value));
}

// Where an entry was written, and the parts of it that come from another source.
std::string origins(const TomlEntry& entry, const Problems& problems) {
  std::string text = problems.origin(entry.place);
  const auto add_parts = [&](const auto& self, const TomlValue& table, const std::string& path, int source) -> void {
    for (const auto& [key, place, value] : table.entries) {
      if (place.source != source) text += fmt::format("; {}{}: {}", path, key, problems.origin(place));
      self(self, value, path + key + ".", place.source);
    }
  };
  add_parts(add_parts, entry.value, "", entry.place.source);
  return text;
}

// Tables with a header of their own; all others are written inline.
bool is_section(const std::string& path, const TomlEntry& entry) {
  if (path.empty()) return entry.value.is_table() || entry.key == "correlation";
  if (path == "run" || path == "policies") return entry.value.is_table();
  return path.starts_with("policies.") && entry.key == "trigger";
}

void write_table(const std::string& path, const std::string& header, const TomlValue& table, const Problems* sources, std::string& out) {
  std::string lines;
  for (const TomlEntry& entry : table.entries)
    if (!is_section(path, entry))
      lines += fmt::format("{} = {}{}\n", key_to_toml(entry.key), to_toml(entry.value), sources ? "  # " + origins(entry, *sources) : "");
  if (!header.empty() && path != "policies") out += "\n" + header + "\n";
  out += lines;
  for (const TomlEntry& entry : table.entries) {
    if (!is_section(path, entry)) continue;
    const std::string inner = path.empty() ? entry.key : path + "." + entry.key;
    if (entry.value.is_table()) write_table(inner, "[" + inner + "]", entry.value, sources, out);
    for (const TomlValue& item : entry.value.items) write_table(inner, "[[" + inner + "]]", item, sources, out);
  }
}

}  // namespace

Document read_document(std::string_view defaults, const std::vector<std::string>& paths, const std::vector<std::string>& overrides,
                       Problems& problems) {
  if (paths.empty()) throw UserError("no configuration file; give at least one");
  Document document;
  document.root = parse_toml(defaults, problems.add_source(Problems::Source::kDefault, ""));
  FileReader reader(document, problems);
  for (const std::string& path : paths) reader.read(path);
  problems.throw_if_any();  // without all files, everything else would look wrong
  for (const std::string& one : overrides) apply_override(one, document.root, problems);
  return document;
}

Document parse_document(std::string_view defaults, const std::string& name, const std::string& text, Problems& problems) {
  Document document;
  document.root = parse_toml(defaults, problems.add_source(Problems::Source::kDefault, ""));
  const int source = problems.add_source(Problems::Source::kFile, name);
  try {
    merge_document(document.root, parse_toml(text, source));
  } catch (const TomlSyntaxError& error) {
    problems.add({source, error.line, error.column}, "not TOML: " + error.what);
  }
  problems.throw_if_any();
  document.files.push_back({name, text});
  document.end = problems.end_of(source);
  return document;
}

std::string resolved_text(const TomlValue& root, const Problems* origins) {
  std::string text;
  write_table("", "", root, origins, text);
  return text;
}

}  // namespace chokepoint
