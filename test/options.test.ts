import test from 'ava'
import { Dataset, dense, Network, Trainer } from '../lib/index.js'
import type { DescribedRow } from '../lib/native.js'
import { native } from '../lib/native.js'
import type { Conventions, MetricName, OptionTable, ScheduleName } from '../lib/options/index.js'
import {
  activations,
  areaAverages,
  classAverages,
  complete,
  conventions as conventionTable,
  initializers,
  layers,
  losses,
  metrics,
  optimizers,
  quasiNewton,
  schedules,
} from '../lib/options/index.js'
import { coreOptions } from '../lib/schedules.js'
import { inCoreOrder } from '../lib/tables.js'
import { variants } from './helpers/variants.js'

// The names in lib/options and the rows of the core's tables are the same, and so are the names of
// their options.

type Table = Readonly<Record<string, OptionTable>>

const description = native.describe()
const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name).sort()
const optionsOf = (table: Table, name: string) => Object.keys(table[name] ?? {})
const allConventions = Object.keys(conventionTable) as Conventions[]

/** Options that every row of a table has: what takes the rows deals with them, not the rows. */
function common(table: Table): string[] {
  const [first = {}, ...others] = Object.values(table)
  return Object.keys(first).filter((option) => others.every((other) => option in other))
}

/** The tables, and which of a row's options are not the core's row's. */
const tables: readonly {
  readonly what: string
  readonly rows: readonly DescribedRow[]
  readonly table: Table
  readonly elsewhere: (name: string) => readonly string[]
}[] = [
  { what: 'activations', rows: description.activations, table: activations, elsewhere: () => [] },
  { what: 'losses', rows: description.losses, table: losses, elsewhere: () => [] },
  { what: 'metrics', rows: description.metrics, table: metrics, elsewhere: () => [] },
  {
    what: 'initializers',
    rows: description.initializers,
    table: initializers,
    elsewhere: () => [],
  },
  {
    what: 'optimizers',
    rows: description.optimizers,
    table: optimizers,
    elsewhere: () => common(optimizers), // the rate and the decay
  },
  { what: 'quasiNewton', rows: description.quasiNewton, table: quasiNewton, elsewhere: () => [] },
  {
    what: 'layers',
    rows: description.layers,
    table: layers,
    // What a dense layer has too is the network's: which rows of other tables, what is trained.
    elsewhere: () => [...optionsOf(layers, 'dense'), 'columns', 'initializer'],
  },
  {
    what: 'schedules',
    rows: description.schedules,
    table: schedules,
    // The unit, and lists: no numbers.
    elsewhere: (name) => {
      const passed = coreOptions(name as ScheduleName)
      return optionsOf(schedules, name).filter((option) => !passed.includes(option))
    },
  },
]

for (const { what, rows, table, elsewhere } of tables) {
  test(`lib/options names the ${what} that the core has`, (t) => {
    t.deepEqual(names(rows), Object.keys(table).sort())
  })

  test(`lib/options has the options that the core’s ${what} take`, (t) => {
    for (const { name, options } of rows)
      t.deepEqual(
        [...options].sort(),
        optionsOf(table, name)
          .filter((option) => !elsewhere(name).includes(option))
          .sort(),
        name,
      )
  })

  test(`every option of ${what} changes a number that the core gets`, (t) => {
    for (const row of rows) {
      const options = Object.fromEntries(
        Object.entries(table[row.name] ?? {}).filter(([option]) => row.options.includes(option)),
      )
      const given = variants(options)
      const numbers = (conventions: Conventions) =>
        given.map((one) =>
          inCoreOrder(rows, row.name, options, complete(row.name, options, one, { conventions })),
        )
      t.is(new Set(numbers('keras').map(String)).size, given.length, row.name)
      t.true(given.length > row.options.length - requiredCount(options), row.name)
      for (const conventions of allConventions)
        t.true(numbers(conventions).flat().every(Number.isFinite), row.name)
    }
  })
}

function requiredCount(options: OptionTable): number {
  return Object.values(options).filter((option) => !('default' in option)).length
}

// An option with a list of names reaches the core as a place in the list: what the core makes of
// each place is held against the formula.

/** Outputs of a network, the classes that they are for, and how the classes fared. */
const outputs = [
  [0.7, 0.2, 0.1],
  [0.6, 0.3, 0.1],
  [0.2, 0.5, 0.3],
  [0.5, 0.4, 0.1],
  [0.1, 0.3, 0.6],
  [0.2, 0.6, 0.2],
  [0.8, 0.1, 0.1],
  [0.5, 0.2, 0.3],
]
const labels = [0, 0, 0, 1, 2, 1, 0, 2]
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const predicted = outputs.map((row) => row.indexOf(Math.max(...row)))
const counts = [0, 1, 2].map((c) => ({
  both: labels.filter((label, i) => label === c && predicted[i] === c).length,
  predicted: predicted.filter((label) => label === c).length,
  actual: labels.filter((label) => label === c).length,
  /** Share of pairs of a row of the class and another whose outputs are in that order. */
  area:
    sum(
      outputs.flatMap((inside, i) =>
        outputs.map((outside, j) => {
          if (labels[i] !== c || labels[j] === c) return 0
          const distance = (inside[c] ?? 0) - (outside[c] ?? 0)
          return distance > 0 ? 1 : distance === 0 ? 0.5 : 0
        }),
      ),
    ) /
    (labels.filter((label) => label === c).length * labels.filter((label) => label !== c).length),
}))

/** Means over classes, plain and by their rows. */
const means = (values: readonly number[]) => ({
  macro: sum(values) / values.length,
  weighted: sum(values.map((value, c) => value * (counts[c]?.actual ?? 0))) / labels.length,
})

/** The metric of a network whose outputs are its inputs. */
async function evaluate(name: string, average: string, x: number[][], y: number[]) {
  const units = x[0]?.length ?? 0
  const network = new Network({ inputs: units, layers: [dense(units, { useBias: false })] })
  network.parameters = Array.from({ length: units ** 2 }, (_, i) => Number(i % (units + 1) === 0))
  const metric = { name, average } as unknown as MetricName
  const trainer = new Trainer(network, {
    loss: 'meanSquaredError',
    optimizer: 'sgd',
    metrics: [metric],
  })
  return Number(Reflect.get(await trainer.evaluate(new Dataset(x, y)), name))
}

const near = (a: number, b: number) => Math.abs(a - b) < 1e-12

test('the averages over classes are in the core’s order', async (t) => {
  const mean = means(counts.map(({ both, predicted }) => both / predicted))
  const micro = sum(counts.map(({ both }) => both)) / labels.length
  const several = { auto: mean.macro, micro, ...mean } // 'binary' is for two classes
  t.is(new Set(Object.values(several)).size, 3) // 'auto' is 'macro'
  for (const [average, value] of Object.entries(several))
    t.true(near(await evaluate('precision', average, outputs, labels), value), average)

  // With one output, which says class 1 in three rows of eight, rightly, but once more should.
  const first = outputs.map(([value = 0]) => [value])
  const isFirst = labels.map((label) => Number(label === 0))
  const [one, other] = [1, 4 / 5]
  const both = { auto: one, binary: one, macro: (one + other) / 2, micro: 7 / 8 }
  for (const [average, value] of Object.entries(both))
    t.true(near(await evaluate('precision', average, first, isFirst), value), average)

  t.deepEqual(Object.keys({ ...several, ...both }).sort(), [...classAverages].sort())
})

test('the averages over areas are in the core’s order', async (t) => {
  const mean = means(counts.map(({ area }) => area))
  t.false(near(mean.macro, mean.weighted))
  for (const [average, value] of Object.entries(mean))
    t.true(near(await evaluate('rocAuc', average, outputs, labels), value), average)
  t.deepEqual(Object.keys(mean).sort(), [...areaAverages].sort())
})

test('the addon describes its build', (t) => {
  t.regex(description.version, /^\d+\.\d+\.\d+/)
  t.regex(description.blas, /OpenBLAS/)
  t.true(description.processors >= 1)
  const chosen = description.instructionSets.find(({ name }) => name === description.instructionSet)
  t.true(chosen?.supported)
})
