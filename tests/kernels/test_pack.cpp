// The lane vocabulary: each operation against its scalar meaning, and the same bits on every lane width.
// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

namespace chokepoint {
namespace {

constexpr std::size_t kCases = 1 << 16;
const std::vector<float> kA = all_kinds_of_floats(1, kCases), kB = all_kinds_of_floats(2, kCases), kC = all_kinds_of_floats(3, kCases);

// What one lane should give, from the language's own floats.
template <class F>
std::vector<std::uint32_t> one_by_one(const F& f) {
  std::vector<std::uint32_t> words(kCases);
  for (std::size_t i = 0; i < kCases; ++i) words[i] = word(Pack<1>(static_cast<float>(f(kA[i], kB[i], kC[i]))), 0);
  return words;
}

template <class Packs, class Scalars>
void expect_means(const char* what, const Packs& packs, const Scalars& scalars) {
  EXPECT_EQ(on_lanes<1>(packs, kA, kB, kC), one_by_one(scalars)) << what;
  EXPECT_EQ(on_lanes<8>(packs, kA, kB, kC), one_by_one(scalars)) << what;
  expect_same_bits(what, packs, kA, kB, kC);
}

TEST(Pack, ArithmeticIsThatOfFloatsOnEveryWidth) {
  expect_means("a + b", [](auto a, auto b, auto) { return a + b; }, [](float a, float b, float) { return a + b; });
  expect_means("a - b", [](auto a, auto b, auto) { return a - b; }, [](float a, float b, float) { return a - b; });
  expect_means("a * b", [](auto a, auto b, auto) { return a * b; }, [](float a, float b, float) { return a * b; });
  expect_means("a / b", [](auto a, auto b, auto) { return a / b; }, [](float a, float b, float) { return a / b; });
  expect_means("-a", [](auto a, auto, auto) { return -a; }, [](float a, float, float) { return -a; });
  expect_means("fma", [](auto a, auto b, auto c) { return fma(a, b, c); }, [](float a, float b, float c) { return std::fma(a, b, c); });
  expect_means("sqrt", [](auto a, auto, auto) { return sqrt(a); }, [](float a, float, float) { return std::sqrt(a); });
  expect_means("abs", [](auto a, auto, auto) { return abs(a); }, [](float a, float, float) { return std::fabs(a); });
}

TEST(Pack, AssignmentsWithAnOperationChangeTheLeftSide) {
  expect_means("+= -= *=", [](auto a, auto b, auto c) { auto x = a; x += b; x -= c; x *= b; return x; },
               [](float a, float b, float c) { return (a + b - c) * b; });
}

TEST(Pack, ComparisonsAreThoseOfFloatsAndFalseForNaN) {
  expect_means("<", [](auto a, auto b, auto) { return as_flag(a < b); }, [](float a, float b, float) { return a < b; });
  expect_means("<=", [](auto a, auto b, auto) { return as_flag(a <= b); }, [](float a, float b, float) { return a <= b; });
  expect_means(">", [](auto a, auto b, auto) { return as_flag(a > b); }, [](float a, float b, float) { return a > b; });
  expect_means(">=", [](auto a, auto b, auto) { return as_flag(a >= b); }, [](float a, float b, float) { return a >= b; });
  // Random patterns are rarely equal, so b is made equal to a in half of the lanes.
  expect_means("==", [](auto a, auto b, auto c) { return as_flag(a == select(c > 0, a, b)); },
               [](float a, float b, float c) { return a == (c > 0 ? a : b); });
}

TEST(Pack, MasksCombineLikeStatements) {
  expect_means("&", [](auto a, auto b, auto c) { return as_flag((a < b) & (b < c)); }, [](float a, float b, float c) { return a < b && b < c; });
  expect_means("|", [](auto a, auto b, auto c) { return as_flag((a < b) | (b < c)); }, [](float a, float b, float c) { return a < b || b < c; });
  expect_means("!", [](auto a, auto b, auto) { return as_flag(!(a < b)); }, [](float a, float b, float) { return !(a < b); });
  expect_same_bits("mask lanes", [](auto a, auto b, auto c) { return (!(a < b)) & ((b < c) | (a == c)); }, kA, kB, kC);
}

TEST(Pack, SelectTakesEachLaneFromOneSide) {
  expect_means("select", [](auto a, auto b, auto c) { return select(a < b, b, c); }, [](float a, float b, float c) { return a < b ? b : c; });
  // The other side may be anything: nothing of it leaks in.
  expect_means("select of NaN", [](auto a, auto b, auto) { return select(a == a, b, a / 0); },
               [](float a, float b, float) { return a == a ? b : kNaN; });
}

TEST(Pack, MinAndMaxAreSelectsAndGiveTheSecondOperandWhenUnordered) {
  expect_means("min", [](auto a, auto b, auto) { return min(a, b); }, [](float a, float b, float) { return a < b ? a : b; });
  expect_means("max", [](auto a, auto b, auto) { return max(a, b); }, [](float a, float b, float) { return a > b ? a : b; });
  using Real = Pack<1>;
  EXPECT_EQ(min(Real(kNaN), 2).v, 2);
  EXPECT_TRUE(std::isnan(min(Real(2), kNaN).v));
  EXPECT_EQ(max(Real(kNaN), 2).v, 2);
  EXPECT_TRUE(std::isnan(max(Real(2), kNaN).v));
  EXPECT_FALSE(std::signbit(min(Real(-0.0f), 0.0f).v));  // equal: the second
  EXPECT_TRUE(std::signbit(max(Real(0.0f), -0.0f).v));
}

TEST(Pack, ClampSendsNaNToTheLowerEnd) {
  using Real = Pack<1>;
  EXPECT_EQ(clamp(Real(-3), -1, 1).v, -1);
  EXPECT_EQ(clamp(Real(0.5f), -1, 1).v, 0.5f);
  EXPECT_EQ(clamp(Real(kInf), -1, 1).v, 1);
  EXPECT_EQ(clamp(Real(kNaN), -1, 1).v, -1);
  EXPECT_EQ(positive_part(Real(-2)).v, 0);
  EXPECT_EQ(positive_part(Real(2)).v, 2);
  EXPECT_EQ(positive_part(Real(kNaN)).v, 0);
  expect_same_bits("clamp", [](auto a, auto b, auto c) { return clamp(a, b, c); }, kA, kB, kC);
  expect_same_bits("positive_part", [](auto a) { return positive_part(a); }, kA);
}

template <int W>
void expect_one_rounding() {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24: the last term survives only without a rounding in between.
  float factor[W];
  std::fill_n(factor, W, 1.000244140625f);
  const auto x = Pack<W>::load(factor);
  const Pack<W> rounded = 1.00048828125f;
  for (int l = 0; l < W; ++l) {
    EXPECT_EQ(fma(x, x, -rounded).lane(l), 0x1p-24f) << W << " lanes";
    EXPECT_EQ((x * x - rounded).lane(l), 0) << W << " lanes: the compiler contracted a product and a difference";
  }
}

TEST(Pack, FmaRoundsOnceAndAProductAndASumRoundTwice) {
  expect_one_rounding<1>();
  expect_one_rounding<4>();
  expect_one_rounding<8>();
  expect_one_rounding<16>();
}

TEST(Pack, SubnormalsAreNotFlushed) {
  const Pack<8> tiny = 0x1p-100f;
  EXPECT_EQ((tiny * 0x1p-49f).lane(7), 0x1p-149f);
  EXPECT_EQ((Pack<8>(0x1p-149f) + 0x1p-149f).lane(0), 0x1p-148f);
}

TEST(Pack, TruncateGoesTowardsZero) {
  std::vector<float> values;  // everything that fits 32 bits, between whole numbers and on them
  std::mt19937 random(4);
  for (int i = 0; i < 1 << 14; ++i) {
    const float x = std::ldexp(static_cast<float>(next_word(random) >> 8), static_cast<int>(random() % 32) - 24);
    values.push_back(i % 2 ? x : -x);
  }
  for (const float x : {0.0f, -0.0f, 0.99999994f, -0.99999994f, 1.0f, -1.0f, 1.5f, -1.5f, 8388607.5f, -8388607.5f, 2147483520.0f, -2147483648.0f,
                        1999.9999f, 2000.0f, 0x1p-149f, -0x1p-149f})
    values.push_back(x);
  const auto words = on_lanes<1>([](auto x) { return truncate(x); }, values);
  for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(static_cast<std::int32_t>(words[i]), std::trunc(static_cast<double>(values[i]))) << values[i];
  expect_same_bits("truncate", [](auto x) { return truncate(x); }, values);
}

TEST(Pack, SmallWordsConvertExactly) {
  std::vector<float> patterns;  // of signed words up to 2^24 in size
  std::mt19937 random(5);
  for (int i = 0; i < (1 << 14) - 5; ++i) patterns.push_back(float_of(static_cast<std::uint32_t>(static_cast<std::int32_t>(next_word(random)) >> 7)));
  for (const int word : {0, 1, -1, 0xffffff, -0xffffff}) patterns.push_back(float_of(static_cast<std::uint32_t>(word)));
  const auto convert = [](auto x) { return decltype(x)::from_small(to_bits(x)); };
  const auto words = on_lanes<1>(convert, patterns);
  for (std::size_t i = 0; i < words.size(); ++i) ASSERT_EQ(static_cast<double>(float_of(words[i])), static_cast<std::int32_t>(bits_of(patterns[i])));
  expect_same_bits("from_small", convert, patterns);
}

TEST(Pack, IsFiniteRejectsInfinitiesAndNaN) {
  expect_means("is_finite", [](auto a, auto, auto) { return as_flag(is_finite(a)); }, [](float a, float, float) { return std::isfinite(a); });
}

TEST(Pack, AFlagHoldsAboveOneHalf) {
  expect_means("holds", [](auto a, auto, auto) { return as_flag(holds(a)); }, [](float a, float, float) { return a > 0.5f; });
  EXPECT_EQ(as_flag(Pack<1>(3) > 2).v, 1);
  EXPECT_EQ(as_flag(Pack<1>(3) < 2).v, 0);
  EXPECT_FALSE(holds(Pack<1>(0)).v);
  EXPECT_TRUE(holds(Pack<1>(1)).v);
}

TEST(Pack, LanesAreIndependentPlaces) {
  float values[16], stored[16];
  for (int i = 0; i < 16; ++i) values[i] = static_cast<float>(i);
  auto pack = Pack<16>::load(values);
  pack.set_lane(5, -7);
  pack.store(stored);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(stored[i], i == 5 ? -7 : i);
    EXPECT_EQ(pack.lane(i), stored[i]);
    EXPECT_EQ(Pack<16>(3).lane(i), 3);  // a literal fills all lanes
  }
}

TEST(Bits, OperationsAreThoseOfWordsOnEveryWidth) {
  const auto expect_words = [](const char* what, auto packs, auto scalars) {
    const auto words = on_lanes<1>(packs, kA, kB);
    for (std::size_t i = 0; i < kCases; ++i) ASSERT_EQ(words[i], scalars(bits_of(kA[i]), bits_of(kB[i]))) << what;
    expect_same_bits(what, packs, kA, kB);
  };
  expect_words("+", [](auto a, auto b) { return to_bits(a) + to_bits(b); }, [](auto a, auto b) { return a + b; });
  expect_words("-", [](auto a, auto b) { return to_bits(a) - to_bits(b); }, [](auto a, auto b) { return a - b; });
  expect_words("^", [](auto a, auto b) { return to_bits(a) ^ to_bits(b); }, [](auto a, auto b) { return a ^ b; });
  expect_words("&", [](auto a, auto b) { return to_bits(a) & to_bits(b); }, [](auto a, auto b) { return a & b; });
  expect_words("|", [](auto a, auto b) { return to_bits(a) | to_bits(b); }, [](auto a, auto b) { return a | b; });
  expect_words("<<", [](auto a, auto) { return to_bits(a) << 23; }, [](auto a, auto) { return a << 23; });
  expect_words(">>", [](auto a, auto) { return to_bits(a) >> 9; }, [](auto a, auto) { return a >> 9; });
  expect_words("shift_signed", [](auto a, auto) { return shift_signed(to_bits(a), 23); },
               [](auto a, auto) { return static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> 23); });
  expect_words("select", [](auto a, auto b) { return select(a < b, to_bits(a), to_bits(b)); },
               [](auto a, auto b) { return float_of(a) < float_of(b) ? a : b; });
}

TEST(Bits, ReadingAPackAsWordsAndBackChangesNothing) {
  const auto there_and_back = [](auto a) { return to_bits(decltype(a)::from_bits(to_bits(a))); };
  const auto words = on_lanes<1>(there_and_back, kA);
  for (std::size_t i = 0; i < kCases; ++i) ASSERT_EQ(words[i], bits_of(kA[i]));
  expect_same_bits("to_bits", there_and_back, kA);
}

TEST(Bits, LanesAreIndependentPlaces) {
  Bits<16> bits(7);
  bits.set_lane(5, 0xffffffffu);
  std::uint32_t stored[16];
  bits.store(stored);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(stored[i], i == 5 ? 0xffffffffu : 7u);
    EXPECT_EQ(bits.lane(i), stored[i]);
  }
}

}  // namespace
}  // namespace chokepoint
