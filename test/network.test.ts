// Over 400 lines: all that the class promises, one test for each promise and each refusal.

import test from 'ava'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Tensor, TensorFile } from '../lib/formats/safetensors.js'
import { decodeSafetensors, encodeSafetensors } from '../lib/formats/safetensors.js'
import type {
  ActivationName,
  DenseOptions,
  DType,
  LayerDescription,
  Matrix,
  MatrixLike,
  NetworkOptions,
} from '../lib/index.js'
import {
  activation,
  batchNorm,
  Dataset,
  dense,
  GemmnetError,
  layerNorm,
  Network,
  Trainer,
} from '../lib/index.js'
import { layers as layerTable } from '../lib/options/index.js'
import { randomRows } from './helpers/data.js'

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
/** The error function by its Maclaurin series, for arguments that are not large. */
const erf = (x: number) => {
  let term = (2 * x) / Math.sqrt(Math.PI)
  let total = term
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n
    total += term / (2 * n + 1)
  }
  return total
}

/** Activations of one row with their default options, written from their definitions. */
const definitions: Readonly<Record<ActivationName, (z: readonly number[]) => number[]>> = {
  linear: (z) => [...z],
  sigmoid: (z) => z.map((value) => 1 / (1 + Math.exp(-value))),
  hardSigmoid: (z) => z.map((value) => Math.min(Math.max(value / 6 + 0.5, 0), 1)),
  tanh: (z) => z.map(Math.tanh),
  relu: (z) => z.map((value) => Math.max(value, 0)),
  relu6: (z) => z.map((value) => Math.min(Math.max(value, 0), 6)),
  leakyRelu: (z) => z.map((value) => (value < 0 ? 0.2 * value : value)),
  elu: (z) => z.map((value) => (value < 0 ? Math.expm1(value) : value)),
  selu: (z) =>
    z.map((value) => 1.05070098735548 * (value < 0 ? 1.67326324235438 * Math.expm1(value) : value)),
  celu: (z) => z.map((value) => (value < 0 ? Math.expm1(value) : value)),
  gelu: (z) => z.map((value) => (value / 2) * (1 + erf(value / Math.SQRT2))),
  silu: (z) => z.map((value) => value / (1 + Math.exp(-value))),
  mish: (z) => z.map((value) => value * Math.tanh(Math.log1p(Math.exp(value)))),
  softplus: (z) => z.map((value) => Math.log1p(Math.exp(value))),
  softsign: (z) => z.map((value) => value / (1 + Math.abs(value))),
  softmax: (z) => z.map((value) => Math.exp(value) / sum(z.map(Math.exp))),
  logSoftmax: (z) => z.map((value) => value - Math.log(sum(z.map(Math.exp)))),
  exponential: (z) => z.map(Math.exp),
}
const names = Object.keys(definitions) as ActivationName[]

/** f(x W + b), layer by layer, in plain JavaScript. */
function forward(network: Network<DType>, x: Matrix): number[] {
  const [rows, columns] = x.shape
  return Array.from({ length: rows }, (_, row) => {
    let values = Array.from(x.data.subarray(row * columns, (row + 1) * columns))
    for (const { kernel, bias, units, activation } of network.layers) {
      const z = Array.from({ length: units }, (_, unit) =>
        values.reduce(
          (sum, value, i) => sum + value * (kernel.data[i * units + unit] ?? NaN),
          bias?.[unit] ?? 0,
        ),
      )
      values = definitions[activation ?? 'linear'](z)
    }
    return values
  }).flat()
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0)

const layers = [
  dense(7, 'tanh'),
  dense(5, { useBias: false, activation: 'relu' }),
  dense(3, 'softmax'),
]
const make = <D extends DType = 'float32'>(options: Partial<NetworkOptions<D>> = {}) =>
  new Network<D>({ inputs: 4, layers, ...options })
/** The network with weights and biases that are all different. */
function shake<D extends DType>(network: Network<D>): Network<D> {
  network.parameters = randomRows(1, network.parameterCount, 5).data
  return network
}

test('a network knows its shapes', (t) => {
  const network = make()
  t.like(network, { inputs: 4, outputs: 3, dtype: 'float32', isTraining: false })
  t.is(network.parameterCount, 4 * 7 + 7 + 7 * 5 + 5 * 3 + 3)
  t.deepEqual(
    network.layers.map(({ type, inputs, units, activation, parameterCount }) => [
      type,
      inputs,
      units,
      activation,
      parameterCount,
    ]),
    [
      ['dense', 4, 7, 'tanh', 35],
      ['dense', 7, 5, 'relu', 35],
      ['dense', 5, 3, 'softmax', 18],
    ],
  )
  t.deepEqual(
    network.layers.map(({ kernel }) => kernel.shape),
    [
      [4, 7],
      [7, 5],
      [5, 3],
    ],
  )
  t.deepEqual(
    network.layers.map(({ bias }) => bias?.length),
    [7, undefined, 3],
  )
  t.true(Object.isFrozen(network))
})

test('weights and outputs are of the type the network computes in', (t) => {
  const single = make()
  const double = make({ dtype: 'float64' })
  t.true(single.parameters instanceof Float32Array)
  t.true(single.predict([[1, 2, 3, 4]]).data instanceof Float32Array)
  t.true(double.parameters instanceof Float64Array)
  t.true(double.predict([[1, 2, 3, 4]]).data instanceof Float64Array)
  t.true(double.layers[0]?.kernel.data instanceof Float64Array)
})

test('equal seeds give equal weights, others do not', (t) => {
  t.deepEqual(make({ seed: 3 }).parameters, make({ seed: 3 }).parameters)
  t.deepEqual(make().parameters, make({ seed: 0 }).parameters)
  t.notDeepEqual(make({ seed: 3 }).parameters, make({ seed: 4 }).parameters)
  t.notDeepEqual(make({ seed: 2 ** 32 }).parameters, make({ seed: 0 }).parameters)
})

test('float32 weights are the float64 ones rounded', (t) => {
  const options = { inputs: 30, layers: [dense(20), dense(10)], seed: 9 }
  const double = new Network({ ...options, dtype: 'float64' }).parameters
  t.deepEqual(new Network(options).parameters, Float32Array.from(double))
})

test('initial kernels fill the bound of Glorot and Bengio, initial biases are zero', (t) => {
  const [layer] = new Network({ inputs: 50, layers: [dense(100)], dtype: 'float64' }).layers
  const bound = Math.sqrt(6 / 150)
  const kernel = Array.from(layer?.kernel.data ?? [])
  t.is(new Set(kernel).size, 5000)
  t.true(kernel.every((value) => Math.abs(value) <= bound))
  t.true(Math.max(...kernel) > 0.99 * bound && Math.min(...kernel) < -0.99 * bound)
  const mean = kernel.reduce((sum, value) => sum + value, 0) / 5000
  t.true(Math.abs(mean) < (4 * bound) / Math.sqrt(3 * 5000))
  t.true(layer?.bias?.every((value) => value === 0))
})

test('layers of one shape do not begin alike', (t) => {
  const [a, b] = new Network({ inputs: 5, layers: [dense(5), dense(5)] }).layers
  t.notDeepEqual(a?.kernel.data, b?.kernel.data)
})

for (const activation of names)
  test(`${activation} in float64 is its definition`, (t) => {
    for (const rows of [1, 2, 255, 257, 600]) {
      const network = shake(
        new Network({
          inputs: 6,
          layers: [dense(9, activation), dense(4, { activation, useBias: false })],
          dtype: 'float64',
        }),
      )
      const x = randomRows(rows, 6, rows)
      const { data, shape } = network.predict(x)
      t.deepEqual(shape, [rows, 4])
      const expected = forward(network, x)
      const size = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
      t.true(largestDifference(data, expected) < 1e-12 * size)
    }
  })

for (const activation of names)
  test(`${activation} in float32 follows float64, far from zero too`, (t) => {
    const options = { inputs: 3, layers: [dense(3, activation)] }
    const single = new Network(options)
    const double = new Network({ ...options, dtype: 'float64' })
    const kernel = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]
    for (const { layers } of [single, double]) {
      const [layer] = layers
      if (layer !== undefined) layer.kernel = kernel
    }
    const highest = activation === 'exponential' ? 80 : 1000 // exp(89) is beyond float32
    for (const scale of [0.01, 1, 10, 80, 1000].filter((one) => one <= highest)) {
      const x = randomRows(100, 3)
      const scaled: Matrix = { data: Float32Array.from(x.data, (v) => scale * v), shape: x.shape }
      const a = single.predict(scaled).data
      const b = double.predict(scaled).data
      t.true(a.every(Number.isFinite) && b.every(Number.isFinite))
      // The logarithm of a softmax is a difference of what is as large as its inputs.
      const size = activation === 'logSoftmax' ? scale : 1e-3
      const tolerance = (value: number) => 1e-5 * Math.max(Math.abs(value), size)
      t.true(a.every((value, i) => Math.abs(value - (b[i] ?? NaN)) <= tolerance(b[i] ?? NaN)))
    }
  })

test('all forms of the same rows give the same bits', async (t) => {
  for (const dtype of ['float32', 'float64'] as const) {
    const network = shake(make({ dtype }))
    const bytes = Uint8Array.from({ length: 300 * 4 }, (_, i) => (i * 37) % 256)
    const x = { data: bytes, shape: [300, 4] } as const
    const expected = network.predict(x)
    t.deepEqual(expected.shape, [300, 3])
    const rows = Array.from({ length: 300 }, (_, row) => [...bytes.subarray(4 * row, 4 * row + 4)])
    const shared = new Float32Array(new SharedArrayBuffer(4 * 1200))
    shared.set(bytes)
    const forms: (MatrixLike | Dataset)[] = [
      bytes,
      rows,
      Float32Array.from(bytes),
      Float64Array.from(bytes),
      Int32Array.from(bytes),
      { data: Float64Array.from(bytes), shape: [300, 4] },
      { data: Int16Array.from(bytes), dims: [300, 4] },
      shared,
      new Dataset(x),
      new Dataset(rows),
    ]
    for (const form of forms) {
      t.deepEqual(network.predict(form), expected)
      t.deepEqual(await network.predictAsync(form), expected)
    }
  }
})

test('a view of a Dataset predicts its own rows, scaled', (t) => {
  const network = shake(make({ dtype: 'float64' }))
  const data = Uint8Array.from({ length: 40 }, (_, i) => i * 6)
  const view = new Dataset({ data, shape: [10, 4] }, undefined, { scale: 1 / 256 }).subset([7, 2])
  const rows = [data.subarray(28, 32), data.subarray(8, 12)]
  t.deepEqual(
    network.predict(view),
    network.predict(rows.map((row) => [...row].map((v) => v / 256))),
  )
})

test('many predictions at once off the JavaScript thread do not mix', async (t) => {
  const network = shake(make({ dtype: 'float64' }))
  const inputs = Array.from({ length: 24 }, (_, i) => randomRows(50 + i, 4, i))
  const expected = inputs.map((x) => network.predict(x))
  t.deepEqual(await Promise.all(inputs.map((x) => network.predictAsync(x))), expected)
})

test('rows given to predictAsync may change while it runs', async (t) => {
  const network = shake(make())
  const x = Float32Array.from(randomRows(2000, 4).data)
  const expected = network.predict(x)
  const promise = network.predictAsync(x)
  x.fill(NaN)
  structuredClone(x.buffer, { transfer: [x.buffer] })
  t.deepEqual(await promise, expected)
})

test('no rows predict no rows', async (t) => {
  const network = make()
  t.deepEqual(network.predict([]), { data: new Float32Array(0), shape: [0, 3] })
  t.deepEqual(network.predict(new Float32Array(0)).shape, [0, 3])
  t.deepEqual((await network.predictAsync([])).shape, [0, 3])
  t.deepEqual(network.classify([]), new Int32Array(0))
})

test('rows that do not fit are refused, at once and asynchronously', async (t) => {
  const network = make()
  const cases: [unknown, string, 'Range' | 'Type'][] = [
    [[[1, 2, 3]], '`x` has 3 columns, the network takes 4', 'Range'],
    [new Dataset([[1]]), '`x` has 1 columns, the network takes 4', 'Range'],
    [
      new Float32Array(6),
      '`x` has 6 values, not a multiple of the 4 columns the network takes',
      'Range',
    ],
    [
      { data: new Float32Array(6), shape: [2, 3] },
      '`x` has 3 columns, the network takes 4',
      'Range',
    ],
    [
      7,
      'Expected `x` to be a matrix: { data, shape: [rows, columns] }, an array of rows or a typed ' +
        'array, got `7`',
      'Type',
    ],
  ]
  for (const [x, message, kind] of cases) {
    const expectation = { instanceOf: kind === 'Range' ? RangeError : TypeError, message }
    t.throws(() => network.predict(x as MatrixLike), expectation)
    t.throws(() => network.classify(x as MatrixLike), expectation)
    await t.throwsAsync(network.predictAsync(x as MatrixLike), expectation)
  }
})

test('classify names the largest output', (t) => {
  const network = shake(make({ layers: [dense(3, 'tanh')] }))
  const x = randomRows(50, 4)
  const { data } = network.predict(x)
  const expected = Int32Array.from({ length: 50 }, (_, row) => {
    const [a = NaN, b = NaN, c = NaN] = data.subarray(3 * row, 3 * row + 3)
    return a >= b && a >= c ? 0 : b >= c ? 1 : 2
  })
  t.deepEqual(network.classify(x), expected)
  t.deepEqual(network.classify(new Dataset(x)), expected)
  t.true(new Set(expected).size > 1)
})

test('classify with one output asks on which side of a half it is', (t) => {
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  network.parameters = [1, 0]
  t.deepEqual(network.classify([[0.4], [0.5], [0.6], [-3], [3]]), Int32Array.of(0, 0, 1, 0, 1))
})

test('weights that are read are copies', (t) => {
  const network = make()
  const before = network.parameters
  network.parameters.fill(9)
  for (const layer of network.layers) {
    layer.kernel.data.fill(9)
    layer.bias?.fill(9)
  }
  t.deepEqual(network.parameters, before)
})

test('weights that are set are copied, one layer at a time', (t) => {
  const network = make({ dtype: 'float64' })
  const before = network.parameters
  const [first, , last] = network.layers
  if (first === undefined || last === undefined) return t.fail()
  const kernel = randomRows(4, 7, 3)
  first.kernel = kernel
  t.deepEqual(first.kernel, kernel)
  last.bias = [1, 2, 3]
  t.deepEqual(last.bias, Float64Array.of(1, 2, 3))
  const expected = Float64Array.from(before)
  expected.set(kernel.data, 0)
  expected.set([1, 2, 3], expected.length - 3)
  t.deepEqual(network.parameters, expected)
  kernel.data.fill(9)
  t.deepEqual(network.parameters, expected)
})

test('a kernel may come in every form of a matrix', (t) => {
  const network = new Network({ inputs: 2, layers: [dense(3)] })
  const [layer] = network.layers
  if (layer === undefined) return t.fail()
  const forms: MatrixLike[] = [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    Float64Array.of(1, 2, 3, 4, 5, 6),
    { data: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] },
  ]
  for (const form of forms) {
    layer.kernel = new Float32Array(6)
    layer.kernel = form
    t.deepEqual(layer.kernel, { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] })
  }
})

test('the parameters are every kernel row by row and its bias, layer by layer', (t) => {
  const network = shake(make({ dtype: 'float64' }))
  const parts = network.layers.flatMap(({ kernel, bias }) => [...kernel.data, ...(bias ?? [])])
  t.deepEqual(network.parameters, Float64Array.from(parts))
  const copy = make({ dtype: 'float64', seed: 1 })
  copy.parameters = network.parameters
  t.deepEqual(copy.parameters, network.parameters)
  copy.parameters = Array.from(parts, (value) => 2 * value)
  t.deepEqual(
    copy.parameters,
    Float64Array.from(parts, (value) => 2 * value),
  )
})

test('weights of a wrong shape or value are refused, and the network stays as it was', (t) => {
  const network = new Network({ inputs: 2, layers: [dense(3), dense(1, { useBias: false })] })
  const before = network.parameters
  const [first, last] = network.layers
  if (first === undefined || last === undefined) return t.fail()
  const set = {
    kernel: (value: unknown) => (first.kernel = value as MatrixLike),
    bias: (value: unknown) => (first.bias = value as number[]),
    parameters: (value: unknown) => (network.parameters = value as number[]),
  }
  const cases: [keyof typeof set, unknown, string, 'Range' | 'Type'][] = [
    ['kernel', [[1, 2]], '`kernel` has 2 columns, the layer takes 3', 'Range'],
    ['kernel', [[1, 2, 3]], '`kernel` has 1 rows, the layer takes 2', 'Range'],
    [
      'kernel',
      new Float32Array(5),
      '`kernel` has 5 values, not a multiple of the 3 columns the layer takes',
      'Range',
    ],
    ['kernel', new Float32Array(9), '`kernel` has 3 rows, the layer takes 2', 'Range'],
    [
      'kernel',
      [
        [1, 2, 3],
        [4, NaN, 6],
      ],
      'Expected `kernel` to be finite, got `NaN` at 4',
      'Range',
    ],
    ['bias', [1, 2], '`bias` has 2 values, 3 are needed', 'Range'],
    ['bias', [1, 2, Infinity], 'Expected `bias` to be finite, got `Infinity` at 2', 'Range'],
    ['bias', [1, 2, 1e39], 'Expected `bias` to be finite, got `1e+39` at 2', 'Range'],
    ['bias', undefined, 'Expected `bias` to be as many numbers as units, got `undefined`', 'Type'],
    ['bias', '123', "Expected `bias` to be an array of numbers, got `'123'`", 'Type'],
    ['parameters', [1], '`parameters` has 1 values, 12 are needed', 'Range'],
    ['parameters', null, 'Expected `parameters` to be an array of numbers, got `null`', 'Type'],
    [
      'parameters',
      new BigInt64Array(12),
      'Expected `parameters` to be an array of numbers, got `BigInt64Array(12)`',
      'Type',
    ],
  ]
  for (const [name, value, message, kind] of cases)
    t.throws(() => set[name](value), {
      instanceOf: kind === 'Range' ? RangeError : TypeError,
      message,
    })
  t.throws(() => (last.bias = [1]), {
    instanceOf: TypeError,
    message: 'The dense layer has no `bias`',
  })
  t.deepEqual(network.parameters, before)
})

test('the summary is a table of the layers', (t) => {
  const network = new Network({
    inputs: 784,
    layers: [dense(100, 'sigmoid'), dense(10, { activation: 'softmax', useBias: false })],
  })
  t.is(
    network.summary(),
    [
      'layer  type               shape  parameters',
      '    0  dense sigmoid  784 x 100       78500',
      '    1  dense softmax   100 x 10        1000',
      '79500 parameters, float32',
    ].join('\n'),
  )
})

test('a clone starts equal and shares nothing', async (t) => {
  for (const dtype of ['float32', 'float64'] as const) {
    const network = shake(make({ dtype }))
    const before = network.parameters
    const copy = network.clone()
    t.like(copy, { inputs: 4, outputs: 3, dtype })
    t.deepEqual(copy.parameters, before)
    t.is(copy.summary(), network.summary())
    t.deepEqual(
      copy.layers.map(({ description }) => description),
      network.layers.map(({ description }) => description),
    )
    copy.parameters = new Float32Array(copy.parameterCount)
    t.deepEqual(network.parameters, before)

    const trained = network.clone()
    const data = new Dataset(
      randomRows(20, 4),
      Int32Array.from({ length: 20 }, (_, i) => i % 3),
    )
    await new Trainer(trained, { loss: 'categoricalCrossentropy', optimizer: 'sgd' }).fit(data)
    t.notDeepEqual(trained.parameters, before)
    t.deepEqual(network.parameters, before)
  }
})

test('a network is read back from its bytes as it was, bit by bit', (t) => {
  for (const dtype of ['float32', 'float64'] as const) {
    const network = shake(make({ dtype }))
    const bytes = network.toSafetensors()
    const copy = Network.fromSafetensors(bytes)
    t.like(copy, { inputs: 4, outputs: 3, dtype })
    t.deepEqual(copy.parameters, network.parameters)
    t.deepEqual(
      copy.layers.map(({ description }) => description),
      network.layers.map(({ description }) => description),
    )
    t.deepEqual(copy.toSafetensors(), bytes)
    const x = randomRows(9, 4)
    t.deepEqual(copy.predict(x), network.predict(x))
    t.deepEqual(Network.fromSafetensors(Buffer.from(bytes)).parameters, network.parameters)
  }
})

test('every option of a layer outlives a file', (t) => {
  const options: DenseOptions = {
    activation: 'tanh',
    useBias: false,
    kernelInitializer: 'zeros',
    biasInitializer: 'glorotUniform',
    l1: 0.125,
    l2: 0.25,
    biasL1: 0.5,
    biasL2: 1,
    activityL1: 2,
    activityL2: 4,
    maxNorm: 8,
    trainable: false,
  }
  const network = new Network({ inputs: 2, layers: [dense(3, options)] })
  const [layer] = Network.fromSafetensors(network.toSafetensors()).layers
  t.deepEqual(layer?.description, { type: 'dense', units: 3, ...options } as LayerDescription)
  t.deepEqual(Object.keys(options).sort(), Object.keys(layerTable.dense).slice(1).sort())
})

test('what conventions decided outlives a file and a clone, which know none', (t) => {
  const all = [dense(3, 'leakyRelu'), batchNorm(), activation('leakyRelu'), layerNorm()]
  for (const conventions of ['keras', 'torch', 'sklearn'] as const) {
    const network = new Network({ inputs: 2, layers: all, conventions, dtype: 'float64' })
    const x = randomRows(5, 2)
    for (const copy of [network.clone(), Network.fromSafetensors(network.toSafetensors())]) {
      t.deepEqual(copy.predict(x), network.predict(x))
      t.deepEqual(
        copy.layers.map(({ description }) => description),
        network.layers.map(({ description }) => description),
      )
    }
  }
  const [layer] = new Network({ inputs: 2, layers: all, conventions: 'torch' }).layers
  t.like(layer?.description, { activation: { name: 'leakyRelu', slope: 0.01 } })
})

test('a frozen layer is frozen in a clone and a file', (t) => {
  const network = new Network({ inputs: 2, layers: [dense(3), dense(2, { trainable: false })] })
  const frozen = (one: Network<DType>) => one.layers.map(({ trainable }) => !trainable)
  t.deepEqual(frozen(network), [false, true])
  for (const layer of network.layers) layer.trainable = !layer.trainable
  t.deepEqual(frozen(network.clone()), [true, false])
  t.deepEqual(frozen(Network.fromSafetensors(network.toSafetensors())), [true, false])
})

test('save and load go through a file, given as a path or a URL', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  const path = join(folder, 'a model.safetensors')
  for (const dtype of ['float32', 'float64'] as const) {
    const network = shake(make({ dtype }))
    await network.save(path)
    t.deepEqual(new Uint8Array(await readFile(path)), network.toSafetensors())
    t.deepEqual((await Network.load(path)).parameters, network.parameters)
    const url = pathToFileURL(path)
    await network.save(url)
    t.deepEqual((await Network.load(url)).parameters, network.parameters)
  }
  await rm(folder, { recursive: true })
})

test('a file that cannot be read or written has the system’s code', async (t) => {
  const nowhere = join(tmpdir(), 'gemmnet-no-such-folder', 'model')
  await t.throwsAsync(Network.load(nowhere), { code: 'ENOENT' })
  await t.throwsAsync(make().save(nowhere), { code: 'ENOENT' })
  await t.throwsAsync(Network.load(5 as unknown as string), {
    instanceOf: TypeError,
    message: 'Expected `path` to be a path or a file: URL, got `5`',
  })
})

// Each starts from a good file and damages one thing.

interface Editable {
  tensors: Map<string, Tensor>
  metadata: Record<string, string>
}
const good = make().toSafetensors()

/** The good file, with something changed. */
function damage(change: (file: Editable) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(good)
  const file = { tensors: new Map(tensors), metadata: { ...metadata } }
  change(file)
  return encodeSafetensors(file satisfies TensorFile)
}
function damageOptions(change: (options: Record<string, unknown>) => unknown): Uint8Array {
  return damage(({ metadata }) => {
    const options = JSON.parse(metadata.network ?? '') as Record<string, unknown>
    metadata.network = JSON.stringify(change(options) ?? options)
  })
}
/** The good file, with layer 1 described otherwise. */
const damageLayer = (layer: unknown) =>
  damageOptions((options) => {
    const [first, second, third] = options.layers as object[]
    options.layers = [
      first,
      typeof layer === 'object' && layer ? { ...second, ...layer } : layer,
      third,
    ]
  })
const setTensor = (name: string, tensor: Tensor) =>
  damage(({ tensors }) => {
    tensors.set(name, tensor)
  })
const described = (reason: string) => `its description of the network is damaged: ${reason}`

const badFiles: [what: string, bytes: Uint8Array, message: string | RegExp][] = [
  ['is empty', new Uint8Array(0), 'not a valid safetensors file: 0 bytes are too few for a header'],
  [
    'is cut',
    good.subarray(0, -1),
    /^not a valid safetensors file: tensor '.*' ends behind the end/,
  ],
  [
    'is longer',
    Uint8Array.of(...good, 0),
    /^not a valid safetensors file: 1 unused bytes at the end/,
  ],
  [
    'is of another program',
    damage(({ metadata }) => (metadata.format = 'pt')),
    "not a gemmnet model: its metadata say no 'format'",
  ],
  [
    'names no format',
    damage(({ metadata }) => Reflect.deleteProperty(metadata, 'format')),
    "not a gemmnet model: its metadata say no 'format'",
  ],
  [
    'is of a later version',
    damage(({ metadata }) => (metadata.formatVersion = '2')),
    "of format version '2'; this gemmnet reads version 1",
  ],
  [
    'is of no version',
    damage(({ metadata }) => Reflect.deleteProperty(metadata, 'formatVersion')),
    'of format version undefined; this gemmnet reads version 1',
  ],
  [
    'has no description',
    damage(({ metadata }) => Reflect.deleteProperty(metadata, 'network')),
    described('Unexpected end of JSON input'),
  ],
  [
    'has a description that is not JSON',
    damage(({ metadata }) => (metadata.network = '{')),
    /^its description of the network is damaged: .*JSON/,
  ],
  [
    'has a description that is no object',
    damage(({ metadata }) => (metadata.network = 'null')),
    described('not an object'),
  ],
  [
    'has no inputs',
    damageOptions((o) => ({ ...o, inputs: undefined })),
    described('Expected `inputs` to be a positive integer, got `undefined`'),
  ],
  [
    'has 0 inputs',
    damageOptions((o) => ({ ...o, inputs: 0 })),
    described('Expected `inputs` to be a positive integer, got `0`'),
  ],
  [
    'has half an input',
    damageOptions((o) => ({ ...o, inputs: 3.5 })),
    described('Expected `inputs` to be a positive integer, got `3.5`'),
  ],
  [
    'has text for inputs',
    damageOptions((o) => ({ ...o, inputs: '4' })),
    described("Expected `inputs` to be a positive integer, got `'4'`"),
  ],
  [
    'has inputs beyond all numbers',
    damageOptions((o) => ({ ...o, inputs: 1e300 })),
    described('Expected `inputs` to be a positive integer, got `1e+300`'),
  ],
  [
    'has too many inputs for its kernel',
    damageOptions((o) => ({ ...o, inputs: 2 ** 50 })),
    "tensor 'layers.0.kernel' is [4, 7], not [1125899906842624, 7]",
  ],
  [
    'is of another dtype',
    damageOptions((o) => ({ ...o, dtype: 'f16' })),
    described("Expected `dtype` to be 'float32' or 'float64', got `'f16'`"),
  ],
  [
    'says float64 of float32 tensors',
    damageOptions((o) => ({ ...o, dtype: 'float64' })),
    "tensor 'layers.0.kernel' has dtype F32, the network is float64",
  ],
  ['has no layers', damageOptions((o) => ({ ...o, layers: [] })), described('there are no layers')],
  [
    'has layers that are no array',
    damageOptions((o) => ({ ...o, layers: {} })),
    described('there are no layers'),
  ],
  [
    'has a layer that is none',
    damageLayer('dense'),
    described("Expected `layers[1]` to be a layer, such as dense(10), got `'dense'`"),
  ],
  [
    'has a layer of an unknown type',
    damageLayer({ type: 'convolution' }),
    /^its description of the network is damaged: Unknown layer `convolution`; known: `dense`/,
  ],
  [
    'has a layer without units',
    damageLayer({ units: undefined }),
    described('Expected `layers[1].units` to be a positive integer, got `undefined`'),
  ],
  [
    'has a layer of -1 units',
    damageLayer({ units: -1 }),
    described('Expected `layers[1].units` to be a positive integer, got `-1`'),
  ],
  [
    'has a layer with an unknown activation',
    damageLayer({ activation: 'rely' }),
    described('Unknown activation `rely`; did you mean `relu`?'),
  ],
  [
    'has a layer with an unknown option',
    damageLayer({ colour: 1 }),
    /^its description of the network is damaged: Unknown option `colour` for `dense`/,
  ],
  [
    'has a layer with more units',
    damageLayer({ units: 6 }),
    "tensor 'layers.1.kernel' is [7, 5], not [7, 6]",
  ],
  ['lacks a bias', damageLayer({ useBias: true }), "tensor 'layers.1.bias' is missing"],
  [
    'lacks a kernel',
    damage(({ tensors }) => tensors.delete('layers.2.kernel')),
    "tensor 'layers.2.kernel' is missing",
  ],
  [
    'has a tensor too many',
    setTensor('layers.3.kernel', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }),
    "tensor 'layers.3.kernel' belongs to no layer",
  ],
  [
    'has a bias of another length',
    setTensor('layers.2.bias', { dtype: 'F32', shape: [2], data: new Float32Array(2) }),
    "tensor 'layers.2.bias' is [2], not [3]",
  ],
  [
    'has a bias of more dimensions',
    setTensor('layers.2.bias', { dtype: 'F32', shape: [3, 1], data: new Float32Array(3) }),
    "tensor 'layers.2.bias' is [3, 1], not [3]",
  ],
  [
    'has one tensor of another dtype',
    setTensor('layers.2.bias', { dtype: 'F64', shape: [3], data: new Float64Array(3) }),
    "tensor 'layers.2.bias' has dtype F64, the network is float32",
  ],
  [
    'has NaN among its weights',
    setTensor('layers.2.bias', { dtype: 'F32', shape: [3], data: Float32Array.of(0, NaN, 0) }),
    "tensor 'layers.2.bias' has a value that is not finite",
  ],
]

for (const [what, bytes, message] of badFiles)
  test(`a file that ${what} is refused`, (t) => {
    const error = t.throws(() => Network.fromSafetensors(bytes), {
      instanceOf: GemmnetError,
      message,
    })
    t.like(error, { code: 'ERR_BAD_FILE', path: undefined })
  })

test('a damaged file is named', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  const path = join(folder, 'model')
  await writeFile(
    path,
    damageOptions((o) => ({ ...o, dtype: 'f16' })),
  )
  const error = await t.throwsAsync(Network.load(path), { instanceOf: GemmnetError })
  t.like(error, {
    code: 'ERR_BAD_FILE',
    path,
    message: `${path}: ${described("Expected `dtype` to be 'float32' or 'float64', got `'f16'`")}`,
  })
  await rm(folder, { recursive: true })
})

test('no single flipped bit of a file does more than an ERR_BAD_FILE or a network', (t) => {
  const headerLength = good.length - make().parameterCount * 4
  for (let place = 0; place < headerLength; place++) {
    const bytes = Uint8Array.from(good)
    bytes[place] = (bytes[place] ?? 0) ^ (1 << (place % 8))
    try {
      t.true(Network.fromSafetensors(bytes) instanceof Network)
    } catch (error) {
      t.is((error as GemmnetError).code, 'ERR_BAD_FILE')
    }
  }
})

test('bytes that are no Uint8Array are refused', (t) => {
  t.throws(() => Network.fromSafetensors('bytes' as unknown as Uint8Array), {
    instanceOf: TypeError,
    message: "Expected `bytes` to be a Uint8Array, got `'bytes'`",
  })
})

test('wrong options are named', (t) => {
  const cases: [unknown, string, 'Range' | 'Type'][] = [
    [undefined, 'Expected `Network options` to be an object, got `undefined`', 'Type'],
    [{ layers }, 'Expected `inputs` to be a positive integer, got `undefined`', 'Type'],
    [{ inputs: 0, layers }, 'Expected `inputs` to be a positive integer, got `0`', 'Range'],
    [{ inputs: 1.5, layers }, 'Expected `inputs` to be a positive integer, got `1.5`', 'Range'],
    [
      { inputs: 4 },
      'Expected `layers` to be an array of at least one layer, got `undefined`',
      'Type',
    ],
    [
      { inputs: 4, layers: [] },
      'Expected `layers` to be an array of at least one layer, got `Array(0)`',
      'Type',
    ],
    [
      { inputs: 4, layers: [dense(2), 5] },
      'Expected `layers[1]` to be a layer, such as dense(10), got `5`',
      'Type',
    ],
    [
      { inputs: 4, layers, dtype: 'float16' },
      "Expected `dtype` to be 'float32' or 'float64', got `'float16'`",
      'Range',
    ],
    [
      { inputs: 4, layers, seed: 0.5 },
      'Expected `seed` to be a non-negative integer, got `0.5`',
      'Range',
    ],
    [
      { inputs: 4, layer: layers },
      'Unknown option `layer` for `Network`; did you mean `layers`?',
      'Type',
    ],
    [
      { inputs: 4, layers, conventions: 'kers' },
      'Unknown conventions `kers`; did you mean `keras`?',
      'Range',
    ],
    [
      { inputs: 2 ** 20, layers: [dense(2 ** 20)] },
      'The layers have 1099512676352 parameters; at most 2^32 are possible',
      'Range',
    ],
  ]
  for (const [options, message, kind] of cases)
    t.throws(() => new Network(options as NetworkOptions), {
      instanceOf: kind === 'Range' ? RangeError : TypeError,
      message,
    })
})

test('wrong options of a layer are named', (t) => {
  const cases: [number, unknown, string, 'Range' | 'Type'][] = [
    [0, {}, 'Expected `units` to be a positive integer, got `0`', 'Range'],
    ['3' as unknown as number, {}, "Expected `units` to be a positive integer, got `'3'`", 'Type'],
    [3, 'sigmod', 'Unknown activation `sigmod`; did you mean `sigmoid`?', 'Range'],
    [3, { activation: 'toString' }, /^Unknown activation `toString`; known: /.source, 'Range'],
    [
      3,
      { activation: 5 },
      'Expected `activation` to be the name of a known activation, got `5`',
      'Type',
    ],
    [
      3,
      { activaton: 'relu' },
      'Unknown option `activaton` for `dense`; did you mean `activation`?',
      'Type',
    ],
    [3, { useBias: 1 }, 'Expected `useBias` to be true or false, got `1`', 'Type'],
    [
      3,
      { kernelInitializer: 'zero' },
      'Unknown initializer `zero`; did you mean `zeros`?',
      'Range',
    ],
    [3, { biasInitializer: 'zero' }, 'Unknown initializer `zero`; did you mean `zeros`?', 'Range'],
    [3, { l2: -1 }, 'Expected `l2` to be a non-negative number, got `-1`', 'Range'],
    [3, null, 'Expected `dense options` to be an object, got `null`', 'Type'],
  ]
  for (const [units, options, message, kind] of cases)
    t.throws(() => dense(units, options as DenseOptions), {
      instanceOf: kind === 'Range' ? RangeError : TypeError,
      message: message.startsWith('^') ? new RegExp(message) : message,
    })
})
