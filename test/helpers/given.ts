import { DuckDBInstance } from '@duckdb/node-api'
import {
  adam,
  dense,
  loadDigits,
  Model,
  Network,
  OrdinalEncoder,
  Pipeline,
  SimpleImputer,
  Table,
  Trainer,
} from 'gemmnet'

// What the examples of docstrings may name without making it: see docs.test.ts.

/** The digits: 64 columns, ten classes. */
export const data = await loadDigits()
export const { train, trainDev, dev, test } = data.split(
  { train: 1100, trainDev: 200, dev: 200, test: 200 },
  { stratify: true },
)

/** Settings of {@link makeTrainer}. */
export interface TrainerSettings {
  readonly seed?: number
  readonly learningRate?: number
  readonly l2?: number
  readonly units?: number
  readonly activation?: 'relu' | 'tanh'
}

/** A Trainer for the digits, with a network of its own. */
export function makeTrainer({
  seed = 0,
  learningRate = 0.001,
  l2 = 0,
  units = 16,
  activation = 'relu',
}: TrainerSettings = {}) {
  const layers = [dense(units, activation), dense(10, 'softmax')]
  return new Trainer(new Network({ inputs: 64, layers, seed }), {
    loss: 'categoricalCrossentropy',
    optimizer: adam({ learningRate }),
    metrics: ['accuracy'],
    l2,
    seed,
  })
}

export const trainer = makeTrainer()
export const { network } = trainer

export const trainTable = new Table({
  age: [39, 50, null, 28],
  job: ['State', 'Private', 'Private', 'State'],
  income: ['<=50K', '>50K', '>50K', '<=50K'],
})
export const testTable = new Table({
  age: [31, 45],
  job: ['Private', 'Abroad'],
  income: ['<=50K', '>50K'],
})
/** Has learned from `trainTable`. */
export const pipeline = new Pipeline({
  columns: { age: new SimpleImputer(), job: new OrdinalEncoder({ unknownValue: 0 }) },
  target: 'income',
}).fit(trainTable)

/** Takes rows like those of `trainTable`. */
export const model = new Model(
  pipeline,
  new Network({ inputs: 2, layers: [dense(4, 'relu'), dense(2, 'softmax')], seed: 0 }),
)

/** Several rows of each patient. */
export const table = new Table({
  patient: Array.from({ length: 40 }, (_, row) => `patient ${row % 10}`),
  pulse: Array.from({ length: 40 }, (_, row) => 60 + (row % 7)),
})

const instance = await DuckDBInstance.create()
/** To a database with a table `rows`. */
export const connection = await instance.connect()
await connection.run('create table rows as select range as a, range % 2 as b from range(10)')
