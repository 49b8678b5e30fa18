// The textbook model against the same formulas in double, and on every lane width.
// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include "../../kernels/textbook/textbook.h"

namespace chokepoint {
namespace {

const auto kSine = [](auto x) { return textbook::sine(x); };

double ulp(double x) { return std::max(std::ldexp(1.0, std::ilogb(x) - 23), 0x1p-149); }

TEST(TextbookSine, ErrorIsWithinItsPromise) {
  double worst = 0;
  const std::uint32_t end = bits_of(3.14159274f);
  for (std::uint32_t bits = 0x00800000u; bits <= end; bits += bits < 0x3f000000u ? 4099 * kThinning : 31 * kThinning) {
    const double truth = std::sin(static_cast<double>(float_of(bits)));
    worst = std::max(worst, std::fabs(static_cast<double>(kSine(Pack<1>(float_of(bits))).v) - truth) / ulp(truth));
  }
  EXPECT_LE(worst, 2);
  EXPECT_GT(worst, 1) << "the promise is far too loose";
}

TEST(TextbookSine, IsOddAndStaysAtItsEnds) {
  const auto at = [](float x) { return kSine(Pack<1>(x)).v; };
  EXPECT_EQ(at(0), 0);
  EXPECT_NEAR(at(1.57079633f), 1, 0x1p-23);
  EXPECT_LE(at(1.57079633f), 1);
  EXPECT_EQ(at(3.14159274f), -8.74227766e-8f);  // that float is a little larger than pi
  for (const float x : {0.001f, 0.7f, 1.6f, 3.0f, 100.0f, kInf}) EXPECT_EQ(at(-x), -at(x));
  for (const float x : {3.15f, 7.0f, kInf}) EXPECT_EQ(at(x), at(3.14159274f));
}

TEST(TextbookSine, SameBitsOnEveryWidth) { expect_same_bits("sine", kSine, all_kinds_of_floats(1, 1 << 16)); }

struct Case {
  float x[8];
  float levers[5];
  float z;
};

template <int W>
std::vector<float> measured(const Case& c) {
  using Real = Pack<W>;
  textbook::Parameters<Real> world;
  textbook::Levers<Real> levers;
  for (int i = 0; i < 8; ++i) reinterpret_cast<Real*>(&world)[i] = c.x[i];
  for (int i = 0; i < 5; ++i) reinterpret_cast<Real*>(&levers)[i] = c.levers[i];
  textbook::State<Real> state = Textbook::start(world);
  textbook::Events<Real> events(12);
  events.step = 3;
  Textbook::step(world, {Real(c.z)}, levers, state, events);
  Real metrics[Textbook::kMetrics];
  Textbook::measure(world, state, metrics);
  std::vector<float> values = {events.first[0].lane(W - 1)};
  for (const Real& metric : metrics) values.push_back(metric.lane(W - 1));
  return values;
}

std::vector<double> exact(const Case& c) {
  const double sine1 = std::sin(double(c.x[0])), sine2 = std::sin(double(c.x[1]));
  const double payoff = double(c.levers[2]) + double(c.levers[3]) * double(c.x[0]) + double(c.levers[4]) * double(c.z);
  const double a[] = {0, 1, 4.5, 9, 99, 99, 99, 99};
  double g = 1, linear = payoff;
  for (int i = 0; i < 8; ++i) {
    g *= (std::fabs(4 * double(c.x[i]) - 2) + a[i]) / (1 + a[i]);
    if (i > 0) linear += double(c.x[i]);
  }
  const double ishigami = sine1 + double(c.levers[0]) * sine2 * sine2 + double(c.levers[1]) * std::pow(double(c.x[2]), 4) * sine1;
  return {payoff < 0 ? 3.0 : 12.0, ishigami, g, linear, payoff};
}

TEST(Textbook, IsWhatItsFormulasSayOnEveryWidth) {
  std::mt19937 random(7);
  const auto within = [&](float low, float high) { return low + (high - low) * static_cast<float>(next_word(random) >> 8) * 0x1p-24f; };
  for (int i = 0; i < 1000; ++i) {
    Case c{};
    for (float& x : c.x) x = within(-3.14159274f, 3.14159274f);
    for (float& lever : c.levers) lever = within(0, 8);
    c.z = within(-4, 4);
    const std::vector<float> one = measured<1>(c);
    const std::vector<double> truth = exact(c);
    for (std::size_t k = 0; k < one.size(); ++k) EXPECT_NEAR(double(one[k]), truth[k], 3e-6 * (30 + std::fabs(truth[k]))) << k;
    EXPECT_EQ(measured<8>(c), one);
    EXPECT_EQ(measured<16>(c), one);
  }
}

}  // namespace
}  // namespace chokepoint
