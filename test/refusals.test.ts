import test from 'ava'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FitOptions, TrainerOptions } from '../lib/index.js'
import {
  activation,
  batchNorm,
  csvLogger,
  Dataset,
  dense,
  dropout,
  earlyStopping,
  GemmnetError,
  lbfgs,
  levenbergMarquardt,
  modelCheckpoint,
  Network,
  reduceOnPlateau,
  sgd,
  Trainer,
} from '../lib/index.js'
import { places, plainFunctions, run, values } from './helpers/options.js'

// First what options refuse together, and what else is documented to throw: one case each. Then
// every option of every table, with values of all kinds: one is taken or refused with one clear
// error, and of each option some are refused. That what is taken works is test/abuse.test.ts.

const nowhere = join(tmpdir(), 'gemmnet-no-such-folder', 'file')
const data = new Dataset([[1], [2]], [[1], [2]])
const makeNetwork = () => new Network({ inputs: 1, layers: [dense(2), dense(1)] })
const makeTrainer = (options: Partial<TrainerOptions> = {}, network = makeNetwork()) =>
  new Trainer(network, { loss: 'meanSquaredError', optimizer: 'sgd', ...options })

const trainers: readonly [string, () => unknown, string][] = [
  [
    'two ways of clipping',
    () => makeTrainer({ clipNorm: 1, clipValue: 1 }),
    'Expected one way of clipping, got `clipNorm` and `clipValue`',
  ],
  [
    'a metric twice',
    () => makeTrainer({ metrics: ['f1', { name: 'f1', average: 'micro' }] as never }),
    "Expected `metrics[1]` to be a metric that is not in the list yet, got `'f1'`",
  ],
  [
    'a cross-entropy of classes with one output',
    () => makeTrainer({ loss: { name: 'categoricalCrossentropy', labelSmoothing: 0.1 } }),
    '`categoricalCrossentropy` needs two outputs or more; for one there is `binaryCrossentropy`',
  ],
  [
    'a weight for a class too many',
    () => makeTrainer({ classWeights: { 0: 1, 2: 1 } }),
    "Expected `classWeights` to be weights of classes from 0 to 1, got `'2'`",
  ],
  [
    'a weight for no class',
    () => makeTrainer({ classWeights: { dog: 1 } as never }),
    "Expected `classWeights` to be weights of classes from 0 to 1, got `'dog'`",
  ],
  [
    'weights for some classes only',
    () => makeTrainer({ classWeights: [1] }),
    '`classWeights` has 1 weights, the network has 2 classes',
  ],
  [
    'a line search among random layers',
    () => makeTrainer({ optimizer: lbfgs() }, new Network({ inputs: 1, layers: [dense(2), dropout(0.5), dense(1)] })),
    '`lbfgs` needs a cost that depends on weights and rows only: it cannot train with dropout',
  ],
  [
    'a line search with means of batches',
    () => makeTrainer({ optimizer: 'bfgs' }, new Network({ inputs: 1, layers: [dense(2), batchNorm(), dense(1)] })),
    '`bfgs` needs a cost that depends on weights and rows only: it cannot train with batchNorm',
  ],
  [
    'least squares of what are none',
    () => makeTrainer({ optimizer: 'levenbergMarquardt', loss: 'huber' }),
    '`levenbergMarquardt` needs a squared error, got `huber`',
  ],
  [
    'clipping with quasi-Newton methods only',
    () => makeTrainer({ optimizer: 'lbfgs', clipNorm: 1 }),
    '`clipNorm` is of no use: `lbfgs` takes its steps by itself',
  ],
  [
    'least squares with magnitudes',
    () => makeTrainer({ optimizer: levenbergMarquardt(), l1: 0.1 }),
    "`levenbergMarquardt` takes L2 penalties of weights, but neither L1 nor activity's",
  ],
  [
    'a name for an optimizer in a phase',
    () => makeTrainer({ optimizer: [{ optimizer: 'sgdd' as 'sgd', epochs: 1 }] }),
    'Unknown optimizer `sgdd`; did you mean `sgd`?',
  ],
  [
    'an optimizer of one’s own making',
    () => makeTrainer({ optimizer: [{ optimizer: { name: 'sgd', options: { momentum: 2 } }, epochs: 1 }] }),
    'Expected `optimizer[0].optimizer.options.momentum` to be a number in [0, 1), got `2`',
  ],
  [
    'a network that is all frozen',
    () => makeTrainer({}, new Network({ inputs: 1, layers: [dense(1, { trainable: false })] })).fit(data),
    'The network has no layer to train: all are frozen, or have no weights',
  ],
  [
    'a network without weights',
    () => makeTrainer({}, new Network({ inputs: 1, layers: [activation('relu')] })).fit(data),
    'The network has no layer to train: all are frozen, or have no weights',
  ],
  [
    'a view of half a row',
    () => data.slice(0.5),
    'Expected `begin` to be an integer, got `0.5`',
  ],
  ['a view of nothing', () => data.slice(2), 'Rows 2 to 2 of 2 are none'],
  [
    'positions that are none',
    () => data.subset('01' as never),
    "Expected `indices` to be an array of numbers, got `'01'`",
  ],
  [
    'a position that is a text',
    () => data.subset(['0'] as never),
    "Expected `indices[0]` to be a number, got `'0'`",
  ],
  ['a log without a path', () => csvLogger(5 as never), 'Expected `path` to be a path or a file: URL, got `5`'],
  ['a checkpoint without a path', () => modelCheckpoint('', {}), "Expected `path` to be a path or a file: URL, got `''`"],
  [
    'a tensor that a layer has not',
    () => makeNetwork().layers[0]?.gamma,
    'The dense layer has no `gamma`',
  ],
  [
    'a kernel that a layer has not',
    () => new Network({ inputs: 1, layers: [batchNorm()] }).layers[0]?.kernel,
    'The batchNorm layer has no `kernel`',
  ],
] // prettier-ignore
for (const [what, call, message] of trainers)
  test(`${what} is refused`, (t) => {
    const error = t.throws(call)
    t.true(error instanceof TypeError || error instanceof RangeError)
    t.is(error.message, message)
  })

const fits: readonly [string, FitOptions, Partial<TrainerOptions>, object][] = [
  [
    'a score that nobody has',
    { callbacks: [earlyStopping({ monitor: 'acuracy' })] },
    {},
    { instanceOf: RangeError, message: /^Expected `monitor` to be one of .*loss.*, got `'acuracy'`$/ },
  ],
  [
    'a score of a set that nobody gave',
    { callbacks: [reduceOnPlateau({ monitor: 'validation.loss' })] },
    {},
    { instanceOf: RangeError, message: /^Expected `monitor` to be one of .*, got `'validation.loss'`$/ },
  ],
  [
    'a factor below 0',
    { callbacks: [{ onEpochEnd: (_, fit) => { fit.scaleLearningRate(-1) } }] },
    {},
    { instanceOf: RangeError, message: 'Expected `factor` to be a positive number, got `-1`' },
  ],
  ['a log in no folder', { callbacks: [csvLogger(nowhere)] }, {}, { code: 'ENOENT' }],
  ['a checkpoint in no folder', { callbacks: [modelCheckpoint(nowhere)] }, {}, { code: 'ENOENT' }],
  [
    'a learning rate below 0',
    {},
    { optimizer: sgd({ learningRate: () => -1 }) },
    { instanceOf: RangeError, message: 'Expected `learningRate` to be a non-negative number, got `-1`' },
  ],
  [
    'a loss that is no object',
    {},
    { loss: () => 1 as never },
    { instanceOf: TypeError, message: 'Expected `loss(batch)` to be an object with `value` and `gradient`, got `1`' },
  ],
  [
    'a loss without a number',
    {},
    { loss: () => ({ value: '1' as never, gradient: [0, 0] }) },
    { instanceOf: TypeError, message: "Expected `loss(batch).value` to be a number, got `'1'`" },
  ],
  [
    'a gradient of one row',
    {},
    { loss: () => ({ value: 1, gradient: [0] }) },
    { instanceOf: RangeError, message: 'Expected `loss(batch).gradient` to be as long as the outputs, 2, got `1`' },
  ],
  [
    'a gradient with a hole',
    {},
    { loss: () => ({ value: 1, gradient: [0, , 0] as number[] }) }, // eslint-disable-line no-sparse-arrays
    { instanceOf: TypeError, message: 'Expected `loss(batch).gradient[1]` to be a number, got `undefined`' },
  ],
  [
    'a loss that is not finite',
    {},
    { loss: () => ({ value: NaN, gradient: [0, 0] }) },
    { instanceOf: GemmnetError, code: 'ERR_NON_FINITE_LOSS' },
  ],
] // prettier-ignore
for (const [what, options, trainer, expected] of fits)
  test(`a fit rejects with ${what}`, async (t) => {
    await t.throwsAsync(makeTrainer(trainer).fit(data, options).then(), expected)
  })

test('nothing of a layer can be set while its network trains', async (t) => {
  const network = new Network({ inputs: 1, layers: [dense(1), batchNorm()] })
  const fit = makeTrainer({}, network).fit(data, { epochs: Number.MAX_SAFE_INTEGER })
  const [layer, norm] = network.layers
  const before = network.parameters
  const busy = { instanceOf: GemmnetError, code: 'ERR_NETWORK_BUSY' }
  for (const [target, key, value] of [
    [layer, 'trainable', false],
    [layer, 'kernel', [[1]]],
    [layer, 'bias', [1]],
    [norm, 'gamma', [1]],
    [norm, 'beta', [1]],
    [norm, 'movingMean', [1]],
    [norm, 'movingVariance', [1]],
    [network, 'parameters', before],
  ] as const)
    t.throws(() => Object.assign(target ?? {}, { [key]: value }), busy, key)
  t.throws(() => makeTrainer({}, network).fit(data), busy)
  fit.stop()
  await fit
})

/** What a value came to. */
function refusal(source: string): Error | undefined {
  try {
    run(source)
    return undefined
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return error
    throw error
  }
}

/** Refusals that name two options, or come from what options are taken for. */
const together = [
  /^`[tm]Mul` needs `restarts: true`$/,
  /^Expected `rates` to be one more than `boundaries`, got \d for \d$/,
  /^Expected one way of clipping/,
  /^`\w+` needs two outputs or more/,
  /^`\w+` has \d entries, the Dataset has \d rows$/,
  /^\d rows are too few for training rows before /,
  /^\d parts need as many [a-z ]+, there are \d$/,
  /^`seed` is of no use: the rows are not shuffled$/,
]

for (const { table, row, options, path, source, required } of places) {
  const owner = row === '' ? table : `${row} of ${table}`

  for (const option of Object.keys(options))
    test(`${owner} refuses a wrong ${option}`, (t) => {
      const errors = values.flatMap((text) => {
        const error = refusal(source({ ...required, [option]: text }))
        if (error === undefined) return []
        const { message } = error
        const name = `\`${path}${option}`
        const isWorded =
          /^Expected `.+` to be .+, got `.*`$/s.test(message) && message.includes(name)
        const isUnknown = /^Unknown [a-z]+ `.*`; (did you mean|known:) `/s.test(message)
        t.true(
          isWorded || isUnknown || together.some((pattern) => pattern.test(message)),
          `${option}: ${text}: ${message}`,
        )
        return [{ text, error }]
      })
      const takesNumbers = ['0', '1', '0.5'].some(
        (text) => !errors.some((one) => one.text === text),
      )
      t.true(errors.some(({ error }) => error instanceof TypeError))
      if (takesNumbers)
        t.true(errors.some(({ text, error }) => text === 'NaN' && error instanceof RangeError))
    })

  if (table === 'layers' && plainFunctions.includes(row)) continue
  test(`${owner} refuses an option that is unknown, and names the nearest`, (t) => {
    t.is(refusal(source(required)), undefined)
    const error = refusal(source({ ...required, nonsense: '1' }))
    t.true(error instanceof TypeError)
    t.regex(error?.message ?? '', /^Unknown option `nonsense` for `\w+`; /)
    const longEnough = Object.keys(options).filter((name) => name.length > 2)
    for (const misspelt of longEnough.map((name) => `${name}s`)) {
      if (misspelt in options) continue
      const { message } = refusal(source({ ...required, [misspelt]: '1' })) ?? {}
      // An argument of its own is no option, and another may be near.
      const near = /rate|units/.test(misspelt) ? '(did you mean|known:)' : 'did you mean'
      t.regex(message ?? '', new RegExp(`^Unknown option \`${misspelt}\` for \`\\w+\`; ${near} `))
    }
  })
}
