import test from 'ava'
import type { CustomLoss, DType, LayerDescription, TrainerOptions } from '../lib/index.js'
import {
  adam,
  batchNorm,
  Dataset,
  dense,
  dropout,
  GemmnetError,
  layerNorm,
  Network,
  sgd,
  Trainer,
} from '../lib/index.js'
import { clouds, randomRows } from './helpers/data.js'

const { x, labels } = clouds(40, 4, 3)
const data = new Dataset(x, labels)

/** Fits until the loss is not finite; what is said of it, and the weights before and after. */
async function explode(
  options: Partial<TrainerOptions>,
  {
    layers = [dense(5, 'relu'), dense(3)],
    set = data,
    dtype = 'float32',
  }: { layers?: LayerDescription[]; set?: Dataset; dtype?: DType } = {},
) {
  const network = new Network<DType>({ inputs: set.features, layers, dtype })
  const trainer = new Trainer(network, {
    loss: 'meanSquaredError',
    optimizer: 'sgd',
    batchSize: 8,
    epochs: 50,
    ...options,
  })
  const kept = [network.parameters]
  const fit = trainer.fit(set, {
    callbacks: [{ onEpochEnd: (_, { network }) => void kept.push(network.parameters) }],
  })
  const error = await fit.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof GemmnetError)) throw new Error(`It did not explode: ${String(error)}`)
  return { error, network, trainer, kept }
}

for (const dtype of ['float32', 'float64'] as const)
  for (const [name, optimizer] of [
    ['sgd', sgd({ learningRate: 1e6 })],
    ['sgd with momentum', sgd({ learningRate: 1e6, momentum: 0.9 })],
    ['adam', adam({ learningRate: dtype === 'float32' ? 1e25 : 1e200 })],
  ] as const)
    for (const [kind, layers] of [
      ['a plain network', [dense(5, 'relu'), dense(3)]],
      ['one with batchNorm', [dense(5), batchNorm(), dense(5, 'relu'), dense(3)]],
      ['one with layerNorm', [dense(5), layerNorm(), dense(5, 'relu'), dense(3)]],
    ] as const)
      test(`too large a rate for ${name} in ${kind}, ${dtype}, is told with its place`, async (t) => {
        const { error, network, trainer, kept } = await explode(
          { optimizer },
          { layers: [...layers], dtype },
        )
        const { code, epoch = NaN, batch = NaN, layer, row } = error
        t.is(code, 'ERR_NON_FINITE_LOSS')
        t.is(epoch, kept.length)
        t.true(batch >= 1 && batch <= 5)
        t.true(layer === undefined || (layer >= 0 && layer < layers.length))
        t.true(row === undefined || (Number.isInteger(row) && row >= 0 && row < 40))
        t.true(layer !== undefined || row !== undefined)
        t.true(network.parameters.every(Number.isFinite))
        t.false(network.isTraining)
        // What it keeps can be used, and trained with a better rate.
        t.is(network.predict(data).shape[0], 40)
        const weights = network.parameters
        network.parameters = weights.map((w) => Math.tanh(w))
        const again = new Trainer(network, {
          loss: 'meanSquaredError',
          optimizer: sgd({ learningRate: 1e-4 }),
        })
        t.true((await again.fit(data)).completed)
        t.is(trainer.network, network)
      })

test('the weights before the first step are kept when it is the first that fails', async (t) => {
  const rows = randomRows(10, 2).data
  rows[7 * 2 + 1] = 1e300 // beyond float32
  const set = new Dataset({ data: rows, shape: [10, 2] }, randomRows(10, 3))
  const { error, network, kept } = await explode({ batchSize: 100 }, { set })
  t.like(error, { epoch: 1, batch: 1, layer: 0, row: 7 })
  t.deepEqual(network.parameters, kept[0])
})

test('the weights of the last good step are kept, running statistics included', async (t) => {
  const rows = randomRows(12, 2).data
  rows[9 * 2] = 1e300 // in the third batch
  const values = { data: rows, shape: [12, 2] } as const
  const set = new Dataset(values, randomRows(12, 3))
  const layers = [dense(5), batchNorm(), dense(3)]
  const { error, network } = await explode(
    { batchSize: 4, shuffle: false },
    { set, layers: [...layers] },
  )
  t.like(error, { epoch: 1, batch: 3, layer: 0, row: 9 })
  const reference = new Network({ inputs: 2, layers })
  const trainer = new Trainer(reference, {
    loss: 'meanSquaredError',
    optimizer: 'sgd',
    batchSize: 4,
    shuffle: false,
  })
  await trainer.fit(set.slice(0, 8), { epochs: 1 })
  t.deepEqual(network.parameters, reference.parameters)
})

test('targets too large for the loss are told with their row', async (t) => {
  for (const [loss, layers] of [
    ['meanSquaredError', [dense(2)]],
    ['halfSquaredError', [dense(2)]],
    ['categoricalCrossentropy', [dense(2, 'softmax')]],
  ] as const) {
    const targets = new Float64Array(12).fill(0.5)
    targets[5 * 2 + 1] = 3e38 // just within float32; its square is not
    if (loss === 'categoricalCrossentropy') targets[5 * 2] = targets[5 * 2 + 1] = 1e300
    const set = new Dataset(randomRows(6, 3), { data: targets, shape: [6, 2] })
    const { error, network, kept } = await explode(
      { loss, batchSize: 3, shuffle: false },
      { set, layers: [...layers] },
    )
    t.like(error, { epoch: 1, batch: 2, row: 5, layer: undefined }, loss)
    t.regex(
      error.message,
      /^The loss is not finite in epoch 1, batch 2\. All outputs of row 5 are: targets or sample weights are too large/,
    )
    t.true(network.parameters.every(Number.isFinite))
    t.notDeepEqual(network.parameters, kept[0]) // the first batch's step is in them
  }
})

test('sample weights too large for the loss are told with their row', async (t) => {
  const sampleWeights = new Float64Array(6).fill(1)
  sampleWeights[4] = 1e300
  const set = new Dataset(randomRows(6, 3), randomRows(6, 2), { sampleWeights })
  const { error } = await explode({ batchSize: 6 }, { set, layers: [dense(2)] })
  t.like(error, { epoch: 1, batch: 1, row: 4, layer: undefined })
})

test('a last layer that draws is named where the loss is not defined for what it makes', async (t) => {
  const layers = [dense(3, 'softmax'), dropout(0.9)] // a row of zeros is no distribution
  const { error } = await explode({ loss: 'categoricalCrossentropy' }, { layers })
  t.is(error.layer, undefined)
  t.regex(
    error.message,
    /All outputs of row \d+ are, but the loss is not defined for what dropout,/,
  )
})

test('a loss of one’s own that is not finite is told', async (t) => {
  for (const value of [NaN, Infinity, -Infinity]) {
    let batches = 0
    const loss: CustomLoss = ({ outputs }) => ({
      value: ++batches === 7 ? value : 1,
      gradient: new Float64Array(outputs.data.length).fill(0.1),
    })
    const { error, network, kept } = await explode({ loss })
    t.like(error, { epoch: 2, batch: 2, layer: undefined, row: undefined })
    t.regex(
      error.message,
      /^The loss is not finite in epoch 2, batch 2\. The loss function gives a /,
    )
    t.true(network.parameters.every(Number.isFinite))
    t.notDeepEqual(network.parameters, kept[1])
  }
})

test('a gradient of one’s own that is not finite is told with its row', async (t) => {
  for (const bad of [NaN, Infinity, 1e300]) {
    let batches = 0
    const loss: CustomLoss = ({ outputs }) => {
      const gradient = new Float64Array(outputs.data.length).fill(0.1)
      if (++batches === 7) gradient[3 * 3 + 1] = bad
      return { value: 1, gradient }
    }
    const { error, network, kept } = await explode({ loss, shuffle: false })
    t.like(error, { epoch: 2, batch: 2, row: 11, layer: undefined })
    t.regex(error.message, /gives a value or a gradient of row 11 that is not/)
    t.true(network.parameters.every(Number.isFinite))
    t.notDeepEqual(network.parameters, kept[1])
  }
})

test('weights that overflow in the last step of an epoch are told with that step', async (t) => {
  const optimizer = sgd({ learningRate: ({ step }) => (step === 9 ? 1e300 : 1e-3) })
  const { error, network, kept } = await explode({ optimizer })
  t.like(error, { epoch: 2, batch: 5, row: undefined })
  t.true(error.layer === 0 || error.layer === 1)
  t.regex(error.message, /^The weights of layer \d are not finite after epoch 2, batch 5\./)
  t.deepEqual(network.parameters, kept[1])
})

test('penalties of the weights that are not finite are told with their layer', async (t) => {
  const dtype = 'float64'
  const deep = [dense(4, 'sigmoid'), dense(300, 'sigmoid'), dense(3, 'sigmoid')]
  const shallow = [dense(3, 'sigmoid')]
  for (const [name, options, layers, layer] of [
    ['l1', { l1: 1e300 }, shallow, 0],
    ['l2', { l2: 1e300 }, shallow, 0],
    ['with averages', { l1: 1e300, averageMomentum: 0.5 }, shallow, 0],
    ['a sum over rows', { l1: 1e305, optimizer: sgd({ learningRate: 0 }) }, deep, 1],
    ['lbfgs', { l2: 1e307, optimizer: 'lbfgs' }, deep, 1],
  ] as const) {
    const { error, network, kept } = await explode(options, { layers: [...layers], dtype })
    t.like(error, { code: 'ERR_NON_FINITE_LOSS', epoch: 1, layer, row: undefined }, name)
    t.regex(error.message, /: the penalties of layer \d are not\./, name)
    t.deepEqual(network.parameters, kept[0], name)
  }
})

test('a penalty of a layer’s outputs that is not finite is told with the layer', async (t) => {
  const { error } = await explode(
    {},
    { layers: [dense(5), dense(4, { activityL2: 1e308 }), dense(3)], dtype: 'float64' },
  )
  t.like(error, { epoch: 1, batch: 1, layer: 1, row: undefined })
})

test('logits that are not finite are told, though the activation hides them', async (t) => {
  const rows = new Float64Array(6).fill(1)
  rows[4] = 3e38
  const set = new Dataset({ data: rows, shape: [6, 1] }, [0, 1, 0, 1, 0, 1])
  const network = new Network({ inputs: 1, layers: [dense(1, 'sigmoid')] })
  network.parameters = [2, 0]
  const trainer = new Trainer(network, { loss: 'binaryCrossentropy', optimizer: 'sgd' })
  const error = await t.throwsAsync(trainer.fit(set), { instanceOf: GemmnetError })
  t.like(error, { epoch: 1, batch: 1, layer: 0, row: 4 })
})

test('a validation loss that is not finite is a score like any other', async (t) => {
  const set = new Dataset({ data: Float64Array.of(1e300, 0, 0, 0), shape: [1, 4] }, [0], {
    classes: 3,
  })
  const network = new Network({ inputs: 4, layers: [dense(3)] })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'sgd' })
  const { epochs, completed } = await trainer.fit(data, { validation: set, epochs: 2 })
  t.true(completed)
  for (const { loss, validation } of epochs) {
    t.true(Number.isFinite(loss))
    t.false(Number.isFinite(validation.loss))
  }
})
