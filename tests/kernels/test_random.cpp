// Addressed randomness: Philox against its published answers, every part of an address counts, and the
// uniforms follow their law. Statistical bounds: a false alarm for one seed in a million (checks.h).
// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "../../kernels/random.h"

namespace chokepoint {
namespace {

using Words = std::array<std::uint32_t, 4>;

struct Address {
  std::uint64_t seed = 7;
  Purpose purpose = Purpose::kChance;
  std::uint64_t index = 0;
  std::uint32_t step = 0, block = 0;
};

template <int W>
Index<W> lanes_from(std::uint64_t first) {
  Index<W> index;
  for (int l = 0; l < W; ++l) {
    index.low.set_lane(l, static_cast<std::uint32_t>(first + static_cast<std::uint64_t>(l)));
    index.high.set_lane(l, static_cast<std::uint32_t>((first + static_cast<std::uint64_t>(l)) >> 32));
  }
  return index;
}

template <int W>
Words lane_of(const Block<W>& block, int lane) {
  return {block.word[0].lane(lane), block.word[1].lane(lane), block.word[2].lane(lane), block.word[3].lane(lane)};
}

Words words_at(const Address& a) { return lane_of(draw_block(a.seed, a.purpose, lanes_from<1>(a.index), a.step, a.block), 0); }

// Uniforms of consecutive trajectories from `first`.
constexpr std::size_t kDraws = kThinning == 1 ? 1000000 : 64000;
std::vector<double> uniforms(std::uint64_t seed, Purpose purpose, std::uint64_t first, std::uint32_t step, std::uint32_t slot) {
  std::vector<double> u(kDraws);
  for (std::size_t i = 0; i < kDraws; i += 8) {
    const auto pack = draw_uniform(seed, purpose, lanes_from<8>(first + i), step, slot);
    for (int l = 0; l < 8; ++l) u[i + l] = static_cast<double>(pack.lane(l));
  }
  return u;
}

TEST(Philox, ReproducesThePublishedAnswers) {
  const auto path = std::filesystem::path(__FILE__).parent_path() / "data/philox_kat.txt";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  int answers = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::string generator;
    int rounds;
    if (line.empty() || line[0] == '#') continue;
    in >> generator >> rounds >> std::hex;
    ASSERT_EQ(generator, "philox4x32");
    ASSERT_EQ(rounds, 10);
    std::uint32_t counter[4], key[2];
    Words expected;
    for (auto& word : counter) in >> word;
    for (auto& word : key) in >> word;
    for (auto& word : expected) in >> word;
    ASSERT_TRUE(in) << line;
    const auto answer = [&]<int W>(Pack<W>) {
      const Block<W> block{{Bits<W>(counter[0]), Bits<W>(counter[1]), Bits<W>(counter[2]), Bits<W>(counter[3])}};
      return lane_of(philox<W>(block, std::uint64_t{key[1]} << 32 | key[0]), W - 1);
    };
    EXPECT_EQ(answer(Pack<1>()), expected) << line;
    EXPECT_EQ(answer(Pack<4>()), expected) << line;
    EXPECT_EQ(answer(Pack<8>()), expected) << line;
    EXPECT_EQ(answer(Pack<16>()), expected) << line;
    ++answers;
  }
  EXPECT_EQ(answers, 3);
}

TEST(Address, EveryPartOfItGivesOtherWords) {
  std::set<Words> blocks;
  std::set<std::uint32_t> words;
  std::size_t addresses = 0;
  for (const std::uint64_t seed : {0ull, 1ull, 1ull << 32})
    for (const Purpose purpose : {Purpose::kWorlds, Purpose::kChance})
      for (const std::uint64_t index : {0ull, 1ull, 1ull << 31, 1ull << 32, 1ull << 63})
        for (const std::uint32_t step : {0u, 1u, 1u << 8})
          for (const std::uint32_t block : {0u, 1u, 0x3fffffu}) {
            const Words four = words_at({seed, purpose, index, step, block});
            blocks.insert(four);
            words.insert(four.begin(), four.end());
            ++addresses;
          }
  EXPECT_EQ(blocks.size(), addresses);
  // 1080 words of 32 bits: two of them would be equal by chance for one seed in 7000.
  EXPECT_EQ(words.size(), 4 * addresses);
}

TEST(Address, SlotsAreTheWordsOfConsecutiveBlocks) {
  const auto index = lanes_from<8>(123);
  for (std::uint32_t slot = 0; slot < 12; ++slot) {
    const auto block = draw_block(5, Purpose::kChance, index, 3, slot / 4);
    const auto u = draw_uniform(5, Purpose::kChance, index, 3, slot);
    for (int l = 0; l < 8; ++l) EXPECT_EQ(u.lane(l), uniform(block.word[slot % 4]).lane(l)) << "slot " << slot;
  }
}

TEST(Address, SeedZeroIsASeedLikeAnyOther) {
  const auto zero = uniforms(0, Purpose::kWorlds, 0, 0, 0), one = uniforms(1, Purpose::kWorlds, 0, 0, 0);
  EXPECT_LT(std::fabs(correlation(zero, one)), normal_limit() / std::sqrt(kDraws));
  std::vector<float> sample(zero.begin(), zero.end());
  expect_law("seed 0", sample, [](double x) { return x; });
}

TEST(Address, LanesDrawWhatOneLaneDraws) {
  // Across the end of the low word, where the number carries into the high one.
  const std::uint64_t first = (std::uint64_t{5} << 32) - 7;
  const auto compare = [&]<int W>(Pack<W>) {
    const auto block = draw_block(99, Purpose::kWorlds, lanes_from<W>(first), 17, 2);
    for (int l = 0; l < W; ++l)
      EXPECT_EQ(lane_of(block, l), words_at({99, Purpose::kWorlds, first + static_cast<std::uint64_t>(l), 17, 2})) << W << " lanes, lane " << l;
  };
  compare(Pack<4>());
  compare(Pack<8>());
  compare(Pack<16>());
}

TEST(Uniform, IsTheMiddleOfOneOf2To23Cells) {
  for (std::uint32_t k = 0; k < 1u << 23; k += static_cast<std::uint32_t>(kThinning)) {
    const double expected = (k + 0.5) / 8388608.0;
    ASSERT_EQ(static_cast<double>(uniform(Bits<1>(k << 9)).v), expected);
    ASSERT_EQ(static_cast<double>(uniform(Bits<1>(k << 9 | 0x1ffu)).v), expected);
  }
  EXPECT_GT(uniform(Bits<1>(0)).v, 0);
  EXPECT_LT(uniform(Bits<1>(0xffffffffu)).v, 1);
}

TEST(Uniform, HasTheSameBitsOnEveryWidth) {
  expect_same_bits("uniform", [](auto a) { return uniform(to_bits(a)); }, all_kinds_of_floats(7, 1 << 16));
}

TEST(Uniform, FollowsItsLaw) {
  const auto u = uniforms(2024, Purpose::kChance, 0, 11, 6);
  double sum = 0, squares = 0;
  for (const double x : u) {
    sum += x;
    squares += (x - 0.5) * (x - 0.5);
  }
  const double n = kDraws;
  EXPECT_LT(std::fabs(sum / n - 0.5), normal_limit() * std::sqrt(1 / 12.0 / n));
  EXPECT_LT(std::fabs(squares / n - 1 / 12.0), normal_limit() * std::sqrt(1 / 180.0 / n));
  expect_law("uniform", std::vector<float>(u.begin(), u.end()), [](double x) { return x; });
}

TEST(Uniform, NeighboursInAnyDirectionAreUncorrelated) {
  const double limit = normal_limit() / std::sqrt(kDraws);
  const auto u = uniforms(3, Purpose::kChance, 0, 5, 3);
  EXPECT_LT(std::fabs(correlation(u, uniforms(3, Purpose::kChance, 1, 5, 3))), limit) << "the next trajectory";
  EXPECT_LT(std::fabs(correlation(u, uniforms(3, Purpose::kChance, std::uint64_t{1} << 32, 5, 3))), limit) << "the high word";
  EXPECT_LT(std::fabs(correlation(u, uniforms(3, Purpose::kChance, 0, 6, 3))), limit) << "the next step";
  EXPECT_LT(std::fabs(correlation(u, uniforms(3, Purpose::kChance, 0, 5, 2))), limit) << "the slot before, in the same block";
  EXPECT_LT(std::fabs(correlation(u, uniforms(3, Purpose::kChance, 0, 5, 4))), limit) << "the slot after, in the next block";
  EXPECT_LT(std::fabs(correlation(u, uniforms(4, Purpose::kChance, 0, 5, 3))), limit) << "the next seed";
  EXPECT_LT(std::fabs(correlation(u, uniforms(3, Purpose::kWorlds, 0, 5, 3))), limit) << "the other purpose";
}

}  // namespace
}  // namespace chokepoint
