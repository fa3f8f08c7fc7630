import test from 'ava'
import { setImmediate } from 'node:timers/promises'
import type { ActivationName, LossName } from '../lib/index.js'
import { dense, Network, Trainer } from '../lib/index.js'

/** What is warned of when a Trainer is made for a network that ends so. */
async function warnings(activation: ActivationName, units: number, loss: LossName) {
  const said: string[] = []
  const listen = ({ name, message }: Error) => said.push(`${name}: ${message}`)
  process.on('warning', listen)
  const network = new Network({ inputs: 2, layers: [dense(units, activation)] })
  new Trainer(network, { loss, optimizer: 'adam' })
  await setImmediate() // warnings come a tick later
  process.off('warning', listen)
  return said
}

test.serial('a cross-entropy of what are no probabilities is warned of, once', async (t) => {
  const linear =
    "GemmnetWarning: `categoricalCrossentropy` takes probabilities, and the network ends with 'linear': " +
    "end it with 'softmax', which is computed from the logits"
  t.deepEqual(await warnings('linear', 3, 'categoricalCrossentropy'), [linear])
  t.deepEqual(await warnings('linear', 3, 'categoricalCrossentropy'), [])
  t.regex(String(await warnings('relu', 1, 'binaryCrossentropy')), /end it with 'sigmoid'/)
})

test.serial('a softmax of one unit is warned of', async (t) => {
  t.regex(String(await warnings('softmax', 1, 'meanSquaredError')), /always 1.*'sigmoid'/)
})

test.serial('outputs that suit their loss are not', async (t) => {
  for (const activation of ['softmax', 'sigmoid', 'hardSigmoid'] as const)
    t.deepEqual(await warnings(activation, 3, 'categoricalCrossentropy'), [])
  t.deepEqual(await warnings('sigmoid', 1, 'binaryCrossentropy'), [])
  t.deepEqual(await warnings('linear', 1, 'meanSquaredError'), [])
})
