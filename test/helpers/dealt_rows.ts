import { readTable } from '../../lib/cli/data_file.js'
import { defaultSplit } from '../../lib/cli/dealing_flags.js'
import { dealParts } from '../../lib/cli/parts.js'
import { taskOf } from '../../lib/cli/task.js'
import { Terminal } from '../../lib/cli/terminal.js'
import type { Table } from '../../lib/index.js'

/** The rows of a file that `gemmnet train` puts into each part where it is told nothing but a seed. */
export async function dealtRows(
  path: string,
  target: string,
  seed: number,
): Promise<Record<string, number[]>> {
  const table = await readTable(path)
  const { task } = taskOf(target, table.column(target), undefined)
  const numbered = table.with({ row: Float64Array.from({ length: table.rows }, (_, row) => row) })
  const dealing = { split: defaultSplit, seed }
  const terminal = new Terminal(process, () => undefined)
  const parts = await dealParts(numbered, target, task, dealing, path, terminal)
  await terminal.close()
  const rows = Object.entries<Table>({ ...parts }).map(([name, part]): [string, number[]] => {
    const column = part.column('row')
    if (column.type !== 'number') throw new Error('no numbers')
    return [name, Array.from(column.values)]
  })
  return Object.fromEntries(rows)
}
