/* eslint-disable @typescript-eslint/prefer-for-of -- which is six times slower over typed arrays */
import type { TypedArray } from '../matrix.js'

/** Mean and population variance of `count` values. */
export interface Moments {
  readonly count: number
  readonly mean: number
  readonly variance: number
}

/**
 * Moments of the values that are no NaN. Two passes, the second of which mends the first's rounding
 * (Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance", eq. 1.7).
 */
export function momentsOf(values: TypedArray): Moments {
  let count = 0
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN
    if (Number.isNaN(value)) continue
    count++
    sum += value
  }
  if (count === 0) return { count, mean: 0, variance: 0 }
  const guess = sum / count
  let deviations = 0
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN
    if (Number.isNaN(value)) continue
    const deviation = value - guess
    deviations += deviation
    squares += deviation * deviation
  }
  const error = deviations / count
  return { count, mean: guess + error, variance: Math.max(0, squares / count - error * error) }
}

/** Moments of two sets together (the same paper's eq. 2.1). */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count
  if (a.count === 0 || b.count === 0) return a.count === 0 ? b : a
  const difference = b.mean - a.mean
  const share = b.count / count
  return {
    count,
    mean: a.mean + difference * share,
    variance: a.variance * (1 - share) + b.variance * share + difference ** 2 * share * (1 - share),
  }
}

/** Range of `count` values. */
export interface Range {
  readonly count: number
  /** Infinity where there is no value. */
  readonly minimum: number
  /** -Infinity where there is no value. */
  readonly maximum: number
}

/** Range of the values that are no NaN. */
export function rangeOf(values: TypedArray): Range {
  let count = 0
  let minimum = Infinity
  let maximum = -Infinity
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN
    if (Number.isNaN(value)) continue
    count++
    if (value < minimum) minimum = value
    if (value > maximum) maximum = value
  }
  return { count, minimum, maximum }
}
