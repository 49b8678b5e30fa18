// The laws of the parameters: what sample_parameters draws, against the distribution functions of the laws
// that the numbers in Distribution stand for. Statistical bounds: a false alarm for one seed in a million.
// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/triangular.hpp>
#include <boost/math/distributions/uniform.hpp>
#include <functional>
#include <memory>
#include <numbers>
#include <set>

#include "../../kernels/distributions.h"
#include "../../kernels/race/world.h"

namespace chokepoint {
namespace {

constexpr std::uint64_t kWorlds = kThinning == 1 ? 200000 : 12800;
constexpr float kLargest = std::numeric_limits<float>::max();

Distribution law_of(Law law, float a = 0, float b = 0, float c = 0) {
  Distribution d{};
  d.law = law;
  d.a = a;
  d.b = b;
  d.c = c;
  d.span = 1;
  d.low = -kLargest;
  d.high = kLargest;
  d.address = draw_address("parameter");
  d.correlated = -1;
  return d;
}

Distribution named(Distribution d, const char* key) {
  d.address = draw_address(key);
  return d;
}

// Truncated to where the untruncated distribution function lies between from and to.
Distribution between(Distribution d, double from, double to) {
  d.from = static_cast<float>(from);
  d.span = static_cast<float>(to - from);
  return d;
}

Distribution with_knots(Distribution d, int first, int count) {
  d.first = first;
  d.count = count;
  return d;
}

// Knots of a Beta(a, b) at normal quantiles over [-5.5, 5.5], as a plan has them.
constexpr int kTableKnots = 513;
constexpr float kTableEnd = 5.5f;
std::vector<float> beta_knots(double a, double b) {
  const boost::math::beta_distribution<> beta(a, b);
  const boost::math::normal normal;
  std::vector<float> knots;
  for (int k = 0; k < kTableKnots; ++k) {
    const double z = -5.5 + 11.0 * k / (kTableKnots - 1);
    knots.push_back(static_cast<float>(z < 0 ? boost::math::quantile(beta, boost::math::cdf(normal, z))
                                             : boost::math::quantile(complement(beta, boost::math::cdf(complement(normal, z))))));
  }
  return knots;
}

// A plan of parameters, then components, and what is drawn from it.
class Sampler {
 public:
  explicit Sampler(const std::vector<Distribution>& parameters, const std::vector<Distribution>& components = {}, std::vector<float> knots = {})
      : plan_(std::make_unique<KernelPlan>()), knots_(std::move(knots)) {
    plan_->seed_worlds = 20240607;
    plan_->resampled = kNothing;
    plan_->parameters = static_cast<int>(parameters.size());
    std::copy(parameters.begin(), parameters.end(), plan_->distribution);
    std::copy(components.begin(), components.end(), plan_->distribution + parameters.size());
    plan_->knots = knots_.data();
  }

  // Row i of the factor belongs to parameter parameters[i].
  Sampler& correlate(const std::vector<int>& parameters, const std::vector<float>& factor) {
    plan_->correlated = static_cast<int>(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      plan_->correlated_parameter[i] = parameters[i];
      plan_->distribution[parameters[i]].correlated = static_cast<int>(i);
    }
    std::copy(factor.begin(), factor.end(), plan_->correlation_factor);
    return *this;
  }

  // (parameter, world)
  template <int W = 8>
  std::vector<std::vector<float>> draw(std::uint64_t worlds = kWorlds) {
    std::vector<std::vector<float>> values(plan_->parameters, std::vector<float>(worlds));
    clamped.assign(plan_->parameters, 0);
    bins.assign(plan_->parameters, std::vector<std::uint32_t>(worlds));
    for (std::uint64_t world = 0; world < worlds; world += W) {
      Index<W> index;
      for (int l = 0; l < W; ++l) {
        index.low.set_lane(l, static_cast<std::uint32_t>(world + static_cast<std::uint64_t>(l)));
        index.high.set_lane(l, 0);
      }
      Pack<W> parameters[kMaxParameters];
      sample_parameters(*plan_, index, parameters, [&](int parameter, Mask<W> left_range, Bits<W> bin) {
        for (int l = 0; l < W; ++l) clamped[parameter] += left_range.lane(l);
        bin.store(&bins[parameter][world]);
      });
      for (int i = 0; i < plan_->parameters; ++i) parameters[i].store(&values[i][world]);
    }
    return values;
  }

  // A parameter to be drawn afresh.
  Sampler& resample(int parameter) {
    plan_->resampled = parameter;
    return *this;
  }

  // Of the last draw():
  std::vector<std::uint64_t> clamped;             // (parameter)
  std::vector<std::vector<std::uint32_t>> bins;   // (parameter, world)

 private:
  std::unique_ptr<KernelPlan> plan_;
  std::vector<float> knots_;
};

std::vector<float> draws_of(const Distribution& d, const std::vector<float>& knots = {}) { return Sampler({d}, {}, knots).draw()[0]; }

template <class BoostLaw>
auto cdf_of(const BoostLaw& law) {
  return [law](double x) { return x <= boost::math::support(law).first ? 0.0 : x >= boost::math::support(law).second ? 1.0 : boost::math::cdf(law, x); };
}

// The distribution function of a law truncated to where its own lies between from and to.
template <class Cdf>
auto truncated(const Cdf& cdf, double from, double to) {
  return [=](double x) { return std::clamp((cdf(x) - from) / (to - from), 0.0, 1.0); };
}

const auto kNormal = cdf_of(boost::math::normal(2, 3));
const auto kLognormal = cdf_of(boost::math::lognormal(0.5, 0.8));
const auto kUniform = cdf_of(boost::math::uniform(-1, 4));
const auto kTriangular = cdf_of(boost::math::triangular(1, 2, 5));

TEST(Laws, AConstantIsExactAndDrawsNothing) {
  Sampler sampler({law_of(Law::kConstant, 0.1f)});
  EXPECT_EQ(sampler.draw(64)[0], std::vector<float>(64, 0.1f));
  EXPECT_EQ(sampler.clamped[0], 0u);
}

TEST(Laws, SimpleLawsFollowTheirDistributionFunctions) {
  expect_law("normal", draws_of(law_of(Law::kNormal, 2, 3)), kNormal);
  expect_law("lognormal", draws_of(law_of(Law::kLognormal, 0.5f, 0.8f)), kLognormal);
  expect_law("uniform", draws_of(law_of(Law::kUniform, -1, 5)), kUniform);
  expect_law("triangular", draws_of(law_of(Law::kTriangular, 1, 2, 5)), kTriangular);
}

TEST(Laws, ATriangleMayHaveItsModeAtAnEnd) {
  expect_law("mode at the low end", draws_of(law_of(Law::kTriangular, 1, 1, 5)), cdf_of(boost::math::triangular(1, 1, 5)));
  expect_law("mode at the high end", draws_of(law_of(Law::kTriangular, 1, 5, 5)), cdf_of(boost::math::triangular(1, 5, 5)));
}

void expect_truncated(const char* what, const Distribution& d, const std::function<double(double)>& cdf, double low, double high) {
  const double from = cdf(low), to = cdf(high);
  const auto sample = draws_of(between(d, from, to));
  expect_law(what, sample, truncated(cdf, from, to));
  // The quantile functions have rounding errors, so the bounds are met within 2e-6 of the width.
  const auto [least, greatest] = std::minmax_element(sample.begin(), sample.end());
  EXPECT_GE(static_cast<double>(*least), low - 2e-6 * (high - low)) << what;
  EXPECT_LE(static_cast<double>(*greatest), high + 2e-6 * (high - low)) << what;
}

TEST(Laws, TruncationCutsAndRescales) {
  expect_truncated("normal", law_of(Law::kNormal, 2, 3), kNormal, 1, 6);
  expect_truncated("normal, lower tail", law_of(Law::kNormal, 2, 3), kNormal, -10, -4);
  expect_truncated("normal, upper tail", law_of(Law::kNormal, 2, 3), kNormal, 8, 14);
  expect_truncated("lognormal", law_of(Law::kLognormal, 0.5f, 0.8f), kLognormal, 1, 4);
  expect_truncated("uniform", law_of(Law::kUniform, -1, 5), kUniform, 0, 1.5);
  expect_truncated("triangular", law_of(Law::kTriangular, 1, 2, 5), kTriangular, 1.5, 3);
}

TEST(Laws, AChoiceHasItsFrequencies) {
  // Pairs of cumulative probability and value; values need not be sorted.
  const std::vector<float> knots = {99, 99, 0.1f, 5, 0.35f, 1, 0.9f, 3, 1, 2};
  const double expected[] = {0.1, 0.25, 0.55, 0.1};
  const float values[] = {5, 1, 3, 2};
  const auto sample = draws_of(with_knots(law_of(Law::kChoice), 2, 4), knots);
  double statistic = 0;
  std::ptrdiff_t counted = 0;
  for (int k = 0; k < 4; ++k) {
    const auto count = std::count(sample.begin(), sample.end(), values[k]);
    const double mean = expected[k] * kWorlds;
    statistic += (static_cast<double>(count) - mean) * (static_cast<double>(count) - mean) / mean;
    counted += count;
  }
  EXPECT_EQ(counted, static_cast<std::ptrdiff_t>(kWorlds)) << "a value that is not in the list";
  EXPECT_LT(statistic, chi_square_limit(4));
}

TEST(Laws, ATableIsLinearBetweenItsPairs) {
  const std::vector<float> knots = {0, -1, 0.25f, 0, 0.75f, 1, 1, 10};
  const auto cdf = [](double x) {
    if (x < 0) return std::max(0.0, 0.25 * (x + 1));
    return x < 1 ? 0.25 + 0.5 * x : std::min(1.0, 0.75 + 0.25 * (x - 1) / 9);
  };
  const auto sample = draws_of(with_knots(law_of(Law::kTable), 0, 4), knots);
  expect_law("table", sample, cdf);
  EXPECT_LE(*std::max_element(sample.begin(), sample.end()), 10);
  EXPECT_GE(*std::min_element(sample.begin(), sample.end()), -1);
}

TEST(Laws, ATableOfNormalQuantilesGivesTheBetaLaw) {
  for (const auto& [a, b] : {std::pair{2.0, 5.0}, {0.7, 0.9}, {30.0, 3.0}}) {
    const auto knots = beta_knots(a, b);
    const auto sample = draws_of(with_knots(law_of(Law::kNormalTable, -kTableEnd, kTableEnd), 0, kTableKnots), knots);
    expect_law("beta", sample, cdf_of(boost::math::beta_distribution<>(a, b)));
    EXPECT_GE(*std::min_element(sample.begin(), sample.end()), 0);
    EXPECT_LE(*std::max_element(sample.begin(), sample.end()), 1);
  }
}

TEST(Laws, ATableOfNormalQuantilesIsExactAtItsKnotsAndEnds) {
  const std::vector<float> values = {1, 2, 4, 8, 16};
  const auto at = [&](float z) { return detail::normal_table_quantile(values.data(), 5, -2.0f, 2.0f, Pack<1>(z)).v; };
  for (int k = 0; k < 4; ++k) EXPECT_EQ(at(static_cast<float>(k - 2)), values[static_cast<std::size_t>(k)]);
  EXPECT_EQ(at(0.5f), 6);
  EXPECT_EQ(at(-5), 1);
  EXPECT_NEAR(at(5), 16, 1e-5f);
}

TEST(Laws, AMixtureDrawsFromItsComponents) {
  Distribution mixture = with_knots(law_of(Law::kMixture), 1, 3);
  std::vector<Distribution> components = {law_of(Law::kNormal, 0, 1), between(law_of(Law::kNormal, 2, 3), kNormal(1), kNormal(6)),
                                          law_of(Law::kUniform, 10, 5)};
  components[0].weight = 0.3f;
  components[1].weight = 0.8f;
  components[2].weight = 1;
  const auto second = truncated(kNormal, kNormal(1), kNormal(6));
  expect_law("mixture", Sampler({mixture}, components).draw()[0],
             [&](double x) { return 0.3 * boost::math::cdf(boost::math::normal(), x) + 0.5 * second(x) + 0.2 * std::clamp((x - 10) / 5, 0.0, 1.0); });
}

TEST(Laws, ComponentAndValueOfAMixtureAreIndependent) {
  // Two components of the same law: the mixture must be that law, whatever the component was chosen by.
  std::vector<Distribution> components = {law_of(Law::kUniform, 0, 1), law_of(Law::kUniform, 1, 1)};
  components[0].weight = 0.5f;
  components[1].weight = 1;
  const auto sample = Sampler({with_knots(law_of(Law::kMixture), 1, 2)}, components).draw()[0];
  std::vector<double> component, value;
  for (const float x : sample) {
    component.push_back(x < 1 ? 0 : 1);
    value.push_back(static_cast<double>(x < 1 ? x : x - 1));
  }
  EXPECT_LT(std::fabs(correlation(component, value)), normal_limit() / std::sqrt(kWorlds));
}

TEST(Laws, DrawsOutsideTheRangeAreClampedAndCountedExactly) {
  Distribution d = law_of(Law::kNormal, 2, 3);
  const auto free = draws_of(d);
  d.low = -1;
  d.high = 4;
  Sampler sampler({d});
  const auto bounded = sampler.draw()[0];
  std::uint64_t outside = 0;
  for (std::size_t i = 0; i < free.size(); ++i) {
    outside += free[i] < -1 || free[i] > 4;
    ASSERT_EQ(bounded[i], std::clamp(free[i], -1.0f, 4.0f));
  }
  EXPECT_GT(outside, kWorlds / 4);
  EXPECT_EQ(sampler.clamped[0], outside);
}

// All laws, for what must hold of each of them.
const std::vector<float> kKnots = [] {
  std::vector<float> knots = beta_knots(2, 5);
  for (const float x : {0.1f, 1.0f, 0.35f, 2.0f, 1.0f, 7.0f}) knots.push_back(x);          // choice, ascending
  for (const float x : {0.0f, -1.0f, 0.25f, 0.0f, 0.75f, 1.0f, 1.0f, 10.0f}) knots.push_back(x);  // table
  return knots;
}();

std::vector<Distribution> every_law() {
  return {named(law_of(Law::kNormal, 2, 3), "normal"),
          named(law_of(Law::kLognormal, 0.5f, 0.8f), "lognormal"),
          named(law_of(Law::kUniform, -1, 5), "uniform"),
          named(law_of(Law::kTriangular, 1, 2, 5), "triangular"),
          named(with_knots(law_of(Law::kNormalTable, -kTableEnd, kTableEnd), 0, kTableKnots), "beta"),
          named(with_knots(law_of(Law::kChoice), kTableKnots, 3), "choice"),
          named(with_knots(law_of(Law::kTable), kTableKnots + 6, 4), "table"),
          named(between(law_of(Law::kNormal, 2, 3), 0.2, 0.7), "truncated"),
          named(law_of(Law::kConstant, 3), "constant")};
}

TEST(Laws, AreMonotoneInTheUniform) {
  // So that a better draw is better under every policy. Every 5th uniform, in order.
  std::vector<float> u;
  for (std::uint32_t k = 0; k < 1u << 23; k += 5 * kThinning) u.push_back((static_cast<float>(k) + 0.5f) * 0x1p-23f);
  u.resize(u.size() / 16 * 16);
  for (const Distribution& d : every_law()) {
    const auto x = on_lanes<8>([&](auto v) { return quantile(d, kKnots.data(), v, normal_quantile(v)); }, u);
    int falls = 0;
    for (std::size_t i = 1; i < x.size(); ++i) falls += float_of(x[i]) < float_of(x[i - 1]);
    EXPECT_EQ(falls, 0) << "law " << static_cast<int>(d.law);
  }
}

TEST(Parameters, MovingOneMovesNoDrawOfTheOthers) {
  auto parameters = every_law();
  const auto before = Sampler(parameters, {}, kKnots).draw(1024);
  parameters.insert(parameters.begin() + 2, named(law_of(Law::kNormal, 0, 1), "new"));
  std::rotate(parameters.begin(), parameters.begin() + 5, parameters.end());
  const auto after = Sampler(parameters, {}, kKnots).draw(1024);
  const auto places = every_law();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto& d) { return d.address == places[i].address; });
    EXPECT_EQ(before[i], after[static_cast<std::size_t>(found - parameters.begin())]) << "parameter " << i;
  }
}

TEST(Parameters, OfTheSameLawAreIndependent) {
  const auto x = Sampler({named(law_of(Law::kNormal, 0, 1), "one"), named(law_of(Law::kNormal, 0, 1), "another")}).draw();
  EXPECT_LT(std::fabs(correlation(ranks(x[0]), ranks(x[1]))), normal_limit() / std::sqrt(kWorlds));
}

TEST(Parameters, HaveTheSameBitsOnEveryWidth) {
  auto parameters = every_law();
  const int mixture = static_cast<int>(parameters.size());
  parameters.push_back(named(with_knots(law_of(Law::kMixture), mixture + 1, 2), "mixture"));
  std::vector<Distribution> components = {law_of(Law::kNormal, 0, 1), between(law_of(Law::kLognormal, 0, 1), 0.1, 0.6)};
  components[0].weight = 0.5f;
  components[1].weight = 1;
  Sampler sampler(parameters, components, kKnots);
  sampler.correlate({1, 3, 9}, {1, 0.6f, 0.8f, -0.3f, 0.5f, 0.8124038f});
  const auto one = sampler.draw<1>(4096);
  EXPECT_EQ(one, sampler.draw<4>(4096));
  EXPECT_EQ(one, sampler.draw<8>(4096));
  EXPECT_EQ(one, sampler.draw<16>(4096));
}

// Of a Gaussian copula with correlation r between the normals.
double rank_correlation(double r) { return 6 / std::numbers::pi * std::asin(r / 2); }

// A rank correlation has a standard error of at most 1 / sqrt(n).
void expect_rank_correlation(const std::vector<float>& x, const std::vector<float>& y, double expected) {
  EXPECT_NEAR(correlation(ranks(x), ranks(y)), expected, normal_limit() / std::sqrt(kWorlds));
}

TEST(Correlation, TwoParametersHaveTheirRankCorrelationAndKeepTheirLaws) {
  Sampler sampler({named(law_of(Law::kLognormal, 0.5f, 0.8f), "a"), named(law_of(Law::kUniform, 0, 1), "between"),
                   named(law_of(Law::kTriangular, 1, 2, 5), "b")});
  const auto x = sampler.correlate({0, 2}, {1, -0.6f, 0.8f}).draw();
  expect_rank_correlation(x[0], x[2], rank_correlation(-0.6));
  expect_rank_correlation(x[0], x[1], 0);
  expect_law("lognormal", x[0], kLognormal);
  expect_law("triangular", x[2], kTriangular);
}

TEST(Correlation, ThreeParametersHaveTheCorrelationsOfTheirFactor) {
  // The factor's rows times each other: r(a,b) = 0.6, r(a,c) = 0.3, r(b,c) = 0.6 * 0.3 + 0.8 * 0.5 = 0.58.
  Sampler sampler({named(law_of(Law::kUniform, -1, 5), "c"), named(law_of(Law::kNormal, 2, 3), "b"), named(law_of(Law::kLognormal, 0.5f, 0.8f), "a")});
  const auto x = sampler.correlate({2, 1, 0}, {1, 0.6f, 0.8f, 0.3f, 0.5f, 0.8124038f}).draw();
  expect_rank_correlation(x[2], x[1], rank_correlation(0.6));
  expect_rank_correlation(x[2], x[0], rank_correlation(0.3));
  expect_rank_correlation(x[1], x[0], rank_correlation(0.58));
  expect_law("lognormal", x[2], kLognormal);
  expect_law("normal", x[1], kNormal);
  expect_law("uniform", x[0], kUniform);
}

TEST(Correlation, MixturesTruncatedLawsAndTablesKeepTheirLawsToo) {
  Distribution mixture = named(with_knots(law_of(Law::kMixture), 3, 2), "mixture");
  std::vector<Distribution> components = {law_of(Law::kNormal, 0, 1), law_of(Law::kUniform, 10, 5)};
  components[0].weight = 0.25f;
  components[1].weight = 1;
  Sampler sampler({mixture, named(between(law_of(Law::kNormal, 2, 3), 0.2, 0.7), "truncated"), every_law()[4]}, components, kKnots);
  const auto x = sampler.correlate({0, 1, 2}, {1, 0.6f, 0.8f, 0.3f, 0.5f, 0.8124038f}).draw();
  expect_law("mixture", x[0], [](double v) { return 0.25 * boost::math::cdf(boost::math::normal(), v) + 0.75 * std::clamp((v - 10) / 5, 0.0, 1.0); });
  expect_law("truncated", x[1], truncated(kNormal, 0.2, 0.7));
  expect_law("beta", x[2], cdf_of(boost::math::beta_distribution<>(2, 5)));
  expect_rank_correlation(x[1], x[2], rank_correlation(0.58));
}

TEST(Correlation, TheFirstRowLeavesItsParameterAsItWas) {
  // Row 0 is (1): the same normal, and only the second parameter moves towards it.
  const Distribution d = named(law_of(Law::kNormal, 0, 1), "a"), other = named(law_of(Law::kNormal, 0, 1), "b");
  const auto alone = Sampler({d, other}).draw(4096), joined = Sampler({d, other}).correlate({0, 1}, {1, 0.6f, 0.8f}).draw(4096);
  EXPECT_EQ(alone[0], joined[0]);
  EXPECT_NE(alone[1], joined[1]);
}

// ---- bins of equal probability

double chi_square_of(const std::vector<std::uint32_t>& bins) {
  const double mean = static_cast<double>(bins.size()) / kDriverBins;
  std::vector<double> counts(kDriverBins);
  for (const std::uint32_t bin : bins) ++counts.at(bin);
  double statistic = 0;
  for (const double count : counts) statistic += (count - mean) * (count - mean) / mean;
  return statistic;
}

// A plain law, a mixture, two correlated parameters, one of them truncated.
Sampler binned_sampler() {
  const std::vector<Distribution> parameters = {named(law_of(Law::kNormal, 2, 3), "plain"),
                                                named(with_knots(law_of(Law::kMixture), 4, 2), "mixture"),
                                                named(law_of(Law::kLognormal, 0.5f, 0.8f), "first"),
                                                named(between(law_of(Law::kUniform, -1, 5), 0.2, 0.7), "second")};
  std::vector<Distribution> components = {law_of(Law::kNormal, 0, 1), law_of(Law::kUniform, 10, 5)};
  components[0].weight = 0.25f;
  components[1].weight = 1;
  Sampler sampler(parameters, components);
  sampler.correlate({2, 3}, {1, -0.6f, 0.8f});
  return sampler;
}

TEST(DriverBin, EachIsEquallyLikelyUnderEveryLaw) {
  Sampler sampler = binned_sampler();
  sampler.draw();
  for (int i = 0; i < 4; ++i) EXPECT_LT(chi_square_of(sampler.bins[i]), chi_square_limit(kDriverBins)) << "parameter " << i;
}

TEST(DriverBin, RisesWithTheValueOfAPlainLaw) {
  Sampler sampler = binned_sampler();
  const auto x = sampler.draw();
  for (const int i : {0, 2, 3}) {
    std::vector<float> least(kDriverBins, kInf), greatest(kDriverBins, -kInf);
    for (std::size_t w = 0; w < x[i].size(); ++w) {
      const std::uint32_t bin = sampler.bins[i][w];
      least[bin] = std::min(least[bin], x[i][w]);
      greatest[bin] = std::max(greatest[bin], x[i][w]);
    }
    for (int b = 1; b < kDriverBins; ++b) EXPECT_LE(greatest[b - 1], least[b]) << "parameter " << i << ", bin " << b;
  }
}

TEST(DriverBin, OfAMixtureTellsTheComponentAndThePlaceInIt) {
  Sampler sampler = binned_sampler();
  const auto x = sampler.draw();
  for (std::size_t w = 0; w < x[1].size(); ++w) {
    const std::uint32_t choice = sampler.bins[1][w] / 8, place = sampler.bins[1][w] % 8;
    ASSERT_EQ(choice == 0, x[1][w] < 9) << "a quarter comes from the first component";
    if (choice == 0) continue;
    ASSERT_GE(x[1][w], 10 + 5 * static_cast<float>(place) / 8 - 1e-5f);
    ASSERT_LE(x[1][w], 10 + 5 * static_cast<float>(place + 1) / 8 + 1e-5f);
  }
}

TEST(DriverBin, EndsWithTheLargestUniform) {
  const float largest = uniform(Bits<1>(0xffffffffu)).v, least = uniform(Bits<1>(0u)).v;
  for (const Law law : {Law::kUniform, Law::kMixture}) {
    EXPECT_EQ(driver_bin(law_of(law), Pack<1>(largest), Pack<1>(largest)).v, kDriverBins - 1u);
    EXPECT_EQ(driver_bin(law_of(law), Pack<1>(1), Pack<1>(1)).v, kDriverBins - 1u);  // as normal_cdf may give
    EXPECT_EQ(driver_bin(law_of(law), Pack<1>(least), Pack<1>(least)).v, 0u);
  }
}

TEST(Parameters, OneThatIsResampledMovesAlone) {
  const auto before = binned_sampler().draw(4096);
  for (const int moved : {0, 1, 3}) {
    const auto after = binned_sampler().resample(moved).draw(4096);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(before[i] == after[i], i != moved) << "parameter " << i << " when " << moved << " is resampled";
  }
  // The second parameter follows the first, to which it is correlated.
  const auto after = binned_sampler().resample(2).draw(4096);
  EXPECT_EQ(before[0], after[0]);
  EXPECT_EQ(before[1], after[1]);
  EXPECT_NE(before[2], after[2]);
  EXPECT_NE(before[3], after[3]);
}

TEST(Parameters, AllThatAreResampledAreIndependentOfBeforeAndKeepTheirLaws) {
  const auto before = binned_sampler().draw(), after = binned_sampler().resample(kEverything).draw();
  for (int i = 0; i < 4; ++i)
    EXPECT_LT(std::fabs(correlation(ranks(before[i]), ranks(after[i]))), normal_limit() / std::sqrt(kWorlds)) << "parameter " << i;
  expect_law("normal", after[0], kNormal);
  expect_law("lognormal", after[2], kLognormal);
  expect_rank_correlation(after[2], after[3], rank_correlation(-0.6));
}

TEST(DrawAddress, IsAnotherForEveryParameterOfTheRaceModelAndFitsABlockNumber) {
  std::set<std::uint32_t> addresses;
  for (const auto& row : race::kParameters) {
    EXPECT_LT(draw_address(row.key), 1u << 22) << row.key;
    EXPECT_TRUE(addresses.insert(draw_address(row.key)).second) << row.key << " shares its draws with another parameter: rename one";
  }
  EXPECT_EQ(addresses.size(), race::kParameters.size());
}

TEST(DrawAddress, IsTheFoldedFnv1aHashOfTheName) {
  EXPECT_EQ(draw_address(""), (0x811c9dc5u ^ 0x811c9dc5u >> 22) & 0x3fffffu);  // published FNV-1a values
  EXPECT_EQ(draw_address("a"), (0xe40c292cu ^ 0xe40c292cu >> 22) & 0x3fffffu);
  EXPECT_EQ(draw_address("foobar"), (0xbf9cf968u ^ 0xbf9cf968u >> 22) & 0x3fffffu);
}

}  // namespace
}  // namespace chokepoint
