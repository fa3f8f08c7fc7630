// Beyond these a scale has no room to compute.
const largest = 1e300
const smallest = 1e-290

/** Whether a number has a place on an axis. */
export function isDrawable(value: number): boolean {
  const size = Math.abs(value)
  return size <= largest && (size === 0 || size >= smallest)
}

/** The least and the largest of the finite values; [Infinity, -Infinity] if there are none. */
export function extentOf(values: Iterable<number>): [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity]
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  return [least, most]
}
