// The lane vocabulary: Pack<W> holds one float for each of W trajectories, Mask<W> one truth value,
// Bits<W> one 32-bit word. The model is written once over `Real` = Pack<W>: Pack<1> runs on CUDA,
// Pack<8> on AVX2, Pack<16> on AVX-512, and all give the same bits because every operation here is
// correctly rounded and nothing is contracted (tests/kernels/test_pack.cpp, tests/e2e/test_same_bits.cpp).
// Neither Mask nor Pack converts to bool, and a double literal does not compile.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__AVX2__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // GCC
#define CHOKEPOINT_INSTRUMENTED
#elif defined(__has_feature)  // clang
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHOKEPOINT_INSTRUMENTED
#endif
#endif

#if defined(__CUDACC__)
#define CHOKEPOINT_HD __host__ __device__ __forceinline__
#elif defined(CHOKEPOINT_INSTRUMENTED)
#define CHOKEPOINT_HD inline  // inlined into one function, instrumented code takes ten minutes to compile
#else
// Always inlined, so that no function compiled for AVX-512 can be merged with its AVX2 twin.
#define CHOKEPOINT_HD inline __attribute__((always_inline))
#endif

#define CHOKEPOINT_PRAGMA(text) _Pragma(#text)
#if defined(__CUDACC__)
#define CHOKEPOINT_UNROLL(n) CHOKEPOINT_PRAGMA(unroll n)
#else
#define CHOKEPOINT_UNROLL(n) CHOKEPOINT_PRAGMA(GCC unroll n)
#endif

namespace chokepoint {

template <class T>
concept Literal = std::same_as<T, float> || std::same_as<T, int>;  // write 0.5f, not 0.5

namespace detail {

template <int W>
struct Lanes {
  typedef float Float __attribute__((vector_size(W * 4)));
  typedef std::int32_t Int __attribute__((vector_size(W * 4)));
  typedef std::uint32_t Word __attribute__((vector_size(W * 4)));
};
template <>
struct Lanes<1> {
  using Float = float;
  using Int = std::int32_t;
  using Word = std::uint32_t;
};

// What a comparison gives: truth as all ones in a lane, or one bit a lane where the hardware has masks.
template <int W>
struct Truth {
  using Type = typename Lanes<W>::Int;
};
template <>
struct Truth<1> {
  using Type = bool;
};
#if defined(__AVX512F__) && !defined(__CUDACC__)
template <>
struct Truth<16> {
  using Type = __mmask16;
};
#endif

template <class To, class From>
CHOKEPOINT_HD To bit_cast(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}

// One lane: the intrinsics keep nvcc from contracting a product and a sum into one operation.
CHOKEPOINT_HD float add(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fadd_rn(a, b);
#else
  return a + b;
#endif
}
CHOKEPOINT_HD float subtract(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fsub_rn(a, b);
#else
  return a - b;
#endif
}
CHOKEPOINT_HD float multiply(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}
CHOKEPOINT_HD float divide(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fdiv_rn(a, b);
#else
  return a / b;
#endif
}
CHOKEPOINT_HD float fused(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}
CHOKEPOINT_HD float square_root(float a) {
#if defined(__CUDA_ARCH__)
  return __fsqrt_rn(a);
#else
  return __builtin_sqrtf(a);
#endif
}
CHOKEPOINT_HD float rounded(float a) {
#if defined(__CUDA_ARCH__)
  return rintf(a);
#else
  return __builtin_rintf(a);
#endif
}
template <class T> CHOKEPOINT_HD T choose(bool m, T a, T b) { return m ? a : b; }
CHOKEPOINT_HD float minimum(float a, float b) { return a < b ? a : b; }
CHOKEPOINT_HD float maximum(float a, float b) { return a > b ? a : b; }
CHOKEPOINT_HD bool less(float a, float b) { return a < b; }
CHOKEPOINT_HD bool less_equal(float a, float b) { return a <= b; }
CHOKEPOINT_HD bool equal(float a, float b) { return a == b; }

// Several lanes: any vector type of GCC or clang, with the hardware's fused multiply-add.
template <class V> CHOKEPOINT_HD V add(V a, V b) { return a + b; }
template <class V> CHOKEPOINT_HD V subtract(V a, V b) { return a - b; }
template <class V> CHOKEPOINT_HD V multiply(V a, V b) { return a * b; }
template <class V> CHOKEPOINT_HD V divide(V a, V b) { return a / b; }
template <class V> CHOKEPOINT_HD V fused(V a, V b, V c) {
#if defined(__AVX2__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 32) return bit_cast<V>(_mm256_fmadd_ps(bit_cast<__m256>(a), bit_cast<__m256>(b), bit_cast<__m256>(c)));
#endif
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 64) return bit_cast<V>(_mm512_fmadd_ps(bit_cast<__m512>(a), bit_cast<__m512>(b), bit_cast<__m512>(c)));
#endif
  V r;
  for (unsigned i = 0; i < sizeof(V) / 4; ++i) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return r;
}
template <class V> CHOKEPOINT_HD V square_root(V a) {
#if defined(__AVX2__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 32) return bit_cast<V>(_mm256_sqrt_ps(bit_cast<__m256>(a)));
#endif
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 64) return bit_cast<V>(_mm512_sqrt_ps(bit_cast<__m512>(a)));
#endif
  V r;
  for (unsigned i = 0; i < sizeof(V) / 4; ++i) r[i] = __builtin_sqrtf(a[i]);
  return r;
}
template <class V> CHOKEPOINT_HD V rounded(V a) {
#if defined(__AVX2__) && !defined(__CUDACC__)
  constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  if constexpr (sizeof(V) == 32) return bit_cast<V>(_mm256_round_ps(bit_cast<__m256>(a), kNearest));
#endif
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 64) return bit_cast<V>(_mm512_roundscale_ps(bit_cast<__m512>(a), kNearest));
#endif
  V r;
  for (unsigned i = 0; i < sizeof(V) / 4; ++i) r[i] = __builtin_rintf(a[i]);
  return r;
}
// Left to itself GCC compares a mask with zero again before each use, and makes min of two instructions.
template <class M, class V> CHOKEPOINT_HD V choose(M m, V a, V b) {
#if defined(__AVX2__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 32) return bit_cast<V>(_mm256_blendv_ps(bit_cast<__m256>(b), bit_cast<__m256>(a), bit_cast<__m256>(m)));
#endif
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 64) return bit_cast<V>(_mm512_mask_blend_ps(m, bit_cast<__m512>(b), bit_cast<__m512>(a)));
  else
#endif
  return m ? a : b;
}
template <class V> CHOKEPOINT_HD auto less(V a, V b) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 64) return _mm512_cmp_ps_mask(bit_cast<__m512>(a), bit_cast<__m512>(b), _CMP_LT_OQ);
  else
#endif
  return a < b;
}
template <class V> CHOKEPOINT_HD auto less_equal(V a, V b) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 64) return _mm512_cmp_ps_mask(bit_cast<__m512>(a), bit_cast<__m512>(b), _CMP_LE_OQ);
  else
#endif
  return a <= b;
}
template <class V> CHOKEPOINT_HD auto equal(V a, V b) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 64) return _mm512_cmp_ps_mask(bit_cast<__m512>(a), bit_cast<__m512>(b), _CMP_EQ_OQ);
  else
#endif
  return a == b;
}
// Of lanes that are all ones or all zeros.
template <class V> CHOKEPOINT_HD bool any_lane(V a) {
#if defined(__AVX2__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 32) return _mm256_movemask_ps(bit_cast<__m256>(a)) != 0;
#endif
  bool any = false;
  for (unsigned i = 0; i < sizeof(V) / 4; ++i) any |= a[i] != 0;
  return any;
}
// As select(a < b, a, b): the second operand where one is NaN or both are zero.
template <class V> CHOKEPOINT_HD V minimum(V a, V b) {
#if defined(__AVX2__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 32) return bit_cast<V>(_mm256_min_ps(bit_cast<__m256>(a), bit_cast<__m256>(b)));
#endif
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 64) return bit_cast<V>(_mm512_min_ps(bit_cast<__m512>(a), bit_cast<__m512>(b)));
  else
#endif
  return choose(less(a, b), a, b);
}
template <class V> CHOKEPOINT_HD V maximum(V a, V b) {
#if defined(__AVX2__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 32) return bit_cast<V>(_mm256_max_ps(bit_cast<__m256>(a), bit_cast<__m256>(b)));
#endif
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(V) == 64) return bit_cast<V>(_mm512_max_ps(bit_cast<__m512>(a), bit_cast<__m512>(b)));
  else
#endif
  return choose(less(b, a), a, b);
}

}  // namespace detail

// One truth value per lane. Combine with &, |, !; read with select().
template <int W>
struct Mask {
  using Raw = typename detail::Truth<W>::Type;
  Raw v;
  friend CHOKEPOINT_HD Mask operator&(Mask a, Mask b) { return {static_cast<Raw>(a.v & b.v)}; }
  friend CHOKEPOINT_HD Mask operator|(Mask a, Mask b) { return {static_cast<Raw>(a.v | b.v)}; }
  friend CHOKEPOINT_HD Mask operator!(Mask a) {
    if constexpr (W == 1) return {!a.v}; else return {static_cast<Raw>(~a.v)};
  }
  // True if it holds in some lane; to skip work that no lane needs.
  friend CHOKEPOINT_HD bool any(Mask a) {
    if constexpr (W == 1) return a.v;
    else if constexpr (std::is_integral_v<Raw>) return a.v != 0;
    else return detail::any_lane(a.v);
  }
  CHOKEPOINT_HD bool lane(int i) const {
    if constexpr (W == 1) return v;
    else if constexpr (std::is_integral_v<Raw>) return v >> i & 1;
    else return v[i] != 0;
  }
};

// One 32-bit word per lane: for random numbers and for the insides of the maths.
template <int W>
struct Bits {
  using Raw = typename detail::Lanes<W>::Word;
  Raw v;
  Bits() = default;
  CHOKEPOINT_HD explicit Bits(std::uint32_t x) { if constexpr (W == 1) v = x; else v = Raw{} + x; }
  static CHOKEPOINT_HD Bits of(Raw x) { Bits b; b.v = x; return b; }
  friend CHOKEPOINT_HD Bits operator+(Bits a, Bits b) { return of(a.v + b.v); }
  friend CHOKEPOINT_HD Bits operator-(Bits a, Bits b) { return of(a.v - b.v); }
  friend CHOKEPOINT_HD Bits operator^(Bits a, Bits b) { return of(a.v ^ b.v); }
  friend CHOKEPOINT_HD Bits operator&(Bits a, Bits b) { return of(a.v & b.v); }
  friend CHOKEPOINT_HD Bits operator|(Bits a, Bits b) { return of(a.v | b.v); }
  friend CHOKEPOINT_HD Bits operator<<(Bits a, int n) { return of(a.v << n); }
  friend CHOKEPOINT_HD Bits operator>>(Bits a, int n) { return of(a.v >> n); }
  // The sign bit is copied, as of a signed integer.
  friend CHOKEPOINT_HD Bits shift_signed(Bits a, int n) {
    return of(detail::bit_cast<Raw>(detail::bit_cast<typename detail::Lanes<W>::Int>(a.v) >> n));
  }
  friend CHOKEPOINT_HD Bits select(Mask<W> m, Bits a, Bits b) { return of(detail::choose(m.v, a.v, b.v)); }
  CHOKEPOINT_HD void store(std::uint32_t* to) const { memcpy(to, &v, sizeof v); }
  CHOKEPOINT_HD std::uint32_t lane(int i) const {
    if constexpr (W == 1) return v; else return v[i];
  }
  CHOKEPOINT_HD void set_lane(int i, std::uint32_t x) {
    if constexpr (W == 1) v = x; else v[i] = x;
  }
};

// One value per trajectory.
template <int W>
struct Pack {
  static constexpr int kLanes = W;
  using Raw = typename detail::Lanes<W>::Float;
  using MaskType = Mask<W>;
  using BitsType = Bits<W>;
  Raw v;

  Pack() = default;
  template <Literal T>
  CHOKEPOINT_HD Pack(T x) {
    if constexpr (W == 1) v = static_cast<float>(x); else v = Raw{} + static_cast<float>(x);
  }
  static CHOKEPOINT_HD Pack of(Raw x) { Pack p; p.v = x; return p; }
  static CHOKEPOINT_HD Pack load(const float* from) { Pack p; memcpy(&p.v, from, sizeof p.v); return p; }
  CHOKEPOINT_HD void store(float* to) const { memcpy(to, &v, sizeof v); }
  CHOKEPOINT_HD float lane(int i) const {
    if constexpr (W == 1) return v; else return v[i];
  }
  CHOKEPOINT_HD void set_lane(int i, float x) {
    if constexpr (W == 1) v = x; else v[i] = x;
  }

  friend CHOKEPOINT_HD Pack operator+(Pack a, Pack b) { return of(detail::add(a.v, b.v)); }
  friend CHOKEPOINT_HD Pack operator-(Pack a, Pack b) { return of(detail::subtract(a.v, b.v)); }
  friend CHOKEPOINT_HD Pack operator*(Pack a, Pack b) { return of(detail::multiply(a.v, b.v)); }
  friend CHOKEPOINT_HD Pack operator/(Pack a, Pack b) { return of(detail::divide(a.v, b.v)); }
  friend CHOKEPOINT_HD Pack operator-(Pack a) { return of(-a.v); }
  CHOKEPOINT_HD Pack& operator+=(Pack b) { return *this = *this + b; }
  CHOKEPOINT_HD Pack& operator-=(Pack b) { return *this = *this - b; }
  CHOKEPOINT_HD Pack& operator*=(Pack b) { return *this = *this * b; }

  friend CHOKEPOINT_HD Mask<W> operator<(Pack a, Pack b) { return {detail::less(a.v, b.v)}; }
  friend CHOKEPOINT_HD Mask<W> operator<=(Pack a, Pack b) { return {detail::less_equal(a.v, b.v)}; }
  friend CHOKEPOINT_HD Mask<W> operator>(Pack a, Pack b) { return {detail::less(b.v, a.v)}; }
  friend CHOKEPOINT_HD Mask<W> operator>=(Pack a, Pack b) { return {detail::less_equal(b.v, a.v)}; }
  friend CHOKEPOINT_HD Mask<W> operator==(Pack a, Pack b) { return {detail::equal(a.v, b.v)}; }

  // a * b + c, rounded once.
  friend CHOKEPOINT_HD Pack fma(Pack a, Pack b, Pack c) { return of(detail::fused(a.v, b.v, c.v)); }
  friend CHOKEPOINT_HD Pack sqrt(Pack a) { return of(detail::square_root(a.v)); }
  friend CHOKEPOINT_HD Pack round(Pack a) { return of(detail::rounded(a.v)); }  // to the nearest whole number, halves to even
  friend CHOKEPOINT_HD Pack select(Mask<W> m, Pack a, Pack b) { return of(detail::choose(m.v, a.v, b.v)); }
  friend CHOKEPOINT_HD Pack min(Pack a, Pack b) { return of(detail::minimum(a.v, b.v)); }
  friend CHOKEPOINT_HD Pack max(Pack a, Pack b) { return of(detail::maximum(a.v, b.v)); }
  friend CHOKEPOINT_HD Pack clamp(Pack x, Pack low, Pack high) { return min(max(x, low), high); }
  friend CHOKEPOINT_HD Pack positive_part(Pack x) { return max(x, 0); }
  friend CHOKEPOINT_HD Pack abs(Pack x) {
#if defined(__CUDA_ARCH__)
    return of(fabsf(x.v));  // free: a modifier of the next instruction
#else
    return from_bits(to_bits(x) & Bits<W>(0x7fffffffu));
#endif
  }
  // `size`, which is not negative, with the sign of x.
  friend CHOKEPOINT_HD Pack with_sign_of(Pack x, Pack size) { return from_bits(to_bits(size) | (to_bits(x) & Bits<W>(0x80000000u))); }
  friend CHOKEPOINT_HD Mask<W> is_finite(Pack x) { return x - x == 0; }

  friend CHOKEPOINT_HD Bits<W> to_bits(Pack x) { return Bits<W>::of(detail::bit_cast<typename Bits<W>::Raw>(x.v)); }
  static CHOKEPOINT_HD Pack from_bits(Bits<W> b) { return of(detail::bit_cast<Raw>(b.v)); }
  // Of a signed word; exact below 2^24 in size.
  static CHOKEPOINT_HD Pack from_small(Bits<W> b) {
    if constexpr (W == 1) return of(static_cast<float>(static_cast<std::int32_t>(b.v)));
    else return of(__builtin_convertvector(detail::bit_cast<typename detail::Lanes<W>::Int>(b.v), Raw));
  }
  // Towards zero; the value must fit a signed 32-bit integer.
  friend CHOKEPOINT_HD Bits<W> truncate(Pack x) {
    if constexpr (W == 1) return Bits<W>(static_cast<std::uint32_t>(static_cast<std::int32_t>(x.v)));
    else return Bits<W>::of(detail::bit_cast<typename Bits<W>::Raw>(__builtin_convertvector(x.v, typename detail::Lanes<W>::Int)));
  }
};

// A yes/no state is stored as 1 or 0 and read as a mask.
template <int W>
CHOKEPOINT_HD Mask<W> holds(Pack<W> flag) { return flag > 0.5f; }
template <int W>
CHOKEPOINT_HD Pack<W> as_flag(Mask<W> m) { return select(m, Pack<W>(1), Pack<W>(0)); }

}  // namespace chokepoint
