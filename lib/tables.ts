import type { DescribedRow, NativeNamed } from './native.js'
import { native } from './native.js'
import type { AnyNamed, Conventions, LayerType, NamedTable, OptionTable } from './options/index.js'
import { nameOf, settingsOf } from './options/index.js'

// From options by name to the numbers that rows of the core's tables take, in the core's order.

export const description = native.describe()

/** Whether layers of a kind draw random numbers in training. */
export function draws(type: LayerType): boolean {
  return description.layers.some((row) => row.name === type && row.random)
}

/** Whether layers of a kind read the network's inputs, and stand nowhere else. */
export function standsFirst(type: LayerType): boolean {
  return description.layers.some((row) => row.name === type && row.first)
}

/**
 * A row and its numbers, those that were not given as the conventions have them.
 *
 * @param rows - the core's table
 * @param table - its options
 * @param value - as `namedIn` checked it
 */
export function toNative(
  rows: readonly DescribedRow[],
  table: NamedTable,
  value: AnyNamed,
  conventions: Conventions,
): NativeNamed {
  const name = nameOf(value)
  const settings = settingsOf(table, value, conventions)
  return { name, options: inCoreOrder(rows, name, table[name] ?? {}, settings) }
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
