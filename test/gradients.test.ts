import test from 'ava'
import type { ActivationName, LossName } from '../lib/index.js'
import { dense, Network } from '../lib/index.js'
import { native } from '../lib/native.js'
import { randomMatrix } from './helpers/random.js'

// Central differences over the whole tables of the core: a new row is checked with no new test.

const { activations, losses } = native.describe()

/** Targets that a loss is defined for: probabilities that sum to 1, or any numbers. */
function makeTargets(rows: number, outputs: number, ofProbabilities: boolean, seed: number) {
  const values = randomMatrix(rows, outputs, seed, 0.1, 1)
  if (!ofProbabilities) return values
  return values.map((row) => {
    const sum = row.reduce((total, value) => total + value, 0)
    return row.map((value) => value / (outputs === 1 ? 1.1 : sum))
  })
}

interface Walk {
  readonly activation: (typeof activations)[number]
  readonly loss: (typeof losses)[number]
  readonly depth: number
  readonly batch: number
  readonly l2: number
  readonly outputs: number
}

function makeCase({ activation, loss, depth, batch, outputs }: Walk, dtype: 'float32' | 'float64') {
  const name = activation.name as ActivationName
  const widths = [5, 4, 6]
  const hidden = widths
    .slice(0, depth - 1)
    .map((units, i) => dense(units, i % 2 === 0 ? name : 'tanh'))
  const network = new Network({
    inputs: 3,
    layers: [...hidden, dense(outputs, name)],
    dtype,
    seed: 3,
  })
  // Biases away from 0; where a loss takes logarithms of the outputs, these are kept inside (0, 1),
  // and so away from where they are clipped.
  const bounded = ['sigmoid', 'softmax'].includes(name)
  network.layers.forEach((layer, l) => {
    const last = l === depth - 1
    const shift = last && loss.domain === 'probabilities' && !bounded ? 0.5 : 0
    const spread = last && loss.domain === 'probabilities' && !bounded ? 0.1 : 1
    layer.bias = randomMatrix(
      1,
      layer.units,
      7 + l,
      shift - 0.2 * spread,
      shift + 0.2 * spread,
    ).flat()
    layer.kernel = {
      data: layer.kernel.data.map((weight) => weight * spread),
      shape: layer.kernel.shape,
    }
  })
  const x = randomMatrix(batch, 3, 11, -1, 1)
  const y = makeTargets(batch, outputs, loss.domain === 'probabilities', 13)
  return { network, x, y }
}

function* walk(): Generator<Walk> {
  for (const activation of activations)
    for (const loss of losses)
      for (const depth of [1, 2, 3, 4])
        for (const batch of [1, 2, 7])
          for (const l2 of [0, 0.01])
            for (const outputs of loss.name === 'categoricalCrossentropy' ? [3] : [1, 3])
              // One softmax output is always 1.
              if (!(activation.wholeRow && outputs === 1))
                yield { activation, loss, depth, batch, l2, outputs }
}

for (const activation of activations)
  for (const loss of losses)
    test(`gradients of ${activation.name} with ${loss.name} equal central differences`, (t) => {
      let largest = 0
      let count = 0
      for (const one of walk()) {
        if (one.activation.name !== activation.name || one.loss.name !== loss.name) continue
        const { network, x, y } = makeCase(one, 'float64')
        const name = loss.name as LossName
        const report = network.checkGradients(x, y, { loss: name, l2: one.l2 })
        for (const { relativeError, layer, tensor } of report.tensors)
          t.true(
            relativeError < 1e-7,
            `${JSON.stringify(one)} layer ${layer} ${tensor}: ${relativeError}`,
          )
        largest = Math.max(largest, report.relativeError)
        count++
      }
      t.log(`${count} networks, largest relative error ${largest.toExponential(2)}`)
    })

test('float32 gradients are within 1e-5 of those in float64', (t) => {
  let largest = 0
  for (const one of walk()) {
    const { network, x, y } = makeCase(one, 'float32')
    const report = network.checkGradients(x, y, { loss: one.loss.name as LossName, l2: one.l2 })
    for (const { precisionError, layer, tensor } of report.tensors) {
      t.true(
        precisionError < 1e-5,
        `${JSON.stringify(one)} layer ${layer} ${tensor}: ${precisionError}`,
      )
      largest = Math.max(largest, precisionError)
    }
  }
  t.log(`largest relative difference ${largest.toExponential(2)}`)
})

test('a gradient check with class labels equals one with one-hot targets', (t) => {
  const network = new Network({
    inputs: 3,
    layers: [dense(4, 'tanh'), dense(3, 'softmax')],
    seed: 1,
  })
  const x = randomMatrix(5, 3, 1, -1, 1)
  const labels = [0, 2, 1, 1, 0]
  const oneHot = labels.map((label) => [0, 1, 2].map((c) => Number(c === label)))
  const byLabels = network.checkGradients(x, labels, { loss: 'categoricalCrossentropy' })
  const byTargets = network.checkGradients(x, oneHot, { loss: 'categoricalCrossentropy' })
  t.true(byLabels.relativeError < 1e-7)
  t.true(byTargets.relativeError < 1e-7)
})
