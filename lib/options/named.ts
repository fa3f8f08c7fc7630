import { typeError } from '../errors.js'
import { nameIn } from './checks.js'
import type { Conventions } from './conventions.js'
import type { Flat, OptionsOf, OptionTable } from './option.js'
import { complete } from './option.js'

/** Rows by name, each with its options. */
export type NamedTable = Readonly<Record<string, OptionTable>>

/** A row of a table: its name, or an object with its name and options. */
export type Named<T extends NamedTable> = {
  [K in keyof T & string]: K | Flat<{ readonly name: K } & OptionsOf<T[K]>>
}[keyof T & string]

/** A row of any table. */
export type AnyNamed = string | { readonly name: string }

/**
 * Returns a check that a value is a row of a table, and that its options are the row's. The value
 * is kept as it was given: conventions, which fill in the rest, may not be known yet.
 */
export function namedIn<T extends NamedTable>(kind: string, table: T) {
  const checkName = nameIn(kind, table)
  const check = (name: string, value: unknown): Named<T> => {
    if (typeof value !== 'object' || value === null) return checkName(name, value)
    if (!('name' in value))
      throw typeError(name, `the name of a known ${kind}, or an object with its name`, value)
    const row = checkName(`${name}.name`, value.name)
    complete(row, optionsIn(table, row), value, { others: ['name'], path: `${name}.` })
    return Object.freeze({ ...value }) as Named<T> // complete checked it
  }
  const decide = (value: Named<T>, conventions: Conventions): Named<T> => {
    const given: AnyNamed = value
    const name = nameOf(given)
    const settings = settingsOf(table, given, conventions)
    const isPlain = Object.keys(settings).length === 0
    return (isPlain ? name : Object.freeze({ name, ...settings })) as Named<T> // that row's
  }
  return Object.assign(check, { decide })
}

/** All options of a row that `namedIn` checked, those that were not given by conventions. */
export function settingsOf(
  table: NamedTable,
  value: AnyNamed,
  conventions: Conventions,
): Readonly<Record<string, unknown>> {
  const name = nameOf(value)
  const given = typeof value === 'string' ? {} : value
  return complete(name, optionsIn(table, name), given, { others: ['name'], conventions })
}

/** The name of a row that `namedIn` checked. */
export function nameOf<K extends string>(value: K | { readonly name: K }): K {
  return typeof value === 'string' ? value : value.name
}

function optionsIn(table: NamedTable, row: string): OptionTable {
  return table[row] ?? {}
}
