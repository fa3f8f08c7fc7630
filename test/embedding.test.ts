// Over 400 lines: all that the layer promises, one test for each promise and each refusal.

import test from 'ava'
import { readFileSync } from 'node:fs'
import type { DType, LayerDescription, Matrix, Optimizer, TrainerOptions } from '../lib/index.js'
import {
  adam,
  cosineDecay,
  Dataset,
  dense,
  dropout,
  embedding,
  lbfgs,
  levenbergMarquardt,
  Network,
  rmsprop,
  sgd,
  Trainer,
} from '../lib/index.js'
import { decodeSafetensors, encodeSafetensors } from '../lib/formats/safetensors.js'
import { distance, rounding } from './helpers/compare.js'
import { randomNumbers } from './helpers/data.js'
import { randomMatrix } from './helpers/random.js'

/** Rows `[number, category of 7, number, category of 4]`. */
function mixedRows(rows: number, seed = 1): number[][] {
  return randomMatrix(rows, 4, seed).map(([a = 0, b = 0, c = 0, d = 0]) => [
    2 * a - 1,
    Math.floor(7 * b),
    2 * c - 1,
    Math.floor(4 * d),
  ])
}
const columns = [
  { column: 3, categories: 4, dimensions: 2 },
  { column: 1, categories: 7, dimensions: 3 },
]
const oneHot = (category: number, categories: number) =>
  Array.from({ length: categories }, (_, k) => Number(k === category))
const rowsOf = ({ data, shape }: Matrix<Float32Array | Float64Array>): number[][] =>
  Array.from({ length: shape[0] }, (_, row) => [
    ...data.slice(row * shape[1], (row + 1) * shape[1]),
  ])
const exact = (inputs: number, layers: readonly LayerDescription[], seed = 1) =>
  new Network({ inputs, layers, dtype: 'float64', seed })
const product = (a: readonly number[][], b: readonly number[][]) =>
  a.map((row) =>
    (b[0] ?? []).map((_, column) =>
      row.reduce((sum, value, i) => sum + value * (b[i]?.[column] ?? NaN), 0),
    ),
  )

for (const dtype of ['float32', 'float64'] as const)
  test(`columns of categories become rows of their tables, the others pass (${dtype})`, (t) => {
    const network = new Network<DType>({ inputs: 4, layers: [embedding({ columns })], dtype })
    const [layer] = network.layers
    if (layer === undefined) return t.fail()
    t.is(network.outputs, 7)
    t.is(layer.units, 7)
    t.is(layer.parameterCount, 4 * 2 + 7 * 3)
    t.deepEqual(layer.tensorNames, ['embedding0', 'embedding1'])
    const [last = [], second = []] = layer.embeddings.map(rowsOf)
    const x = mixedRows(600).map(([a = 0, b = 0, c = 0, d = 0]) => [
      Math.fround(a),
      b,
      Math.fround(c),
      d,
    ])
    const expected = x.map(([a = 0, b = 0, c = 0, d = 0]) => [
      a,
      ...(second[b] ?? []),
      c,
      ...(last[d] ?? []),
    ])
    for (const rows of [x, x.slice(0, 1)])
      t.deepEqual(rowsOf(network.predict(rows)), expected.slice(0, rows.length))
    const data = new Dataset(x)
    t.deepEqual(rowsOf(network.predict(data.subset([7, 3, 3]))), [
      expected[7],
      expected[3],
      expected[3],
    ])
  })

test('categories may come as bytes, and after a scale', (t) => {
  const network = exact(1, [embedding({ columns: [{ column: 0, categories: 5, dimensions: 2 }] })])
  const codes = Uint8Array.from([4, 0, 3])
  const expected = [...network.predict([[4], [0], [3]]).data]
  t.deepEqual([...network.predict(codes).data], expected)
  t.deepEqual([...network.predict({ data: Int32Array.from(codes), shape: [3, 1] }).data], expected)
  const sixteenths = { data: codes.map((code) => 16 * code), shape: [3, 1] as const }
  t.deepEqual(
    [...network.predict(new Dataset(sixteenths, undefined, { scale: 1 / 16 })).data],
    expected,
  )
})

test('an embedding below a linear layer is a one-hot row times both matrices', (t) => {
  const network = exact(1, [
    embedding({ columns: [{ column: 0, categories: 50, dimensions: 3 }] }),
    dense(4),
  ])
  const codes = Array.from({ length: 50 }, (_, k) => [k])
  const [table, kernel] = [network.layers[0]?.embeddings[0], network.layers[1]?.kernel]
  if (table === undefined || kernel === undefined) return t.fail()
  const expected = product(
    product(
      codes.map(([k = 0]) => oneHot(k, 50)),
      rowsOf(table),
    ),
    rowsOf(kernel),
  )
  t.true(distance(rowsOf(network.predict(codes)), expected) < rounding)
})

const rules: Readonly<Record<string, Partial<TrainerOptions>>> = {
  'sgd with momentum': { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) },
  'adam and L2': { optimizer: 'adam', l2: 0.01 },
  'rmsprop and L1': { optimizer: rmsprop({ centered: true }), l1: 0.003 },
  'global clipping': { optimizer: sgd({ learningRate: 0.5 }), clipGlobalNorm: 0.1 },
  'tensor clipping and averages': { optimizer: 'nadam', clipNorm: 0.1, averageMomentum: 0.9 },
  accumulation: { optimizer: 'adamax', accumulate: 3 },
  lbfgs: { optimizer: lbfgs() },
  levenbergMarquardt: { optimizer: levenbergMarquardt(), l2: 1e-3 },
}
for (const [name, rule] of Object.entries(rules))
  test(`an embedding learns by ${name} what a dense layer of one-hot rows does`, async (t) => {
    const random = randomNumbers(5)
    const codes = Array.from({ length: 130 }, () => Math.floor(9 * random()))
    const y = codes.map((code) => [Math.sin(code) + 0.1 * random(), random()])
    const embedded = exact(1, [
      embedding({ columns: [{ column: 0, categories: 9, dimensions: 2 }] }),
      dense(3, 'tanh'),
      dense(2),
    ])
    const plain = exact(9, [dense(2, { useBias: false }), dense(3, 'tanh'), dense(2)])
    plain.parameters = embedded.parameters
    const train = async (network: Network<'float64'>, x: number[][]) => {
      const trainer = new Trainer(network, {
        loss: 'meanSquaredError',
        optimizer: 'adam',
        batchSize: 20,
        epochs: 6,
        ...rule,
      })
      const data = new Dataset(x, y)
      const history = await trainer.fit(data, { validation: data.slice(0, 50) })
      return [history, await trainer.evaluate(data), network.parameters]
    }
    const one = await train(
      embedded,
      codes.map((code) => [code]),
    )
    const two = await train(
      plain,
      codes.map((code) => oneHot(code, 9)),
    )
    t.true(distance(one, two) < 1e-10, `${distance(one, two)}`)
  })

test('an embedding learns the effects of 200 categories, as a one-hot network does', async (t) => {
  const categories = 200
  const random = randomNumbers(3)
  const effects = Array.from({ length: categories }, () => 2 * random() - 1)
  const x = Array.from({ length: 4000 }, (_, i) => [i % categories, 2 * random() - 1])
  const y = x.map(([k = 0, a = 0]) => [(effects[k] ?? NaN) + 0.5 * a])
  const wide = x.map(([k = 0, a = 0]) => [...oneHot(k, categories), a])
  const train = async (inputs: number, rows: number[][], first: LayerDescription) => {
    const network = new Network({ inputs, layers: [first, dense(1)], seed: 2 })
    const trainer = new Trainer(network, {
      loss: 'meanSquaredError',
      optimizer: adam({ learningRate: cosineDecay(0.03, { steps: 40, per: 'epoch' }) }),
      epochs: 40,
    })
    const { train, test } = new Dataset(rows, y).split({ train: 0.75, test: 0.25 })
    await trainer.fit(train)
    return { error: (await trainer.evaluate(test)).loss, outputs: network.predict(test).data }
  }
  const column = { column: 0, categories, dimensions: 2 }
  const embedded = await train(2, x, embedding({ columns: [column] }))
  const plain = await train(categories + 1, wide, dense(3, { useBias: false }))
  t.log(`mean squared error ${embedded.error}, one-hot ${plain.error}`)
  t.true(embedded.error < 1e-4 && plain.error < 1e-4)
  t.true(distance(embedded.outputs, plain.outputs) < 0.02)
})

interface Curves {
  readonly x: number[][]
  readonly y: number[][]
  readonly start: number[]
  readonly cases: readonly {
    readonly library: 'keras' | 'torch'
    readonly optimizer: 'adam' | 'sgd' | 'rmsprop'
    readonly options?: object
    readonly l2?: number
    readonly losses: readonly number[]
    readonly end: readonly number[]
  }[]
}
const curves = JSON.parse(
  readFileSync(new URL('../../test/fixtures/embedding/curves.json', import.meta.url), 'utf8'),
) as Curves
const optimizers: Readonly<Record<string, (options?: object) => Optimizer>> = { adam, rmsprop, sgd }

for (const { library, optimizer, options, l2 = 0, losses, end } of curves.cases)
  test(`follows ${library}'s ${optimizer}${l2 === 0 ? '' : ' with L2'} through an embedding`, async (t) => {
    const network = new Network({
      inputs: 4,
      layers: [
        embedding({
          columns: [
            { column: 1, categories: 7, dimensions: 3 },
            { column: 3, categories: 11, dimensions: 2 },
          ],
        }),
        dense(6, 'tanh'),
        dense(2),
      ],
      dtype: 'float64',
      conventions: library,
    })
    network.parameters = curves.start
    const trainer = new Trainer(network, {
      loss: 'meanSquaredError',
      optimizer: optimizers[optimizer]?.(options) ?? optimizer,
      l2,
      batchSize: 10,
      shuffle: false,
      conventions: library,
    })
    const found: number[] = []
    await trainer.fit(new Dataset(curves.x, curves.y), {
      epochs: losses.length / 5,
      callbacks: [
        {
          onBatchEnd: ({ loss, dataLoss }) => {
            found.push(library === 'keras' ? loss : dataLoss)
          },
        },
      ],
    })
    t.is(losses.length, 60)
    t.true(distance(found, losses) < rounding, `${distance(found, losses)}`)
    t.true(distance(network.parameters, end) < rounding, `${distance(network.parameters, end)}`)
  })

test('of categories that no row has, nothing is learned but what a penalty says', async (t) => {
  for (const l2 of [0, 0.1]) {
    const network = exact(4, [embedding({ columns, l2 }), dense(1)])
    const before = network.layers[0]?.embeddings.map(rowsOf)
    const x = mixedRows(200).filter(([, code]) => code !== 5)
    const data = new Dataset(x, x.map(([a = 0]) => [a])) // prettier-ignore
    const optimizer = sgd({ learningRate: 0.1 })
    await new Trainer(network, { loss: 'meanSquaredError', optimizer, batchSize: x.length }).partialFit(data) // prettier-ignore
    const after = network.layers[0]?.embeddings.map(rowsOf)
    const expected = before?.[1]?.[5]?.map((value) => value * (1 - 0.1 * 2 * l2))
    t.true(distance(after?.[1]?.[5], expected) < rounding)
    t.notDeepEqual(after?.[1]?.[4], before?.[1]?.[4])
  }
})

test('a frozen embedding stays, while what is above it learns', async (t) => {
  const x = mixedRows(100)
  const data = new Dataset(x, x.map(([a = 0]) => [a])) // prettier-ignore
  const network = exact(4, [embedding({ columns, trainable: false }), dense(3, 'tanh'), dense(1)])
  const tables = network.layers[0]?.embeddings.map(rowsOf)
  const kernel = network.layers[1]?.kernel
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'adam', l2: 0.1 })
  await trainer.fit(data, { epochs: 2 })
  t.deepEqual(network.layers[0]?.embeddings.map(rowsOf), tables)
  t.notDeepEqual(network.layers[1]?.kernel, kernel)
  t.regex(network.summary(), /embedding +4 x 7 +29 frozen/)
})

test('tables begin within 0.05 as in Keras, or as standard normal numbers as in PyTorch', (t) => {
  const table = (conventions: 'keras' | 'torch', initializer?: 'ones') => {
    const column = { column: 0, categories: 5000, dimensions: 4 }
    const layers = [embedding({ columns: [column], initializer })]
    return new Network({ inputs: 1, layers, conventions, seed: 3 }).parameters
  }
  const deviation = (values: Float32Array) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
  const keras = table('keras')
  t.true(keras.every((value) => Math.abs(value) <= 0.05))
  t.true(Math.abs(deviation(keras) - 0.05 / Math.sqrt(3)) < 5e-4)
  t.true(Math.abs(deviation(table('torch')) - 1) < 0.02)
  t.true(table('torch', 'ones').every((value) => value === 1))
})

test('tables are read and set by their categories, as a whole or not at all', (t) => {
  const network = exact(4, [embedding({ columns }), dense(2)])
  const [layer, above] = network.layers
  if (layer === undefined || above === undefined) return t.fail()
  const tables = [randomMatrix(4, 2, 1), randomMatrix(7, 3, 2)]
  layer.embeddings = tables
  t.deepEqual(layer.embeddings.map(rowsOf), tables)
  t.deepEqual([...network.parameters.slice(0, 29)], tables.flat(2))
  const [first = [], second = []] = tables
  const wrong: [unknown, RegExp][] = [
    [
      [first],
      /^Expected `embeddings` to be an array with a matrix per table, 2, got `Array\(1\)`$/,
    ],
    [[first, second.slice(1)], /^`embeddings\[1\]` has 6 rows, the table has 7 categories$/],
    [[second, second], /^`embeddings\[0\]` has 3 columns, the table takes 2$/],
    [[first, second.map((row) => row.map(() => NaN))], /^Expected `embeddings` to be finite/],
  ]
  for (const [values, message] of wrong) {
    t.throws(() => Reflect.set(layer, 'embeddings', values), { message })
    t.deepEqual(layer.embeddings.map(rowsOf), tables)
  }
  t.throws(() => above.embeddings, { message: 'The dense layer has no `embeddings`' })
  t.throws(() => layer.kernel, { message: 'The embedding layer has no `kernel`' })
})

test('an embedding outlives files and clones', async (t) => {
  const network = exact(4, [embedding({ columns, l2: 0.1 }), dropout(0.1), dense(2)])
  const x = mixedRows(50)
  const bytes = network.toSafetensors()
  const { tensors } = decodeSafetensors(bytes)
  t.deepEqual(tensors.get('layers.0.embedding1')?.shape, [7, 3])
  const data = new Dataset(x, randomMatrix(50, 2, 1))
  const options = { loss: 'meanSquaredError', optimizer: 'adam', epochs: 2 } as const
  const copies = [network, network.clone(), Network.fromSafetensors(bytes)]
  for (const copy of copies) {
    await new Trainer(copy, options).fit(data)
    t.deepEqual(copy.layers[0]?.description, network.layers[0]?.description)
    t.deepEqual([...copy.parameters], [...network.parameters])
    t.deepEqual([...copy.predict(x).data], [...network.predict(x).data])
  }
})

test('files whose embedding cannot stand where it does, or has other tables, are damaged', (t) => {
  const network = exact(4, [embedding({ columns }), dense(2)])
  const { tensors, metadata } = decodeSafetensors(network.toSafetensors())
  const change = (from: string, to: string) => {
    const text = metadata.network ?? ''
    t.true(text.includes(from))
    return encodeSafetensors({
      tensors,
      metadata: { ...metadata, network: text.replace(from, to) },
    })
  }
  for (const bytes of [
    change('"column":3', '"column":4'),
    change('"column":3', '"column":1'),
    change('"categories":4', '"categories":1e9'),
    change('"categories":4', '"categories":5'),
    change('"dimensions":2', '"dimensions":3'),
    change('"layers":[', '"layers":[{"type":"dropout","rate":0.5},'),
  ]) {
    t.throws(() => Network.fromSafetensors(bytes), { code: 'ERR_BAD_FILE' })
  }
})

test('an embedding that cannot be is refused in one sentence', (t) => {
  const column = { column: 0, categories: 3, dimensions: 2 }
  const make = (...layers: LayerDescription[]) => new Network({ inputs: 2, layers })
  const cases: [() => unknown, string][] = [
    [
      () => make(dense(2), embedding({ columns: [column] })),
      "`layers[1]` is of type embedding, which reads the network's inputs: it has to be the first layer",
    ],
    [
      () => make(embedding({ columns: [{ ...column, column: 2 }] })),
      "Expected `layers[0].columns[0].column` to be a column of the network's inputs, 0 to 1, got `2`",
    ],
    [
      () => embedding({ columns: [column, column] }),
      'Expected `columns[1].column` to be a column that is not in the list yet, got `0`',
    ],
    [
      () => embedding({ columns: [] }),
      'Expected `columns` to be one column or more, got `Array(0)`',
    ],
    [
      () => embedding({ columns: [{ ...column, categories: 2 ** 24 + 1 }] }),
      'Expected `columns[0].categories` to be an integer from 1 to 16777216, got `16777217`',
    ],
    [
      () => embedding({ columns: [{ ...column, dimension: 1 } as typeof column] }),
      'Unknown option `dimension` for `column`; did you mean `dimensions`?',
    ],
    [
      () => embedding({ columns: [5 as unknown as typeof column] }),
      'Expected `columns[0]` to be a column, such as { column: 0, categories: 7, dimensions: 3 }, got `5`',
    ],
    [
      () => make(embedding({ columns: [{ ...column, categories: 2 ** 24, dimensions: 2 ** 12 }] })),
      'The layers have 68719476736 parameters; at most 2^32 are possible',
    ],
  ]
  for (const [make, message] of cases) t.throws(make, { message })
})

test('values that are no category are refused wherever rows are taken, by row and column', async (t) => {
  const network = new Network({ inputs: 4, layers: [embedding({ columns }), dense(2, 'softmax')] })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'adam', metrics: ['accuracy'] }) // prettier-ignore
  const y = randomMatrix(20, 2, 1)
  for (const [column, categories, values] of [
    [1, 7, [-1, 7, 2.5, 1e30]],
    [3, 4, [4, -0.5]],
  ] as const)
    for (const value of values) {
      const x = mixedRows(20)
      const good = new Dataset(x, y)
      const row = x[13] ?? []
      row[column] = value
      const bad = new Dataset(x, y)
      const message = (name: string, at = 13) =>
        `Expected \`${name}\` to be a category from 0 to ${categories - 1} in row ${at}, ` +
        `column ${column}, got \`${value}\``
      const expectation = (name: string, at?: number) =>
        ({ instanceOf: RangeError, message: message(name, at) }) as const
      const flat = Float64Array.from(x.flat())
      for (const rows of [x, bad, flat, { data: flat, shape: [20, 4] as const }]) {
        t.throws(() => network.predict(rows), expectation('x'))
        t.throws(() => network.classify(rows), expectation('x'))
        await t.throwsAsync(() => network.predictAsync(rows), expectation('x'))
      }
      t.throws(() => network.predict(bad.slice(10)), expectation('x', 3))
      t.throws(() => network.checkGradients(x, y, { loss: 'meanSquaredError' }), expectation('x'))
      t.throws(() => trainer.fit(bad), expectation('train'))
      t.throws(() => trainer.fit(good, { validation: { dev: bad } }), expectation('validation.dev'))
      await t.throwsAsync(() => trainer.evaluate(bad), expectation('data'))
      // What is left of the data can be used.
      await trainer.fit(bad.slice(0, 13), { validation: bad.slice(14) })
    }
  t.throws(() => network.predict([[0, NaN, 0, 0]]), {
    message: 'Expected `x` to be a category from 0 to 6 in row 0, column 1, got `NaN`',
  })
  t.notThrows(() => network.predict([[0, -0, 0, 3]]))
  t.is(network.predict(new Float32Array(0)).shape[0], 0)
})

test('a Dataset that was found right for many categories is looked at again for fewer', async (t) => {
  const data = new Dataset([[0], [8]], [[0], [1]])
  const make = (categories: number) =>
    new Trainer(
      new Network({
        inputs: 1,
        layers: [embedding({ columns: [{ column: 0, categories, dimensions: 1 }] }), dense(1)],
      }),
      { loss: 'meanSquaredError', optimizer: 'sgd' },
    )
  for (const categories of [10, 9, 10]) await make(categories).fit(data)
  t.throws(() => make(8).fit(data), { message: /from 0 to 7 in row 1, column 0, got `8`/ })
  await make(9).fit(data)
})

test('shared memory that changes after it was checked is read as some category', async (t) => {
  const shared = new Float32Array(new SharedArrayBuffer(400))
  const data = new Dataset({ data: shared, shape: [100, 1] }, randomMatrix(100, 1, 1))
  const column = { column: 0, categories: 3, dimensions: 2 }
  const network = new Network({ inputs: 1, layers: [embedding({ columns: [column] }), dense(1)] })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'adam' })
  await trainer.fit(data)
  shared.forEach((_, i) => {
    shared[i] = [NaN, Infinity, -Infinity, 1e30, -7, 2 ** 31][i % 6] ?? 0
  })
  await trainer.fit(data, { epochs: 3, validation: data })
  t.true(network.predict(data).data.every(Number.isFinite))
  t.true(network.parameters.every(Number.isFinite))
})

test('of a method that takes squares only, an L1 penalty of tables is refused', (t) => {
  const network = exact(4, [embedding({ columns, l1: 0.1 }), dense(1)])
  const options = { loss: 'meanSquaredError', optimizer: 'levenbergMarquardt' } as const
  t.throws(() => new Trainer(network, options), {
    message: '`levenbergMarquardt` takes L2 penalties of weights, but neither L1 nor activity\'s', // prettier-ignore
  })
})
