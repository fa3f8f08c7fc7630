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

/** Lines of text: the names above the rows, columns of numbers aligned at their right. */
export function textTable(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const columns = names.map((name) => {
    const cells = [name, ...rows.map((row) => showValue(row[name]))]
    const width = cells.reduce((most, cell) => Math.max(most, cell.length), 0)
    const isText = rows.some((row) => typeof row[name] === 'string')
    return cells.map((cell) => (isText ? cell.padEnd(width) : cell.padStart(width)))
  })
  return [names, ...rows]
    .map((_, line) =>
      columns
        .map((cells) => cells[line])
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
