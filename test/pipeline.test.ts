import test from 'ava'
import type { PipelineOptions, RawRows } from '../lib/index.js'
import {
  Dataset,
  DatetimeEncoder,
  GemmnetError,
  LabelEncoder,
  MinMaxScaler,
  OneHotEncoder,
  OrdinalEncoder,
  Pipeline,
  registerTransformer,
  RobustScaler,
  SimpleImputer,
  StandardScaler,
  Table,
} from '../lib/index.js'
import { distance } from './helpers/compare.js'
import { randomRows } from './helpers/data.js'

const people = new Table({
  id: [7, 8, 9, 10],
  age: [20, null, 40, 60],
  fare: [1, 2, 3, 4],
  job: ['cook', 'smith', null, 'cook'],
  born: [new Date('2000-01-01'), new Date('1990-07-01'), new Date('1980-01-01'), null],
  weight: [1, 2, 1, 0.5],
  income: ['low', 'high', 'high', 'low'],
})

const options = (): PipelineOptions => {
  const numeric = [new SimpleImputer(), new MinMaxScaler()]
  return {
    columns: { age: numeric, job: new OneHotEncoder({ handleUnknown: 'ignore' }), fare: numeric },
    target: 'income',
    sampleWeights: 'weight',
    dtype: 'float64',
  }
}

/** Random rows of columns of every type, with holes. */
function randomTable(rows: number, seed: number): Table {
  const { data } = randomRows(rows, 4, seed)
  const column = (i: number) => Array.from(data.subarray(i * rows, (i + 1) * rows))
  return new Table({
    a: column(0).map((value, i) => (i % 7 === 3 ? null : 10 * value + seed)),
    b: Float32Array.from(column(1)),
    c: column(2).map((value, i) => (i % 5 === 3 ? null : 'abcdefgh'.charAt(4 + Math.floor(4 * value)))), // prettier-ignore
    d: column(3).map((value) => new Date(1e12 * (1 + value))),
    y: column(1).map((value) => (value > 0 ? 'yes' : 'no')),
  })
}

test('each column goes through its steps, columns of the same steps together', (t) => {
  const pipeline = new Pipeline(options())
  const data = pipeline.fitTransform(people)
  t.deepEqual(pipeline.outputs, ['age', 'fare', 'job_cook', 'job_smith', 'job_(missing)'])
  t.deepEqual(data.featureNames, pipeline.outputs)
  t.deepEqual(pipeline.inputs, ['age', 'fare', 'job'])
  const rows = [
    [0, 0, 1, 0, 0],
    [0.5, 1 / 3, 0, 1, 0],
    [0.5, 2 / 3, 0, 0, 1],
    [1, 1, 1, 0, 0],
  ]
  t.true(distance([...data.x.data], rows.flat()) < 1e-15)
  t.deepEqual(data.y, Int32Array.of(1, 0, 0, 1))
  t.deepEqual(pipeline.classes, ['high', 'low'])
  t.is(data.classes, 2)
  t.deepEqual(data.sampleWeights, Float64Array.of(1, 2, 1, 0.5))
  t.deepEqual(pipeline.features(people).data, data.x.data)
})

test('transform never learns: what was learned is the same, whatever is transformed', (t) => {
  const pipeline = Pipeline.infer(randomTable(200, 1), { target: 'y' })
  pipeline.fit(randomTable(200, 1))
  const before = JSON.stringify(pipeline)
  const first = pipeline.transform(randomTable(50, 1)).x
  for (const seed of [2, 3, 4]) pipeline.transform(randomTable(99, 100 * seed))
  t.is(JSON.stringify(pipeline), before)
  t.deepEqual(pipeline.transform(randomTable(50, 1)).x, first)
})

test('what is learned from the training rows does not depend on any other row', (t) => {
  const all = Table.concatenate([randomTable(200, 1), randomTable(100, 50)])
  const train = all.slice(0, 200)
  const [a, b] = [train, randomTable(200, 1)].map((table) =>
    Pipeline.infer(table, { target: 'y' }).fit(table),
  )
  t.is(JSON.stringify(a), JSON.stringify(b))
})

test('fitTransform is fit, then transform; a second fit forgets the first', (t) => {
  const [train, other] = [randomTable(80, 1), randomTable(60, 9)]
  const pipeline = Pipeline.infer(train, { target: 'y' })
  const made = pipeline.fitTransform(train)
  t.deepEqual(pipeline.transform(train).x, made.x)
  const text = JSON.stringify(pipeline)
  pipeline.fit(other)
  t.not(JSON.stringify(pipeline), text)
  t.is(JSON.stringify(pipeline.fit(train)), text)
})

test('rows in parts are learned as they are together, where steps do not build on one another', (t) => {
  const table = randomTable(300, 3)
  const make = () =>
    new Pipeline({
      columns: {
        a: new MinMaxScaler(),
        b: new StandardScaler(),
        c: new OneHotEncoder(),
        d: new DatetimeEncoder(),
      },
      target: 'y',
      dtype: 'float64',
    })
  const complete = table.with({ a: table.column('b') })
  const parts = make()
  for (let begin = 0; begin < 300; begin += 41) parts.partialFit(complete.slice(begin, begin + 41))
  const whole = make().fit(complete)
  t.deepEqual(parts.outputs, whole.outputs)
  t.deepEqual(parts.classes, whole.classes)
  t.true(distance(parts.features(complete).data, whole.features(complete).data) < 1e-12)
  const robust = new Pipeline([new RobustScaler()]).partialFit([[1], [2]])
  t.throws(() => robust.partialFit([[1]]), { message: /RobustScaler does not learn in parts/ })
})

test('a pipeline goes through JSON to the last bit', (t) => {
  const table = randomTable(100, 5)
  const pipeline = Pipeline.infer(table, { target: 'y', oneHotLimit: 2 }).fit(table)
  const text = JSON.stringify(pipeline)
  const loaded = Pipeline.fromJSON(JSON.parse(text))
  t.is(JSON.stringify(loaded), text)
  t.deepEqual(loaded.transform(table).x, pipeline.transform(table).x)
  t.deepEqual(loaded.embeddings(), pipeline.embeddings())
  const unfitted = Pipeline.fromJSON(JSON.parse(JSON.stringify(new Pipeline(options()))))
  t.deepEqual(unfitted.fitTransform(people).x, new Pipeline(options()).fitTransform(people).x)
})

test('steps for all that the columns became come last', (t) => {
  const pipeline = new Pipeline({
    columns: { age: new SimpleImputer(), job: new OneHotEncoder() },
    steps: new StandardScaler(),
    dtype: 'float64',
  })
  const { x } = pipeline.fitTransform(people)
  const [rows, width] = x.shape
  for (let j = 0; j < width; j++) {
    let [sum, squares] = [0, 0]
    for (let row = 0; row < rows; row++) {
      const value = x.data[row * width + j] ?? NaN
      sum += value
      squares += value ** 2
    }
    t.true(Math.abs(sum) < 1e-12 && Math.abs(squares / rows - 1) < 1e-12)
  }
  t.deepEqual(pipeline.embeddings(), [])
})

test('rows without names go through steps as they are', (t) => {
  const rows = [[1, 10], [2, 20], [3, 60]] // prettier-ignore
  const pipeline = new Pipeline([new MinMaxScaler()])
  const data = pipeline.fitTransform(rows, [0, 1, 0])
  t.deepEqual([...data.x.data], [...Float32Array.of(0, 0, 0.5, 0.2, 1, 1)])
  t.deepEqual(data.y, Int32Array.of(0, 1, 0))
  const flat = Float32Array.from(rows.flat())
  for (const x of [flat, { data: flat, shape: [3, 2] as const }])
    t.deepEqual(pipeline.features(x), pipeline.features(rows))
  t.deepEqual(pipeline.outputs, ['x0', 'x1'])
  t.throws(() => pipeline.features([[1, 2, 3]]), { message: '`x` has 3 columns, it takes 2' })
})

test('rows are objects too, one or several; a column that a row lacks is missing there', (t) => {
  const pipeline = new Pipeline(options()).fit(people)
  const all = pipeline.features(people)
  const row = { ...people.row(1), nested: { more: [1] } }
  t.deepEqual([...pipeline.features(row).data], [...all.data.subarray(5, 10)])
  t.deepEqual(pipeline.transform([row]).y, Int32Array.of(0))
  t.is(pipeline.transform({ age: 1, fare: 2, job: 'cook' }).y, undefined)
  const without = pipeline.features([
    { age: 20, fare: 1, job: 'cook' },
    { fare: 1, job: 'x' },
  ])
  t.deepEqual([...without.data], [0, 0, 1, 0, 0, 0.5, 0, 0, 0, 0])
})

test('numbers are predicted as they are, or through a scaler that is undone', (t) => {
  const plain = new Pipeline({ columns: { age: new SimpleImputer() }, target: ['fare', 'id'] })
  t.deepEqual(plain.fitTransform(people).y, {
    data: Float32Array.of(1, 7, 2, 8, 3, 9, 4, 10),
    shape: [4, 2],
  })
  const scaled = new Pipeline({
    columns: { age: new SimpleImputer() },
    target: ['fare', 'id'],
    targetTransformer: new StandardScaler(),
  })
  const { y } = scaled.fitTransform(people)
  if (y === undefined || y instanceof Int32Array || y.data instanceof Uint8Array) throw new Error('labels') // prettier-ignore
  const back = scaled.inverseTarget({ data: y.data, shape: y.shape })
  t.true(distance([...back.data], [1, 7, 2, 8, 3, 9, 4, 10]) < 1e-6)
  t.true(Math.abs([...y.data].reduce((sum, value) => sum + value, 0)) < 1e-6)
  const labels = new Pipeline({
    columns: { age: new SimpleImputer() },
    target: 'id',
    targetTransformer: new LabelEncoder(),
  })
  t.deepEqual(labels.fitTransform(people).y, Int32Array.of(0, 1, 2, 3))
  t.deepEqual(labels.classes, [7, 8, 9, 10])
})

test('infer refuses a target that is no column', (t) => {
  t.throws(() => Pipeline.infer(people, { target: 'specie' }), {
    instanceOf: RangeError,
    message: /Unknown column `specie`/,
  })
})

test('infer takes what is usual for each type of column', (t) => {
  const pipeline = Pipeline.infer(people, {
    target: 'income',
    sampleWeights: 'weight',
    oneHotLimit: 3,
    columns: { id: new OneHotEncoder() },
  })
  const data = pipeline.fitTransform(people)
  t.deepEqual(pipeline.outputs, [
    ...['id_7', 'id_8', 'id_9', 'id_10', 'age', 'fare', 'job_cook', 'job_smith', 'job_(missing)'],
    ...['year', 'dayOfYear_sin', 'dayOfYear_cos', 'weekday_sin', 'weekday_cos'].map((part) => `born_${part}`), // prettier-ignore
  ])
  t.is(data.classes, 2)
  t.truthy(data.sampleWeights)
  // What it has not met is taken all the same.
  t.notThrows(() => pipeline.transform({ id: 7, age: null, fare: null, job: 'x', born: null }))
})

test('columns of many categories become codes, which embeddings describes', (t) => {
  const streets = Array.from({ length: 200 }, (_, i) => `street ${i % 60}`)
  const table = new Table({ n: streets.map((_, i) => i), street: streets, k: streets.map((_, i) => `${i % 2}`) }) // prettier-ignore
  const pipeline = Pipeline.infer(table)
  const { data, shape } = pipeline.fitTransform(table).x
  const [embedding, ...more] = pipeline.embeddings()
  t.deepEqual(more, [])
  if (embedding === undefined) throw new Error('no embedding')
  t.is(embedding.categories, 61)
  t.is(embedding.dimensions, 16) // round(1.6 * 61 ** 0.56), fastai's
  t.is(pipeline.outputs[embedding.column], 'street')
  const codes = Array.from({ length: 200 }, (_, row) => data[row * shape[1] + embedding.column])
  t.is(Math.min(...codes.map(Number)), 1)
  t.is(Math.max(...codes.map(Number)), 60)
  const unknown = pipeline.features([
    { n: 1, street: 'elsewhere', k: '0' },
    { n: 1, k: '0' },
  ])
  t.deepEqual([0, 1].map((row) => unknown.data[row * shape[1] + embedding.column]), [0, 0]) // prettier-ignore
})

class Log {
  readonly base: number
  constructor(base: number) {
    this.base = base
  }
  fit() {
    return this
  }
  transform(x: Table) {
    return new Table(
      new Map(
        x.names.map((name) => {
          const { values } = x.column(name) as { values: Float64Array } // numbers in this test
          return [name, values.map((value) => Math.log(value) / Math.log(this.base))]
        }),
      ),
    )
  }
  featureNames(names: readonly string[]) {
    return names
  }
  toJSON() {
    return { base: this.base }
  }
  static fromJSON(json: unknown) {
    return new Log((json as { base: number }).base)
  }
}

test('a transformer of one own works, and is saved once it is registered', (t) => {
  const pipeline = new Pipeline({ columns: { fare: new Log(2) } }).fit(people)
  t.deepEqual([...pipeline.features(people.slice(0, 2)).data], [0, 1])
  t.throws(() => JSON.stringify(pipeline), {
    message: '`Log` cannot be saved; make it known with registerTransformer',
  })
  registerTransformer('Log', Log)
  registerTransformer('Log', Log)
  const loaded = Pipeline.fromJSON(JSON.parse(JSON.stringify(pipeline)))
  t.deepEqual([...loaded.features(people.slice(3)).data], [2])
  t.throws(() => { registerTransformer('StandardScaler', Log) }, { instanceOf: RangeError }) // prettier-ignore
  t.throws(() => { registerTransformer('LabelEncoder', Log) }, { instanceOf: RangeError }) // prettier-ignore
  t.throws(() => { registerTransformer('Other', Date as never) }, { instanceOf: TypeError }) // prettier-ignore
})

test('nothing works before fit, nor after one that failed', (t) => {
  const pipeline = new Pipeline(options())
  const uses = [
    () => pipeline.transform(people),
    () => pipeline.features(people),
    () => pipeline.outputs,
    () => pipeline.inputs,
    () => pipeline.classes,
    () => pipeline.embeddings(),
  ]
  const refuse = () => {
    for (const use of uses)
      t.throws(use, { instanceOf: GemmnetError, code: 'ERR_NOT_FITTED', message: 'The pipeline has learned nothing yet; call `fit` first' }) // prettier-ignore
  }
  refuse()
  pipeline.fit(people)
  t.throws(() => pipeline.fit(people.with({ age: ['x', 'y', 'z', 'x'] })), { instanceOf: TypeError }) // prettier-ignore
  refuse()
})

const scaler = new StandardScaler()
const fitted = new Pipeline(options()).fit(people)
const refusals: readonly [string, () => unknown, string][] = [
  ['an unknown option', () => new Pipeline({ colums: {} } as never), 'Unknown option `colums` for `Pipeline`; did you mean `columns`?'],
  ['what is no transformer', () => new Pipeline({ columns: { a: 'scale' as never } }), "Expected `columns.a[0]` to be a transformer, with fit, transform, featureNames, toJSON, got `'scale'`"],
  ['a transformer twice', () => new Pipeline({ columns: { a: scaler }, steps: scaler }), 'A StandardScaler stands in two places of the pipeline; make one for each'],
  ['a column twice', () => new Pipeline({ columns: [{ columns: ['a', 'a'], steps: [] }] }), "Column 'a' is named twice"],
  ['a target among the features', () => new Pipeline({ columns: { a: [] }, target: 'a' }), "Column 'a' is named twice"],
  ['a target transformer that cannot go back', () => new Pipeline({ target: 'a', targetTransformer: new SimpleImputer() }), 'Expected `targetTransformer` to be a LabelEncoder, or a Transformer with inverseTransform, got `SimpleImputer`'],
  ['a column that is not there', () => fitted.transform(people.drop(['age'])), 'Unknown column `age`; known: `id`, `fare`, `job`, `born`, `weight`, `income`'],
  ['a column that no row has', () => fitted.transform([{ aga: 1, fare: 1, job: 'x' }]), 'Unknown column `age`; did you mean `aga`?'],
  ['rows without names', () => fitted.transform([[1, 2, 3]]), 'Expected `x` to be rows with the columns age, fare, job, got `Array(1)`'],
  ['no rows', () => fitted.transform([]), 'Expected `x` to be a Table, an object, or an array of at least one object, got `Array(0)`'],
  ['no rows to learn from', () => new Pipeline(options()).fit(people.slice(0, 0)), '`x` has no rows'],
  ['no columns', () => new Pipeline({ columns: {} }).fit(people), 'The pipeline has no columns to make features of'],
  ['texts that no step encodes', () => new Pipeline({ columns: { job: [] } }).fitTransform(people), "Column 'job' holds texts; a OneHotEncoder makes numbers of it"],
  ['dates that no step encodes', () => new Pipeline({ columns: { born: [] } }).fitTransform(people), "Column 'born' holds dates; a DatetimeEncoder makes numbers of it"],
  ['a missing value that no step fills in', () => new Pipeline({ columns: { age: [] } }).fitTransform(people), "Column 'age' has no value in row 1; leave the row out, or fill it in with a SimpleImputer"],
  ['a target that is missing', () => new Pipeline({ columns: { fare: [] }, target: 'age' }).fit(people), "Column 'age' has no value in row 1; leave the row out, or fill it in with a SimpleImputer"],
  ['an unknown class', () => fitted.transform(people.with({ income: ['low', 'low', 'none', 'low'] })), "Column 'income' has a category that was not learned, 'none', in row 2"],
  ['outputs of one name', () => new Pipeline({ columns: { job: new OneHotEncoder(), job_cook: [] } }).fit(people.with({ job_cook: [1, 2, 3, 4] })), "Two columns would be named 'job_cook'; rename those they come from"],
] // prettier-ignore
for (const [what, act, message] of refusals)
  test(`refused: ${what}`, (t) => {
    t.throws(act, { message })
  })

test('garbage is refused with one clear error', (t) => {
  const garbage = [
    null,
    undefined,
    1,
    'x',
    [],
    [null],
    [1],
    { a: {} },
    Symbol('s'),
    new Date(),
    [[]],
  ]
  for (const x of garbage) t.throws(() => fitted.transform(x as RawRows), undefined, typeof x)
  t.true(fitted.transform(people) instanceof Dataset)
  for (const json of [null, 1, 'x', [], {}, { steps: 1 }, { steps: [], columns: {} }, { steps: [{}] }])
    if (JSON.stringify(json) !== '{}') t.throws(() => Pipeline.fromJSON(json), undefined, JSON.stringify(json)) // prettier-ignore
})

test('an OrdinalEncoder whose codes a network takes is one without unknown values', (t) => {
  const pipeline = new Pipeline({ columns: { job: new OrdinalEncoder({ unknownValue: -1 }) } })
  pipeline.fit(people.slice(0, 2))
  t.deepEqual(pipeline.embeddings(), [])
})
