import { DuckDBInstance } from '@duckdb/node-api'
import * as arrow from 'apache-arrow'
import test from 'ava'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LayerDescription, StreamSource, Table as Rows } from '../lib/index.js'
import {
  adam,
  DatetimeEncoder,
  dense,
  embedding,
  Model,
  Network,
  OneHotEncoder,
  OrdinalEncoder,
  Pipeline,
  SimpleImputer,
  StandardScaler,
  streamCsv,
  Table,
  Trainer,
} from '../lib/index.js'
import { runInChild } from './helpers/run.js'
import { loadSurveys, surveysFile } from './helpers/surveys.js'

// Raw rows of mixed types, from a file or a database through a Pipeline to a Model that predicts
// them in another process.

const surveys = await loadSurveys()
const file = fileURLToPath(surveysFile)
const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
test.after.always(() => rm(folder, { recursive: true }))

function makeTrainer(inputs: number, outputs: number, first: readonly LayerDescription[] = []) {
  const network = new Network({
    inputs,
    layers: [...first, dense(32, 'relu'), dense(outputs, 'softmax')],
    seed: 1,
  })
  return new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: adam({ learningRate: 0.003 }),
    batchSize: 100,
    epochs: 8,
    shuffle: false,
  })
}

/** The class of each row. */
function speciesOf(table: Rows): readonly (string | undefined)[] {
  const species = table.column('species')
  if (species.type !== 'category') throw new Error('no classes')
  return Array.from(species.codes, (code) => species.categories[code])
}

/** Share of the rows whose class is told rightly. */
function accuracy(model: Model, table: Rows): number {
  const species = speciesOf(table)
  return model.classify(table).filter((name, row) => name === species[row]).length / table.rows
}

/** What the model predicts of the file's rows, and what it does so in a process of its own. */
async function predictTwice(model: Model, name: string) {
  const path = join(folder, `${name}.safetensors`)
  await model.save(path)
  const here: unknown[] = []
  for await (const table of streamCsv(file, { blockRows: 1000 }))
    here.push(Array.from(model.predict(table).data), model.classify(table))
  return { here, there: await runInChild('predictFile', { path, file }) }
}

test('a pipeline learns in a stream, classes that come late too; its model predicts the same in a new process', async (t) => {
  const numbers = [new SimpleImputer({ addIndicator: true }), new StandardScaler()]
  const pipeline = new Pipeline({
    columns: {
      hindfoot_length: numbers,
      weight: numbers,
      plot: new OrdinalEncoder({ unknownValue: 0 }),
      sex: new OneHotEncoder(),
      date: [new DatetimeEncoder({ parts: ['dayOfYear'] }), new StandardScaler()],
    },
    target: 'species',
  })
  const classes = new Set(speciesOf(surveys))
  t.true(new Set(speciesOf(surveys.slice(0, 100))).size < classes.size)
  const columns = [{ column: 4, categories: 25, dimensions: 4 }]
  const trainer = makeTrainer(10, classes.size, [embedding({ columns })])
  const labels: number[] = []
  const preparation = {
    partialFit: (table: Rows) => pipeline.partialFit(table),
    transform: (table: Rows) => {
      const data = pipeline.transform(table)
      if (data.y instanceof Int32Array) labels.push(...data.y)
      return data
    },
  }
  await trainer.fitStream(streamCsv(file, { blockRows: 100 }), { preparation })
  t.deepEqual(labels.slice(0, surveys.rows).map((label) => pipeline.classes?.[label]), speciesOf(surveys)) // prettier-ignore
  const model = new Model(pipeline, trainer.network)
  t.deepEqual(pipeline.classes?.toSorted(), [...classes].toSorted())
  t.true(accuracy(model, surveys) > 0.6, String(accuracy(model, surveys)))
  const { here, there } = await predictTwice(model, 'stream')
  t.is(there.code, 0, there.errors)
  t.deepEqual(there.said, here)
})

test('inferred embeddings are learned, saved and used in a new process', async (t) => {
  const pipeline = Pipeline.infer(surveys, { target: 'species', oneHotLimit: 5 })
  const train = pipeline.fitTransform(surveys)
  const columns = pipeline.embeddings()
  t.deepEqual(columns.map(({ column }) => pipeline.outputs[column]), ['plot']) // prettier-ignore
  const trainer = makeTrainer(train.features, train.classes, [embedding({ columns })])
  await trainer.fit(train)
  const model = new Model(pipeline, trainer.network)
  t.true(accuracy(model, surveys) > 0.6, String(accuracy(model, surveys)))
  const { here, there } = await predictTwice(model, 'embeddings')
  t.is(there.code, 0, there.errors)
  t.deepEqual(there.said, here)
  // A plot that was not learned is predicted, as one that is missing.
  const row = surveys.row(1)
  t.deepEqual(model.predict({ ...row, plot: 'P99' }), model.predict({ ...row, plot: null }))
})

test.serial(
  'with a pipeline that has learned, raw rows of CSV, Arrow and DuckDB give equal weights',
  async (t) => {
    const pipeline = Pipeline.infer(surveys, { target: 'species', oneHotLimit: 5 }).fit(surveys)
    const first = [embedding({ columns: pipeline.embeddings() })]
    const types: Readonly<Record<string, arrow.DataType>> = {
      date: new arrow.DateDay(),
      hindfoot_length: new arrow.Int64(),
      weight: new arrow.Float32(),
      sex: new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()),
    }
    const vectors = surveys.names.map((name) => {
      const type = types[name] ?? new arrow.Utf8()
      const cells = Array.from({ length: surveys.rows }, (_, row) => {
        const cell = surveys.row(row)[name] ?? null
        return arrow.DataType.isInt(type) && cell !== null ? BigInt(Number(cell)) : cell
      })
      return [name, arrow.vectorFromArray(cells, type)] as const
    })
    const whole = new arrow.Table(Object.fromEntries(vectors))
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const query = `select * from read_csv('${file}')`
    const sources: Record<string, StreamSource> = {
    CSV: streamCsv(file, { blockRows: 77 }),
    'a Table': surveys,
    Arrow: whole,
    "Arrow's batches": arrow.tableFromIPC(arrow.tableToIPC(whole.slice(0, 1234).concat(whole.slice(1234)))).batches, // prettier-ignore
    DuckDB: () => connection.stream(query),
    'DuckDB, all rows': await connection.run(query),
    'row objects': () => Array.from({ length: surveys.rows }, (_, row) => surveys.row(row)),
  } // prettier-ignore
    const train = pipeline.transform(surveys)
    const expected = makeTrainer(train.features, train.classes, first)
    await expected.fit(train, { epochs: 2 })
    for (const [what, source] of Object.entries(sources)) {
      const trainer = makeTrainer(train.features, train.classes, first)
      await trainer.fitStream(source, { preparation: pipeline, epochs: 2 })
      t.deepEqual(trainer.network.parameters, expected.network.parameters, what)
    }
  },
)

test('a preparation that comes to make other columns ends the stream, and says which', async (t) => {
  const rows = (cells: readonly string[]) => new Table({ a: cells, b: [1, 2], y: ['n', 'm'] })
  const pipeline = new Pipeline({
    columns: { a: new OneHotEncoder({ drop: 'ifBinary' }), b: new StandardScaler() },
    target: 'y',
  })
  const trainer = makeTrainer(2, 2)
  const fit = trainer.fitStream([rows(['x', 'x']), rows(['x', 'z'])], { preparation: pipeline })
  const error = await t.throwsAsync(fit.then())
  t.is(error.message, "In the block that begins at row 2 of the stream: The preparation makes a column 'a_z' that it did not make of the rows before; call its `fit` with rows that have all there is, before the stream") // prettier-ignore
})
