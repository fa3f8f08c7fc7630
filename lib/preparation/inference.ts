import type { Column } from '../data/column.js'
import type { Table } from '../data/table.js'
import type { SettingsOf, inferenceOptions } from '../options/index.js'
import { DatetimeEncoder } from './datetime_encoder.js'
import { OneHotEncoder } from './one_hot_encoder.js'
import { OrdinalEncoder } from './ordinal_encoder.js'
import { SimpleImputer } from './simple_imputer.js'
import { StandardScaler } from './standard_scaler.js'
import type { Transformer } from './transformer.js'

/** What columns are taken for: numbers, dates, few categories, many of them. */
type Kind = 'number' | 'date' | 'few' | 'many'

/** What is usual for each. */
const usualSteps: Readonly<Record<Kind, () => readonly Transformer[]>> = {
  number: () => [new SimpleImputer({ strategy: 'median' }), new StandardScaler()],
  date: () => [new DatetimeEncoder(), new SimpleImputer(), new StandardScaler()],
  few: () => [new OneHotEncoder({ handleUnknown: 'ignore' })],
  many: () => [new OrdinalEncoder({ unknownValue: 0 })],
}

/** The columns of each kind, with what is usual for it. */
export function inferSteps(
  table: Table,
  names: readonly string[],
  { oneHotLimit }: SettingsOf<typeof inferenceOptions>,
): { columns: readonly string[]; steps: readonly Transformer[] }[] {
  const columns = new Map<Kind, string[]>()
  for (const name of names) {
    const kind = kindOf(table.column(name), oneHotLimit)
    columns.set(kind, [...(columns.get(kind) ?? []), name])
  }
  return [...columns].map(([kind, ofKind]) => ({ columns: ofKind, steps: usualSteps[kind]() }))
}

function kindOf(column: Column, oneHotLimit: number): Kind {
  if (column.type !== 'category') return column.type
  return new Set(column.codes).size <= oneHotLimit ? 'few' : 'many'
}
