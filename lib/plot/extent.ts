/** The least and the largest of the finite values; [Infinity, -Infinity] if there are none. */
export function extentOf(values: ArrayLike<number>): [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity]
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN
    if (!Number.isFinite(value)) continue
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  return [least, most]
}
