import type { Case } from './cases.js'
import { chooseCases } from './cases.js'
import type { MeasuredStep } from './fit_costs.js'
import { fitCosts, measuredSteps, predictStep } from './fit_costs.js'
import type { Report } from './report.js'
import { describeMachine, format, percent } from './report.js'
import type { Costs, Prediction } from './scaling.js'
import { planOf, predict, shapeOf } from './scaling.js'
import { median } from './statistics.js'
import { align } from './table.js'

// `npm run bench -- model`: what the model makes of a run, and of machines that are not here.

const coreCounts = [1, 2, 8, 32, 64]

/**
 * Assumed, since two cores do not exhaust it: 200 GB/s, which eight channels of memory give, at the
 * 24 bytes that Adam reads and writes for a parameter.
 */
const updatesPerSecond = 200e9 / 24

/** An epoch of MNIST: what is done once in it counts as much as in a user's program. */
const rowsPerEpoch = 60_000

/** Cases that are predicted: the large steps, and one with a batch that many cores ask for. */
function predictedCases(): Pick<Case, 'name' | 'widths' | 'batch'>[] {
  const chosen = chooseCases(['mnist-deep', 'wide'])
  return chosen.flatMap((one) =>
    one.name === 'wide' ? [one, { ...one, name: 'wide, batch 4096', batch: 4096 }] : [one],
  )
}

/** The costs, measured against predicted, and predictions for more cores, as lines of text. */
export function modelTable(report: Report): string[] {
  const steps = measuredSteps(report)
  const costs = fitCosts(steps)
  return [
    ...describeMachine(report.machine),
    '',
    ...costTable(costs),
    '',
    ...errorTable(steps, costs),
    ...predictedCases().flatMap((one) => ['', ...predictionTable(one, costs)]),
  ]
}

function costTable(costs: Costs): string[] {
  const row = (cost: keyof Costs, what: string) => [
    what,
    costs[cost] < 1e-6 ? `${(costs[cost] * 1e9).toPrecision(3)} ns` : format('step', costs[cost]),
  ]
  return align([
    ['a thread takes', 'for each'],
    row('multiplications', 'multiplication and addition of a product'),
    row('operands', 'element that a product reads or writes'),
    row('distant', 'more, if no cache kept it'),
    row('elements', 'element of an activation or a loss'),
    row('gathered', 'element gathered'),
    row('updated', 'parameter updated by Adam'),
    row('fetched', 'more, if no cache kept it'),
    row('received', 'element that another core has written'),
    row('barrier', 'phase on two threads, to begin and end it'),
    row('step', 'step, alone'),
    row('drawn', 'row of a step, alone'),
    row('published', 'parameter at the end of an epoch, alone'),
  ])
}

function errorTable(steps: readonly MeasuredStep[], costs: Costs): string[] {
  const errors = steps.map((step) => predictStep(step, costs).seconds / step.seconds - 1)
  const rows = steps.map((step, i) => [
    step.result.case,
    String(step.result.threads ?? 'default'),
    format('step', step.seconds),
    format('step', predictStep(step, costs).seconds),
    signed(errors[i] ?? NaN),
  ])
  const middle = (isSeveral: boolean) =>
    percent(
      median(
        steps.flatMap(({ cores }, i) =>
          cores > 1 === isSeveral ? [Math.abs(errors[i] ?? NaN)] : [],
        ),
      ),
    )
  return [
    ...align([['step', 'threads', 'measured', 'predicted', 'error'], ...rows]),
    `half of the errors are below ${middle(false)} on one core, ${middle(true)} on several`,
  ]
}

function predictionTable(one: Pick<Case, 'name' | 'widths' | 'batch'>, costs: Costs): string[] {
  const shape = shapeOf(one, planOf(one))
  const at = (cores: number) =>
    predict(shape, { cores, updatesPerSecond }, costs, rowsPerEpoch / one.batch)
  const single = at(1)
  const rows = coreCounts.map((cores) => {
    const prediction = at(cores)
    return [
      String(cores),
      format('step', prediction.seconds),
      (single.seconds / prediction.seconds).toFixed(1),
      ...partNames.map((name) => percent(prediction[name] / prediction.seconds)),
    ]
  })
  const tiles = shape.phases.map(({ name, tiles }) => `${name} ${tiles.length}`).join(', ')
  return [
    `${one.name} (${one.widths.join('-')}, ${one.batch}); tiles: ${tiles}`,
    ...align([['cores', 'step', 'speed-up', ...partNames], ...rows]).map((line) => `  ${line}`),
  ]
}

/** The first is work that is shared out, the others what keeps the step from getting faster. */
const partNames = [
  'even',
  'uneven',
  'exchange',
  'memory',
  'barriers',
  'alone',
] as const satisfies readonly (keyof Prediction)[]

const signed = (share: number) => `${share < 0 ? '-' : '+'}${percent(Math.abs(share))}`
