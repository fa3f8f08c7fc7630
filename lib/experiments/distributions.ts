import { rangeError, typeError } from '../errors.js'
import { checks } from '../options/index.js'

/** What values of an option are drawn from. */
export type Distribution<T> =
  | {
      readonly type: 'uniform' | 'logUniform' | 'integer'
      readonly low: number
      readonly high: number
    }
  | { readonly type: 'choice'; readonly values: readonly T[] }

/** What each type makes of a number in [0, 1) that is drawn. */
const inverses = {
  uniform: (low: number, high: number, drawn: number) => low + (high - low) * drawn,
  // The factor is taken from the nearer end, or rounding could step over it.
  logUniform: (low: number, high: number, drawn: number) =>
    drawn < 0.5 ? low * (high / low) ** drawn : high * (low / high) ** (1 - drawn),
  integer: (low: number, high: number, drawn: number) => low + Math.floor((high - low + 1) * drawn),
} as const

/**
 * Numbers from `low` to `high`, all as likely.
 *
 * @throws TypeError or RangeError if they are not finite, or `high` is below `low`
 */
export function uniform(low: number, high: number): Distribution<number> {
  return between('uniform', checks.finite('low', low), checks.finite('high', high))
}

/**
 * Positive numbers from `low` to `high` whose logarithms are all as likely: for what matters by its
 * order of magnitude, such as learning rates.
 *
 * @throws TypeError or RangeError if they are not positive and finite, or `high` is below `low`
 *
 * @example
 * logUniform(1e-5, 1) // as often from 1e-5 to 1e-4 as from 0.1 to 1
 */
export function logUniform(low: number, high: number): Distribution<number> {
  return between('logUniform', checks.positive('low', low), checks.positive('high', high))
}

/**
 * Integers from `low` to `high`, both included, all as likely.
 *
 * @throws TypeError or RangeError if they are no integers, or `high` is below `low`
 */
export function integer(low: number, high: number): Distribution<number> {
  return between('integer', checks.integer('low', low), checks.integer('high', high))
}

/**
 * One of the values, all as likely.
 *
 * @throws TypeError if it is no array of at least one value
 */
export function choice<const T>(values: readonly T[]): Distribution<T> {
  if (!Array.isArray(values) || values.length === 0)
    throw typeError('values', 'an array of at least one value', values)
  return Object.freeze({ type: 'choice', values: Object.freeze([...(values as readonly T[])]) })
}

function between(type: keyof typeof inverses, low: number, high: number): Distribution<number> {
  if (high < low) throw rangeError('high', `at least \`low\`, ${low}`, high)
  return Object.freeze({ type, low, high })
}

/** Checks that a value is a distribution; an array is one of its values. */
export function checkDistribution(name: string, value: unknown): Distribution<unknown> {
  const what = 'a distribution, such as logUniform(1e-5, 1), or an array of values'
  if (Array.isArray(value)) {
    if (value.length === 0) throw typeError(name, what, value)
    return choice<unknown>(value)
  }
  const type: unknown = typeof value === 'object' && value !== null && 'type' in value && value.type
  if (type !== 'choice' && !Object.hasOwn(inverses, String(type)))
    throw typeError(name, what, value)
  return value as Distribution<unknown> // made by one of the functions above
}

/** The value that a number in [0, 1) stands for. */
export function toDrawn(distribution: Distribution<unknown>, drawn: number): unknown {
  if (distribution.type === 'choice')
    return distribution.values[Math.floor(distribution.values.length * drawn)]
  const { type, low, high } = distribution
  return inverses[type](low, high, drawn)
}
