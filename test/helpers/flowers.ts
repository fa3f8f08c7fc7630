import { randomNumbers } from './data.js'

/** A line of a file, by its columns. */
export type Row = Readonly<Record<string, string | number | undefined>>

/** Rows of two classes and of a number, both to be told from three columns of mixed types. */
export function makeRows(count: number): Row[] {
  const random = randomNumbers(5)
  return Array.from({ length: count }, (_, i) => {
    const [length, width] = [random(), random()]
    const soil = random() < 0.5 ? 'sand' : 'clay, wet'
    const sum = length + width + (soil === 'sand' ? 0.5 : 0)
    return {
      id: i + 1,
      length: length.toFixed(4),
      width: width.toFixed(4),
      soil,
      plot: `P${i % 20}`,
      day: new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10),
      code: `${i * 7919} ${random().toFixed(3)}`,
      kind: sum > 1.25 ? 'rose' : 'iris',
      height: (100 * sum).toFixed(2),
    }
  })
}

/** Rows as CSV; nothing in them needs more than quotes around a comma. */
export function toCsv(rows: readonly Row[]): string {
  const cell = (value: unknown) => (String(value).includes(',') ? `"${String(value)}"` : value)
  const names = Object.keys(rows[0] ?? {})
  return [names, ...rows.map((row) => names.map((name) => cell(row[name])))].join('\n')
}
