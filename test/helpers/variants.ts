import type { Option, OptionTable } from '../../lib/options/index.js'

// Values of options, derived from the tables of lib/options: what a new row can be tested with.

/** Options that a test gives. */
export type Given = Readonly<Record<string, unknown>>

/** What numbers are tried for an option without a number as its default. */
const numbers = [0.3, 2]

function accepts(option: Option<unknown>, value: unknown): boolean {
  try {
    option.check('option', value)
    return true
  } catch {
    return false
  }
}

/** What an option is where it is not given; undefined where it has no default. */
function defaultOf(option: Option<unknown>): unknown {
  return 'default' in option ? option.default : undefined
}

/** Whether an option must be given. */
function isRequired(option: Option<unknown>): boolean {
  return !('default' in option || 'optional' in option)
}

/**
 * Values of an option other than its default: the other flag, the other names, numbers below and
 * above. None for what is no single number, flag or name of a list, such as a row of another table.
 */
export function otherValues(option: Option<unknown>): unknown[] {
  const usual = defaultOf(option)
  const names: unknown = Reflect.get(option.check, 'names')
  const candidates: unknown[] = Array.isArray(names)
    ? names
    : typeof usual === 'boolean'
      ? [!usual]
      : typeof usual === 'number'
        ? [usual / 2, usual * 1.5, ...(usual === 0 ? numbers : []), usual + 1]
        : usual === undefined
          ? [...numbers, true, false]
          : []
  const values = candidates.filter((value) => value !== usual && accepts(option, value))
  return typeof usual === 'number' ? values.slice(0, numbers.length) : values
}

/**
 * A row's options as they are tried: the defaults, then each option with each of its other values.
 * What is in `given` stays as it is.
 */
export function variants(table: OptionTable, given: Given = {}): Given[] {
  const free = Object.entries(table).filter(([name]) => !(name in given))
  const base = { ...given }
  for (const [name, option] of free)
    if (isRequired(option)) Object.assign(base, { [name]: otherValues(option)[0] })
  const others = free.flatMap(([name, option]) =>
    otherValues(option)
      .filter((value) => value !== Reflect.get(base, name))
      .map((value) => ({ ...base, [name]: value })),
  )
  return [base, ...others]
}
