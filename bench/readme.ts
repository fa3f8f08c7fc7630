import type { Case } from './cases.js'
import { cases } from './cases.js'
import type { Report, Result } from './report.js'
import { bestOf, describeMachine, format, percent, ratioTo } from './report.js'
import { median, spread } from './statistics.js'
import { hold } from './targets.js'

// The part of the README that a report makes, between two comments.

const begin = '<!-- Made by `npm run bench -- readme`: do not edit. -->'
const end = '<!-- The end of what is made. -->'

/** The text of a README with its figures those of the report. */
export function updateReadme(readme: string, report: Report): string {
  const first = readme.indexOf(begin)
  const last = readme.indexOf(end)
  if (first < 0 || last < first) throw new RangeError(`The README lacks ${begin} or ${end}`)
  const made = figures(report).join('\n')
  return `${readme.slice(0, first)}${begin}\n\n${made}\n\n${readme.slice(last)}`
}

/** The figures of a report as lines of Markdown. */
function figures({ machine, contenders, results }: Report): string[] {
  const [hardware = '', software = '', date = ''] = describeMachine(machine)
  const versions = contenders.flatMap((state) =>
    'absent' in state || state.version === '-' ? [] : [`${state.name} ${state.version}`],
  )
  versions.sort()
  const counts = results.map(({ values }) => values.length).filter((count) => count > 0)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  const processes = counts.length === 0 ? '0' : least === most ? `${least}` : `${least} to ${most}`
  const standings = hold(results).map((one) => [one.figure, one.goal, one.measured, one.outcome])
  return [
    `Measured on ${date}, medians of ${processes} processes each, other libraries at their best number of threads:`,
    '',
    `- ${hardware}`,
    `- ${software}`,
    `- ${versions.join(', ')}`,
    '',
    ...markdown(['figure', 'to reach', 'measured', ''], standings, [1, 2]),
    '',
    ...markdown(
      ['training step', 'bare gemm', 'gemmnet', '+-', 'ratio'],
      cases.flatMap((one) => (one.group === 'steps' ? stepRow(one, results) : [])),
      [1, 2, 3, 4],
    ),
  ]
}

/** A case's row, if gemmnet has a figure. */
function stepRow(one: Case, results: readonly Result[]): string[][] {
  const own = bestOf(results, one.name, 'gemmnet')
  const bare = bestOf(results, one.name, 'bare-gemm')
  if (own === undefined) return []
  return [
    [
      `${one.name} (${one.widths.join('-')}, ${one.batch}, ${one.optimizer})`,
      bare ? format('step', median(bare.values)) : '-',
      format('step', median(own.values)),
      percent(spread(own.values)),
      ratioTo(results, one.name, 'gemmnet', 'bare-gemm')?.toFixed(2) ?? '-',
    ],
  ]
}

/** A table as Prettier writes it; the columns at `right` hold numbers. */
function markdown(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[],
): string[] {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const pad = (row: readonly string[]) =>
    line(
      widths.map((width, column) => {
        const cell = row[column] ?? ''
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width)
      }),
    )
  const rule = widths.map((width, column) =>
    right.includes(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  )
  return [pad(header), line(rule), ...rows.map(pad)]
}
