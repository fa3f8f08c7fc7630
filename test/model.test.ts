import test from 'ava'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DType } from '../lib/index.js'
import {
  dense,
  GemmnetError,
  Model,
  Network,
  Pipeline,
  StandardScaler,
  Table,
  Trainer,
} from '../lib/index.js'
import { decodeSafetensors, encodeSafetensors } from '../lib/formats/safetensors.js'
import { randomNumbers } from './helpers/data.js'
import { rawRows } from './helpers/raw_rows.js'
import { runInChild } from './helpers/run.js'

const table = Table.fromRows(rawRows)

async function trained<D extends DType>(dtype: D): Promise<Model<D>> {
  const pipeline = Pipeline.infer(table, { target: 'species', dtype })
  const train = pipeline.fitTransform(table)
  const network = new Network({
    inputs: train.features,
    layers: [dense(8, 'relu'), dense(train.classes, 'softmax')],
    seed: 1,
    dtype,
  })
  const trainer = new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: 'adam',
    epochs: 200,
  })
  await trainer.fit(train)
  return new Model(pipeline, network)
}

const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
test.after.always(() => rm(folder, { recursive: true }))

for (const dtype of ['float32', 'float64'] as const)
  test(`a saved model predicts raw rows in a new process as before, bit for bit (${dtype})`, async (t) => {
    const model = await trained(dtype)
    const path = join(folder, `${dtype}.safetensors`)
    await model.save(path)
    const { code, said, errors } = await runInChild('predictRawRows', { path })
    t.is(code, 0, errors)
    t.deepEqual(said, [Array.from(model.predict(rawRows).data), model.classify(rawRows)])
    const right = model.classify(rawRows).filter((name, i) => name === rawRows[i]?.species)
    t.true(right.length > 50, `${right.length} of 60`)
  })

test('rows come one by one, together, as a Table, now or later, and give the same', async (t) => {
  const model = await trained('float32')
  const all = model.predict(table)
  t.deepEqual(all.shape, [rawRows.length, 3])
  t.deepEqual(model.predict(rawRows), all)
  t.deepEqual(await model.predictAsync(table), all)
  rawRows.forEach((row, i) => {
    t.deepEqual([...model.predict(row).data], [...all.data.subarray(3 * i, 3 * i + 3)])
  })
  t.deepEqual(model.classes, ['DM', 'NL', 'PF'])
})

test('predictions of a scaled target are in its own units', async (t) => {
  const numbers = Array.from({ length: 64 }, (_, i) => i - 32)
  const line = new Table({ x: numbers, y: numbers.map((x) => 1000 + 5 * x) })
  const pipeline = Pipeline.infer(line, { target: 'y', targetTransformer: new StandardScaler() })
  const network = new Network({ inputs: 1, layers: [dense(1)], seed: 1 })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'lbfgs', epochs: 20 })
  await trainer.fit(pipeline.fitTransform(line))
  const model = Model.fromSafetensors(new Model(pipeline, network).toSafetensors())
  const { data } = model.predict([{ x: 3 }, { x: -20 }])
  t.true(Math.abs((data[0] ?? 0) - 1015) < 0.1 && Math.abs((data[1] ?? 0) - 900) < 0.1, data.join()) // prettier-ignore
})

test('one output tells two classes apart, and classes without names are their indices', (t) => {
  const two = new Table({ x: [1, 2], y: ['no', 'yes'] })
  const network = new Network({ inputs: 1, layers: [dense(1, 'sigmoid')], seed: 1 })
  const model = new Model(Pipeline.infer(two, { target: 'y' }).fit(two), network)
  const [probability = 0] = model.predict({ x: 1 }).data
  t.deepEqual(model.classify({ x: 1 }), [probability > 0.5 ? 'yes' : 'no'])
  const plain = new Model(new Pipeline([new StandardScaler()]).fit([[1], [2]]), network)
  t.deepEqual(plain.classify([[1]]), [...network.classify(plain.pipeline.features([[1]]))])
})

test('Network.load reads the network of a model; Model.load says what a network lacks', async (t) => {
  const model = await trained('float32')
  const path = join(folder, 'network.safetensors')
  await model.save(path)
  const network = await Network.load(path)
  t.deepEqual([...network.parameters], [...model.network.parameters])
  await network.save(path)
  await t.throwsAsync(Model.load(path), {
    instanceOf: GemmnetError,
    code: 'ERR_BAD_FILE',
    message: `${path}: a network without preparation; Network.load and fromSafetensors read it`,
  } as never)
})

test('what does not fit together makes no model', (t) => {
  const pipeline = Pipeline.infer(table, { target: 'species' })
  const network = new Network({ inputs: 3, layers: [dense(2)] })
  t.throws(() => new Model(pipeline, network), { code: 'ERR_NOT_FITTED' })
  pipeline.fit(table)
  t.throws(() => new Model(pipeline, network), { message: /^The pipeline makes \d+ columns, the network takes 3$/ }) // prettier-ignore
  const narrow = new Network({ inputs: pipeline.outputs.length, layers: [dense(2)] })
  t.throws(() => new Model(pipeline, narrow), { message: 'The target has 3 classes, the network has 2 outputs' }) // prettier-ignore
  const two = new Pipeline({ target: ['a', 'b'] }).fit([{ x: 1, a: 2, b: 3 }])
  t.throws(() => new Model(two, new Network({ inputs: 1, layers: [dense(3)] })), { message: 'The target has 2 columns, the network has 3 outputs' }) // prettier-ignore
  t.throws(() => new Model({} as never, network), { instanceOf: TypeError })
  t.throws(() => new Model(pipeline, {} as never), { instanceOf: TypeError })
})

test('a damaged preparation is a bad file, or one that predicts: never a crash', async (t) => {
  const model = await trained('float32')
  const { tensors, metadata } = decodeSafetensors(model.toSafetensors())
  const text = metadata.preparation ?? ''
  const load = (preparation: string) =>
    Model.fromSafetensors(encodeSafetensors({ tensors, metadata: { ...metadata, preparation } }))
  t.deepEqual(load(text).predict(rawRows), model.predict(rawRows))
  const random = randomNumbers(1)
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]
  const pieces = ['null', '{}', '[]', '""', '-1', '1e999', '"x"', 'true', '"__proto__"', '[[]]', '1e400'] // prettier-ignore
  const values = [...text.matchAll(/"[^"]*"(?!:)|-?\d[\d.e+-]*|true|false|\{\}|\[\]/g)]
  let refused = 0
  for (let i = 0; i < 400; i++) {
    const at = pick(values)
    if (at === undefined) throw new Error('nothing to damage')
    const damaged =
      i % 4 === 0
        ? text.slice(0, Math.floor(random() * text.length))
        : text.slice(0, at.index) + (pick(pieces) ?? '') + text.slice(at.index + at[0].length)
    try {
      const loaded = load(damaged)
      try {
        loaded.predict(rawRows)
      } catch (error) {
        // Other columns than the rows have, or other types.
        t.true(error instanceof TypeError || error instanceof RangeError, String(error))
      }
    } catch (error) {
      refused++
      t.true(error instanceof GemmnetError && error.code === 'ERR_BAD_FILE', `${damaged} ${String(error)}`) // prettier-ignore
    }
  }
  t.true(refused > 200, `${refused}`)
  t.throws(() => load(text.replace('{', '{"__proto__":{"polluted":1},')), { code: 'ERR_BAD_FILE' })
  t.is(Reflect.get({}, 'polluted'), undefined)
})
