import { typeError, unknownOption } from '../errors.js'
import type { Conventions } from './conventions.js'

// How options are declared and checked. Each option stands once, in a table of this folder, with
// its default, its check and its sentence; the types of what users write and of the complete
// settings derive from the tables.

/** One option: how it is checked, and what it is where it is not given. */
export interface Option<T> {
  /** Returns the value, or throws; `name` is the option as the user knows it. */
  readonly check: (name: string, value: unknown) => T
}
/** An option with a default, which some libraries' conventions have another of. */
export interface Defaulted<T> extends Option<T> {
  readonly default: T
  readonly conventional: Readonly<Partial<Record<Conventions, T>>>
}
/** An option without a default: `undefined` where it is not given. */
export interface Optional<T> extends Option<T> {
  readonly optional: true
}

/** Options by name. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>
type Value<O> = O extends Option<infer T> ? T : never
type OptionalKeys<O extends OptionTable> = {
  [K in keyof O]: O[K] extends { default: unknown } | { optional: true } ? K : never
}[keyof O]

/** What a user writes: the options with a default, or that may be missing, are optional. */
export type OptionsOf<O extends OptionTable> = {
  readonly [K in keyof O as K extends OptionalKeys<O> ? never : K]: Value<O[K]>
} & {
  readonly [K in keyof O as K extends OptionalKeys<O> ? K : never]?: Value<O[K]> | undefined
}

/** What the rest of the program reads: every option is there. */
export type SettingsOf<O extends OptionTable> = {
  readonly [K in keyof O]: O[K] extends { optional: true } ? Value<O[K]> | undefined : Value<O[K]>
}

/**
 * Checks options against their table and fills in the defaults.
 *
 * @param owner - the function or class that was given them, for messages
 * @param others - options that the caller checks itself: known here, but not in the result
 * @param conventions - whose defaults are taken
 * @throws TypeError for an unknown option, or a value of the wrong type
 * @throws RangeError for a value out of range
 */
export function complete<O extends OptionTable>(
  owner: string,
  table: O,
  given: unknown,
  others: readonly string[] = [],
  conventions: Conventions = 'keras',
): SettingsOf<O> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw typeError(`${owner} options`, 'an object', given)
  const known = [...Object.keys(table), ...others]
  for (const key of Object.keys(given))
    if (!known.includes(key)) throw unknownOption(key, owner, known)
  const values = Object.entries(table).map(([key, option]): [string, unknown] => {
    const value: unknown = Reflect.get(given, key)
    if (value === undefined && isDefaulted(option))
      return [key, option.conventional[conventions] ?? option.default]
    if (value === undefined && 'optional' in option) return [key, undefined]
    return [key, option.check(key, value)]
  })
  return Object.fromEntries(values) as SettingsOf<O> // each value is what its own check returned
}

function isDefaulted(option: Option<unknown>): option is Defaulted<unknown> {
  return 'default' in option
}

type Check<T> = (name: string, value: unknown) => T

/** An option that must be given. */
export function required<T>(check: Check<T>): Option<T> {
  return { check }
}

/** An option that may be missing. */
export function optional<T>(check: Check<T>): Optional<T> {
  return { optional: true, check }
}

/** An option with a default, and with those of other libraries where theirs differ. */
export function defaulted<T>(
  value: NoInfer<T>,
  check: Check<T>,
  conventional: Readonly<Partial<Record<Conventions, NoInfer<T>>>> = {},
): Defaulted<T> {
  return { default: value, conventional, check }
}
