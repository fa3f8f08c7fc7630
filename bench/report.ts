import { readFile } from 'node:fs/promises'
import { median } from './statistics.js'
import type { CaseKind, Shares } from './task.js'
import { parseWithNaN } from './task.js'

/** All that a run measured. */
export interface Report {
  readonly machine: Machine
  readonly contenders: readonly ContenderState[]
  readonly results: readonly Result[]
}

export interface Machine {
  readonly date: string
  readonly processor: string
  /** Those that this process may use, and those there are. */
  readonly processors: number
  readonly allProcessors: number
  readonly memory: number
  readonly system: string
  readonly node: string
  readonly gemmnet: string
  readonly blas: string
  readonly blasKernel: string
  readonly instructionSet: string
}

/** A contender that was asked for: its version, or why it is absent. */
export type ContenderState =
  | { readonly name: string; readonly version: string }
  | { readonly name: string; readonly absent: string }

/** A figure: one case by one contender at one number of threads. */
export interface Result {
  readonly case: string
  readonly group: string
  readonly kind: CaseKind
  readonly contender: string
  /** Undefined: the contender's own choice. */
  readonly threads: number | undefined
  /** Seconds or bytes, by trial. */
  readonly values: readonly number[]
  readonly loss: number | undefined
  readonly accuracy: number | undefined
  readonly note: string | undefined
  /** Of a step, where the contender can tell: measured apart, after the values. */
  readonly shares?: Shares | undefined
  /** Why there are no values, or no more of them. */
  readonly missing: string | undefined
  /** In a sweep. */
  readonly grows: { readonly what: string; readonly value: number } | undefined
  /** Arithmetic of a step's products; 0 where there is none. */
  readonly flops: number
}

/** Reads what `--json` wrote. */
export async function readReport(path: string): Promise<Report> {
  const content = parseWithNaN(await readFile(path, 'utf8'))
  if (typeof content !== 'object' || content === null || !('results' in content))
    throw new RangeError(`${path} is no report of the bench`)
  return content as Report
}

/**
 * Runs of one machine as one; what a contender ran twice, a case on so many threads, is that of the
 * later one.
 */
export function mergeReports(reports: readonly Report[]): Report {
  const [first, ...others] = reports
  if (first === undefined) throw new RangeError('There is no report')
  return others.reduce((merged, report) => {
    const softwareOf = ({ machine }: Report) => describeMachine(machine).slice(0, 2).join('\n')
    if (softwareOf(merged) !== softwareOf(report))
      throw new RangeError('These are runs of different machines or software')
    const isAgain = (result: Result) =>
      report.results.some(
        (other) => other.case === result.case && labelOf(other) === labelOf(result),
      )
    const isKnown = ({ name }: ContenderState) =>
      report.contenders.some((other) => other.name === name && 'version' in other)
    return {
      machine: report.machine,
      contenders: [...merged.contenders.filter((state) => !isKnown(state)), ...report.contenders],
      results: [...merged.results.filter((result) => !isAgain(result)), ...report.results],
    }
  }, first)
}

/** What a figure is of, in words. */
export const labelOf = ({ contender, threads }: Pick<Result, 'contender' | 'threads'>): string =>
  threads === undefined
    ? contender
    : `${contender}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`

/** A contender's figure for a case at the number of threads where it is best. */
export function bestOf(
  results: readonly Result[],
  name: string,
  contender: string,
): Result | undefined {
  return results
    .filter((result) => result.case === name && result.contender === contender)
    .filter(({ values }) => values.length > 0)
    .reduce<Result | undefined>(
      (best, result) =>
        best === undefined || median(result.values) < median(best.values) ? result : best,
      undefined,
    )
}

/** gemmnet's figure over that of another contender at its best; undefined where one is missing. */
export function ratioTo(
  results: readonly Result[],
  name: string,
  contender: string,
  over: string,
): number | undefined {
  const ours = bestOf(results, name, contender)
  const theirs = bestOf(results, name, over)
  return ours && theirs && median(ours.values) / median(theirs.values)
}

/** What each kind of case measures. */
export const titles: Readonly<Record<CaseKind, string>> = {
  step: 'one training step',
  predict: 'one prediction of all rows',
  program: 'the whole program, from the start of its process to the saved file',
  grid: '49 networks; those of gemmnet side by side, one thread each, the others one by one',
  memory: 'largest growth of the process in a fit',
  import: 'importing the package (node: its own start)',
  eventLoop: '99th percentile of the event loop’s delay while every processor trains (node: idle)',
}

/** A value with its unit: 12.3 us, 4.5 MB. */
export function format(kind: CaseKind, value: number): string {
  if (Number.isNaN(value)) return '-'
  if (kind === 'memory') return `${(value / 1e6).toFixed(1)} MB`
  const [factor, unit] =
    value < 1e-3 ? ([1e6, 'us'] as const) : value < 1 ? ([1e3, 'ms'] as const) : ([1, 's'] as const)
  return `${(value * factor).toPrecision(4)} ${unit}`
}

/** A share in per cent: 12 %. */
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`

/** One line about the machine, one about the software, one about the run. */
export function describeMachine(machine: Machine): string[] {
  const { processors, allProcessors, memory } = machine
  return [
    `${machine.processor}, ${processors} of ${allProcessors} processors, ` +
      `${(memory / 2 ** 30).toFixed(0)} GiB, ${machine.system}`,
    `${machine.blas}, kernel ${machine.blasKernel}; gemmnet ${machine.gemmnet}, ` +
      `loops for ${machine.instructionSet}; Node ${machine.node}`,
    machine.date,
  ]
}
