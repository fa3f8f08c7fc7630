// Over 400 lines: the coefficients of one format stand side by side with the other's.
//
// Elementary functions as straight-line code: no branches, calls, tables or intrinsics, so that a
// plain loop over them becomes vector code for whatever instruction set the file is compiled for.
//
// Largest measured error in units in the last place, over the three instruction sets and both
// compilers (g++ 12, clang 19; every 67th float, six million doubles; a million of each for the
// normal distribution, and its quantiles of 32-bit words):
//
//            exp  expm1   log  log1p  tanh  sigmoid  softplus   erf
//   float   1.06   1.38  0.82   0.86  2.39     2.33      1.99  2.52
//   double  1.06   1.42  0.83   0.83  2.48     2.42      1.99  3.00
//
//            normal density  cumulative  normal quantile
//   float              2.13        5.79             5.14
//   double             2.11        8.81             5.52
//
// For every function NaN gives NaN. Results below the smallest normal number are flushed to zero in
// exp, sigmoid, softplus and the normal distribution (gradual underflow costs a hundred cycles an
// element, and a weight or a probability of 1e-39 decides nothing); log, log1p, expm1, tanh and erf
// take subnormal arguments exactly and keep the sign of zero. Relies on IEEE evaluation:
// -ffast-math would undo the rounding and the compensation below, contraction to fused multiply-add
// does not.
//
// Methods: exp, expm1: x = n ln2 + r with n from adding 1.5 * 2^p, polynomial in r; log, log1p: the
// s = f / (2 + f) series of fdlibm (Sun Microsystems, 1993); erf: minimax quotients, with e^-(x^2)
// beyond 1; normal distribution: e^-(x^2/2) times a minimax quotient. The coefficients are Remez
// fits made for these intervals. Normal quantile: algorithm AS 241 of M. Wichura, "The percentage
// points of the normal distribution", Applied Statistics 37 (1988), with its coefficients.
#pragma once

#include <cstdint>

#ifndef GEMMNET_INSTRUCTION_SET
#error "GEMMNET_INSTRUCTION_SET names the namespace that keeps the copies of this header apart"
#endif

// Forced, so that loops vectorize at every call site; no std:: function is used either, since a
// copy emitted by an AVX-512 file could be the one that the linker keeps for all.
#ifndef GEMMNET_ALWAYS_INLINE
#define GEMMNET_ALWAYS_INLINE [[gnu::always_inline]] inline
#endif

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace detail {

// c0 + c1 x + c2 x^2 + ...
template <class T>
GEMMNET_ALWAYS_INLINE T polynomial(T, T c0) {
  return c0;
}
template <class T, class... Rest>
GEMMNET_ALWAYS_INLINE T polynomial(T x, T c0, Rest... rest) {
  return c0 + x * polynomial(x, rest...);
}

template <class T>
struct Format;

template <>
struct Format<float> {
  using Bits = std::uint32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr Bits sign = 0x80000000u;
  static constexpr Bits one = 0x3f800000u;
  static constexpr Bits sqrt_half = 0x3f3504f3u;
  static constexpr float infinity = __builtin_inff();
  static constexpr float nan = __builtin_nanf("");
  static constexpr float smallest_normal = 0x1p-126f;
  // Adding it rounds to an integer and leaves that integer in the low bits.
  static constexpr float round_shift = 0x1.8p23f;
  static constexpr float log2_e = 0x1.715476p0f;
  // n * ln2_high is exact for every exponent n.
  static constexpr float ln2_high = 0x1.62e3p-1f;
  static constexpr float ln2_low = 0x1.2fefa2p-17f;
  // exp is normal and finite between them.
  static constexpr float exp_lowest = -87.3365402f;
  static constexpr float exp_highest = 88.7228317f;
  // e^-x vanishes beside 1 from here on, and erf is 1 from erf_one on.
  static constexpr float exp_negligible = 18.0f;
  static constexpr float erf_one = 4.0f;
  static constexpr float square_negligible = 1e-30f;
  // Keeps the upper half of a significand, whose square is exact.
  static constexpr Bits upper_half = 0xfffff000u;
  // Beyond it the normal distribution's tail is below the smallest normal number.
  static constexpr float normal_limit = 12.94995f;

  // (e^r - 1 - r) / r^2 for |r| <= ln2 / 2
  GEMMNET_ALWAYS_INLINE static float exp_tail(float r) {
    return polynomial(r, 0.50000000272610132641f, 0.16666576285435933437f, 0.041666372909466090927f,
                      0.0083632949797313990035f, 0.0013941322909136001212f);
  }
  // (2 atanh(s) / s - 2) / s^2 with z = s^2, |s| <= (sqrt2 - 1) / (sqrt2 + 1)
  GEMMNET_ALWAYS_INLINE static float log_tail(float z) {
    return polynomial(z, 0.66666685322111699195f, 0.39988695882636958533f, 0.29583087689249264712f);
  }
  // The same for |s| <= 1 / 3
  GEMMNET_ALWAYS_INLINE static float log_wide_tail(float z) {
    return polynomial(z, 0.66666667355511444136f, 0.39999696174824118206f, 0.2859281773834760271f,
                      0.21699924249368573813f, 0.23254382796743303021f);
  }
  // erf(a) = a near_p(a^2) / near_q(a^2) for a <= 1
  GEMMNET_ALWAYS_INLINE static float erf_near_p(float z) {
    return polynomial(z, 1.1283791657267273522f, -0.37612625824325680407f, 0.11283585149296614409f,
                      -0.026853811953975359925f, 0.0051883277075884021109f,
                      -0.00080101937250819708827f, 0.00007853861441516815662f);
  }
  GEMMNET_ALWAYS_INLINE static float erf_near_q(float) { return 1.0f; }
  // erf(a) = 1 - e^-(a^2) far_p(a) / far_q(a) for a >= 1
  GEMMNET_ALWAYS_INLINE static float erf_far_p(float a) {
    return polynomial(a, 0.99350908720901362629f, 0.41324695177327069771f,
                      0.0033456515193842969045f);
  }
  GEMMNET_ALWAYS_INLINE static float erf_far_q(float a) {
    return polynomial(a, 1.0f, 1.5063684351096804894f, 0.79147055824098584502f);
  }
  // Phi(-t) = e^-(t^2/2) tail_p(t) / tail_q(t) for 0 <= t <= normal_limit, Phi being the standard
  // normal distribution function
  GEMMNET_ALWAYS_INLINE static float normal_tail_p(float t) {
    return polynomial(t, 0.50000000248182265441f, 0.4356928388962056315f, 0.18131152583357335059f,
                      0.039985759773346542223f, 0.0040204205484016531093f);
  }
  GEMMNET_ALWAYS_INLINE static float normal_tail_q(float t) {
    return polynomial(t, 1.0f, 1.669270596724486818f, 1.1945041520195819551f,
                      0.46439289970222715151f, 0.10023681483490519093f, 0.010077556664417108363f);
  }
  // Phi^-1(1/2 + c) = c near_p(r) / near_q(r) with r = 0.180625 - c^2, |c| <= 0.425 (AS 241, PPND7)
  GEMMNET_ALWAYS_INLINE static float quantile_near_p(float r) {
    return polynomial(r, 3.3871327179f, 50.434271938f, 159.29113202f, 59.109374720f);
  }
  GEMMNET_ALWAYS_INLINE static float quantile_near_q(float r) {
    return polynomial(r, 1.0f, 17.895169469f, 78.757757664f, 67.187563600f);
  }
  // -Phi^-1(p) = far_p(s) / far_q(s) with s = sqrt(-log p) - 1.6, e^-25 <= p <= 0.075
  GEMMNET_ALWAYS_INLINE static float quantile_far_p(float s) {
    return polynomial(s, 1.4234372777f, 2.7568153900f, 1.3067284816f, 0.17023821103f);
  }
  GEMMNET_ALWAYS_INLINE static float quantile_far_q(float s) {
    return polynomial(s, 1.0f, 0.73700164250f, 0.12021132975f);
  }
};

template <>
struct Format<double> {
  using Bits = std::uint64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr Bits sign = 0x8000000000000000u;
  static constexpr Bits one = 0x3ff0000000000000u;
  static constexpr Bits sqrt_half = 0x3fe6a09e667f3bcdu;
  static constexpr double infinity = __builtin_inf();
  static constexpr double nan = __builtin_nan("");
  static constexpr double smallest_normal = 0x1p-1022;
  static constexpr double round_shift = 0x1.8p52;
  static constexpr double log2_e = 0x1.71547652b82fep0;
  static constexpr double ln2_high = 0x1.62e42feep-1;
  static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double exp_lowest = -708.396418532264;
  static constexpr double exp_highest = 0x1.62e42fefa39efp9;
  static constexpr double exp_negligible = 38.0;
  static constexpr double erf_one = 6.0;
  static constexpr double square_negligible = 1e-60;
  static constexpr Bits upper_half = 0xfffffffff8000000u;
  static constexpr double normal_limit = 37.519379;

  GEMMNET_ALWAYS_INLINE static double exp_tail(double r) {
    return polynomial(r, 0.5000000000000001042, 0.1666666666666667468, 0.041666666666623467606,
                      0.0083333333333220369961, 0.0013888888917542093058, 0.00019841269887110347591,
                      0.000024801520787534582074, 2.7557241750305072834e-6,
                      2.7620329517170694525e-7, 2.5110270500686869897e-8);
  }
  GEMMNET_ALWAYS_INLINE static double log_tail(double z) {
    return polynomial(z, 0.66666666666666697486, 0.39999999999897887842, 0.28571428626651406864,
                      0.22222211031749324461, 0.18182896207631686, 0.15331497764506818416,
                      0.14619096992012278532);
  }
  GEMMNET_ALWAYS_INLINE static double log_wide_tail(double z) {
    return polynomial(z, 0.66666666666666658095, 0.40000000000015265811, 0.28571428566944106036,
                      0.22222222732699936563, 0.18181788726763032688, 0.15385588569208974625,
                      0.13313860722825016048, 0.12003603601033692769, 0.087885563290311544267,
                      0.16188476344808471421);
  }
  GEMMNET_ALWAYS_INLINE static double erf_near_p(double z) {
    return polynomial(z, 1.1283791670955125714, 0.14214929067013708955, 0.045303904821947205552,
                      0.0018272941087521653655, 0.00019495598865388561757);
  }
  GEMMNET_ALWAYS_INLINE static double erf_near_q(double z) {
    return polynomial(z, 1.0, 0.45930986215921896081, 0.093252827667775911905,
                      0.010582210722643315983, 0.00068121552379790837891,
                      0.000020297399253184732481);
  }
  GEMMNET_ALWAYS_INLINE static double erf_far_p(double a) {
    return polynomial(a, 0.99999988698811699057, 1.3905838052767030123, 0.94952854918162201758,
                      0.37360382154417400467, 0.084350308946639710271, 0.0089305237661966776813);
  }
  GEMMNET_ALWAYS_INLINE static double erf_far_q(double a) {
    return polynomial(a, 1.0, 2.5189617818337433892, 2.7918785273063122889, 1.7571732393540021786,
                      0.6701695245924507396, 0.14950312430726986828, 0.015829063716770834885);
  }
  GEMMNET_ALWAYS_INLINE static double normal_tail_p(double t) {
    return polynomial(t, 0.49999999999999997606, 0.77403432470270317783, 0.59283066531939218726,
                      0.28846492269331432909, 0.097310145158471202594, 0.02350359995585085673,
                      0.0040640944231238084086, 0.00048677344298785224918,
                      0.000036923533392086934049, 1.3709964023259894434e-6);
  }
  GEMMNET_ALWAYS_INLINE static double normal_tail_q(double t) {
    return polynomial(t, 1.0, 2.3459532102082622455, 2.5574611774301787458, 1.7104735488705896865,
                      0.77958342019597260231, 0.25392241576028366906, 0.060128075576951545535,
                      0.010279727552508587467, 0.0012235966540972567581, 0.000092553572797515203955,
                      3.4365783464993630453e-6);
  }
  // AS 241, PPND16
  GEMMNET_ALWAYS_INLINE static double quantile_near_p(double r) {
    return polynomial(r, 3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                      13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                      33430.575583588128105, 2509.0809287301226727);
  }
  GEMMNET_ALWAYS_INLINE static double quantile_near_q(double r) {
    return polynomial(r, 1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
                      21213.794301586595867, 39307.895800092710610, 28729.085735721942674,
                      5226.4952788528545610);
  }
  GEMMNET_ALWAYS_INLINE static double quantile_far_p(double s) {
    return polynomial(s, 1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550,
                      3.64784832476320460504, 1.27045825245236838258, 0.241780725177450611770,
                      0.0227238449892691845833, 0.000774545014278341407640);
  }
  GEMMNET_ALWAYS_INLINE static double quantile_far_q(double s) {
    return polynomial(s, 1.0, 2.05319162663775882187, 1.67638483018380384940,
                      0.689767334985100004550, 0.148103976427480074590, 0.0151986665636164571966,
                      0.000547593808499534494600, 1.05075007164441684324e-9);
  }
};

template <class T>
using Bits = typename Format<T>::Bits;

template <class T>
GEMMNET_ALWAYS_INLINE Bits<T> bits_of(T x) {
  return __builtin_bit_cast(Bits<T>, x);
}
template <class T>
GEMMNET_ALWAYS_INLINE T from_bits(Bits<T> bits) {
  return __builtin_bit_cast(T, bits);
}
template <class T>
GEMMNET_ALWAYS_INLINE T magnitude(T x) {
  return from_bits<T>(bits_of(x) & ~Format<T>::sign);
}
// value must not be negative.
template <class T>
GEMMNET_ALWAYS_INLINE T with_sign_of(T value, T x) {
  return from_bits<T>(bits_of(value) | (bits_of(x) & Format<T>::sign));
}

// x = n ln2 + r + r_low, |r| <= ln2 / 2; exponent holds n in the exponent's place.
template <class T>
struct Reduced {
  T r;
  T r_low;
  Bits<T> exponent;
};

template <class T>
GEMMNET_ALWAYS_INLINE Reduced<T> reduce(T x) {
  using F = Format<T>;
  const T shifted = x * F::log2_e + F::round_shift;
  const T n = shifted - F::round_shift;
  const T r_high = x - n * F::ln2_high;
  const T r = r_high - n * F::ln2_low;
  const T r_low = (r_high - r) - n * F::ln2_low;
  return {r, r_low, bits_of(shifted) << F::mantissa_bits};
}

// The functions named _within compute something meaningless outside their range and their callers
// replace it at the end. Clamping the argument instead costs more: gcc carries the constant of a
// clamp through the whole expression and selects among the results all the same.

// e^(x - low) for exp_lowest <= x <= -exp_lowest and a small low; NaN passes.
template <class T>
GEMMNET_ALWAYS_INLINE T exp_within(T x, T low = T(0)) {
  using F = Format<T>;
  const auto [r_high, r_low, exponent] = reduce(x);
  const T r = r_high - low;
  const T p = T(1) + (r + r * r * F::exp_tail(r));
  return p * from_bits<T>(exponent + F::one);
}

// unit * (e^x - 1) for a power of two, unit, while unit * e^x stays finite. Summed from the largest
// term down, so that nothing is lost where e^x - 1 is small.
template <class T>
GEMMNET_ALWAYS_INLINE T expm1_within(T x, T unit) {
  using F = Format<T>;
  const auto [r, r_low, exponent] = reduce(x);
  const T scale = from_bits<T>(exponent + bits_of(unit));
  const T head = (scale - unit) + scale * r;
  return head + scale * (r * r * F::exp_tail(r) + r_low);
}

// log(u) + low for normal, finite u > 0 and |low| <= half a unit in the last place of 1.
template <class T>
GEMMNET_ALWAYS_INLINE T log_within(T u, T low, T exponent_offset) {
  using F = Format<T>;
  constexpr T integer = T(Bits<T>(1) << F::mantissa_bits);
  constexpr Bits<T> mantissa_mask = (Bits<T>(1) << F::mantissa_bits) - 1;
  constexpr T bias = T(F::one >> F::mantissa_bits);
  // u = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2). Integer to double has no vector instruction
  // before AVX-512: the integer is placed in the mantissa of 2^p instead, and 2^p subtracted.
  const Bits<T> bits = bits_of(u) + (F::one - F::sqrt_half);
  const T biased = from_bits<T>((bits >> F::mantissa_bits) | bits_of(integer));
  const T k = (biased - (integer + bias)) + exponent_offset;
  const T f = from_bits<T>((bits & mantissa_mask) + F::sqrt_half) - T(1);
  const T s = f / (T(2) + f);
  const T z = s * s;
  const T half_square = T(0.5) * f * f;
  const T tail = s * (half_square + z * F::log_tail(z)) + (k * F::ln2_low + low);
  return k * F::ln2_high - ((half_square - tail) - f);
}

GEMMNET_ALWAYS_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
GEMMNET_ALWAYS_INLINE double square_root(double x) { return __builtin_sqrt(x); }

// Picks log's value outside (0, inf), where `value` is meaningless.
template <class T>
GEMMNET_ALWAYS_INLINE T log_limits(T u, T value) {
  using F = Format<T>;
  const T outside = u == T(0) ? -F::infinity : F::nan;
  const T inside = u < F::infinity ? value : u;
  return u > T(0) ? inside : outside;
}

}  // namespace detail

// e^x; 0 below the smallest normal number, infinity on overflow.
template <class T>
GEMMNET_ALWAYS_INLINE T exp(T x) {
  using F = detail::Format<T>;
  const auto [r, r_low, exponent] = detail::reduce(x);
  const T p = T(1) + (r + r * r * F::exp_tail(r));
  // 2^n is not representable for the largest n, p 2^n is: hence the integer addition.
  const T scaled = detail::from_bits<T>(detail::bits_of(p) + exponent);
  const T flushed = x < F::exp_lowest ? T(0) : scaled;
  return x <= F::exp_highest ? flushed : x * F::infinity;
}

// e^x - 1.
template <class T>
GEMMNET_ALWAYS_INLINE T expm1(T x) {
  using F = detail::Format<T>;
  // Half of the result, since 2^n overflows before e^x does.
  const T value = T(2) * detail::expm1_within(x, T(0.5));
  const T above = x < -F::exp_negligible ? T(-1) : value;
  const T bounded = x > F::exp_highest ? F::infinity : above;
  return x * x < F::square_negligible ? x : bounded;
}

// Natural logarithm; -infinity at 0, NaN below.
template <class T>
GEMMNET_ALWAYS_INLINE T log(T x) {
  using F = detail::Format<T>;
  constexpr T two_to_p = T(detail::Bits<T>(1) << F::mantissa_bits);
  const bool subnormal = x < F::smallest_normal;
  const T normal = subnormal ? x * two_to_p : x;
  const T offset = subnormal ? T(-F::mantissa_bits) : T(0);
  return detail::log_limits(x, detail::log_within(normal, T(0), offset));
}

// log(1 + x); -infinity at -1, NaN below.
template <class T>
GEMMNET_ALWAYS_INLINE T log1p(T x) {
  const T u = T(1) + x;
  // What rounding 1 + x lost, times the derivative of the logarithm.
  const T low = (x - (u - T(1))) / u;
  const T value = detail::log_limits(u, detail::log_within(u, low, T(0)));
  return x == T(0) ? x : value;
}

// 1 / (1 + e^-x), accurate relative to itself in the lower tail too.
template <class T>
GEMMNET_ALWAYS_INLINE T sigmoid(T x) {
  using F = detail::Format<T>;
  const T value = T(1) / (T(1) + detail::exp_within(-x));
  const T below = x > F::exp_negligible ? T(1) : value;
  return x < F::exp_lowest ? T(0) : below;
}

// log(1 + e^x) as max(x, 0) + log(1 + e^-|x|).
template <class T>
GEMMNET_ALWAYS_INLINE T softplus(T x) {
  using F = detail::Format<T>;
  const T e = detail::exp_within(-detail::magnitude(x));
  const T s = e / (T(2) + e);
  const T z = s * s;
  const T half_square = T(0.5) * e * e;
  const T log1p_e = e - (half_square - s * (half_square + z * F::log_wide_tail(z)));
  const T value = (x < T(0) ? T(0) : x) + log1p_e;
  const T below = x > F::exp_negligible ? x : value;
  return x < F::exp_lowest ? T(0) : below;
}

// Odd, and never beyond +-1.
template <class T>
GEMMNET_ALWAYS_INLINE T tanh(T x) {
  using F = detail::Format<T>;
  const T a = detail::magnitude(x);
  const T t = detail::expm1_within(a + a, T(1));
  const T value = t / (t + T(2));
  return detail::with_sign_of(a + a > F::exp_negligible + T(2) ? T(1) : value, x);
}

// Odd, and never beyond +-1.
template <class T>
GEMMNET_ALWAYS_INLINE T erf(T x) {
  using F = detail::Format<T>;
  const T a = detail::magnitude(x);
  const T z = a * a;
  // Both pieces are computed, and share one division.
  const bool near = a < T(1);
  const T near_p = a * F::erf_near_p(z);
  const T far_p = detail::exp_within(-z) * F::erf_far_p(a);
  const T near_q = F::erf_near_q(z);
  const T far_q = F::erf_far_q(a);
  const T quotient = (near ? near_p : far_p) / (near ? near_q : far_q);
  const T value = near ? quotient : T(1) - quotient;
  return detail::with_sign_of(a > F::erf_one ? T(1) : value, x);
}

// The standard normal distribution at x.
template <class T>
struct NormalDistribution {
  T density;     // phi(x) = e^-(x^2/2) / sqrt(2 pi)
  T cumulative;  // Phi(x), the integral of phi up to x; accurate relative to itself at both ends
};

// Both are 0 where the tail is below the smallest normal number.
template <class T>
GEMMNET_ALWAYS_INLINE NormalDistribution<T> normal_distribution(T x) {
  using F = detail::Format<T>;
  const T t = detail::magnitude(x);
  // t^2 = high^2 + low, the first exact: an error of x^2 would be magnified x^2 times.
  const T high = detail::from_bits<T>(detail::bits_of(t) & F::upper_half);
  const T half_low = T(0.5) * ((t - high) * (t + high));
  const T e = detail::exp_within(T(-0.5) * (high * high), half_low);
  const bool beyond = t > F::normal_limit;
  const T tail = beyond ? T(0) : e * (F::normal_tail_p(t) / F::normal_tail_q(t));
  const T density = beyond ? T(0) : e * T(0.39894228040143267794);
  return {density, x < T(0) ? tail : T(1) - tail};
}

// Phi^-1(p), which a standard normal variable is below with probability p, from `centre` = p - 1/2
// and `tail` = min(p, 1 - p): next to 1/2, or to 1, neither could be had from a rounded p. For
// tail >= 2^-33, the least that a 32-bit word gives.
template <class T>
GEMMNET_ALWAYS_INLINE T normal_quantile(T centre, T tail) {
  using F = detail::Format<T>;
  const T r = T(0.180625) - centre * centre;
  const T s = detail::square_root(-detail::log_within(tail, T(0), T(0))) - T(1.6);
  // Both pieces are computed, and share one division.
  const bool far = detail::magnitude(centre) > T(0.425);
  const T p =
      far ? detail::with_sign_of(F::quantile_far_p(s), centre) : centre * F::quantile_near_p(r);
  const T q = far ? F::quantile_far_q(s) : F::quantile_near_q(r);
  return p / q;
}

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
