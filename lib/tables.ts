import type { DescribedRow, NativeNamed } from './native.js'
import { native } from './native.js'
import type { Conventions, OptionTable } from './options/index.js'
import { complete, givenOptions, nameOf } from './options/index.js'

// From options by name to the numbers that rows of the core's tables take, in the core's order.

export const description = native.describe()

/**
 * A row and its numbers, those that were not given as the conventions have them.
 *
 * @param rows - the core's table
 * @param table - its options
 * @param value - as `namedIn` checked it
 */
export function toNative(
  rows: readonly DescribedRow[],
  table: Readonly<Record<string, OptionTable>>,
  value: string | { readonly name: string },
  conventions: Conventions,
): NativeNamed {
  const name = nameOf(value)
  const options = table[name] ?? {}
  const settings = complete(name, options, givenOptions(value), [], conventions)
  return { name, options: inCoreOrder(rows, name, options, settings) }
}

/** A row's settings as numbers: flags as 0 and 1, names by their place in their list. */
export function inCoreOrder(
  rows: readonly DescribedRow[],
  name: string,
  options: OptionTable,
  settings: Readonly<Record<string, unknown>>,
): number[] {
  const row = rows.find((candidate) => candidate.name === name)
  return (row?.options ?? []).map((option) => {
    const value = settings[option]
    if (typeof value !== 'string') return Number(value)
    const names: unknown = Reflect.get(options[option]?.check ?? {}, 'names')
    return Array.isArray(names) ? names.indexOf(value) : NaN
  })
}
