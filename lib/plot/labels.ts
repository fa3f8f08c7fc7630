import { extentOf } from './extent.js'

/** A number in few characters: 0.01 to 9999 as they are, others as 2e-3; at most four digits. */
export function shortNumber(value: number): string {
  const rounded = Number(value.toPrecision(4))
  const size = Math.abs(rounded)
  if (!Number.isFinite(rounded) || rounded === 0 || (size >= 0.01 && size < 1e4))
    return String(rounded)
  return rounded.toExponential().replace('+', '')
}

/** Whether numbers are positive and of several orders of magnitude: what a logarithmic scale is for. */
export function isWide(values: readonly number[]): boolean {
  const [least, most] = extentOf(values)
  return least > 0 && most / least >= 100
}
