import { readFile } from 'node:fs/promises'
import type { Result } from './report.js'
import { ratioTo } from './report.js'
import { align } from './table.js'

/** A ratio that gemmnet must keep, on any machine. */
export interface Floor {
  readonly case: string
  /** The contender that gemmnet's figure is divided by. */
  readonly over: string
  /** The largest ratio that passes. */
  readonly atMost: number
}

/** What became of a floor. */
export interface Verdict extends Floor {
  /** Undefined where one of the two was not measured. */
  readonly ratio: number | undefined
  readonly outcome: 'kept' | 'broken' | 'not measured'
}

/** Reads bench/floors.json. */
export async function readFloors(path: string): Promise<Floor[]> {
  const content: unknown = JSON.parse(await readFile(path, 'utf8'))
  if (!Array.isArray(content)) throw new TypeError(`${path} is no list of floors`)
  return content.map((floor: Partial<Floor>) => {
    const { case: name, over, atMost } = floor
    if (typeof name !== 'string' || typeof over !== 'string' || !(Number(atMost) > 0))
      throw new TypeError(`${path}: ${JSON.stringify(floor)} is no floor`)
    return { case: name, over, atMost: Number(atMost) }
  })
}

/** Holds results against floors. A ratio that is no number breaks its floor. */
export function judge(floors: readonly Floor[], results: readonly Result[]): Verdict[] {
  return floors.map((floor) => {
    const ratio = ratioTo(results, floor.case, 'gemmnet', floor.over)
    if (ratio === undefined) return { ...floor, ratio, outcome: failed(floor, results) }
    return { ...floor, ratio, outcome: ratio <= floor.atMost ? 'kept' : 'broken' }
  })
}

/** A contender may be absent; gemmnet that gives no figure where the other one does is broken. */
function failed({ case: name, over }: Floor, results: readonly Result[]) {
  const has = (contender: string) =>
    results.some(
      (result) =>
        result.case === name && result.contender === contender && result.values.length > 0,
    )
  return has(over) ? 'broken' : 'not measured'
}

/** The verdicts as lines of text. */
export function verdictTable(verdicts: readonly Verdict[]): string[] {
  const rows = verdicts.map(({ case: name, over, atMost, ratio, outcome }) => [
    `${name}: gemmnet over ${over}`,
    ratio?.toFixed(2) ?? '-',
    atMost.toFixed(2),
    outcome === 'broken' ? 'BROKEN' : outcome,
  ])
  return align([['figure', 'ratio', 'at most', ''], ...rows])
}
