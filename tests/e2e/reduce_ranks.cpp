// Started as several ranks: what MPI adds up is what merge() adds up, for random tallies and the rows of a sample.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstring>
#include <random>
#include <type_traits>

#include "../../host/config/config.h"
#include "../../host/run/plan.h"
#include "../../host/ranks/wire.h"

using namespace chokepoint;

namespace {

template <class T>
void fill(std::mt19937_64& random, T& value) {
  value = static_cast<T>(random());
  if constexpr (sizeof(T) == 16) value = (value << 60) ^ static_cast<T>(random());  // beyond 64 bits
}
void fill(std::mt19937_64& random, CellSums& value) {
  fill(random, value.units);
  fill(random, value.squares);
  value.saturated = static_cast<std::int64_t>(random() >> 20);
  value.least = -static_cast<float>(random() % 1000);
  value.greatest = static_cast<float>(random() % 1000);
}

Tallies random_tallies(const Shape& shape, int rank) {
  Tallies tallies(shape);
  std::mt19937_64 random(static_cast<std::uint64_t>(rank));
  for_each_tally([&](const char*, auto member) {
    for (auto& value : tallies.*member) {
      fill(random, value);
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::int64_t>) value /= 16;  // their sum fits
    }
  });
  return tallies;
}

bool equal(const CellSums& a, const CellSums& b) {
  return a.units == b.units && a.squares == b.squares && a.saturated == b.saturated && a.least == b.least && a.greatest == b.greatest;
}
template <class T>
bool equal(const T& a, const T& b) {
  return a == b;
}

// Row i is rank i's, modulo the number of ranks.
template <class T>
void write_rows(std::vector<T>& values, int rank, int size) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int>(i % size) == rank ? static_cast<T>(i % 200 + 1) : T{0};
}

int failures = 0;
void expect(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s: the reduction differs\n", what);
  ++failures;
}

void run(Wire& wire, const Shape& shape) {
  Tallies tallies = random_tallies(shape, wire.rank());
  wire.reduce(tallies);
  Sample sample(shape, 5000);
  for_each_sampled([&](const char*, auto member) { write_rows(sample.*member, wire.rank(), wire.size()); });
  wire.reduce(sample);
  if (wire.rank() > 0) return;

  Tallies expected = random_tallies(shape, 0);
  for (int r = 1; r < wire.size(); ++r) merge(random_tallies(shape, r), expected);
  for_each_tally([&](const char* name, auto member) {
    bool good = true;
    for (std::size_t i = 0; i < (tallies.*member).size(); ++i) good = good && equal((tallies.*member)[i], (expected.*member)[i]);
    expect(good, name);
  });
  Sample whole(shape, 5000);
  for_each_sampled([&](const char* name, auto member) {
    write_rows(whole.*member, 0, 1);
    expect(sample.*member == whole.*member, name);
  });
  std::printf("%d ranks, %d differences\n", wire.size(), failures);
}

}  // namespace

int main(int, char** arguments) {
  {
    const std::unique_ptr<Wire> wire = make_mpi_wire();
    Scenario scenario = read_scenario({arguments[1]}, {"run.years=2", "run.replicates=2"});
    run(*wire, make_job(scenario).shape);
  }
  return leave_mpi(failures > 0);
}
