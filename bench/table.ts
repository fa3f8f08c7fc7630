import type { Result } from './report.js'
import { bestOf, format, labelOf, ratioTo, titles } from './report.js'
import { median, spread } from './statistics.js'

/**
 * Losses of equal training differ by less than this share. By more than rounding: Adam's first steps
 * are of one size, however small and uncertain a gradient is.
 */
const sameLoss = 1e-3

/** A case as lines of text: its figures, and what they are of gemmnet's. */
export function caseTable(results: readonly Result[]): string[] {
  const [first] = results
  if (first === undefined) return []
  const rows = results.map((result) => cellsOf(result, results))
  const header = ['contender', 'median', '+-', 'of gemmnet', 'loss', '']
  const lines = [`${first.case}: ${titles[first.kind]}`, ...align([header, ...rows])]
  return lines.map((line, i) => (i === 0 ? line : `  ${line}`))
}

/** A figure's cells: contender, median, spread, ratio to gemmnet, loss, remarks. */
export function cellsOf(result: Result, results: readonly Result[]): string[] {
  const { case: name, kind, values, loss, accuracy, note, missing } = result
  if (values.length === 0) return [labelOf(result), '-', '', '', '', missing ?? '']
  const ours = bestOf(results, name, 'gemmnet')
  const ratio = ours === undefined ? NaN : median(values) / median(ours.values)
  const agreed = ours?.loss
  const differs =
    loss !== undefined && agreed !== undefined && !(Math.abs(loss / agreed - 1) <= sameLoss)
  return [
    labelOf(result),
    format(kind, median(values)),
    values.length > 1 ? `${(100 * spread(values)).toFixed(0)} %` : '',
    Number.isNaN(ratio) ? '' : ratio.toFixed(2),
    loss === undefined ? '' : loss.toPrecision(6),
    [
      ...(accuracy === undefined ? [] : [`accuracy ${(100 * accuracy).toFixed(2)} %`]),
      ...(differs ? ['other loss than gemmnet'] : []),
      ...(note === undefined ? [] : [note]),
    ].join('; '),
  ]
}

/** How a sweep's time grows: one line for each value, and the exponent from the last to it. */
export function sweepTable(results: readonly Result[]): string[] {
  const what = results[0]?.grows?.what ?? ''
  const names = [...new Set(results.map((result) => result.case))]
  const points = names.flatMap((name) => {
    const ours = bestOf(results, name, 'gemmnet')
    if (ours?.grows === undefined) return []
    const seconds = median(ours.values)
    const ratio = ratioTo(results, name, 'gemmnet', 'bare-gemm')
    return [{ value: ours.grows.value, seconds, ratio, rate: ours.flops / seconds / 1e9 }]
  })
  const rows = points.map(({ value, seconds, ratio, rate }, i) => {
    const before = points[i - 1]
    const exponent = before && Math.log(seconds / before.seconds) / Math.log(value / before.value)
    return [
      String(value),
      format('step', seconds),
      exponent?.toFixed(2) ?? '',
      rate.toFixed(1),
      ratio?.toFixed(2) ?? '',
    ]
  })
  const header = [what, 'step', 'grows as its power', 'GFLOPS', 'of bare gemm']
  return [`Step time by ${what}:`, ...align([header, ...rows]).map((line) => `  ${line}`)]
}

/** Columns of equal width; the first and the last are text, the others numbers. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column === 0 || column === 5 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
