import test from 'ava'
import { native } from '../lib/native.js'
import type { OptionTable } from '../lib/options/index.js'
import {
  activations,
  initializers,
  layers,
  losses,
  metrics,
  optimizers,
  quasiNewton,
  schedules,
} from '../lib/options/index.js'

// The names in lib/options and the rows of the core's tables are the same.

const description = native.describe()
const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name).sort()

for (const [what, rows, table] of [
  ['activations', description.activations, activations],
  ['losses', description.losses, losses],
  ['optimizers', description.optimizers, optimizers],
  ['initializers', description.initializers, initializers],
  ['metrics', description.metrics, metrics],
  ['layers', description.layers, layers],
  ['schedules', description.schedules, schedules],
  ['quasi-Newton methods', description.quasiNewton, quasiNewton],
] as const) {
  test(`lib/options names the ${what} that the core has`, (t) => {
    t.deepEqual(names(rows), Object.keys(table).sort())
  })

  test(`every option that the core’s ${what} take is a number, a flag or a name of lib/options`, (t) => {
    const tables: Readonly<Record<string, OptionTable>> = table
    for (const { name, options } of rows)
      for (const option of options)
        t.true(Object.hasOwn(tables[name] ?? {}, option), `${name} ${option}`)
  })
}

test('an optimizer’s options are those that the core’s row takes, the rate and the decay', (t) => {
  for (const { name, options } of description.optimizers)
    t.deepEqual(
      [...options, 'learningRate', 'weightDecay'].sort(),
      Object.keys(optimizers[name as keyof typeof optimizers]).sort(),
    )
})

test('the addon describes its build', (t) => {
  t.regex(description.version, /^\d+\.\d+\.\d+/)
  t.regex(description.blas, /OpenBLAS/)
  t.true(description.processors >= 1)
  const chosen = description.instructionSets.find(({ name }) => name === description.instructionSet)
  t.true(chosen?.supported)
})
