import { typeError, unknownOption } from '../errors.js'
import type { Conventions } from './conventions.js'
import { isConventions } from './conventions.js'

// How options are declared and checked. Each option stands once, in a table of this folder, with
// its default, its check and its sentence; the types of what users write and of the complete
// settings derive from the tables.

/** Returns the value, or throws; `name` is the option as the user knows it. */
export interface Check<T> {
  (name: string, value: unknown): T
  /** The value with all its own options, where it has any: those not given by conventions. */
  decide?(value: T, conventions: Conventions): T
}

/** One option: how it is checked, and what it is where it is not given. */
export interface Option<T> {
  readonly check: Check<T>
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
export type OptionsOf<O extends OptionTable> = Flat<
  {
    readonly [K in keyof O as K extends OptionalKeys<O> ? never : K]: Value<O[K]>
  } & {
    readonly [K in keyof O as K extends OptionalKeys<O> ? K : never]?: Value<O[K]> | undefined
  }
>

/** The same type, shown as one object. */
export type Flat<T> = { [K in keyof T]: T[K] }

/** What the rest of the program reads: every option is there. */
export type SettingsOf<O extends OptionTable> = {
  readonly [K in keyof O]: O[K] extends { optional: true } ? Value<O[K]> | undefined : Value<O[K]>
}

/** What `complete` may be told beside a table. */
export interface Completion {
  /** Options that the caller checks itself: known here, but not in the result. */
  readonly others?: readonly string[]
  /** Options of the table that are arguments of their own, by name. */
  readonly positional?: Readonly<Record<string, unknown>>
  /** Whose defaults are taken. Default: what an option `conventions` of the table says, or Keras's. */
  readonly conventions?: Conventions
  /** What the options' names begin with in messages, such as 'layers[0].'. */
  readonly path?: string
}

/**
 * Checks options against their table and fills in the defaults.
 *
 * @param owner - the function or class that was given them, for messages
 * @throws TypeError for an unknown option, or a value of the wrong type
 * @throws RangeError for a value out of range
 */
export function complete<O extends OptionTable>(
  owner: string,
  table: O,
  given: unknown,
  { others = [], positional = {}, conventions, path = '' }: Completion = {},
): SettingsOf<O> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw typeError(`${owner} options`, 'an object', given)
  const options = Object.keys(table).filter((key) => !Object.hasOwn(positional, key))
  const known = [...options, ...others]
  for (const key of Object.keys(given))
    if (!known.includes(key)) throw unknownOption(key, owner, known)
  const named: unknown = 'conventions' in table ? Reflect.get(given, 'conventions') : undefined
  // A wrong name is refused by its own check, below.
  const followed = conventions ?? (isConventions(named) ? named : 'keras')
  const values = Object.entries(table).map(([key, option]): [string, unknown] => {
    const value: unknown = Reflect.get(Object.hasOwn(positional, key) ? positional : given, key)
    if (value === undefined && 'optional' in option) return [key, undefined]
    const settled =
      value === undefined && isDefaulted(option)
        ? (option.conventional[followed] ?? option.default)
        : option.check(path + key, value)
    return [key, option.check.decide?.(settled, followed) ?? settled]
  })
  return Object.fromEntries(values) as SettingsOf<O> // each value is what its own check returned
}

function isDefaulted(option: Option<unknown>): option is Defaulted<unknown> {
  return 'default' in option
}

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
