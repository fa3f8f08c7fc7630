import test from 'ava'
import type { DType, LayerDescription, Optimizer, Schedule } from '../lib/index.js'
import * as api from '../lib/index.js'
import {
  activation,
  Dataset,
  dense,
  GemmnetError,
  lbfgs,
  levenbergMarquardt,
  bfgs,
  Network,
  Pipeline,
  rprop,
  sgd,
  Trainer,
  warmup,
} from '../lib/index.js'
import { isTransformer } from '../lib/preparation/transformer.js'
import { isClear } from './helpers/clear.js'
import { randomRows } from './helpers/data.js'
import { places, run, values } from './helpers/options.js'

// Inputs that ended the process, or were not heard, once; and all that options and garbage can be.

const wide = new Network({ inputs: 1, layers: [dense(65_536)] })
const long = new Dataset({ data: new Uint8Array(2 ** 20), shape: [2 ** 20, 1] })

test('more outputs than memory holds are an error', async (t) => {
  t.throws(() => wide.predict(long), { message: /Invalid typed array length|allocation failed/ })
  await t.throwsAsync(wide.predictAsync(long), { message: /Out of memory|Invalid typed array/ })
  const row = new Dataset({ data: new Uint8Array(2 ** 20), shape: [1, 2 ** 20] })
  const repeated = row.subset(new Uint32Array(2 ** 18))
  t.throws(() => repeated.x, { message: /Invalid typed array length|allocation failed/ })
})

test('a typed array that pretends to be shared is copied', (t) => {
  const data = new Float32Array([1, 2, 3, 4])
  Object.defineProperty(data, 'buffer', { value: new SharedArrayBuffer(16) })
  const copied = new Dataset({ data, shape: [2, 2] })
  data.fill(9)
  t.deepEqual([...copied.x.data], [1, 2, 3, 4])
})

test('a label that would need billions of classes is refused', (t) => {
  t.throws(() => new Dataset([[1], [2]], [0, 2 ** 31 - 1]), {
    instanceOf: RangeError,
    message: 'Expected `classes` to be at most 16777216, got `2147483648`',
  })
})

test('classify takes any number of outputs, and rows without a largest one', (t) => {
  t.is(new Network({ inputs: 1, layers: [dense(200_000)] }).classify([[1]]).length, 1)
  t.deepEqual([...new Network({ inputs: 1, layers: [dense(3)] }).classify([[NaN]])], [0])
})

test('a loss that overflows though all outputs are finite is not laid on a layer', async (t) => {
  const network = new Network({ inputs: 1, layers: [dense(4), dense(1)] })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'sgd' })
  const error = await t.throwsAsync(trainer.fit(new Dataset([[1], [2]], [[1], [1e30]])).then())
  t.like(error, { code: 'ERR_NON_FINITE_LOSS', epoch: 1, batch: 1, layer: undefined })
  t.regex(error.message, /All outputs of row 1 are: targets or sample weights are too large for it/)
})

test('a gradient check of a cost that is not finite is an error', (t) => {
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  t.throws(() => network.checkGradients([[1e300]], [[1]], { loss: 'meanSquaredError' }), {
    message: 'The cost of these rows is not finite',
  })
})

test('a signal is heard while callbacks keep the event loop, and stops them', async (t) => {
  const rows = 2000
  const data = new Dataset(
    { data: new Float32Array(rows), shape: [rows, 1] },
    { data: new Float32Array(rows), shape: [rows, 1] },
  )
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  const options = { loss: 'meanSquaredError', optimizer: sgd(), batchSize: 1, epochs: 100 } as const
  const trainer = new Trainer(network, options)
  const abort = new AbortController()
  let calls = 0
  const onBatchEnd = () => {
    calls++
    if (calls === 1) setTimeout(() => { abort.abort() }) // prettier-ignore
    const end = performance.now() + 1
    while (performance.now() < end);
  }
  const fit = trainer.fit(data, { signal: abort.signal, callbacks: [{ onBatchEnd }] })
  const reason: unknown = await fit.then(
    () => undefined,
    (error: unknown) => error,
  )
  t.is(reason, abort.signal.reason)
  t.true(calls < 500, `${calls} calls`)
})

test('a fit whose reports nobody takes does not run away', async (t) => {
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: sgd() })
  const fit = trainer.fit(new Dataset([[1]], [[1]]), { epochs: 1_000_000 })
  const end = performance.now() + 300
  while (performance.now() < end); // the event loop is blocked
  fit.stop()
  const { epochs, completed } = await fit
  t.false(completed)
  t.true(epochs.length > 0 && epochs.length <= 2000, `${epochs.length} epochs`)
})

/** A trainer of what a source of test/helpers/options.ts made; undefined where that is none. */
function toTrainer(made: unknown, network: Network<DType>) {
  const loss = 'meanSquaredError'
  if (made instanceof Trainer) return made
  if (made instanceof Network) return new Trainer(made, { loss, optimizer: 'sgd' })
  if (typeof made !== 'object' || made === null) return undefined
  if ('type' in made) {
    const layer = made as LayerDescription
    const isFirst = layer.type === 'dense' || layer.type === 'embedding'
    const layers = isFirst ? [layer, dense(2)] : [dense(2), layer]
    const { dtype } = network
    return new Trainer(new Network({ inputs: 2, layers, dtype }), { loss, optimizer: 'sgd' })
  }
  if (isTransformer(made) || made instanceof Pipeline) return undefined
  if ('options' in made) return new Trainer(network, { loss, optimizer: made as Optimizer })
  if ('per' in made)
    return new Trainer(network, { loss, optimizer: sgd({ learningRate: made as Schedule }) })
  return undefined
}

const rows = randomRows(8, 2)
for (const dtype of ['float32', 'float64'] as const)
  test(`what an option takes trains a ${dtype} network, or ends in an error with a code`, async (t) => {
    let trained = 0
    let diverged = 0
    for (const { options, source, required } of places)
      for (const option of Object.keys(options))
        for (const text of values) {
          const layers = [dense(2, 'sigmoid'), dense(2, 'sigmoid')]
          const network = new Network({ inputs: 2, layers, dtype })
          const call = source({ ...required, [option]: text })
          let trainer
          try {
            trainer = toTrainer(run(call, { network }), network)
          } catch (error) {
            t.true(isClear(error), call)
            continue
          }
          if (trainer?.network.inputs !== 2) continue
          const { outputs } = trainer.network
          const targets = Array.from(rows.data.slice(0, 8), (v) =>
            Array.from({ length: outputs }, () => v * v),
          )
          const embeds = trainer.network.layers[0]?.type === 'embedding'
          const x = embeds ? { ...rows, data: rows.data.map(() => 0) } : rows
          const data = new Dataset(x, targets)
          t.true(trainer.network.parameters.every(Number.isFinite), call)
          try {
            await trainer.fit(data, { epochs: 2 })
            trained++
          } catch (error) {
            // Only numbers that nobody would take make a loss that is not finite.
            t.true(error instanceof GemmnetError, `${call}: ${String(error)}`)
            t.regex(text, /1e-?300|2 \*\* 53/, call)
            diverged++
          }
          t.true(trainer.network.parameters.every(Number.isFinite), call)
        }
    t.true(trained > 500 && diverged < trained / 4, `${trained}, ${diverged}`)
    t.log(`${trained} trained, ${diverged} diverged`)
  })

test('limits that only the core knows are errors of arguments', (t) => {
  const large = new Network({ inputs: 200, layers: [dense(200)] })
  const loss = 'meanSquaredError'
  for (const optimizer of [bfgs(), levenbergMarquardt()])
    t.throws(() => new Trainer(large, { loss, optimizer }), {
      instanceOf: RangeError,
      message: /learns \d+ parameters at most, .* the network has 40200/,
    })
  const classes = new Network({ inputs: 1, layers: [dense(1025)] })
  t.throws(() => new Trainer(classes, { loss, optimizer: 'sgd', metrics: ['confusionMatrix'] }), {
    instanceOf: RangeError,
    message: /at most 1024 classes/,
  })
  t.throws(() => levenbergMarquardt({ mu: 1, maximumMu: 0.5 }), {
    instanceOf: RangeError,
    message: 'Expected `mu` to be at most `maximumMu`, 0.5, got `1`',
  })
  t.throws(() => rprop({ minimumStep: 51 }), {
    instanceOf: RangeError,
    message: 'Expected `minimumStep` to be at most `maximumStep`, 50, got `51`',
  })
})

test('more memory than there is is an error', async (t) => {
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  const data = new Dataset([[1]], [[1]])
  const loss = 'meanSquaredError'
  t.throws(() => lbfgs({ history: 2 ** 40 }), { instanceOf: RangeError })
  const most = Number.MAX_SAFE_INTEGER
  const vast = new Network({ inputs: most, layers: [activation('relu'), activation('tanh')] })
  t.throws(() => vast.predict([[1]]), { instanceOf: RangeError })
  t.notThrows(() => new Trainer(vast, { loss, optimizer: 'adam', batchSize: most }))
  const { epochs } = await new Trainer(network, { loss, optimizer: 'adam', batchSize: most, accumulate: most }).fit(data) // prettier-ignore
  t.is(epochs.length, 1)
})

test('a thousand layers and schedules within each other are taken', async (t) => {
  let schedule: Schedule = warmup(0.1, { steps: 1 })
  for (let depth = 0; depth < 200; depth++) schedule = warmup(schedule, { steps: 1 })
  const layers = Array.from({ length: 1000 }, () => activation('tanh'))
  const network = new Network({ inputs: 1, layers: [...layers, dense(1)] })
  const optimizer = sgd({ learningRate: schedule })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer })
  t.is((await trainer.fit(new Dataset([[1]], [[1]]))).epochs.length, 1)
})

test('holes in arrays are seen', (t) => {
  const holes = (...values: unknown[]) => {
    const array = Array(values.length + 1)
    values.forEach((value, i) => (array[i + 1] = value))
    return array as never
  }
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  const base = { loss: 'meanSquaredError', optimizer: 'sgd' } as const
  const cases: [() => unknown, string][] = [
    [() => new Network({ inputs: 1, layers: holes(dense(1)) }), 'layers[0]'],
    [() => api.piecewise({ boundaries: [1], rates: holes(0.1) }), 'rates[0]'],
    [() => new Trainer(network, { ...base, metrics: holes('accuracy') }), 'metrics[0]'],
    [() => new Trainer(network, { ...base, optimizer: holes() }), 'optimizer[0]'],
    [() => new Trainer(network, { ...base, classWeights: holes(1) }), 'classWeights[0]'],
    [() => new Trainer(network, base).fit(new Dataset([[1]], [[1]]), { callbacks: holes({}) }), 'callbacks[0]'],
    [() => new Dataset(holes([1]), [0, 0]), 'x[0]'],
    [() => new Dataset([[1], [2]], holes(1)), 'y'],
    [() => new Dataset([[1], [2]], [0, 0], { sampleWeights: holes(1) }), 'sampleWeights[0]'],
    [() => new Dataset([[1, 2]], [0], { featureNames: holes('a') }), 'featureNames'],
    [() => new Dataset([[1], [2]]).subset(holes(1)), 'indices[0]'],
    [() => (network.parameters = holes(1)), 'parameters'],
  ] // prettier-ignore
  for (const [call, name] of cases) {
    const error = t.throws(call, undefined, name)
    t.true(isClear(error), name)
    t.true(error.message.includes(`\`${name}`), `${name}: ${error.message}`)
  }
})
