import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { ColumnLike } from '../../lib/index.js'
import { Table } from '../../lib/index.js'

const file = new URL('../../../test/fixtures/portal/surveys.csv.gz', import.meta.url)

/** What a cell of a column is; all others are texts. */
const parsers: Readonly<Record<string, (cell: string) => number | Date>> = {
  date: (cell) => new Date(cell),
  hindfoot_length: Number,
  weight: Number,
}

/** The animals of test/fixtures/portal, where their source and licence are told. */
export function loadSurveys(): Table {
  const [header = '', ...lines] = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')
  const rows = lines.map((line) => line.split(','))
  const columns = header.split(',').map((name, j) => {
    const parse = parsers[name] ?? ((cell) => cell)
    const cells = rows.map((row) => (row[j] === '' ? null : parse(row[j] ?? '')))
    return [name, cells as unknown as ColumnLike] as const // all of one type: the Table checks it
  })
  return new Table(new Map(columns))
}
