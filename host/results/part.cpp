// SPDX-License-Identifier: Apache-2.0
#include "part.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <sstream>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "../config/config.h"
#include "../errors.h"
#include "hdf5.h"
#include "layout.h"
#include "temporary_file.h"

namespace chokepoint {

namespace {

constexpr const char* kPartType = "chokepoint-part";
constexpr int kPartFormat = 1;
constexpr std::size_t kHeader = 1024;                 // bytes
constexpr std::size_t kPiece = std::size_t{1} << 20;  // bytes of a file, or numbers of a vector, at a time
constexpr std::size_t kSeal = 5 + 32 + 1;             // "seal ", hexadecimal digits, end of the line
constexpr std::uint64_t kUnit = 512;                  // trajectories, about: a shard has whole units of whole worlds

std::string hex(XXH128_hash_t hash) { return fmt::format("{:016x}{:016x}", hash.high64, hash.low64); }

// ---- the header: lines "name value", the last one of which seals all others and the rest of the file

std::string header_text(const PartInfo& p) {
  return fmt::format("{} {}\nprogram {}\nidentity {}\nshard {}/{}\nfirst {}\ncount {}\ndone {}\ntrajectories {}\nseconds {:.3f}\n",
                     kPartType, kPartFormat, p.program, p.identity, p.shard.number, p.shard.of, p.work.first, p.work.count, p.done,
                     p.trajectories, p.seconds);
}

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : path_(path), file_(open(path.c_str(), flags | O_CLOEXEC)) {
    if (file_ < 0) throw file_error(path, "opening", errno);
  }
  ~OpenFile() { close(file_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  std::size_t read(char* to, std::size_t size, std::size_t from) const {
    const ssize_t count = pread(file_, to, size, static_cast<off_t>(from));
    if (count < 0) throw file_error(path_, "reading", errno);
    return static_cast<std::size_t>(count);
  }
  void write(const std::string& text) const {
    if (pwrite(file_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) throw file_error(path_, "writing", errno);
  }

 private:
  std::string path_;
  int file_;
};

// Of the header without its last line, and of all that follows the header.
std::string seal_of(const OpenFile& file, const std::string& header) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, header.data(), header.size());
  std::vector<char> piece(kPiece);
  for (std::size_t at = kHeader, got = 0; (got = file.read(piece.data(), piece.size(), at)) > 0; at += got)
    XXH3_128bits_update(&state, piece.data(), got);
  return hex(XXH3_128bits_digest(&state));
}

UserError damaged(const std::string& path, const std::string& what) {
  return UserError(fmt::format("{}: is damaged: {}. Copy it again from where it was made, or run this part again?", path, what));
}

struct Header {
  std::string text, seal;
};

Header read_header(const std::string& path, const OpenFile& file) {
  std::array<char, kHeader> bytes{};
  const std::size_t size = file.read(bytes.data(), bytes.size(), 0);
  const std::string text(bytes.data(), strnlen(bytes.data(), size));
  const std::string start = fmt::format("{} ", kPartType);
  if (!text.starts_with(start))
    throw UserError(fmt::format("{}: is no shard or checkpoint of Chokepoint. Give files that `chokepoint run --shard I/N` wrote?", path));
  if (!text.starts_with(fmt::format("{}{}\n", start, kPartFormat)))
    throw UserError(fmt::format("{}: has another format than {}, which this program reads. Use the version of Chokepoint that made it?",
                                path, kPartFormat));
  const std::size_t last = text.rfind("seal ");
  if (last == text.npos || size < kHeader) throw damaged(path, "its header is cut short");
  if (text.size() != last + kSeal || text.back() != '\n' ||
      !std::all_of(bytes.begin() + text.size(), bytes.end(), [](char byte) { return byte == 0; }))
    throw damaged(path, "its header is not as it was written");
  return {text.substr(0, last), text.substr(last + 5, 32)};
}

template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

PartInfo parse_header(const std::string& path, const std::string& text) {
  std::map<std::string, std::string> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (const std::size_t space = line.find(' '); space != line.npos) values[line.substr(0, space)] = line.substr(space + 1);
  PartInfo p;
  p.program = values["program"];
  p.identity = values["identity"];
  const std::string shard = values["shard"];
  const std::size_t slash = std::min(shard.find('/'), shard.size() - 1);
  const bool good = !p.program.empty() && p.identity.size() == 32 && !shard.empty() && parse(shard.substr(0, slash), p.shard.number) &&
                    parse(shard.substr(slash + 1), p.shard.of) && parse(values["first"], p.work.first) &&
                    parse(values["count"], p.work.count) && parse(values["done"], p.done) &&
                    parse(values["trajectories"], p.trajectories) && parse(values["seconds"], p.seconds) && p.done <= p.work.count &&
                    p.work.first <= kMaxTrajectories && p.work.count <= kMaxTrajectories;
  if (!good) throw damaged(path, "its header makes no sense");
  return p;
}

// ---- vectors as 64-bit words, which hold them as they stand in memory

template <class T>
inline constexpr std::size_t kTogether = sizeof(T) >= 8 ? 1 : 8 / sizeof(T);  // elements that fill whole words

template <class T>
std::size_t word_count(std::size_t size) {
  return (size + kTogether<T> - 1) / kTogether<T> * kTogether<T> * sizeof(T) / 8;
}

template <class T>
void write_vector(Hdf5Writer& file, const std::string& name, const std::vector<T>& values) {
  static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) % 8 == 0 || 8 % sizeof(T) == 0));
  if (values.empty()) return;
  std::vector<std::int64_t> words(word_count<T>(values.size()));
  std::memcpy(words.data(), static_cast<const void*>(values.data()), values.size() * sizeof(T));
  file.write_words(name, words);
}

// take(first, values) gets the elements in order, some at a time.
template <class T, class Take>
void read_vector(const Hdf5Reader& file, const std::string& name, std::size_t size, Take take) {
  if (size == 0) return;
  if (file.length(name) != word_count<T>(size)) throw Hdf5Error("reading dataset '" + name + "' failed: it has another size", 0);
  constexpr std::size_t kElements = kPiece / kTogether<T> * kTogether<T>;
  std::vector<T> piece;
  std::vector<std::int64_t> words;
  for (std::size_t first = 0; first < size; first += kElements) {
    piece.resize(std::min(kElements, size - first));
    words.resize(word_count<T>(piece.size()));
    file.words(name, word_count<T>(first), words);
    std::memcpy(static_cast<void*>(piece.data()), words.data(), piece.size() * sizeof(T));
    take(first, piece);
  }
}

static_assert(sizeof(CellSums) == 48, "no padding: it would be written");

// Trajectories before this one may have left rows in the sample.
bool has_sample(const PartInfo& part, const Sample& sample) { return part.work.first < sample.rows() && part.done > 0; }

void put_state(Hdf5Writer& file, const PartInfo& info, const RunState& state) {
  file.enter("/tallies");
  for_each_tally([&](const char* name, auto member) { write_vector(file, name, state.tallies.*member); });
  if (!has_sample(info, state.sample)) return;
  file.enter("/sample");
  for_each_sampled([&](const char* name, auto member) { write_vector(file, name, state.sample.*member); });
}

PartInfo info_of(const Scenario& scenario, const RunState& state, Shard shard) {
  return {identity_of(scenario), program_version(), shard, state.part, state.tallies.trajectories, scenario.trajectories, state.seconds};
}

// "[section] key" to value, of a text of settings.
std::map<std::string, std::string> settings_of(const std::string& text) {
  std::map<std::string, std::string> settings;
  std::istringstream lines(text);
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) section = line.substr(line.rfind('[') + 1, line.find(']') - line.rfind('[') - 1) + ".";
    if (const std::size_t sign = line.find(" = "); sign != line.npos && !line.starts_with('['))
      settings[section + line.substr(0, sign)] += line.substr(sign + 3);
  }
  return settings;
}

std::string shortened(const std::string& value) { return value.size() <= 40 ? value : value.substr(0, 37) + "..."; }

}  // namespace

std::string identity_of(const Scenario& scenario) {
  const std::string text = fmt::format("{}\n{}", program_version(), scenario.settings);
  return hex(XXH3_128bits(text.data(), text.size()));
}

std::string different_settings(const std::string& there, const std::string& here,
                               const std::function<bool(const std::string& key)>& wanted) {
  constexpr std::size_t kShown = 3;
  std::map<std::string, std::string> theirs = settings_of(there), ours = settings_of(here);
  for (const auto& [key, value] : theirs) ours.try_emplace(key, "not set");
  std::vector<std::string> found;
  for (const auto& [key, value] : ours) {
    const std::string& other = theirs.try_emplace(key, "not set").first->second;
    if (other != value && (!wanted || wanted(key)))
      found.push_back(fmt::format("{} is {} there and {} here", key, shortened(other), shortened(value)));
  }
  const std::size_t more = found.size() > kShown ? found.size() - kShown : 0;
  found.resize(found.size() - more);
  return fmt::format("{}{}", fmt::join(found, "; "), more ? fmt::format("; and {} more", more) : "");
}

std::string differences(const std::string& path, const PartInfo& part, const Scenario& scenario) {
  if (part.identity == identity_of(scenario)) return "";
  if (part.program != program_version())
    return fmt::format("it was made by Chokepoint {}, this is {}: their bits may differ", part.program, program_version());
  const std::string resolved = read_part_provenance(path)["configuration_resolved"];
  return different_settings(parse_scenario(path, resolved).settings, scenario.settings);
}

Chunk work_of(const Scenario& scenario, Shard shard) {
  if (shard.of == 0) return {0, scenario.trajectories};
  const std::uint64_t unit = (kUnit + scenario.replicates - 1) / scenario.replicates * scenario.replicates;
  const std::uint64_t units = (scenario.trajectories + unit - 1) / unit, number = static_cast<std::uint64_t>(shard.number),
                      of = static_cast<std::uint64_t>(shard.of);
  if (units < of)
    throw UserError(fmt::format("--shard {}/{}: {} trajectories make only {} units of {}. Use at most {} shards.", shard.number, shard.of,
                                scenario.trajectories, units, unit, units));
  const auto start = [&](std::uint64_t before) {
    const auto share = static_cast<std::uint64_t>(UnsignedWide{units} * before / of);
    return std::min(share * unit, scenario.trajectories);
  };
  return {start(number - 1), start(number) - start(number - 1)};
}

void write_part(const std::string& path, const Scenario& scenario, const RunState& state, Shard shard, const Provenance& provenance) {
  const PartInfo info = info_of(scenario, state, shard);
  const auto put = [&](Hdf5Writer& file) {
    put_state(file, info, state);
    return std::string();
  };
  const auto seal = [&](const std::string& name) {
    const std::string header = header_text(info);
    const OpenFile file(name, O_RDWR);
    file.write(fmt::format("{}seal {}\n", header, seal_of(file, header)));
  };
  write_datasets(path, kPartType, scenario, provenance, put, {kHeader, seal});
}

PartInfo read_part_info(const std::string& path) {
  const OpenFile file(path, O_RDONLY);
  return parse_header(path, read_header(path, file).text);
}

void check_part(const std::string& path) {
  const OpenFile file(path, O_RDONLY);
  const Header header = read_header(path, file);
  if (header.seal != seal_of(file, header.text)) throw damaged(path, "it is not as it was written");
}

void add_part(const std::string& path, const PartInfo& part, Tallies& tallies, Sample& sample) try {
  const Hdf5Reader file(path);
  for_each_tally([&](const char* name, auto member) {
    auto& sums = tallies.*member;
    using Element = typename std::remove_cvref_t<decltype(sums)>::value_type;
    read_vector<Element>(file, std::string("/tallies/") + name, sums.size(), [&](std::size_t first, const std::vector<Element>& values) {
      for (std::size_t i = 0; i < values.size(); ++i) merge(values[i], sums[first + i]);
    });
  });
  tallies.trajectories += part.done;
  if (!has_sample(part, sample)) return;
  Sample rows(sample.shape, sample.keep);
  for_each_sampled([&](const char* name, auto member) {
    auto& all = rows.*member;
    using Element = typename std::remove_cvref_t<decltype(all)>::value_type;
    read_vector<Element>(file, std::string("/sample/") + name, all.size(), [&](std::size_t first, const std::vector<Element>& values) {
      std::copy(values.begin(), values.end(), all.begin() + static_cast<std::ptrdiff_t>(first));
    });
  });
  copy_rows(rows, part.work.first, part.done, sample);
} catch (const Hdf5Error& error) {
  throw EnvironmentError(fmt::format("{}: {}{}", path, error.what(), file_advice(error.system_error)));
}

std::map<std::string, std::string> read_part_provenance(const std::string& path) try {
  return read_provenance(Hdf5Reader(path));
} catch (const Hdf5Error& error) {
  throw EnvironmentError(fmt::format("{}: {}{}", path, error.what(), file_advice(error.system_error)));
}

}  // namespace chokepoint
