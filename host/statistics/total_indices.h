// Sobol indices by a design of their own: every factor is drawn afresh while all others stay as they are.
//
// Factors are the parameters X_k that vary, and chance C: all that a trajectory draws beside its parameters. In each of n base
// worlds an output is evaluated at A = f(X, C), B = f(X', C') and, for each factor k, at A_k: as A, but with factor k from B.
// X', C' are drawn independently of X, C. A and A_k share everything but factor k; B and A_k share factor k and nothing else.
// With r(x, y) the correlation of such a pair (equal laws: one mean and one variance for both),
//   total index        T_k = E[Var(Y | all but k)] / Var(Y) = 1 - r(A, A_k) = mean (A - A_k)^2 / (2 V)
//   first-order index  S_k = Var(E[Y | X_k]) / Var(Y)       = r(B, A_k) - (1 - T_k) r(B, A)
// T_k and r(B, A_k) = 1 - mean (B - A_k)^2 / (2 V) are the estimators of M. J. W. Jansen, "Analysis of variance designs for model
// output", Computer Physics Communications 117, 1999 (A. Saltelli et al., "Variance based sensitivity analysis of model output",
// ibid. 181, 2010, table 2 (c) and (f)), with V pooled over the pair, which is asymptotically efficient: A. Janon, T. Klein,
// A. Lagnoux, M. Nodet and C. Prieur, "Asymptotic normality and efficiency of two Sobol index estimators", ESAIM: Probability and
// Statistics 18, 2014. r(B, A) is known to be 0: it is a control variate (P. Glasserman, Monte Carlo Methods in Financial
// Engineering, 4.1), without which the error of a small S_k would be as large as that of a large one.
// Standard errors are those of the influence function (delta method) over worlds, from sums of products: nothing is kept of a world.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "estimate.h"

namespace chokepoint {

// Sections of the design, over which the error of a sum of first-order indices is found (S. Asmussen and P. W. Glynn,
// Stochastic Simulation, 2007, III.5b: sectioning).
inline constexpr int kSections = 32;

// The indices of one output. NaN where its variance is zero or a value is not finite.
class IndexSums {
 public:
  explicit IndexSums(int factors);

  // Consecutive worlds of one section, less any number that is the same for all (near the mean, for accuracy): add_base() with A and
  // B, then add() with A_k of each factor.
  void add_base(std::span<const double> a, std::span<const double> b);
  void add(int factor, std::span<const double> a, std::span<const double> b, std::span<const double> c);
  void end_section(int factor);  // after the last worlds of a section

  Estimate variance() const;
  Estimate total(int factor) const;
  Estimate first_order(int factor) const;
  Estimate first_order_sum() const;

 private:
  // What the influence functions are made of, with e = A_k - A: of a factor, and of A and B alone.
  enum Term {
    kHalfSquare,   // e^2 / 2
    kStep,         // e
    kSquareStep,   // (A_k^2 - A^2) / 2
    kProductStep,  // B e
    kA, kB, kAA, kBB, kAB,
    kTerms
  };
  static constexpr int kOfFactor = kA;
  using Row = std::array<double, kTerms>;
  struct FactorSums {
    std::array<double, kOfFactor> sum{};
    std::array<Row, kOfFactor> products{};  // of its terms with all
    Row section{};                          // of the section in hand, A and B among them
    double section_worlds = 0;
    int sections = 0;  // that are done
  };
  struct Columns;
  struct Pair {
    double mean, variance, correlation;
  };

  Row means(int factor) const;
  static Pair pair_b_a(const Row& mean);
  static Pair pair_b_c(const Row& mean);
  static double total_of(const Row& mean, Row* influence = nullptr);
  static double first_order_of(const Row& mean, Row* influence = nullptr);
  Estimate with_error(int factor, const Row& mean, double value, const Row& influence) const;

  double worlds_ = 0;
  Row base_sum_{};                      // of A and B alone
  std::array<Row, kTerms> base_products_{};
  std::vector<FactorSums> factors_;
  std::array<double, kSections> section_first_order_{};
};

}  // namespace chokepoint
