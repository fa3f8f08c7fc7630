/** What is to hold to rounding, relative to the size of the values, in float64. */
export const rounding = 1e-12

/** All numbers in a value, in the order of its keys, but for what depends on the clock. */
export function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  if (typeof value !== 'object' || value === null) return []
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array)
  return Object.entries(value).flatMap(([key, entry]) =>
    key === 'seconds' || key === 'rowsPerSecond' ? [] : numbersOf(entry),
  )
}

/**
 * The largest difference of two lists of numbers, relative to the larger of a pair, or absolute
 * where both are below 1; infinite where they are not as many, or one alone is NaN.
 */
export function distance(a: unknown, b: unknown): number {
  const [left, right] = [numbersOf(a), numbersOf(b)]
  if (left.length !== right.length || left.length === 0) return Infinity
  return Math.max(
    ...left.map((value, i) => {
      const other = right[i] ?? NaN
      if (Object.is(value, other)) return 0
      const difference = Math.abs(value - other) / Math.max(1, Math.abs(value), Math.abs(other))
      return Number.isNaN(difference) ? Infinity : difference
    }),
  )
}
