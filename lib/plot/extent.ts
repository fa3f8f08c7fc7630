/** Whether a number can be drawn: one of a size above 1e300 leaves a scale no room to compute. */
export function isDrawable(value: number): boolean {
  return Math.abs(value) <= 1e300
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
