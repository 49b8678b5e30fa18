// Addressed randomness: a draw is a pure function of (seed, purpose, index, step, slot), never of
// thread, block, device or call order. Philox4x32-10: Salmon et al., "Parallel random numbers: as
// easy as 1, 2, 3", SC11; known answers in tests/kernels/test_random.cpp.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pack.h"

namespace chokepoint {

// What a draw is for. Part of its address: numbers are never reused. kOtherWorlds: a parameter that is drawn afresh in
// a world that is otherwise the same.
enum class Purpose : std::uint32_t { kWorlds = 1, kChance = 2, kOtherWorlds = 3 };

// The number of a world or a trajectory in each lane, 64 bits in two words.
template <int W>
struct Index {
  Bits<W> low, high;
};

// Four words per lane: one Philox block.
template <int W>
struct Block {
  Bits<W> word[4];
};

namespace detail {

CHOKEPOINT_HD void wide_multiply(Bits<1> a, std::uint32_t m, Bits<1>& low, Bits<1>& high) {
  const std::uint64_t product = static_cast<std::uint64_t>(a.v) * m;
  low = Bits<1>(static_cast<std::uint32_t>(product));
  high = Bits<1>(static_cast<std::uint32_t>(product >> 32));
}

template <int W>
CHOKEPOINT_HD void wide_multiply(Bits<W> a, std::uint32_t m, Bits<W>& low, Bits<W>& high) {
  using Raw [[maybe_unused]] = typename Bits<W>::Raw;
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (W == 16) {
    const __m512i x = bit_cast<__m512i>(a.v), k = _mm512_set1_epi64(m);
    const __m512i even = _mm512_mul_epu32(x, k), odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), k);
    low = Bits<W>::of(bit_cast<Raw>(_mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32))));
    high = Bits<W>::of(bit_cast<Raw>(_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd)));
    return;
  }
#endif
#if defined(__AVX2__) && !defined(__CUDACC__)
  if constexpr (W == 8) {
    const __m256i x = bit_cast<__m256i>(a.v), k = _mm256_set1_epi64x(m);
    const __m256i even = _mm256_mul_epu32(x, k), odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), k);
    low = Bits<W>::of(bit_cast<Raw>(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa)));
    high = Bits<W>::of(bit_cast<Raw>(_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa)));
    return;
  }
#endif
  for (int i = 0; i < W; ++i) {
    const std::uint64_t product = static_cast<std::uint64_t>(a.lane(i)) * m;
    low.set_lane(i, static_cast<std::uint32_t>(product));
    high.set_lane(i, static_cast<std::uint32_t>(product >> 32));
  }
}

}  // namespace detail

// Philox4x32 with ten rounds: counter and key in, four random words out.
template <int W>
CHOKEPOINT_HD Block<W> philox(Block<W> counter, std::uint64_t key) {
  std::uint32_t key0 = static_cast<std::uint32_t>(key), key1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    Bits<W> low0, high0, low1, high1;
    detail::wide_multiply(counter.word[0], 0xd2511f53u, low0, high0);
    detail::wide_multiply(counter.word[2], 0xcd9e8d57u, low1, high1);
    counter = {{high1 ^ counter.word[1] ^ Bits<W>(key0), low1, high0 ^ counter.word[3] ^ Bits<W>(key1), low0}};
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return counter;
}

// Slots 4 * block .. 4 * block + 3 of a step.
template <int W>
CHOKEPOINT_HD Block<W> draw_block(std::uint64_t seed, Purpose purpose, Index<W> index, std::uint32_t step, std::uint32_t block) {
  return philox<W>({{index.low, index.high, Bits<W>(step), Bits<W>(static_cast<std::uint32_t>(purpose) << 24 | block)}}, seed);
}

// (k + 1/2) / 2^23 for the upper 23 bits k of a word: never 0 or 1, symmetric, exact.
template <int W>
CHOKEPOINT_HD Pack<W> uniform(Bits<W> word) {
  return (Pack<W>::from_small(word >> 9) + 0.5f) * 1.1920929e-7f;
}

// One uniform by its full address.
template <int W>
CHOKEPOINT_HD Pack<W> draw_uniform(std::uint64_t seed, Purpose purpose, Index<W> index, std::uint32_t step, std::uint32_t slot) {
  const Block<W> words = draw_block(seed, purpose, index, step, slot / 4);
  switch (slot % 4) {
    case 0: return uniform(words.word[0]);
    case 1: return uniform(words.word[1]);
    case 2: return uniform(words.word[2]);
    default: return uniform(words.word[3]);
  }
}

}  // namespace chokepoint
