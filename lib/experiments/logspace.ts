import { rangeError, typeError } from '../errors.js'

/**
 * Powers of ten, evenly spaced on a logarithmic scale from `10 ** start` to `10 ** stop`, both
 * included (NumPy's `logspace`): what a grid search over learning rates walks.
 *
 * @param start - exponent of the first value, finite
 * @param stop - exponent of the last value, finite
 * @param count - how many values, an integer from 0
 * @throws TypeError if an argument is not a number
 * @throws RangeError if an exponent is not finite or `count` is not an integer from 0
 *
 * @example
 * logspace(-5, 1, 7) // [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10]
 */
export function logspace(start: number, stop: number, count: number): number[] {
  checkExponent('start', start)
  checkExponent('stop', stop)
  if (typeof count !== 'number') throw typeError('count', 'an integer from 0', count)
  if (!Number.isSafeInteger(count) || count < 0)
    throw rangeError('count', 'an integer from 0', count)
  const step = count > 1 ? (stop - start) / (count - 1) : 0
  return Array.from({ length: count }, (_, index) =>
    powerOfTen(count > 1 && index === count - 1 ? stop : start + index * step),
  )
}

function checkExponent(name: string, value: unknown): void {
  if (typeof value !== 'number') throw typeError(name, 'a finite number', value)
  if (!Number.isFinite(value)) throw rangeError(name, 'a finite number', value)
}

/** `10 ** -5` is 0.000009999999999999999 in V8; the decimal literal is the nearest double. */
function powerOfTen(exponent: number): number {
  return Number.isInteger(exponent) ? Number(`1e${exponent}`) : 10 ** exponent
}
