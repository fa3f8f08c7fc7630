import type { Report, Result } from './report.js'
import type { Costs, StepShape, Work } from './scaling.js'
import { noWork, planOf, predict, shapeOf, workOf } from './scaling.js'
import { cases, rowsOf } from './cases.js'
import { median } from './statistics.js'
import type { Shares } from './task.js'

/** A step of gemmnet that a run has measured. */
export interface MeasuredStep {
  readonly result: Result
  readonly shape: StepShape
  readonly seconds: number
  readonly cores: number
  readonly stepsPerEpoch: number
}

/** The steps of a report; those on more threads than processors have the processors' cores. */
export function measuredSteps({ machine, results }: Report): MeasuredStep[] {
  return results.flatMap((result) => {
    const one = cases.find(({ name }) => name === result.case)
    const isStep = result.kind === 'step' && result.contender === 'gemmnet'
    // The costs are those of Adam.
    if (!isStep || one?.optimizer !== 'adam' || result.values.length === 0) return []
    const cores = Math.min(result.threads ?? machine.processors, machine.processors)
    const stepsPerEpoch = Math.ceil(rowsOf(one) / one.batch)
    const seconds = median(result.values)
    return [{ result, shape: shapeOf(one, planOf(one)), seconds, cores, stepsPerEpoch }]
  })
}

/**
 * What a machine's work costs. All but the barrier is what the steps on one thread spent their time
 * with, kind by kind, so that those on several threads are predicted, not fitted.
 */
export function fitCosts(steps: readonly MeasuredStep[]): Costs {
  const alone = steps.flatMap(({ result, ...step }) =>
    step.cores === 1 && result.shares !== undefined ? [{ ...step, shares: result.shares }] : [],
  )
  if (alone.length < 5)
    throw new RangeError('The model takes sweeps that were run with --threads 1, too')
  const fit = (
    share: keyof Shares,
    counts: (work: Work, step: (typeof alone)[number]) => readonly number[],
  ) =>
    leastSquares(
      alone.map((step) => {
        const weight = 1 / (step.shares[share] * step.seconds)
        return counts(workOf(step.shape, 1), step).map((count) => count * weight)
      }),
      alone.map(() => 1),
    )
  const [multiplications = 0, operands = 0, distant = 0] = fit('gemm', (work) => [
    work.multiplications,
    work.operands,
    work.distant,
  ])
  const [updated = 0, fetched = 0] = fit('optimizer', (work) => [work.updated, work.fetched])
  const [gathered = 0, drawn = 0] = fit('gather', (work, { shape }) => [work.gathered, shape.batch])
  const [elements = 0, step = 0, published = 0] = fit('elementwise', (work, {
    shape,
    stepsPerEpoch,
  }) => [work.elements, 1, shape.parameters / stepsPerEpoch])
  const work = { multiplications, operands, distant, updated, fetched, gathered, elements }
  const costs = { ...work, drawn, step, published, barrier: 0, received: 0 }
  return { ...costs, ...fitThreads(steps, costs) }
}

/** From what steps on several cores take longer than the sum of their parts. */
function fitThreads(steps: readonly MeasuredStep[], costs: Costs) {
  const shared = steps.filter(({ cores }) => cores > 1)
  const nothing = { ...noWork, drawn: 0, step: 0, published: 0, barrier: 0, received: 0 }
  const [barrier = 0, received = 0] = leastSquares(
    shared.map((step) => [
      predictStep(step, { ...nothing, barrier: 1 }).seconds / step.seconds,
      predictStep(step, { ...nothing, received: 1 }).seconds / step.seconds,
    ]),
    shared.map((step) => 1 - predictStep(step, costs).seconds / step.seconds),
  )
  return { barrier, received }
}

export const predictStep = ({ shape, cores, stepsPerEpoch }: MeasuredStep, costs: Costs) =>
  predict(shape, { cores, updatesPerSecond: Infinity }, costs, stepsPerEpoch)

/** The x, none of them negative, for which A x is nearest to b; 0 for what nothing tells. */
export function leastSquares(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const x = (a[0] ?? []).map(() => 0)
  const dot = (u: (i: number) => number, v: (i: number) => number) =>
    a.reduce((sum, _, i) => sum + u(i) * v(i), 0)
  // One after the other, each to its best, until they rest.
  for (let sweep = 0; sweep < 20_000; sweep++) {
    let moved = 0
    for (let j = 0; j < x.length; j++) {
      const column = (i: number) => a[i]?.[j] ?? 0
      const rest = (i: number) =>
        (b[i] ?? 0) - (a[i] ?? []).reduce((sum, value, k) => sum + value * (x[k] ?? 0), 0)
      const square = dot(column, column)
      if (square === 0) continue
      const before = x[j] ?? 0
      const after = Math.max(0, before + dot(column, rest) / square)
      x[j] = after
      moved = Math.max(moved, Math.abs(after - before) * Math.sqrt(square))
    }
    if (moved < 1e-12) break
  }
  return x
}
