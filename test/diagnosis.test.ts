import test from 'ava'
import type { DiagnosisOptions, LayerDescription } from '../lib/index.js'
import {
  Dataset,
  dense,
  diagnose,
  Model,
  Network,
  Pipeline,
  StandardScaler,
  Table,
  Trainer,
} from '../lib/index.js'
import { normalQuantile } from '../lib/experiments/estimates.js'
import { randomNumbers } from './helpers/data.js'

const near = (a: number, b: number, margin: number) => Math.abs(a - b) <= margin

/**
 * Rows of six features in [-1, 1), of which the signs of the first two make the class: what no
 * straight line tells apart. `shift` is added to the first feature, when the class is settled.
 */
function quadrants(rows: number, seed: number, shift = 0): Dataset {
  const random = randomNumbers(seed)
  const x = Array.from({ length: rows }, () => Array.from({ length: 6 }, () => 2 * random() - 1))
  const y = x.map(([a = 0, b = 0]) => Number(a * b > 0))
  return new Dataset(
    x.map(([a = 0, ...others]) => [a + shift, ...others]),
    y,
  )
}

async function trained(layers: readonly LayerDescription[], train: Dataset, epochs: number) {
  const network = new Network({ inputs: 6, layers: [...layers, dense(2, 'softmax')], seed: 1 })
  const trainer = new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: 'adam',
    batchSize: 20,
    epochs,
  })
  await trainer.fit(train)
  return trainer
}

const trainDev = quadrants(1000, 2)
const dev = quadrants(1000, 3)
const shifted = quadrants(1000, 4, 0.4)

test('a shift between the training rows and those of dev is found to be data mismatch', async (t) => {
  const train = quadrants(3000, 1)
  const trainer = await trained([dense(32, 'relu')], train, 30)
  const diagnosis = await diagnose({
    trainer,
    train,
    trainDev,
    dev: shifted,
    test: quadrants(1000, 5, 0.4),
  })
  t.log(`\n${String(diagnosis)}`)
  t.is(diagnosis.dominant, 'dataMismatch')
  t.true((diagnosis.dataMismatch?.share ?? 0) >= 0.8)
  t.true(diagnosis.isCertain)
})

test('with too small a network, bias dominates', async (t) => {
  const train = quadrants(3000, 1)
  const { network } = await trained([], train, 10)
  const diagnosis = await diagnose({ network, train, trainDev, dev, test: quadrants(1000, 5) })
  t.log(`\n${String(diagnosis)}`)
  t.is(diagnosis.dominant, 'avoidableBias')
  t.true((diagnosis.avoidableBias?.share ?? 0) >= 0.8)
  t.true(diagnosis.isCertain)
})

test('with too little data, variance dominates', async (t) => {
  const train = quadrants(60, 1)
  const { network } = await trained([dense(32, 'relu')], train, 300)
  const diagnosis = await diagnose({ network, train, trainDev, dev, test: quadrants(1000, 5) })
  t.log(`\n${String(diagnosis)}`)
  t.is(diagnosis.dominant, 'variance')
  t.true((diagnosis.variance?.share ?? 0) >= 0.8)
  t.true(diagnosis.isCertain)
})

const measured = {
  optimalError: 0.01,
  train: { error: 0.02, rows: 20_000 },
  trainDev: { error: 0.025, rows: 5000 },
  dev: { error: 0.12, rows: 5000 },
  test: { error: 0.125, rows: 5000 },
}

test('errors that were measured before are taken apart without a network', async (t) => {
  const diagnosis = await diagnose(measured)
  const sizes = diagnosis.gaps.map(({ name, value }) => [name, Number(value.toFixed(9))])
  t.deepEqual(sizes, [
    ['avoidableBias', 0.01],
    ['variance', 0.005],
    ['dataMismatch', 0.095],
    ['devOverfitting', 0.005],
  ])
  t.is(diagnosis.dominant, 'dataMismatch')
  t.is(diagnosis.conclusion, 'Data mismatch dominates: 83 % of the gaps.')
  const sum = diagnosis.gaps.reduce((total, { share }) => total + share, 0)
  t.true(near(sum, 1, 1e-12))
  for (const { value, low, high } of diagnosis.gaps) t.true(low < value && value < high)
  t.deepEqual(diagnosis.errors.optimal, { value: 0.01, low: 0.01, high: 0.01 })
})

test('a finding reads as tables, a sentence and what to try', async (t) => {
  t.is(
    String(await diagnose(measured)),
    `Set        Error rate, %   95 % interval
optimal              1.0         assumed
train                2.0      1.8 to 2.2
trainDev             2.5      2.1 to 3.0
dev                 12.0    11.1 to 12.9
test                12.5    11.6 to 13.4

Gap                  Between             Size, %   95 % interval   Share
Avoidable bias       optimal to train        1.0      0.8 to 1.2     9 %
Variance             train to trainDev       0.5      0.1 to 1.0     4 %
Data mismatch        trainDev to dev         9.5     8.5 to 10.5    83 %
Overfitting to dev   dev to test             0.5     -0.8 to 1.8     4 %

Data mismatch dominates: 83 % of the gaps.

What people then try:
- looking at rows of dev that go wrong: what sets them apart from training rows?
- training data more like dev: collected, or synthesized
- some rows of the kind of dev among the training rows`,
  )
})

test('sets may be missing: a gap then goes to the next one that is there', async (t) => {
  const { train, trainDev: held, dev: target, test: last } = measured
  const gaps = async (options: DiagnosisOptions) =>
    (await diagnose(options)).gaps.map(({ name, from, to }) => `${name}: ${from} to ${to}`)
  t.deepEqual(await gaps({ train }), ['avoidableBias: optimal to train'])
  t.deepEqual(await gaps({ train, dev: target }), [
    'avoidableBias: optimal to train',
    'variance: train to dev',
  ])
  t.deepEqual(await gaps({ train, trainDev: held, test: last }), [
    'avoidableBias: optimal to train',
    'variance: train to trainDev',
    'dataMismatch: trainDev to test',
  ])
  const { dataMismatch, devOverfitting, notes } = await diagnose({ train, dev: target })
  t.deepEqual([dataMismatch, devOverfitting], [undefined, undefined])
  t.deepEqual(notes, ['Without a trainDev set, what is data mismatch counts as variance.'])
})

test('what few rows cannot tell apart is said to be so', async (t) => {
  const few = await diagnose({
    train: { error: 0.05, rows: 100 },
    trainDev: { error: 0.11, rows: 100 },
    dev: { error: 0.11, rows: 100 },
  })
  t.is(few.dominant, 'variance')
  t.false(few.isCertain)
  t.false(few.isAboveZero)
  t.deepEqual(few.rivals, ['avoidableBias', 'dataMismatch'])
  t.is(
    few.conclusion,
    'Variance is the largest gap, but these rows cannot tell it from 0, avoidable bias or data mismatch.',
  )
  const many = await diagnose({
    train: { error: 0.05, rows: 10_000 },
    trainDev: { error: 0.11, rows: 10_000 },
    dev: { error: 0.11, rows: 10_000 },
  })
  t.true(many.isAboveZero)
  t.false(many.isCertain)
  t.deepEqual(many.rivals, ['avoidableBias']) // 6 % and 5 %, both above 0
  t.is(
    many.conclusion,
    'Variance is the largest gap, but these rows cannot tell it from avoidable bias.',
  )
  const none = await diagnose({ train: { error: 0.1, rows: 100 }, optimalError: 0.1 })
  t.is(none.dominant, undefined)
  t.is(none.conclusion, 'No error is above the one before it.')
  t.deepEqual(none.advice, [])
})

const identity = new Network({ inputs: 2, layers: [dense(2, { kernelInitializer: 'ones' })] })
const regression = (targets: readonly (readonly number[])[]) =>
  new Dataset(
    targets.map(() => [0, 0]),
    targets,
  )

test('errors of a regression are a metric’s, with the interval of their rows’ spread', async (t) => {
  const network = identity
  const train = regression([[1, 1], [3, 1], [0, 0], [1, -1]]) // prettier-ignore
  const error = async (metric?: DiagnosisOptions['metric']) =>
    (await diagnose({ network, train, metric })).errors.train
  // The network says 0: squares by row are 1, 5, 0, 1.
  const z = normalQuantile(0.95)
  const half = z * Math.sqrt(((0.75 ** 2 + 3.25 ** 2 + 1.75 ** 2 + 0.75 ** 2) / 3) / 4) // prettier-ignore
  const square = await error()
  t.true(near(square?.value ?? NaN, 1.75, 1e-6))
  t.true(near(square?.high ?? NaN, 1.75 + half, 1e-6))
  t.is(square?.low, 0) // no error is below
  const root = await error('rootMeanSquaredError')
  t.true(near(root?.value ?? NaN, Math.sqrt(1.75), 1e-6))
  t.true(near(root?.high ?? NaN, Math.sqrt(1.75 + half), 1e-6))
  t.true(near((await error('meanAbsoluteError'))?.value ?? NaN, 1, 1e-6))
})

test('errors are those of a Trainer’s metrics, by sample weights', async (t) => {
  const random = randomNumbers(4)
  const x = Array.from({ length: 200 }, () => Array.from({ length: 6 }, () => random() - 0.5))
  const labels = x.map(() => Math.floor(random() * 2))
  const targets = x.map(() => [random(), random()])
  const sampleWeights = x.map(() => random())
  const { network } = await trained([dense(4)], quadrants(20, 1), 1)
  const options = { optimizer: 'sgd', metrics: ['accuracy', 'meanSquaredError', 'meanAbsoluteError'] } as const // prettier-ignore
  const trainer = new Trainer(network, { ...options, loss: 'meanSquaredError' })
  for (const data of [
    new Dataset(x, labels),
    new Dataset(x, labels, { sampleWeights }),
    new Dataset(x, targets, { sampleWeights }),
  ]) {
    const scores = await trainer.evaluate(data)
    const value = async (metric: DiagnosisOptions['metric']) =>
      (await diagnose({ trainer, train: data, metric })).errors.train?.value ?? NaN
    t.true(near(await value('errorRate'), 1 - scores.accuracy, 1e-6))
    if (data.classes > 0) continue
    t.true(near(await value('meanSquaredError'), scores.meanSquaredError, 1e-6))
    t.true(near(await value('meanAbsoluteError'), scores.meanAbsoluteError, 1e-6))
  }
})

const table = new Table({ a: [1, 2, 3, 4], y: [100, 200, 300, 500] })

test('a Model’s errors are those of its tables, in the target’s own units', async (t) => {
  const pipeline = new Pipeline({
    steps: [new StandardScaler()],
    target: 'y',
    targetTransformer: new StandardScaler(),
  }).fit(table)
  const network = new Network({ inputs: 1, layers: [dense(1)], seed: 1 })
  const model = new Model(pipeline, network)
  const { data } = model.predict(table)
  const errors = [100, 200, 300, 500].map((y, row) => Math.abs((data[row] ?? NaN) - y))
  const mean = errors.reduce((sum, error) => sum + error, 0) / table.rows
  const metric = 'meanAbsoluteError'
  const { train, dev: prepared } = (
    await diagnose({ model, metric, train: table, dev: pipeline.transform(table) })
  ).errors
  t.true(mean > 1 && near(train?.value ?? NaN, mean, 1e-3), `${mean}`)
  t.deepEqual(prepared, train)
})

test('a Model that classifies has the error rate of its tables', async (t) => {
  const rows = new Table({ a: [1, 2, 3, 4], y: ['low', 'low', 'high', 'low'] })
  const pipeline = new Pipeline({ steps: [new StandardScaler()], target: 'y' }).fit(rows)
  const model = new Model(pipeline, new Network({ inputs: 1, layers: [dense(2)], seed: 1 }))
  const wrong = model.classify(rows).filter((name, row) => name !== (row === 2 ? 'high' : 'low'))
  const { errors, metric } = await diagnose({ model, train: rows })
  t.is(metric, 'errorRate')
  t.is(errors.train?.value, wrong.length / 4)
})

test('one output tells two classes apart by 1/2', async (t) => {
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  network.parameters = Float32Array.of(1, 0)
  const train = new Dataset([[0.4], [0.6], [0.6], [0.7]], [0, 1, 1, 0])
  t.is((await diagnose({ network, train })).errors.train?.value, 0.25)
})

test('rows of unequal weight count for fewer', async (t) => {
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  network.parameters = Float32Array.of(1, 0)
  const x = [[0], [1], [0], [1]]
  const width = async (sampleWeights: number[]) => {
    const train = new Dataset(x, [0, 1, 1, 0], { sampleWeights })
    const { low = NaN, high = NaN } = (await diagnose({ network, train })).errors.train ?? {}
    return high - low
  }
  t.is(await width([1, 1, 1, 1]), await width([5, 5, 5, 5]))
  t.true((await width([9, 1, 9, 1])) > (await width([1, 1, 1, 1])))
})

test('a picture shows each gap and the finding, light and dark', async (t) => {
  const diagnosis = await diagnose(measured)
  const svg = await diagnosis.plot()
  for (const text of ['Data mismatch dominates', 'Overfitting to dev', 'trainDev to dev', '9.5 %'])
    t.true(svg.includes(text), text)
  t.notRegex(svg, /NaN|undefined/)
  t.false((await diagnosis.plot('dark')).includes('"#ffffff"'))
})

test('a diagnosis that cannot be is refused', async (t) => {
  const { network } = await trained([], quadrants(20, 1), 1)
  const rate = { error: 0.1, rows: 10 }
  const refused: [object, string][] = [
    [{}, 'Expected `train` to be a Dataset, a Table, { error, rows } or { error, standardError }, got `undefined`'], // prettier-ignore
    [{ train: rate, tran: rate }, 'Unknown option `tran` for `diagnose`; did you mean `train`?'],
    [{ train: dev }, '`train` is a Dataset, so diagnose needs a `network`'],
    [
      { train: dev, network, trainer: { network } },
      'Expected `network`, `trainer` or `model`, got `network` and `trainer`',
    ],
    [{ train: table, network }, '`train` is a Table, so diagnose needs a `model`'],
    [{ train: table, model: network }, 'Expected `model` to be a Model, got `Network`'],
    [
      { train: { ...rate, standardError: 1 } },
      'Expected `train.rows` or `train.standardError`, got both',
    ],
    [{ train: dev, network: {} }, 'Expected `network` to be a Network, got `Object`'],
    [{ train: dev, trainer: { network } }, 'Expected `trainer` to be a Trainer, got `Object`'],
    [{ train: new Dataset([[1]], [0]), network }, '`train` has 1 columns, the network takes 6'],
    [
      { train: dev, network, metric: 'meanSquaredError' },
      '`train` has class labels, of which there is no `meanSquaredError`',
    ],
    [
      { train: rate, metric: 'f1' },
      "Expected `metric` to be 'errorRate', 'meanSquaredError', 'rootMeanSquaredError' or 'meanAbsoluteError', got `'f1'`",
    ],
    [{ train: { error: 2, rows: 10 } }, 'Expected `train.error` to be a number in [0, 1], got `2`'],
    [{ train: { error: 0.1 } }, 'Expected `train.rows` to be a positive integer, got `undefined`'],
    [
      { train: { error: 2, rows: 9 }, metric: 'meanSquaredError' },
      '`train` needs a `standardError`: it is no rate of its rows',
    ],
    [
      { train: rate, optimalError: -1 },
      'Expected `optimalError` to be a number in [0, 1], got `-1`',
    ],
    [{ train: rate, confidence: 1 }, 'Expected `confidence` to be a number in (0, 1), got `1`'],
    [
      { train: rate, dev: { ...rate, row: 1 } },
      'Unknown option `row` for `diagnose`; did you mean `rows`?',
    ],
  ]
  for (const [options, message] of refused) {
    const error = await t.throwsAsync(diagnose(options as DiagnosisOptions), { message })
    t.true(error instanceof TypeError || error instanceof RangeError)
  }
})
