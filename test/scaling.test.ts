import test from 'ava'
import { chooseCases, rowsOf, stepFlops } from '../bench/cases.js'
import { leastSquares } from '../bench/fit_costs.js'
import { thisMachine } from '../bench/machine.js'
import { modelTable } from '../bench/model.js'
import type { Report, Result } from '../bench/report.js'
import type { Costs } from '../bench/scaling.js'
import {
  longestShare,
  noWork,
  planOf,
  predict,
  shapeOf,
  sumOf,
  workKinds,
  workOf,
} from '../bench/scaling.js'

const nothing: Costs = { ...noWork, barrier: 0, received: 0, step: 0, drawn: 0, published: 0 }
const fullSpeed = Infinity

const unknown = {
  ...({ kind: 'step', contender: 'gemmnet', flops: 0 } as const),
  ...{ loss: undefined, accuracy: undefined, note: undefined, missing: undefined },
  grows: undefined,
}
const report = (results: readonly Result[]): Report => ({
  machine: { ...thisMachine(), processors: 2 },
  contenders: [],
  results,
})
const tile = (rows: number, columns: number) => ({ rows, columns })

test('a step is predicted as it is computed by hand', (t) => {
  // 3-2-1 on 4 rows: two row tiles, and each tensor one.
  const shape = shapeOf(
    { widths: [3, 2, 1], batch: 4 },
    {
      rowTiles: [tile(3, 3), tile(1, 3)],
      rowTilesJoin: true,
      layerBlocks: [0, 1].map(() => {
        const none = { blocks: [], join: false }
        return { outputs: none, inputs: none }
      }),
      tensorTiles: [tile(3, 2), tile(1, 2), tile(2, 1), tile(1, 1)].map((one, tensor) => ({
        ...one,
        tensor,
      })),
      gradientsByRows: false,
    },
  )
  const at = (cores: number, costs: Partial<Costs>, updatesPerSecond = fullSpeed) =>
    predict(shape, { cores, updatesPerSecond }, { ...nothing, ...costs }, 10).seconds
  // Forward and backward: a row has 6 and 2, and 2 back; gradients: 4 rows times the weights.
  t.is(at(1, { multiplications: 1 }), 4 * (6 + 2 + 2) + 4 * (6 + 2))
  t.is(at(2, { multiplications: 1 }), 3 * (6 + 2 + 2) + 4 * 6)
  t.is(at(1, { gathered: 1 }), 12)
  t.is(at(1, { updated: 1 }), 11)
  t.is(at(2, { updated: 1 }), 6)
  t.is(at(2, { updated: 1 }, 0.5), 22) // the memory is slower than the cores
  t.is(at(1, { barrier: 1, received: 1 }), 0)
  t.is(at(2, { barrier: 1 }), 2)
  // 8 weights, then 3 outputs of 4 rows, and a half of their 5 inputs; half of it is one's own.
  t.is(at(2, { received: 1 }), 8 / 2 + (12 + 20 / 2) / 2)
  t.is(at(2, { step: 1, drawn: 1, published: 10 }), 1 + 4 + 11)
})

test('the parts of a prediction add up, and cores make no share longer', (t) => {
  const costs = { ...nothing, ...Object.fromEntries(workKinds.map((kind) => [kind, 1e-9])) }
  for (const one of chooseCases(['steps', 'sweep-batch-wide'])) {
    const shape = shapeOf(one, planOf(one))
    let before = Infinity
    for (const cores of [1, 2, 3, 5, 8, 32, 64]) {
      const hardware = { cores, updatesPerSecond: fullSpeed }
      const { seconds, ...parts } = predict(shape, hardware, { ...costs, barrier: 1e-9 }, 5)
      const all = Object.values(parts).reduce((sum, part) => sum + part, 0)
      t.true(Math.abs(all / seconds - 1) < 1e-12)
      const { seconds: now } = predict(shape, hardware, costs, 5)
      t.true(now <= before * (1 + 1e-12), `${one.name} on ${cores}`)
      before = now
    }
    const most = Math.max(...shape.phases.map(({ tiles }) => tiles.length))
    const on = (cores: number) =>
      predict(shape, { cores, updatesPerSecond: fullSpeed }, costs, 5).seconds
    t.true(Math.abs(on(2 * most) / on(most) - 1) < 1e-9, `${one.name}: no tiles are left`)
  }
})

test('a step that is cut does the products of one that is not', (t) => {
  for (const one of chooseCases(['steps', 'sweep-batch-wide', 'sweep-depth'])) {
    const { multiplications, gathered, updated } = workOf(shapeOf(one, planOf(one)), 1)
    t.is(2 * multiplications, stepFlops(one), one.name)
    t.is(gathered, one.batch * (one.widths[0] ?? NaN))
    const [inputs = 0, ...units] = one.widths
    t.is(
      updated,
      units.reduce((sum, n, i) => sum + n * ((units[i - 1] ?? inputs) + 1), 0),
    )
  }
})

test('the longest share is what the core with most to do gets', (t) => {
  t.is(longestShare([3, 1, 1, 1], 2), 3)
  t.is(longestShare([1, 1, 1], 2), 2)
  t.is(longestShare([1, 1, 1], 64), 1)
})

test('least squares find what made the values, and nothing negative', (t) => {
  const a = [1, 2, 3, 4].map((x) => [x, x * x])
  const [one = NaN, two = NaN] = leastSquares(
    a,
    a.map(([x = 0, y = 0]) => 2 * x + 3 * y),
  )
  t.true(Math.abs(one - 2) + Math.abs(two - 3) < 1e-6)
  t.deepEqual(leastSquares([[1], [2]], [-1, -2]), [0])
  t.deepEqual(leastSquares([[0], [0]], [1, 2]), [0])
})

test('a run whose times are those of the model is predicted without error', (t) => {
  const costs: Costs = {
    ...{ multiplications: 1e-11, operands: 3e-11, distant: 2e-10, elements: 3e-10 },
    ...{ gathered: 3e-10, updated: 4e-10, fetched: 7e-10, barrier: 2e-6, received: 4e-10 },
    ...{ step: 1e-6, drawn: 2e-8, published: 2e-9 },
  }
  const sweeps = chooseCases(['sweep-batch', 'sweep-width', 'sweep-depth', 'steps'])
  const results = sweeps
    .filter(({ optimizer }) => optimizer === 'adam')
    .flatMap((one) =>
      [1, 2].map((threads) => {
        const shape = shapeOf(one, planOf(one))
        const stepsPerEpoch = Math.ceil(rowsOf(one) / one.batch)
        const hardware = { cores: threads, updatesPerSecond: fullSpeed }
        const { seconds } = predict(shape, hardware, costs, stepsPerEpoch)
        const secondsOf = (counts: Partial<Record<keyof Costs, number>>) =>
          Object.entries(counts).reduce((sum, [key, n]) => sum + n * costs[key as keyof Costs], 0)
        const { multiplications, operands, distant, elements, gathered, updated, fetched } = sumOf(
          workOf(shape, 1),
        )
        const published = shape.parameters / stepsPerEpoch
        const shares = {
          gemm: secondsOf({ multiplications, operands, distant }) / seconds,
          optimizer: secondsOf({ updated, fetched }) / seconds,
          gather: secondsOf({ gathered, drawn: one.batch }) / seconds,
          elementwise: secondsOf({ elements, step: 1, published }) / seconds,
          waiting: 0,
        }
        return { ...unknown, case: one.name, group: one.group, threads, values: [seconds], shares }
      }),
    )
  const text = modelTable(report(results)).join('\n')
  t.regex(text, /half of the errors are below 0 % on one core, 0 % on several/)
  t.regex(text, /wide, batch 4096 .*tiles: rows \d+/)
  t.throws(() => modelTable(report([])), { message: /--threads 1/ })
})
