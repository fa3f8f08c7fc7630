import { shortNumber } from '../plot/labels.js'

/** A value in a table: numbers shortly, what has a name by it, the rest as JSON. */
export function showValue(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return shortNumber(value)
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'name' in value) return String(value.name)
  if (typeof value === 'function') return value.name
  if (typeof value === 'bigint') return String(value) // JSON has none
  return JSON.stringify(value)
}

/** Rows of cells in columns: columns of texts aligned at their left, the others at their right. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  isText: (column: number) => boolean,
): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
  )
  const pad = (cell: string, column: number) => {
    const width = widths[column] ?? 0
    return isText(column) ? cell.padEnd(width) : cell.padStart(width)
  }
  return rows.map((row) => row.map(pad).join('   ').trimEnd()).join('\n')
}

/** Lines of text: the names above the rows. */
export function textTable(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = rows.map((row) => names.map((name) => showValue(row[name])))
  return alignColumns([names, ...cells], (column) =>
    rows.some((row) => typeof row[names[column] ?? ''] === 'string'),
  )
}
