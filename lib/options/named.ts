import { typeError } from '../errors.js'
import { nameIn } from './checks.js'
import type { OptionsOf, OptionTable } from './option.js'
import { complete } from './option.js'

/** Rows by name, each with its options. */
type NamedTable = Readonly<Record<string, OptionTable>>

/** A row of a table: its name, or an object with its name and options. */
export type Named<T extends NamedTable> = {
  [K in keyof T & string]: K | ({ readonly name: K } & OptionsOf<T[K]>)
}[keyof T & string]

/**
 * Returns a check that a value is a row of a table, and that its options are the row's. The value
 * is kept as it was given: conventions, which fill in the rest, may not be known yet.
 */
export function namedIn<T extends NamedTable>(kind: string, table: T) {
  const check = nameIn(kind, table)
  return (name: string, value: unknown): Named<T> => {
    if (typeof value !== 'object' || value === null) return check(name, value) as Named<T>
    if (!('name' in value)) throw typeError(name, `the name of a known ${kind}, or with a name`, value)
    const row = check(`${name}.name`, value.name)
    complete(row, { ...table[row], name: { check } }, value)
    return Object.freeze({ ...value }) as Named<T> // complete checked it
  }
}

/** The name of a row that `namedIn` checked. */
export function nameOf<K extends string>(value: K | { readonly name: K }): K {
  return typeof value === 'string' ? value : value.name
}

/** A row's options as they were given. */
export function givenOptions(value: string | { readonly name: string }): object {
  if (typeof value === 'string') return {}
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'name'))
}
