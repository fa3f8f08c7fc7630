import type { Report, Result } from './report.js'
import { describeMachine, format, labelOf, percent } from './report.js'
import { compareTimes, median } from './statistics.js'
import { align } from './table.js'

/** Two runs, figure by figure, as lines of text. */
export function compareReports(before: Report, after: Report): string[] {
  const keyOf = (result: Result) => `${result.case}\n${labelOf(result)}`
  const old = new Map(before.results.map((result) => [keyOf(result), result]))
  const rows = after.results.flatMap((result) => {
    const earlier = old.get(keyOf(result))
    if (earlier === undefined || earlier.values.length === 0 || result.values.length === 0)
      return []
    const { ratio, noise, differs } = compareTimes(earlier.values, result.values)
    const less = result.kind === 'memory' ? 'less' : 'faster'
    const more = result.kind === 'memory' ? 'more' : 'slower'
    return [
      [
        `${result.case}, ${labelOf(result)}`,
        format(earlier.kind, median(earlier.values)),
        format(result.kind, median(result.values)),
        ratio.toFixed(2),
        percent(noise),
        differs ? (ratio < 1 ? less : more) : 'no difference',
      ],
    ]
  })
  if (rows.length === 0) return ['The two runs have no figure in common.']
  const lines = align([['figure', 'before', 'after', 'ratio', 'noise', ''], ...rows])
  const [machine, software] = describeMachine(before.machine)
  const [otherMachine, otherSoftware] = describeMachine(after.machine)
  const warnings = [
    ...(machine === otherMachine ? [] : ['Other machines:', `  ${machine}`, `  ${otherMachine}`]),
    ...(software === otherSoftware
      ? []
      : ['Other software:', `  ${software}`, `  ${otherSoftware}`]),
  ]
  return [...warnings, ...lines]
}
