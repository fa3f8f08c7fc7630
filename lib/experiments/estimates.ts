/** A number and an interval that holds the true one, with the confidence it was asked for. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** A number that is known. */
export function exactly(value: number): Estimate {
  return { value, low: value, high: value }
}

/**
 * A rate seen in so many rows, with the score interval: E. B. Wilson, Journal of the American
 * Statistical Association 22 (1927). Other than the normal approximation it stays in [0, 1] and is
 * right for rates near 0.
 *
 * @param z - the normal quantile of the confidence
 */
export function rateEstimate(rate: number, rows: number, z: number): Estimate {
  const square = (z * z) / rows
  const centre = (rate + square / 2) / (1 + square)
  const half = Math.sqrt(square * (rate * (1 - rate) + square / 4)) / (1 + square)
  // The rate itself lies inside but for rounding.
  return {
    value: rate,
    low: Math.max(0, Math.min(rate, centre - half)),
    high: Math.min(1, Math.max(rate, centre + half)),
  }
}

/** A mean that is no less than 0, by the normal approximation. */
export function meanEstimate(mean: number, standardError: number, z: number): Estimate {
  const half = z * standardError
  return { value: mean, low: Math.max(0, mean - half), high: mean + half }
}

/**
 * A weighted sum of independent estimates, with the interval that theirs make: G. Y. Zou,
 * W. Huang, X. Zhang, Computational Statistics and Data Analysis 53 (2009). The difference of two
 * rates has Newcombe's hybrid score interval (R. G. Newcombe, Statistics in Medicine 17 (1998),
 * page 873, method 10), that of two means the usual one of the root of their summed variances.
 */
export function combine(terms: readonly (readonly [factor: number, of: Estimate])[]): Estimate {
  const parts = terms.map(([factor, { value, low, high }]) => {
    const ends = [factor * low, factor * high]
    return { value: factor * value, low: Math.min(...ends), high: Math.max(...ends) }
  })
  const value = parts.reduce((sum, part) => sum + part.value, 0)
  return {
    value,
    low: value - Math.hypot(...parts.map((part) => part.value - part.low)),
    high: value + Math.hypot(...parts.map((part) => part.high - part.value)),
  }
}

/**
 * The z that a standard normal variable's magnitude stays below with this probability: 1.96 for
 * 0.95. By Newton's method on the distribution function, whose series is G. Marsaglia's, Journal of
 * Statistical Software 11 (2004).
 */
export function normalQuantile(confidence: number): number {
  let z = 0
  for (let turn = 0; turn < 100; turn++) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
    let term = z
    let series = z
    for (let odd = 3; Math.abs(term) > 1e-17 * series; odd += 2) {
      term *= (z * z) / odd
      series += term
    }
    const step = (confidence / 2 - density * series) / density
    z += step
    if (Math.abs(step) < 1e-14) break
  }
  return z
}
