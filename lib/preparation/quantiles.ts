/* eslint-disable @typescript-eslint/prefer-for-of -- which is six times slower over typed arrays */
import type { TypedArray } from '../matrix.js'
import { rangeOf } from './moments.js'

const bucketCount = 4096
/** Up to how many values are sorted. */
const fewValues = 1024

/**
 * Quantiles of the values that are no NaN, interpolated linearly (NumPy's default, Hyndman and Fan's
 * definition 7).
 *
 * @param fractions - from 0 to 1
 * @returns as many numbers; undefined where there is no value
 */
export function quantiles(
  values: TypedArray,
  fractions: readonly number[],
): readonly number[] | undefined {
  const there = withoutNaN(values)
  if (there.length === 0) return undefined
  return fractions.map((fraction) => {
    const place = fraction * (there.length - 1)
    const below = Math.floor(place)
    const { values: near, first } = around(there, below)
    const a = near[below - first] ?? NaN
    const isLast = below + 1 === there.length
    const b = isLast ? a : (near[below + 1 - first] ?? smallestAbove(there, a))
    const t = place - below
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
  })
}

/**
 * A few of the values, sorted, among them that of a place in the order of all; `first` is the place
 * of the first of them. They are dealt to buckets of equal width, and those of the one bucket again,
 * which is linear in their number where sorting is not.
 */
function around(values: Float64Array, place: number): { values: Float64Array; first: number } {
  let first = 0
  for (;;) {
    const { minimum, maximum } = rangeOf(values)
    const width = (maximum - minimum) / bucketCount
    if (values.length <= fewValues || !(width > 0 && width < Infinity)) break
    const counts = countBuckets(values, minimum, width)
    let bucket = 0
    let before = 0
    while (before + (counts[bucket] ?? Infinity) <= place - first) before += counts[bucket++] ?? 0
    const inside = new Float64Array(counts[bucket] ?? 0)
    let end = 0
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? NaN
      if (bucketOf(value, minimum, width) === bucket) inside[end++] = value
    }
    first += before
    if (inside.length === values.length) break
    values = inside
  }
  return { values: values.slice().sort(), first }
}

function bucketOf(value: number, minimum: number, width: number): number {
  return Math.min(Math.floor((value - minimum) / width), bucketCount - 1)
}

function countBuckets(values: Float64Array, minimum: number, width: number): Uint32Array {
  const counts = new Uint32Array(bucketCount)
  for (let i = 0; i < values.length; i++) {
    const bucket = bucketOf(values[i] ?? NaN, minimum, width)
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }
  return counts
}

function withoutNaN(values: TypedArray): Float64Array {
  const there = new Float64Array(values.length)
  let end = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN
    if (!Number.isNaN(value)) there[end++] = value
  }
  return there.subarray(0, end)
}

/** The least value that is larger: the one behind a bucket's last. */
function smallestAbove(values: Float64Array, bound: number): number {
  let smallest = Infinity
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN
    if (value > bound && value < smallest) smallest = value
  }
  return smallest
}
