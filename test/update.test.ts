import test from 'ava'
import { adam, Dataset, dense, gradientDescent, Network, sgd, Trainer } from '../lib/index.js'
import { randomMatrix } from './helpers/random.js'

// Updates against formulas worked out here, in float64.

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z))

test('one update with sigmoid and half squared error is the lecture’s, by hand', async (t) => {
  // A network 2-2-1 and one row; every number below follows from the four equations.
  const network = new Network({
    inputs: 2,
    layers: [dense(2, 'sigmoid'), dense(1, 'sigmoid')],
    dtype: 'float64',
  })
  const [first, second] = network.layers
  if (first === undefined || second === undefined) throw new Error('no layers')
  first.kernel = [
    [0.15, 0.25],
    [0.2, 0.3],
  ]
  first.bias = [0.35, 0.35]
  second.kernel = [[0.4], [0.45]]
  second.bias = [0.6]
  const [x1, x2, y, eta] = [0.05, 0.1, 0.01, 0.5]

  // Forward.
  const a1 = sigmoid(0.15 * x1 + 0.2 * x2 + 0.35)
  const a2 = sigmoid(0.25 * x1 + 0.3 * x2 + 0.35)
  const output = sigmoid(0.4 * a1 + 0.45 * a2 + 0.6)
  // The output's error, then the hidden layer's.
  const delta = (output - y) * output * (1 - output)
  const delta1 = delta * 0.4 * a1 * (1 - a1)
  const delta2 = delta * 0.45 * a2 * (1 - a2)
  const expected = [
    0.15 - eta * x1 * delta1,
    0.25 - eta * x1 * delta2,
    0.2 - eta * x2 * delta1,
    0.3 - eta * x2 * delta2,
    0.35 - eta * delta1,
    0.35 - eta * delta2,
    0.4 - eta * a1 * delta,
    0.45 - eta * a2 * delta,
    0.6 - eta * delta,
  ]

  const trainer = new Trainer(network, {
    loss: 'halfSquaredError',
    optimizer: gradientDescent({ learningRate: eta }),
  })
  const { epochs } = await trainer.fit(new Dataset([[x1, x2]], [[y]]))
  closeTo(t, network.parameters, expected, 1e-14)
  closeTo(t, [epochs[0]?.loss ?? NaN], [(output - y) ** 2 / 2], 1e-14)
})

interface Asserts {
  true: (value: boolean, message: string) => void
}
function closeTo(
  t: Asserts,
  got: ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
) {
  t.true(got.length === expected.length, 'lengths differ')
  expected.forEach((value, i) => {
    const error = Math.abs((got[i] ?? NaN) - value)
    t.true(error <= tolerance * Math.max(1, Math.abs(value)), `at ${i}: ${got[i]} for ${value}`)
  })
}

/** A linear network of one layer without bias, whose mean-squared-error gradient is a short loop. */
function makeLinear() {
  const network = new Network({
    inputs: 3,
    layers: [dense(2, { useBias: false })],
    dtype: 'float64',
    seed: 5,
  })
  const x = randomMatrix(8, 3, 1, -1, 1)
  const y = randomMatrix(8, 2, 2, -1, 1)
  const gradient = (w: readonly number[]) =>
    w.map((weight, i) => {
      const [input, output] = [Math.floor(i / 2), i % 2]
      let sum = 0
      x.forEach((row, r) => {
        let error = -(y[r]?.[output] ?? 0)
        row.forEach((value, k) => (error += value * (w[2 * k + output] ?? 0)))
        sum += (2 / 16) * error * (row[input] ?? 0)
      })
      return sum + 2 * l2 * weight
    })
  const l2 = 0.01
  return { network, data: new Dataset(x, y), gradient, l2 }
}

const optimizers = {
  'sgd without momentum': {
    optimizer: sgd({ learningRate: 0.1 }),
    make: () => (w: number, g: number) => w - 0.1 * g,
  },
  'sgd with momentum': {
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    make: () => {
      let v = 0
      return (w: number, g: number) => {
        v = 0.9 * v - 0.1 * g
        return w + v
      }
    },
  },
  'sgd with Nesterov’s momentum': {
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
    make: () => {
      let v = 0
      return (w: number, g: number) => {
        v = 0.9 * v - 0.1 * g
        return w + 0.9 * v - 0.1 * g
      }
    },
  },
  adam: {
    optimizer: adam({ learningRate: 0.01 }),
    make: () => {
      let [m, v, step] = [0, 0, 0]
      return (w: number, g: number) => {
        step++
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        const rate = (0.01 * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step)
        return w - (rate * m) / (Math.sqrt(v) + 1e-7)
      }
    },
  },
} as const

for (const [name, { optimizer, make }] of Object.entries(optimizers))
  test(`fifty steps of ${name}, with an L2 penalty, follow its formula`, async (t) => {
    const { network, data, gradient, l2 } = makeLinear()
    let weights = [...network.parameters]
    const update = weights.map(() => make())
    for (let step = 0; step < 50; step++) {
      const g = gradient(weights)
      weights = weights.map((w, i) => update[i]?.(w, g[i] ?? NaN) ?? NaN)
    }
    const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer, l2, batchSize: 8 })
    await trainer.fit(data, { epochs: 30 })
    await trainer.fit(data, { epochs: 20 }) // the state lasts from fit to fit
    closeTo(t, network.parameters, weights, 1e-13)
  })

test('a full batch that is taken piece by piece makes the step of one that is not', async (t) => {
  // 10,000 rows go through in three pieces; every row ten times in them is the mean of 1,000.
  const x = randomMatrix(1000, 4, 1, -1, 1)
  const y = randomMatrix(1000, 2, 2, -1, 1)
  const fit = async (times: number) => {
    const network = new Network({
      inputs: 4,
      layers: [dense(6, 'tanh'), dense(2)],
      dtype: 'float64',
      seed: 1,
    })
    const repeat = (rows: number[][]) => Array.from({ length: times }, () => rows).flat()
    const trainer = new Trainer(network, {
      loss: 'meanSquaredError',
      optimizer: gradientDescent({ learningRate: 0.1 }),
      l2: 0.001,
    })
    const { epochs } = await trainer.fit(new Dataset(repeat(x), repeat(y)), { epochs: 5 })
    return { parameters: [...network.parameters], loss: epochs.map((epoch) => epoch.loss) }
  }
  const whole = await fit(1)
  const pieces = await fit(10)
  closeTo(t, pieces.parameters, whole.parameters, 1e-12)
  closeTo(t, pieces.loss, whole.loss, 1e-12)
})
