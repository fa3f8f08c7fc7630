import { median, spread } from '../lib/benchmark/statistics.js'

export { median, spread }

/** How two sets of measurements of one thing compare. */
export interface Ratio {
  /** The median of the second over that of the first. */
  readonly ratio: number
  /** The spreads of both, added: a ratio nearer to 1 than this says nothing. */
  readonly noise: number
  readonly differs: boolean
}

/** A single measurement has no spread to know, so that nothing less than this is a difference. */
const leastNoise = 0.05

/** Compares measurements. */
export function compareTimes(before: readonly number[], after: readonly number[]): Ratio {
  const ratio = median(after) / median(before)
  const noise = Math.max(leastNoise, spread(before) + spread(after))
  // On a scale where twice and half are as far from 1.
  return { ratio, noise, differs: Math.abs(Math.log(ratio)) > Math.log1p(noise) }
}
