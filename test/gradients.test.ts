import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import type { GradientCheckOptions } from '../lib/index.js'
import { dense, Network } from '../lib/index.js'
import type { Conventions } from '../lib/options/index.js'
import {
  activations as activationTable,
  conventions as conventionTable,
  gradientCheckOptions,
  layers as layerTable,
  losses as lossTable,
} from '../lib/options/index.js'
import {
  activations,
  anyLoss,
  checkWithOutput,
  columns as embeddedColumns,
  denseLayer,
  inputs,
  largestError,
  layer,
  layers,
  losses,
  named,
  outputs,
  required,
  smoothActivation,
  tableOf,
  Tally,
  units,
} from './helpers/gradient_walk.js'
import type { Named } from './helpers/gradient_walk.js'
import { randomMatrix } from './helpers/random.js'
import type { Given } from './helpers/variants.js'
import { variants } from './helpers/variants.js'

// Back-propagation against central differences, over the whole tables of the core: nothing here
// names a row, so a new activation, loss, kind of layer, penalty or option is checked unasked. What
// cannot be checked, and how that is found out, is in helpers/gradient_walk.ts.

/** Ways to give each of the penalties in the options of layers and of `checkGradients`. */
const isPenalty = (option: string) => /^l\d$|L\d$/.test(option)
const penalties: readonly { readonly layer?: Given; readonly check?: Given }[] = [
  {},
  ...Object.keys(layerTable.dense)
    .filter(isPenalty)
    .map((option) => ({ layer: { [option]: 0.05 } })),
  ...Object.keys(gradientCheckOptions)
    .filter(isPenalty)
    .map((option) => ({ check: { [option]: 0.05 } })),
]

/** A kind of layer with each of its options, and with an activation or columns if it takes them. */
function kindVariants(kind: string, activation: Named, size = units): Given[] {
  const table = tableOf(layerTable, kind)
  const given = {
    ...('activation' in table ? { activation } : {}),
    ...('columns' in table ? { columns: embeddedColumns } : {}),
  }
  return variants(table, given).map((options) =>
    layer(kind, kind === 'dense' ? { ...options, units: size } : options),
  )
}

const first = <T>(values: readonly T[]): T => required(values[0])
const allConventions = Object.keys(conventionTable) as Conventions[]

/** Activations and losses that were checked as a network's last steps. */
const reached = new Set<string>()
const pair = (activation: string, loss: string) => `${activation} ${loss}`

for (const { name } of activations)
  test.serial(
    `gradients of ${name} layers equal central differences with every loss`,
    async (t) => {
      const tally = new Tally()
      const activation = named(name)
      for (const loss of losses) {
        for (const depth of [1, 2, 3, 4])
          for (const rows of [1, 2, 7])
            for (const columns of [1, outputs]) {
              const hidden = Array.from({ length: depth - 1 }, () => denseLayer(units, activation))
              const isReached = checkWithOutput(tally, activation, (output) => ({
                layers: [...hidden, denseLayer(columns, output)],
                loss: named(loss.name),
                batch: rows,
              }))
              if (isReached) reached.add(pair(name, loss.name))
            }
        await setImmediate() // or no network would be collected before the test ends
      }
      tally.end(t)
    },
  )

test.serial('every activation is a last one, and before every loss there is one', (t) => {
  for (const { name } of activations)
    t.true(
      losses.some((loss) => reached.has(pair(name, loss.name))),
      name,
    )
  for (const { name } of losses)
    t.true(
      activations.some((activation) => reached.has(pair(activation.name, name))),
      name,
    )
  const pairs = activations.flatMap(({ name }) => losses.map((loss) => pair(name, loss.name)))
  t.log('outputs that no loss takes:', pairs.filter((one) => !reached.has(one)).join(', '))
})

for (const { name } of losses)
  test.serial(`gradients of ${name} equal central differences with every option`, async (t) => {
    const tally = new Tally()
    for (const lossOptions of variants(tableOf(lossTable, name)))
      for (const { name: activationName } of activations) {
        for (const options of variants(tableOf(activationTable, activationName))) {
          const activation = named(activationName, options)
          checkWithOutput(tally, activation, (output) => ({
            layers: [denseLayer(units, activation), denseLayer(outputs, output)],
            loss: named(name, lossOptions),
          }))
        }
        await setImmediate()
      }
    tally.end(t)
  })

for (const { name: kind } of layers) {
  test.serial(
    `gradients around ${kind} equal central differences with every activation, loss and penalty`,
    async (t) => {
      const tally = new Tally()
      for (const { name } of activations)
        for (const loss of losses) {
          for (const penalty of penalties) {
            const activation = named(name)
            checkWithOutput(tally, activation, (output) => ({
              layers: [
                denseLayer(units, activation, penalty.layer),
                first(kindVariants(kind, activation)),
                denseLayer(outputs, output, penalty.layer),
              ],
              loss: named(loss.name),
              penalties: penalty.check,
            }))
          }
          await setImmediate()
        }
      tally.end(t)
    },
  )

  test.serial(
    `gradients around ${kind} equal central differences at every place and with every option`,
    async (t) => {
      const tally = new Tally()
      for (const { name } of activations) {
        const activation = named(name)
        const hidden = denseLayer(units, activation)
        for (const rows of [1, 2, 7])
          for (const own of kindVariants(kind, activation))
            for (const place of [0, 1, 2])
              if (
                !tally.check({
                  layers: [hidden, hidden].toSpliced(place, 0, own),
                  loss: named(anyLoss.name),
                  batch: rows,
                })
              )
                tally.failures.push(`no outputs for ${JSON.stringify(own)}`)
        await setImmediate()
      }
      tally.end(t)
    },
  )

  test.serial(
    `gradients of networks that begin or end with ${kind} equal central differences with every activation and loss`,
    async (t) => {
      const tally = new Tally()
      // What other layers give in training is not what they predict, by which outputs are placed.
      const endsWithActivation = 'activation' in tableOf(layerTable, kind)
      for (const { name } of activations)
        for (const loss of losses) {
          const activation = named(name)
          checkWithOutput(tally, activation, (output) => ({
            layers: [first(kindVariants(kind, activation)), denseLayer(outputs, output)],
            loss: named(loss.name),
          }))
          if (loss.domain === 'any' || endsWithActivation)
            checkWithOutput(tally, activation, (output) => ({
              layers: [
                denseLayer(outputs, endsWithActivation ? named(smoothActivation.name) : output),
                first(kindVariants(kind, output, outputs)),
              ],
              loss: named(loss.name),
            }))
          await setImmediate()
        }
      tally.end(t)
    },
  )
}

for (const conventions of allConventions)
  test.serial(
    `gradients by the conventions of ${conventions} equal central differences with every activation, loss, layer and penalty`,
    async (t) => {
      const tally = new Tally()
      for (const { name } of activations)
        for (const loss of losses) {
          const activation = named(name)
          for (const penalty of penalties)
            checkWithOutput(tally, activation, (output) => ({
              layers: [
                denseLayer(units, activation, penalty.layer),
                denseLayer(outputs, output, penalty.layer),
              ],
              loss: named(loss.name),
              penalties: penalty.check,
              conventions,
            }))
          for (const { name: kind } of layers)
            checkWithOutput(tally, activation, (output) => ({
              layers: [
                denseLayer(units, activation),
                first(kindVariants(kind, activation)),
                denseLayer(outputs, output),
              ],
              loss: named(loss.name),
              penalties: Object.assign({}, ...penalties.map(({ check }) => check)) as Given,
              conventions,
            }))
          await setImmediate()
        }
      tally.end(t)
    },
  )

for (const { name } of losses)
  test.serial(`gradients of ${name} with class labels are those with one-hot targets`, (t) => {
    const network = new Network({
      inputs,
      layers: [dense(units, 'tanh'), dense(outputs, 'softmax')],
      dtype: 'float64',
      seed: 1,
    })
    const x = randomMatrix(5, inputs, 1, -1, 1)
    const labels = [0, 2, 1, 1, 0]
    const oneHot = labels.map((label) => [0, 1, 2].map((c) => Number(c === label)))
    const options = { loss: named(name) } as unknown as GradientCheckOptions
    for (const y of [labels, oneHot])
      t.true(network.checkGradients(x, y, options).relativeError < largestError)
  })

test('a network of which nothing is trained has no gradient that could be wrong', (t) => {
  const network = new Network({ inputs, layers: [dense(outputs, { trainable: false })] })
  const report = network.checkGradients([[1, 2, 3]], [[1, 2, 3]], { loss: 'meanSquaredError' })
  t.deepEqual(report, { relativeError: 0, tensors: [] })
})
