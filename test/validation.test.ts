import test from 'ava'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BuildContext } from '../lib/index.js'
import {
  crossValidate,
  Dataset,
  dense,
  learningCurve,
  Network,
  Trainer,
  validationCurve,
} from '../lib/index.js'
import { clouds } from './helpers/data.js'
import { distance } from './helpers/compare.js'

const { x, labels } = clouds(90, 4, 3)
const rows = new Dataset(x, labels)
const range = (size: number) => Array.from({ length: size }, (_, i) => i)
const folds = range(3).map((fold) => ({
  train: rows.subset(range(90).filter((row) => row % 3 !== fold)),
  validation: rows.subset(range(90).filter((row) => row % 3 === fold)),
}))

function build({ l2 = 0 }: { readonly l2?: number }, { seed }: { readonly seed: number }) {
  const network = new Network({ inputs: 4, layers: [dense(3, 'softmax')], seed })
  return new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: 'adam',
    metrics: ['accuracy', 'confusionMatrix'],
    l2,
    seed,
    epochs: 5,
  })
}

/** By their formulas. */
function spread(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.map((value) => (value - mean) ** 2)
  const deviation = Math.sqrt(squares.reduce((sum, one) => sum + one, 0) / (values.length - 1))
  return { mean, deviation }
}

test('cross-validation has mean and deviation of what each fold comes to by hand', async (t) => {
  const result = await crossValidate({ build, folds, point: { l2: 0.1 } })
  t.true(result.completed)
  t.is(new Set(result.trials.map(({ seed }) => seed)).size, 3)
  const accuracies: number[] = []
  const losses: number[] = []
  for (const [i, { train, validation }] of folds.entries()) {
    const trainer = build({ l2: 0.1 }, { seed: result.trials[i]?.seed ?? 0 })
    await trainer.fit(train)
    accuracies.push((await trainer.evaluate(validation)).accuracy)
    losses.push((await trainer.evaluate(train)).loss)
  }
  const { train, validation } = result.scores
  t.true(distance(validation.accuracy, spread(accuracies)) < 1e-12)
  t.true(distance(train.loss, spread(losses)) < 1e-12)
  t.deepEqual(Object.keys(validation).sort(), ['accuracy', 'dataLoss', 'loss', 'penalty'])
  t.regex(String(result), /^score +mean +deviation\n.*\nvalidation.accuracy +0\.\d+ +0\.\d+$/s)
  t.notRegex(String(await crossValidate({ build, folds: folds.slice(0, 1) })), /deviation|NaN/)
})

test('folds have the same seeds and scores however many run at once', async (t) => {
  const [first, second] = await Promise.all(
    [1, 3].map(async (concurrency) => (await crossValidate({ build, folds, concurrency })).scores),
  )
  t.deepEqual(first, second)
  t.notDeepEqual((await crossValidate({ build, folds, seed: 5 })).scores, first)
})

test('a number of folds is that many of the data, shuffled by the seed, with shares of each class', async (t) => {
  const { trials, scores } = await crossValidate({ build, data: rows, folds: 5, seed: 3 })
  t.is(trials.length, 5)
  const made = rows.kFold(5, { seed: 3, stratify: true })
  t.deepEqual((await crossValidate({ build, folds: made, seed: 3 })).scores, scores)
  t.is((await crossValidate({ build, data: rows, epochs: 1 })).trials.length, 5)
  const linear = new Dataset(x, { data: x.data, shape: [90, 4] })
  const regression = await crossValidate({
    data: linear,
    build: (_, { seed }) =>
      new Trainer(new Network({ inputs: 4, layers: [dense(4)], seed }), {
        loss: 'meanSquaredError',
        optimizer: 'sgd',
      }),
  })
  t.true(regression.scores.validation.loss.mean > 0)
})

test('folds that are no folds are refused', (t) => {
  t.throws(() => crossValidate({ build, folds: 1, data: rows }), {
    message: 'Expected `folds` to be at least 2, got `1`',
  })
  t.throws(() => crossValidate({ build, folds: [] }), { instanceOf: TypeError })
  t.throws(() => crossValidate({ build, folds, data: rows }), {
    message: 'Expected `data` or an array of `folds`, got both',
  })
  t.throws(() => crossValidate({ build, folds: 'x' as never }), {
    message: /`folds` to be a number, or folds/,
  })
  t.throws(() => crossValidate({ build, folds: [{ train: 5 as never }] }), {
    message: /`folds\[0\].train`/,
  })
  t.throws(() => crossValidate({ build, folds: 3 }), { message: /`data` to be a Dataset/ })
  t.throws(() => crossValidate({ build, folds, point: 5 as never }), {
    message: /`point` to be an object/,
  })
})

test('a fold that diverges leaves no mean', async (t) => {
  const diverging = ({ index, seed }: BuildContext) =>
    new Trainer(build({}, { seed }).network, {
      loss: 'categoricalCrossentropy',
      optimizer: { name: 'sgd', options: { learningRate: 0.1 } } as never,
      l2: index === 1 ? 100 : 0,
      epochs: 50,
    })
  const { scores, trials } = await crossValidate({
    build: (_, context) => diverging(context),
    folds,
  })
  t.is(trials[1]?.error?.code, 'ERR_NON_FINITE_LOSS')
  t.is(scores.validation.loss.mean, NaN)
})

test('a learning curve trains on more and more of the same rows', async (t) => {
  const seen = new Map<number, Set<string>[]>()
  const curve = await learningCurve({
    folds,
    sizes: [0.25, 1, 0.5],
    build: (point, context) => {
      const { data } = context.train.x
      const own = range(context.train.rows).map((row) => data.slice(4 * row, 4 * row + 4).join())
      seen.set(context.seed, [...(seen.get(context.seed) ?? []), new Set(own)])
      return build(point, context)
    },
    concurrency: 1,
  })
  t.deepEqual(curve.points.map(({ value }) => value), [15, 30, 60]) // prettier-ignore
  t.is(seen.size, 3) // a seed for each fold
  for (const [small, middle, all] of seen.values()) {
    t.deepEqual([small?.size, middle?.size, all?.size], [15, 30, 60])
    t.true([...(small ?? [])].every((row) => middle?.has(row)))
  }
  const last = curve.points[2]
  t.is(last?.trials.length, 3)
  const accuracies = last?.trials.map(({ scores }) => scores?.validation.accuracy ?? NaN) ?? []
  t.true(distance(last?.scores.validation.accuracy, spread(accuracies)) < 1e-12)
  t.regex(String(curve), /^training rows +train\.loss .*\n +15 /)
  const svg = await curve.plot()
  for (const text of ['accuracy by training rows', 'training rows', 'train', 'validation'])
    t.true(svg.includes(`>${text}<`), text)
  await t.throwsAsync(curve.plot('recall'), { instanceOf: RangeError })
  t.throws(() => learningCurve({ build, folds, sizes: [61] }), {
    message: /`sizes\[0\]` to be at most 60/,
  })
  t.throws(() => learningCurve({ build, folds, sizes: [2, 0.5] }), {
    message: /`sizes\[1\]` to be a positive integer/,
  })
})

test('a validation curve is over the values of one option', async (t) => {
  const values = { l2: [1e-4, 1e-2, 1] }
  const running = validationCurve({ build, folds, values })
  const indices: number[] = []
  for await (const trial of running) indices.push(trial.index)
  t.deepEqual(indices.sort(), range(9))
  const { points, name, completed } = await running
  t.true(completed)
  t.is(name, 'l2')
  t.deepEqual(points.map(({ value }) => value), values.l2) // prettier-ignore
  for (const { value, trials, scores } of points) {
    const { scores: alone } = await crossValidate({ build, folds, point: { l2: Number(value) } })
    t.deepEqual(scores, alone)
    t.true(trials.every(({ point }) => point.l2 === value))
  }
  t.throws(() => validationCurve({ build, folds, values: { l2: [0], units: [1] } as never }), {
    message: /a curve is over one/,
  })
})

test('a curve that was stopped has what was finished, and goes on from its file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-validation-'))
  const options = {
    build,
    folds,
    values: { l2: [0, 1] },
    file: join(folder, 'file'),
    concurrency: 1,
  }
  const running = validationCurve(options)
  for await (const trial of running) if (trial.index === 3) break
  const { points, completed } = await running
  t.false(completed)
  t.deepEqual(points.map(({ trials }) => trials.length), [3, 1]) // prettier-ignore
  const whole = await validationCurve(options)
  const fresh = await validationCurve({ ...options, file: undefined })
  t.deepEqual(whole.points.map(({ scores }) => scores), fresh.points.map(({ scores }) => scores)) // prettier-ignore
  await t.throwsAsync(crossValidate({ build, folds, file: options.file }), { code: 'ERR_BAD_FILE' })
  await rm(folder, { recursive: true })
})
