import type { Result } from './report.js'
import { bestOf, format, labelOf, percent, ratioTo, titles } from './report.js'
import { median, spread } from './statistics.js'
import type { Shares } from './task.js'
import { shareNames } from './task.js'

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
  const spent = results.flatMap(({ shares, ...result }) =>
    shares === undefined ? [] : [`time of ${labelOf(result)}: ${describeShares(shares)}`],
  )
  const lines = [`${first.case}: ${titles[first.kind]}`, ...align([header, ...rows]), ...spent]
  return lines.map((line, i) => (i === 0 ? line : `  ${line}`))
}

/** The largest first. */
function describeShares(shares: Shares): string {
  return Object.entries(shares)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} ${percent(share)}`)
    .join(', ')
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
    values.length > 1 ? percent(spread(values)) : '',
    Number.isNaN(ratio) ? '' : ratio.toFixed(2),
    loss === undefined ? '' : loss.toPrecision(6),
    [
      ...(accuracy === undefined ? [] : [`accuracy ${(100 * accuracy).toFixed(2)} %`]),
      ...(differs ? ['other loss than gemmnet'] : []),
      ...(note === undefined ? [] : [note]),
      ...(missing === undefined ? [] : [missing]),
    ].join('; '),
  ]
}

/**
 * How a sweep's time grows: one line for each value, and the exponent from the last to it. A table
 * for each number of threads that gemmnet was given, beside the bare gemm calls on as many.
 */
export function sweepTable(results: readonly Result[]): string[] {
  const [{ group, grows } = { group: '', grows: undefined }] = results
  const what = grows?.what ?? ''
  const own = results.filter(({ contender }) => contender === 'gemmnet')
  const counts = what === 'threads' ? [undefined] : [...new Set(own.map(({ threads }) => threads))]
  return counts.flatMap((threads, i) => {
    const chosen = results.filter((one) => threads === undefined || one.threads === threads)
    const suffix = threads === undefined ? '' : `, threads: ${threads}`
    const lines = oneSweep(what, chosen).map((line) => `  ${line}`)
    return [...(i === 0 ? [] : ['']), `${group}: step time by ${what}${suffix}`, ...lines]
  })
}

function oneSweep(what: string, results: readonly Result[]): string[] {
  const names = [...new Set(results.map((result) => result.case))]
  const points = names.flatMap((name) => {
    const ours = bestOf(results, name, 'gemmnet')
    if (ours?.grows === undefined) return []
    const seconds = median(ours.values)
    const ratio = ratioTo(results, name, 'gemmnet', 'bare-gemm')
    const { grows, flops, shares } = ours
    return [{ value: grows.value, seconds, ratio, rate: flops / seconds / 1e9, shares }]
  })
  const rows = points.map(({ value, seconds, ratio, rate, shares }, i) => {
    const before = points[i - 1]
    const exponent = before && Math.log(seconds / before.seconds) / Math.log(value / before.value)
    return [
      String(value),
      format('step', seconds),
      exponent?.toFixed(2) ?? '',
      rate.toFixed(1),
      ratio?.toFixed(2) ?? '',
      ...shareNames.map((name) => (shares === undefined ? '' : percent(shares[name]))),
    ]
  })
  const header = [what, 'step', 'grows as its power', 'GFLOPS', 'of bare gemm', ...shareNames]
  return align([header, ...rows])
}

/** Columns of equal width; the first and those without a title are text, the others numbers. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const [header = []] = rows
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column === 0 || header[column] === '' ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
