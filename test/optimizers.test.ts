import test from 'ava'
import * as made from '../lib/optimizers.js'
import { checkOptimizer, isQuasiNewton, optimizerSettings } from '../lib/optimizers.js'
import type { OptimizerName } from '../lib/options/index.js'
import { conventions, optimizers, quasiNewton } from '../lib/options/index.js'
import { constant, stepDecay } from '../lib/schedules.js'

const names = [...Object.keys(optimizers), ...Object.keys(quasiNewton)] as OptimizerName[]

for (const name of names)
  test(`${name} is a function, takes its defaults, and is known by its name`, (t) => {
    t.deepEqual(made[name](), { name, options: {} } as never)
    t.deepEqual(checkOptimizer(name), made[name]() as never)
    for (const library of Object.keys(conventions) as (keyof typeof conventions)[]) {
      const { schedule, weightDecay, values } = optimizerSettings(checkOptimizer(name), library)
      t.is(schedule === undefined, isQuasiNewton(name))
      t.true(weightDecay >= 0)
      for (const [option, value] of values) t.true(Number.isFinite(value), option)
    }
  })

test('defaults are those of the library whose conventions are followed', (t) => {
  const sgd = made.sgd()
  t.deepEqual(optimizerSettings(sgd).schedule, constant(0.01))
  t.deepEqual(optimizerSettings(sgd, 'sklearn').schedule, constant(0.001))
  t.deepEqual(Object.fromEntries(optimizerSettings(sgd, 'sklearn').values), {
    momentum: 0.9,
    nesterov: 1,
    rateInVelocity: 1,
  })
  t.is(optimizerSettings(sgd, 'torch').values.get('rateInVelocity'), 0)
  const given = made.sgd({ momentum: 0.5, learningRate: stepDecay(1, { every: 2 }) })
  t.is(optimizerSettings(given, 'sklearn').values.get('momentum'), 0.5)
  t.deepEqual(optimizerSettings(given, 'sklearn').schedule, stepDecay(1, { every: 2 }))
})

test('weight decay is coupled in PyTorch’s conventions only, and there not in adamw', (t) => {
  t.is(optimizerSettings(made.adamw()).weightDecay, 0.004)
  t.is(optimizerSettings(made.adamw(), 'torch').weightDecay, 0.01)
  t.is(optimizerSettings(made.adam({ weightDecay: 0.1 })).weightDecay, 0.1)
  for (const library of ['keras', 'sklearn'] as const)
    t.true(optimizerSettings(made.adam(), library).decoupled)
  t.false(optimizerSettings(made.adam(), 'torch').decoupled)
  t.true(optimizerSettings(made.adamw(), 'torch').decoupled)
  t.false(optimizerSettings(made.adamw()).values.has('weightDecay'))
})

test('a learning rate of one’s own is passed on as it is', (t) => {
  const own = ({ epoch }: { epoch: number }) => 0.1 / (1 + epoch)
  t.is(optimizerSettings(made.adam({ learningRate: own })).schedule, own)
})

/** A value that an option's check must refuse. */
const refused: Record<string, unknown> = {
  learningRate: -1,
  weightDecay: -1,
  momentum: 1,
  nesterov: 1,
  rateInVelocity: 0,
  initialAccumulator: -1,
  epsilon: 0,
  epsilonInside: 1,
  rho: 1,
  centered: 1,
  beta1: 1,
  beta2: 1,
  amsgrad: 1,
  epsilonHat: 1,
  momentumDecay: -1,
  stepDecrease: 1,
  stepIncrease: 1,
  minimumStep: 0,
  maximumStep: Infinity,
  gradientTolerance: -1,
  maximumEvaluations: 0,
  history: 0.5,
  mu: 0,
  muIncrease: 1,
  muDecrease: 1, // a factor below 1
  maximumMu: 0,
}
for (const [name, table] of Object.entries({ ...optimizers, ...quasiNewton }))
  test(`every option of ${name} is checked`, (t) => {
    for (const option of Object.keys(table)) {
      const error = t.throws(() =>
        checkOptimizer({ name, options: { [option]: refused[option] ?? t.fail(option) } }),
      )
      t.true(error.message.includes(`\`${option}\``), error.message)
    }
    t.throws(() => checkOptimizer({ name, options: { lerningRate: 1 } }), {
      message: /Unknown option `lerningRate`/,
    })
  })
