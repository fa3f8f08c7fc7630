import test from 'ava'
import { Dataset, dense, Network, sgd, Trainer } from '../lib/index.js'
import type { ScheduleName } from '../lib/options/index.js'
import { checkLearningRate, schedules } from '../lib/options/index.js'
import {
  constant,
  cosineDecay,
  coreOptions,
  exponentialDecay,
  inverseTimeDecay,
  nativeSchedule,
  oneCycle,
  piecewise,
  polynomialDecay,
  stepDecay,
  stepsPerEpoch,
  warmup,
} from '../lib/schedules.js'
import { randomRows } from './helpers/data.js'

// What the rates are is the core's business: test/native/schedules_test.cc.

const made = {
  constant: constant(0.1),
  stepDecay: stepDecay(0.1, { every: 10 }),
  exponentialDecay: exponentialDecay(0.1, { factor: 0.5, every: 10, staircase: true }),
  inverseTimeDecay: inverseTimeDecay(0.1, { decay: 0.5 }),
  polynomialDecay: polynomialDecay(0.1, { steps: 10, cycle: true }),
  cosineDecay: cosineDecay(0.1, { steps: 10, restarts: true, mMul: 0.9 }),
  oneCycle: oneCycle(0.1, { steps: 10 }),
  warmup: warmup(0.1, { steps: 10 }),
  piecewise: piecewise({ boundaries: [5, 8], rates: [0.1, 0.05, 0.01], per: 'epoch' }),
} satisfies Record<ScheduleName, unknown>

test('a schedule says what it is, with its defaults, and cannot be changed', (t) => {
  t.deepEqual(made.stepDecay, {
    name: 'stepDecay',
    rate: 0.1,
    factor: 0.1,
    every: 10,
    per: 'epoch',
  })
  t.is(made.exponentialDecay.per, 'step')
  t.deepEqual(made.warmup.schedule, constant(0.1))
  for (const schedule of Object.values(made)) t.true(Object.isFrozen(schedule))
  t.true(Object.isFrozen(made.piecewise.rates))
})

test('every schedule is told to the core as numbers', (t) => {
  const expected: Record<ScheduleName, number[]> = {
    constant: [0.1],
    stepDecay: [0.1, 0.1, 10],
    exponentialDecay: [0.1, 0.5, 10, 1],
    inverseTimeDecay: [0.1, 0.5, 1, 0],
    polynomialDecay: [0.1, 10, 0.0001, 1, 1],
    cosineDecay: [0.1, 10, 0, 1, 2, 0.9],
    oneCycle: [0.1, 10, 0.3, 25, 1e4],
    warmup: [10, 0],
    piecewise: [],
  }
  for (const name of Object.keys(schedules) as ScheduleName[]) {
    const told = nativeSchedule(made[name])
    t.is(told.name, name)
    t.is(told.per, made[name].per)
    t.deepEqual(told.options, expected[name])
    t.is(told.options.length, coreOptions(name).length)
  }
  t.deepEqual(nativeSchedule(made.warmup).child, nativeSchedule(0.1))
  t.deepEqual(nativeSchedule(made.piecewise).boundaries, [5, 8])
  t.deepEqual(nativeSchedule(made.piecewise).rates, [0.1, 0.05, 0.01])
  t.false('child' in nativeSchedule(made.constant))
})

test('a schedule that went through JSON is checked and made again', (t) => {
  const nested = warmup(made.cosineDecay, { steps: 5 })
  const whole = cosineDecay(0.1, { steps: 10 })
  for (const schedule of [...Object.values(made), nested, whole])
    t.deepEqual(checkLearningRate('learningRate', JSON.parse(JSON.stringify(schedule))), schedule)
})

test('every schedule is an optimizer’s learning rate, with options or without', (t) => {
  const short = [
    cosineDecay(0.1, { steps: 10 }),
    warmup(cosineDecay(0.1, { steps: 9 }), { steps: 5 }),
  ]
  for (const schedule of [...Object.values(made), ...short])
    t.deepEqual(checkLearningRate('learningRate', schedule), schedule)
})

test('the steps of an epoch are those that training makes', async (t) => {
  const data = new Dataset(randomRows(23, 2), randomRows(23, 1))
  for (const options of [
    {},
    { batchSize: 5 },
    { batchSize: 5, accumulate: 3 },
    { batchSize: 99 },
  ]) {
    let steps = 0
    const learningRate = () => ++steps && 0.01
    const trainer = new Trainer(new Network({ inputs: 2, layers: [dense(1)] }), {
      loss: 'meanSquaredError',
      optimizer: sgd({ learningRate }),
      ...options,
    })
    await trainer.fit(data)
    t.is(stepsPerEpoch(data, options), steps)
    t.is(stepsPerEpoch(23, options), steps)
  }
  t.is(stepsPerEpoch(1000), 32)
  t.is(stepsPerEpoch(1000, { conventions: 'sklearn' }), 5)
  t.throws(() => stepsPerEpoch([[1]] as never), {
    message: /^Expected `train` to be a Dataset, or/,
  })
  t.throws(() => stepsPerEpoch(0), { instanceOf: RangeError })
})

test('a learning rate is a number, a schedule or a function', (t) => {
  const own = () => 0.1
  t.is(checkLearningRate('learningRate', own), own)
  t.is(checkLearningRate('learningRate', 0), 0)
  t.deepEqual(checkLearningRate('learningRate', made.oneCycle), made.oneCycle)
})

// Each is wrong in one thing; the message names it.
const every = 10
const wrong: readonly (readonly [string, () => unknown, string])[] = [
  ['rate', () => constant(-1), 'Expected `rate` to be a non-negative number, got `-1`'],
  [
    'every',
    () => stepDecay(0.1, { every: 0 }),
    'Expected `every` to be a positive number, got `0`',
  ],
  ['factor', () => stepDecay(0.1, { every, factor: 0 }), 'Expected `factor` to be a positive'],
  ['per', () => stepDecay(0.1, { every, per: 'epochs' as 'epoch' }), 'Unknown unit `epochs`; did'],
  [
    'an option that is unknown',
    () => stepDecay(0.1, { every, gamma: 0.1 } as never),
    'Unknown option `gamma` for `stepDecay`',
  ],
  ['an option that is missing', () => stepDecay(0.1, {} as never), 'Expected `every` to be'],
  [
    'staircase',
    () => exponentialDecay(0.1, { every, factor: 0.5, staircase: 1 as never }),
    'Expected `staircase` to be true or false',
  ],
  ['decay', () => inverseTimeDecay(0.1, { decay: -1 }), 'Expected `decay` to be a non-negative'],
  ['steps', () => polynomialDecay(0.1, { steps: 0 }), 'Expected `steps` to be a positive number'],
  ['endRate', () => polynomialDecay(0.1, { steps: 1, endRate: -1 }), 'Expected `endRate` to be'],
  ['power', () => polynomialDecay(0.1, { steps: 1, power: 0 }), 'Expected `power` to be'],
  ['cycle', () => polynomialDecay(0.1, { steps: 1, cycle: 0 as never }), 'Expected `cycle` to be'],
  [
    'alpha',
    () => cosineDecay(0.1, { steps: 1, alpha: 1.1 }),
    'Expected `alpha` to be a number in [0, 1]',
  ],
  ['restarts', () => cosineDecay(0.1, { steps: 1, restarts: 1 as never }), 'Expected `restarts`'],
  [
    'tMul',
    () => cosineDecay(0.1, { steps: 1, restarts: true, tMul: 0.5 }),
    'Expected `tMul` to be a number of at least 1',
  ],
  ['mMul', () => cosineDecay(0.1, { steps: 1, restarts: true, mMul: -1 }), 'Expected `mMul` to'],
  ['a forgotten restarts', () => cosineDecay(0.1, { steps: 1, tMul: 3 }), '`tMul` needs `restarts'],
  ['a cycle of half a step', () => oneCycle(0.1, { steps: 0.5 }), 'Expected `steps` to be a posit'],
  ['pctStart', () => oneCycle(0.1, { steps: 9, pctStart: 2 }), 'Expected `pctStart` to be a num'],
  ['divFactor', () => oneCycle(0.1, { steps: 9, divFactor: 0 }), 'Expected `divFactor` to be'],
  ['finalDivFactor', () => oneCycle(0.1, { steps: 9, finalDivFactor: 0 }), 'Expected `finalDivF'],
  ['the steps of a warmup', () => warmup(0.1, { steps: 0 }), 'Expected `steps` to be a positive'],
  ['from', () => warmup(0.1, { steps: 1, from: -1 }), 'Expected `from` to be a non-negative'],
  [
    'what follows a warmup',
    () => warmup('adam' as never, { steps: 1 }),
    'Expected `schedule` to be a schedule, such as stepDecay',
  ],
  [
    'boundaries that are no array',
    () => piecewise({ boundaries: 5 as never, rates: [1] }),
    'Expected `boundaries` to be an array of increasing numbers',
  ],
  [
    'a boundary',
    () => piecewise({ boundaries: [-1], rates: [1, 2] }),
    'Expected `boundaries[0]` to be a non-negative number',
  ],
  [
    'the order of boundaries',
    () => piecewise({ boundaries: [5, 5], rates: [1, 2, 3] }),
    'Expected `boundaries[1]` to be above the one before it, got `5`',
  ],
  [
    'the number of rates',
    () => piecewise({ boundaries: [5], rates: [1] }),
    'Expected `rates` to be one more than `boundaries`, got 1 for 1',
  ],
  [
    'one of the rates',
    () => piecewise({ boundaries: [5], rates: [1, -1] }),
    'Expected `rates[1]` to be a non-negative number',
  ],
  [
    'the name of a schedule',
    () => checkLearningRate('learningRate', { name: 'stepdecay', rate: 1 }),
    'Unknown schedule `stepdecay`; did you mean `stepDecay`?',
  ],
  [
    'a learning rate that is nothing of all that',
    () => checkLearningRate('learningRate', '0.1'),
    'Expected `learningRate` to be a non-negative number, a schedule or a function',
  ],
  [
    'a learning rate below zero',
    () => checkLearningRate('learningRate', -0.1),
    'Expected `learningRate` to be a non-negative number, got `-0.1`',
  ],
]
for (const [what, act, message] of wrong)
  test(`an error names what is wrong: ${what}`, (t) => {
    const error = t.throws(act)
    t.true(error instanceof TypeError || error instanceof RangeError)
    t.true(error.message.startsWith(message), error.message)
  })
