import { Table } from '../data/table.js'
import { typeError } from '../errors.js'
import { arrayOf, checks } from '../options/index.js'
import { checkNames, checkRecord } from './column_transformer.js'
import type { Transformer } from './transformer.js'
import { isTransformer, transformerMethods } from './transformer.js'

// Which columns go through which steps, as a pipeline is told.

/** What columns go through, in this order; an empty array: nothing. */
export type Steps = Transformer | readonly Transformer[]

/** Columns that go through the same steps. */
export interface ColumnSteps {
  readonly columns: readonly string[]
  readonly steps: Steps
}

/** The same, checked. */
export interface Group {
  readonly columns: readonly string[]
  readonly steps: readonly Transformer[]
}

export const checkColumns = arrayOf('an array of names of columns', checks.columnName)

export function checkSteps(name: string, steps: unknown): readonly Transformer[] {
  return arrayOf('a transformer, or an array of them', (place, step) => {
    if (!isTransformer(step))
      throw typeError(place, `a transformer, with ${transformerMethods.join(', ')}`, step)
    return step
  })(name, Array.isArray(steps) ? steps : [steps])
}

/** Columns that have the same steps together, in the order they first come in. */
export function toGroups(given: unknown): readonly Group[] {
  if (Array.isArray(given))
    return given
      .map((entry: unknown, i) => {
        const path = `columns[${i}]`
        const { columns, steps } = checkRecord(entry, path)
        return {
          columns: checkColumns(`${path}.columns`, columns),
          steps: checkSteps(`${path}.steps`, steps),
        }
      })
      .filter(({ columns }) => columns.length > 0)
  const groups: { columns: string[]; steps: readonly Transformer[] }[] = []
  for (const [name, value] of Object.entries(checkRecord(given, 'columns'))) {
    const steps = checkSteps(`columns.${name}`, value)
    const same = groups.find(
      (group) =>
        group.steps.length === steps.length && steps.every((step, i) => step === group.steps[i]),
    )
    if (same === undefined) groups.push({ columns: [name], steps })
    else same.columns.push(name)
  }
  return groups
}

/** The columns of several tables of the same rows. */
export function join(tables: readonly Table[]): Table {
  checkNames(tables.flatMap((table) => table.names))
  const columns = tables.flatMap((table) =>
    table.names.map((name) => [name, table.column(name)] as const),
  )
  return new Table(new Map(columns))
}
