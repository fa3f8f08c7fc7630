import { listed, rangeError, typeError, unknownName } from '../errors.js'

// Checks of single values: each returns the value, or throws the one clear error.

/** Returns a check that a value is a number that `accepts` takes. */
export function number(what: string, accepts: (value: number) => boolean) {
  return (name: string, value: unknown): number => {
    if (typeof value !== 'number') throw typeError(name, what, value)
    if (!accepts(value)) throw rangeError(name, what, value)
    return value
  }
}

/** Returns a check that a value is a text. */
export function text(what: string) {
  return (name: string, value: unknown): string => {
    if (typeof value !== 'string') throw typeError(name, what, value)
    return value
  }
}

/** Checks of a single value, for arguments that are no options. */
export const checks = {
  positiveInteger: number(
    'a positive integer',
    (value) => Number.isSafeInteger(value) && value > 0,
  ),
  wholeNumber: number(
    'a non-negative integer',
    (value) => Number.isSafeInteger(value) && value >= 0,
  ),
  positive: number('a positive number', (value) => Number.isFinite(value) && value > 0),
  nonNegative: number('a non-negative number', (value) => Number.isFinite(value) && value >= 0),
  finite: number('a finite number', Number.isFinite),
  integer: number('an integer', Number.isSafeInteger),
  // As `Array.prototype.slice` takes it.
  place: number('an integer', (value) => Number.isInteger(value) || Math.abs(value) === Infinity),
  // Of a size that float32 holds, with room to compute.
  float: number('a number from -1e30 to 1e30', (value) => Math.abs(value) <= 1e30),
  nonNegativeFloat: number('a number from 0 to 1e30', (value) => value >= 0 && value <= 1e30),
  positiveFloat: number('a number from 1e-30 to 1e30', (value) => value >= 1e-30 && value <= 1e30),
  fraction: number('a number in [0, 1)', (value) => value >= 0 && value < 1),
  fractionInclusive: number('a number in [0, 1]', (value) => value >= 0 && value <= 1),
  positiveFraction: number('a number in (0, 1)', (value) => value > 0 && value < 1),
  // 1e-45 is float32's least number.
  clippingMargin: number('a number in [1e-45, 0.5)', (value) => value >= 1e-45 && value < 0.5),
  atLeastOne: number('a number of at least 1', (value) => Number.isFinite(value) && value >= 1),
  aboveOne: number('a number above 1', (value) => Number.isFinite(value) && value > 1),
  boolean: (name: string, value: unknown): boolean => {
    if (typeof value !== 'boolean') throw typeError(name, 'true or false', value)
    return value
  },
  text: text('a text'),
  columnName: text('the name of a column'),
  scoreName: text('the name of a score'),
}

const mostThreads = 1024
export const threadCount = number(
  `a positive integer of at most ${mostThreads}`,
  (value) => Number.isSafeInteger(value) && value > 0 && value <= mostThreads,
)

/** Returns a check that a value is an array whose elements pass `check`; the result is frozen. */
export function arrayOf<T>(what: string, check: (name: string, value: unknown) => T) {
  return (name: string, value: unknown): readonly T[] => {
    if (!Array.isArray(value)) throw typeError(name, what, value)
    // Not `map`: it leaves out holes.
    return Object.freeze(
      Array.from(value, (element: unknown, i) => check(`${name}[${i}]`, element)),
    )
  }
}

/**
 * Returns a check that a value is one of a few names. The core knows a name by its place in the
 * list, `names`.
 */
export function oneOf<const T extends readonly string[]>(names: T) {
  const what = listed(names.map((name) => `'${name}'`))
  const check = (name: string, value: unknown): T[number] => {
    if (typeof value !== 'string') throw typeError(name, what, value)
    if (!isOneOf(names, value)) throw rangeError(name, what, value)
    return value
  }
  return Object.assign(check, { names })
}

function isOneOf<T extends readonly string[]>(names: T, value: string): value is T[number] {
  return names.includes(value)
}

/** Returns a check that a name is one of a table's. */
export function nameIn<T extends object>(kind: string, table: T) {
  return (name: string, value: unknown): keyof T & string => {
    if (typeof value !== 'string') throw typeError(name, `the name of a known ${kind}`, value)
    if (!isKey(table, value)) throw unknownName(kind, value, Object.keys(table))
    return value
  }
}

function isKey<T extends object>(table: T, key: string): key is keyof T & string {
  return Object.hasOwn(table, key)
}
