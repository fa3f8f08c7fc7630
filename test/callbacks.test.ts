// Over 400 lines: traces of other libraries' rules, then a test for each promise of each callback.

import test from 'ava'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type {
  Callback,
  CustomLoss,
  EpochReport,
  FitControl,
  GeneralCallback,
  GeneralReport,
  Metric,
  MetricName,
  TrainerOptions,
} from '../lib/index.js'
import {
  adam,
  batchNorm,
  csvLogger,
  Dataset,
  dense,
  earlyStopping,
  exponentialDecay,
  GemmnetError,
  modelCheckpoint,
  Network,
  reduceOnPlateau,
  sgd,
  Trainer,
} from '../lib/index.js'
import { clouds } from './helpers/data.js'

const { x, labels } = clouds(60, 4, 3)
const data = new Dataset(x, labels)
const dev = new Dataset(clouds(30, 4, 3, 5).x, clouds(30, 4, 3, 5).labels)
const forever = Number.MAX_SAFE_INTEGER

function makeTrainer<M extends MetricName = 'accuracy'>(
  options: Partial<TrainerOptions<M>> = {},
): Trainer<M> {
  const network = new Network({
    inputs: 4,
    layers: [dense(5, 'tanh'), dense(3, 'softmax')],
    dtype: 'float64',
  })
  return new Trainer<M>(network, {
    loss: 'categoricalCrossentropy',
    optimizer: sgd({ learningRate: 0.1 }),
    metrics: ['accuracy'] as unknown as Metric<M>[],
    batchSize: 20,
    epochs: 4,
    ...options,
  })
}

/** One weight that falls by 1 in every epoch, from 0, under a loss whose values are given. */
function scripted(values: readonly number[], learningRate = 1): Trainer {
  const network = new Network({
    inputs: 1,
    layers: [dense(1, { useBias: false, kernelInitializer: 'zeros' })],
    dtype: 'float64',
  })
  let epoch = 0
  const loss: CustomLoss = () => ({ value: values[epoch++] ?? NaN, gradient: [1] })
  return new Trainer(network, {
    loss,
    optimizer: sgd({ learningRate }),
    epochs: values.length,
  })
}
const one = new Dataset([[1]], [[0]])

/** What a report would be, for hooks that are called by hand. */
const reportOf = (epoch: number, scores: object): GeneralReport => ({
  epoch,
  phase: 0,
  learningRate: 0.1,
  evaluations: 0,
  seconds: 1,
  rowsPerSecond: 1,
  loss: 1,
  dataLoss: 1,
  penalty: 0,
  ...scores,
})

/** A control that stops nothing. */
function control(network: { parameters: ArrayLike<number> }) {
  const calls = { stopped: false, scale: 1 }
  const fit = {
    network,
    stop: () => (calls.stopped = true),
    scaleLearningRate: (factor: number) => (calls.scale *= factor),
  } as unknown as FitControl
  return { calls, fit }
}

const caught = async (fit: PromiseLike<unknown>): Promise<unknown> =>
  fit.then(
    () => undefined,
    (error: unknown) => error,
  )

// Traces of other libraries' rules. The losses are made up.
const losses: Record<string, number[]> = {
  noisy: [
    1, 0.8, 0.85, 0.7, 0.71, 0.705, 0.69, 0.72, 0.73, 0.68, 0.74, 0.75, 0.76, 0.77, 0.78, 0.79, 0.8,
  ],
  flat: [1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4],
  creep: Array.from({ length: 12 }, (_, i) => 1 - 0.0625 * i),
  rising: [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1],
}

// keras 3.15.1, EarlyStopping with restore_best_weights: losses, options, the epoch that it stops
// after, and the one whose weights it restores.
const stops: [string, object, number, number][] = [
  ['noisy', {}, 3, 2],
  ['noisy', { patience: 1 }, 3, 2],
  ['noisy', { patience: 3 }, 13, 10],
  ['noisy', { patience: 2, minDelta: 0.11 }, 4, 2],
  ['noisy', { patience: 2, baseline: 0.6 }, 3, 2],
  ['noisy', { patience: 4, startEpoch: 3 }, 14, 10],
  ['noisy', { patience: 3, minDelta: 0.02, startEpoch: 2, baseline: 0.75 }, 7, 4],
  ['flat', {}, 3, 2],
  ['flat', { patience: 1 }, 3, 2],
  ['flat', { patience: 3 }, 5, 2],
  ['flat', { patience: 2, minDelta: 0.11 }, 4, 2],
  ['flat', { patience: 2, baseline: 0.6 }, 4, 2],
  ['flat', { patience: 4, startEpoch: 3 }, 11, 7],
  ['flat', { patience: 3, minDelta: 0.02, startEpoch: 2, baseline: 0.75 }, 6, 3],
  ['creep', {}, 12, 12],
  ['creep', { patience: 1 }, 12, 12],
  ['creep', { patience: 3 }, 12, 12],
  ['creep', { patience: 2, minDelta: 0.11 }, 12, 11],
  ['creep', { patience: 2, baseline: 0.6 }, 12, 12],
  ['creep', { patience: 4, startEpoch: 3 }, 12, 12],
  ['creep', { patience: 3, minDelta: 0.02, startEpoch: 2, baseline: 0.75 }, 12, 12],
  ['rising', {}, 2, 1],
  ['rising', { patience: 1 }, 2, 1],
  ['rising', { patience: 3 }, 4, 1],
  ['rising', { patience: 2, minDelta: 0.11 }, 3, 1],
  ['rising', { patience: 2, baseline: 0.6 }, 3, 1],
  ['rising', { patience: 4, startEpoch: 3 }, 7, 4],
  ['rising', { patience: 3, minDelta: 0.02, startEpoch: 2, baseline: 0.75 }, 6, 3],
]

// scikit-learn 1.9.1, MLPRegressor's tol and n_iter_no_change: the epoch that it stops after.
const sklearnStops: [string, object, number][] = [
  ['noisy', { minDelta: 0.0001, patience: 1 }, 6],
  ['noisy', { minDelta: 0, patience: 1 }, 6],
  ['noisy', { minDelta: 0.0625, patience: 2 }, 7],
  ['noisy', { minDelta: 0.07, patience: 2 }, 7],
  ['noisy', { minDelta: 0.2, patience: 1 }, 4],
  ['noisy', { minDelta: 0, patience: 3 }, 14],
  ['flat', { minDelta: 0.0001, patience: 1 }, 4],
  ['flat', { minDelta: 0, patience: 1 }, 12],
  ['flat', { minDelta: 0.0625, patience: 2 }, 5],
  ['flat', { minDelta: 0.07, patience: 2 }, 5],
  ['flat', { minDelta: 0.2, patience: 1 }, 4],
  ['flat', { minDelta: 0, patience: 3 }, 12],
  ['creep', { minDelta: 0.0001, patience: 1 }, 12],
  ['creep', { minDelta: 0, patience: 1 }, 12],
  ['creep', { minDelta: 0.0625, patience: 2 }, 12],
  ['creep', { minDelta: 0.07, patience: 2 }, 4],
  ['creep', { minDelta: 0.2, patience: 1 }, 3],
  ['creep', { minDelta: 0, patience: 3 }, 12],
  ['rising', { minDelta: 0.0001, patience: 1 }, 3],
  ['rising', { minDelta: 0, patience: 1 }, 3],
  ['rising', { minDelta: 0.0625, patience: 2 }, 4],
  ['rising', { minDelta: 0.07, patience: 2 }, 4],
  ['rising', { minDelta: 0.2, patience: 1 }, 3],
  ['rising', { minDelta: 0, patience: 3 }, 5],
]

// keras 3.15.1, ReduceLROnPlateau from a rate of 0.1: the epochs it reduces the rate after, and the
// last epoch's rate.
const keras: [string, object, number[], number][] = [
  ['noisy', { patience: 1 }, [3, 5, 6, 8, 9, 11, 12, 13, 14, 15, 16], 1.0000000000000006e-12],
  ['noisy', { patience: 2, factor: 0.5 }, [6, 9, 12, 14, 16], 0.003125],
  ['noisy', { patience: 1, cooldown: 2, factor: 0.5 }, [3, 5, 8, 11, 13, 15], 0.0015625],
  [
    'noisy',
    { patience: 2, minDelta: 0.02, factor: 0.5, cooldown: 1 },
    [6, 8, 10, 12, 14, 16],
    0.0015625,
  ],
  ['noisy', { patience: 1, factor: 0.25, minRate: 0.01 }, [3, 5], 0.01],
  ['noisy', { patience: 0, factor: 0.5 }, [3, 5, 6, 8, 9, 11, 12, 13, 14, 15, 16], 4.8828125e-5],
  ['flat', { patience: 1 }, [3, 4, 5, 6, 8, 9, 10, 11], 1.0000000000000005e-9],
  ['flat', { patience: 2, factor: 0.5 }, [4, 6, 9, 11], 0.00625],
  ['flat', { patience: 1, cooldown: 2, factor: 0.5 }, [3, 5, 8, 10], 0.00625],
  ['flat', { patience: 2, minDelta: 0.02, factor: 0.5, cooldown: 1 }, [4, 6, 9, 11], 0.00625],
  ['flat', { patience: 1, factor: 0.25, minRate: 0.01 }, [3, 4], 0.01],
  ['flat', { patience: 0, factor: 0.5 }, [3, 4, 5, 6, 8, 9, 10, 11], 0.000390625],
  ['rising', { patience: 1 }, [2, 3, 4, 5, 6], 1.0000000000000004e-6],
  ['rising', { patience: 2, factor: 0.5 }, [3, 5], 0.025],
  ['rising', { patience: 1, cooldown: 2, factor: 0.5 }, [2, 4, 6], 0.0125],
  ['rising', { patience: 2, minDelta: 0.02, factor: 0.5, cooldown: 1 }, [3, 5], 0.025],
  ['rising', { patience: 1, factor: 0.25, minRate: 0.01 }, [2, 3], 0.01],
  ['rising', { patience: 0, factor: 0.5 }, [2, 3, 4, 5, 6], 0.003125],
]

// torch 2.15.0, ReduceLROnPlateau, likewise.
const torch: [string, object, number[], number][] = [
  ['noisy', { patience: 0, factor: 0.5 }, [3, 5, 6, 8, 9, 11, 12, 13, 14, 15, 16], 4.8828125e-5],
  ['noisy', { patience: 1 }, [6, 9, 12, 14, 16], 1.0000000000000004e-6],
  ['noisy', { patience: 1, cooldown: 2, factor: 0.5 }, [6, 12, 16], 0.0125],
  [
    'noisy',
    { patience: 0, cooldown: 1, minDelta: 0.05, factor: 0.5 },
    [3, 5, 7, 9, 11, 13, 15],
    0.00078125,
  ],
  ['noisy', { patience: 0, factor: 0.25, minRate: 0.01 }, [3, 5], 0.01],
  ['flat', { patience: 0, factor: 0.5 }, [3, 4, 5, 6, 8, 9, 10, 11], 0.000390625],
  ['flat', { patience: 1 }, [4, 6, 9, 11], 1.0000000000000004e-5],
  ['flat', { patience: 1, cooldown: 2, factor: 0.5 }, [4, 9], 0.025],
  ['flat', { patience: 0, cooldown: 1, minDelta: 0.05, factor: 0.5 }, [3, 5, 8, 10], 0.00625],
  ['flat', { patience: 0, factor: 0.25, minRate: 0.01 }, [3, 4], 0.01],
  ['rising', { patience: 0, factor: 0.5 }, [2, 3, 4, 5, 6], 0.003125],
  ['rising', { patience: 1 }, [3, 5], 0.0010000000000000002],
  ['rising', { patience: 1, cooldown: 2, factor: 0.5 }, [3], 0.05],
  ['rising', { patience: 0, cooldown: 1, minDelta: 0.05, factor: 0.5 }, [2, 4, 6], 0.0125],
  ['rising', { patience: 0, factor: 0.25, minRate: 0.01 }, [2, 3], 0.01],
]

test('early stopping stops where Keras does, and restores the epoch that Keras does', async (t) => {
  for (const [name, options, last, best] of stops) {
    const trainer = scripted(losses[name] ?? [])
    const callbacks = [earlyStopping({ ...options, restoreBest: true })]
    const { epochs } = await trainer.fit(one, { callbacks })
    const what = `${name} ${JSON.stringify(options)}`
    t.is(epochs.length, last, what)
    t.is(trainer.network.parameters[0], -best, what)
  }
})

test('early stopping turned upside down stops at the same epochs', (t) => {
  for (const [name, options, last] of stops) {
    const baseline = 'baseline' in options ? { baseline: -Number(options.baseline) } : {}
    const turned = earlyStopping({ ...options, ...baseline, monitor: 'accuracy' })
    const { calls, fit } = control({ parameters: [] })
    void turned.onFitBegin?.(fit)
    const values = losses[name] ?? []
    let epoch = 0
    while (!calls.stopped && epoch < values.length) {
      const accuracy = -(values[epoch++] ?? NaN)
      void turned.onEpochEnd?.(reportOf(epoch, { accuracy }), fit)
    }
    t.is(epoch, last, `${name} ${JSON.stringify(options)}`)
  }
})

test('early stopping by scikit-learn’s rule stops where it does', async (t) => {
  for (const [name, options, last] of sklearnStops) {
    const callbacks = [earlyStopping({ ...options, conventions: 'sklearn' })]
    const { epochs } = await scripted(losses[name] ?? []).fit(one, { callbacks })
    t.is(epochs.length, last, `${name} ${JSON.stringify(options)}`)
  }
})

for (const [conventions, traces] of [
  ['keras', keras],
  ['torch', torch],
] as const)
  test(`the rate falls on a plateau where ${conventions} lets it fall`, async (t) => {
    for (const [name, options, expected, lastRate] of traces) {
      const trainer = scripted(losses[name] ?? [], 0.1)
      const callbacks = [reduceOnPlateau({ ...options, conventions })]
      const { epochs } = await trainer.fit(one, { callbacks })
      const rates = epochs.map(({ learningRate }) => learningRate)
      const reduced = rates.flatMap((rate, i) => (rate < (rates[i - 1] ?? 0) ? [i] : []))
      const what = `${conventions} ${name} ${JSON.stringify(options)}`
      t.deepEqual(reduced, expected, what)
      t.true(Math.abs((rates.at(-1) ?? NaN) / lastRate - 1) < 1e-12, what)
    }
  })

test('a callback that is used again begins anew', async (t) => {
  const stopping = earlyStopping({ patience: 3, restoreBest: true })
  const plateau = reduceOnPlateau({ patience: 1, factor: 0.5 })
  const run = async () => {
    const trainer = scripted(losses.noisy ?? [], 0.1)
    const { epochs } = await trainer.fit(one, { callbacks: [stopping, plateau] })
    return [epochs.map(({ learningRate }) => learningRate), trainer.network.parameters]
  }
  const first = await run()
  t.is(first[0]?.length, 13)
  t.deepEqual(await run(), first)
})

test('epochs that are not looked at are counted from the beginning of each fit', async (t) => {
  const trainer = scripted([1, 1, 1, 1, 2, 3, 4, 5, 6, 7])
  await trainer.fit(one, { epochs: 4 })
  const { epochs } = await trainer.fit(one, { callbacks: [earlyStopping({ startEpoch: 2 })] })
  t.deepEqual(
    epochs.map(({ epoch }) => epoch),
    [5, 6, 7, 8],
  )
})

test('NaN is no improvement', (t) => {
  const { calls, fit } = control({ parameters: [] })
  const callback = earlyStopping({ patience: 2 })
  void callback.onFitBegin?.(fit)
  for (const [i, loss] of [NaN, 3, NaN, 2, NaN].entries())
    void callback.onEpochEnd?.(reportOf(i + 1, { loss }), fit)
  t.false(calls.stopped)
  void callback.onEpochEnd?.(reportOf(6, { loss: NaN }), fit)
  t.true(calls.stopped)
})

test('the default score is the loss of the first validation set, or else of the training', async (t) => {
  const stopEpoch = async (reports: object[], options = {}) => {
    const { calls, fit } = control({ parameters: [] })
    const callback = earlyStopping(options)
    await callback.onFitBegin?.(fit)
    let epoch = 0
    for (const scores of reports) {
      await callback.onEpochEnd?.(reportOf(++epoch, scores), fit)
      if (calls.stopped) return epoch
    }
    return undefined
  }
  const falls = [{ loss: 3 }, { loss: 2 }, { loss: 1 }]
  const rises = [{ loss: 1 }, { loss: 2 }, { loss: 3 }]
  const both = falls.map((own, i) => ({ ...own, validation: rises[i] }))
  t.is(await stopEpoch(falls), undefined)
  t.is(await stopEpoch(rises), 2)
  t.is(await stopEpoch(both), 2)
  t.is(await stopEpoch(both, { monitor: 'loss' }), undefined)
  for (const first of ['dev', 'loss', 'a.b', 'accuracy'])
    t.is(
      await stopEpoch(
        falls.map((own, i) => ({ ...own, validation: { [first]: rises[i], then: falls[i] } })),
      ),
      2,
      first,
    )
})

test('losses, penalties and errors are better when smaller, other metrics when larger', (t) => {
  const cases = {
    loss: true,
    dataLoss: true,
    penalty: true,
    logLoss: true,
    meanSquaredError: true,
    rootMeanSquaredError: true,
    meanAbsoluteError: true,
    accuracy: false,
    f1: false,
    r2: false,
    rocAuc: false,
    topKAccuracy: false,
  }
  for (const [monitor, smaller] of Object.entries(cases)) {
    const { calls, fit } = control({ parameters: [] })
    const callback = earlyStopping({ monitor: `validation.${monitor}` })
    void callback.onFitBegin?.(fit)
    void callback.onEpochEnd?.(reportOf(1, { validation: { [monitor]: 1 } }), fit)
    void callback.onEpochEnd?.(reportOf(2, { validation: { [monitor]: 0 } }), fit)
    t.is(calls.stopped, !smaller, monitor)
  }
})

test('a score that there is not rejects with the names of those that there are', async (t) => {
  const validation = { dev, 'a, b': data }
  const scores = ['loss', 'dataLoss', 'penalty', 'accuracy']
  const names = ['', 'train.', 'validation.dev.', 'validation.a, b.'].flatMap((prefix) =>
    scores.map((name) => prefix + name),
  )
  for (const monitor of ['validation.accuracy', 'acuracy', 'epoch', 'learningRate', 'validation'])
    for (const callback of [
      earlyStopping({ monitor, startEpoch: 100 }),
      reduceOnPlateau({ monitor }),
      modelCheckpoint('/nowhere', { monitor, bestOnly: true }),
    ]) {
      const trainer = makeTrainer()
      const fit = trainer.fit(data, {
        epochs: forever,
        validation,
        evaluateTrain: true,
        callbacks: [callback],
      })
      const error = await caught(fit)
      t.true(error instanceof RangeError)
      const message = (error as Error).message
      t.true(message.startsWith('Expected `monitor` to be one of loss, '), message)
      t.true(message.endsWith(`, got \`'${monitor}'\``), message)
      for (const name of names) t.true(message.includes(name), `${name} in ${message}`)
      t.false(message.includes('seconds'))
      t.false(trainer.network.isTraining)
    }
  // A matrix is no score.
  const fit = makeTrainer<'confusionMatrix'>({ metrics: ['confusionMatrix'] }).fit(data, {
    callbacks: [earlyStopping({ monitor: 'confusionMatrix' })],
  })
  t.true((await caught(fit)) instanceof RangeError)
})

test('any of several validation sets can be looked at', async (t) => {
  const seen: number[] = []
  const { epochs } = await makeTrainer().fit(data, {
    epochs: forever,
    validation: { train: data, 'dev.1': dev },
    callbacks: [
      { onEpochEnd: ({ validation }) => void seen.push(validation['dev.1'].accuracy) },
      earlyStopping({ monitor: 'validation.dev.1.accuracy', patience: 3 }),
    ],
  })
  const last = epochs.length - 1
  const best = seen.indexOf(Math.max(...seen))
  t.true(last > 3)
  t.is(last - best, 3)
})

test('the best weights come back however the fit ends', async (t) => {
  const script = [3, 2, 1, 2, 3, 4, 5, 6, 7, 8]
  const patient = () => earlyStopping({ patience: 100, restoreBest: true })
  const error = new Error('from another callback')
  const stopAt = (end: (epoch: number, fit: FitControl) => void): GeneralCallback => ({
    onEpochEnd({ epoch }, fit) {
      if (epoch === 6) end(epoch, fit)
    },
  })

  const ended = scripted(script)
  t.true((await ended.fit(one, { callbacks: [patient()] })).completed)
  t.deepEqual([...ended.network.parameters], [-3])

  const stopped = scripted(script)
  const callbacks = [
    patient(),
    stopAt((_, fit) => {
      fit.stop()
    }),
  ]
  const { epochs, completed } = await stopped.fit(one, { callbacks })
  t.is(epochs.length, 6)
  t.false(completed)
  t.deepEqual([...stopped.network.parameters], [-3])

  const left = scripted(script)
  for await (const { epoch } of left.fit(one, { callbacks: [patient()] })) if (epoch === 6) break
  t.deepEqual([...left.network.parameters], [-3])

  const aborted = scripted(script)
  const controller = new AbortController()
  const abort = stopAt(() => {
    controller.abort(error)
  })
  const fit = aborted.fit(one, { signal: controller.signal, callbacks: [patient(), abort] })
  t.is(await caught(fit), error)
  t.deepEqual([...aborted.network.parameters], [-3])

  for (const order of [0, 1]) {
    const failed = scripted(script)
    const fail = stopAt(() => {
      throw error
    })
    const both = order === 0 ? [patient(), fail] : [fail, patient()]
    t.is(await caught(failed.fit(one, { callbacks: both })), error)
    t.deepEqual([...failed.network.parameters], [-3])
  }

  const failedAtEnd = scripted(script)
  const atEnd = {
    onFitEnd: () => {
      throw error
    },
  }
  t.is(await caught(failedAtEnd.fit(one, { callbacks: [atEnd, patient()] })), error)
  t.deepEqual([...failedAtEnd.network.parameters], [-3])

  const exploded = scripted([...script.slice(0, 6), Infinity])
  const explosion = await caught(exploded.fit(one, { callbacks: [patient()] }))
  t.like(explosion, { code: 'ERR_NON_FINITE_LOSS', epoch: 7, batch: 1 })
  t.deepEqual([...exploded.network.parameters], [-3])
})

test('the best weights are those of the epoch, running statistics included', async (t) => {
  const network = new Network({
    inputs: 4,
    layers: [dense(5), batchNorm(), dense(3, 'softmax')],
  })
  const trainer = new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: adam({ learningRate: 0.05 }),
    averageMomentum: 0.5,
    metrics: ['accuracy'],
  })
  const kept: (string | undefined)[] = []
  const { epochs } = await trainer.fit(data, {
    epochs: 15,
    validation: dev,
    callbacks: [
      earlyStopping({ patience: 100, restoreBest: true }),
      { onEpochEnd: (_, fit) => void kept.push(fit.network.parameters.join()) },
    ],
  })
  const own = epochs.map(({ validation }) => validation.loss)
  const best = own.indexOf(Math.min(...own))
  t.is(kept[best], network.parameters.join())
  t.is(own[best], (await trainer.evaluate(dev)).loss)
})

test('a fit that a callback stops at an epoch’s end has the weights of that epoch', async (t) => {
  const reference = makeTrainer()
  await reference.fit(data, { epochs: 3 })
  const trainer = makeTrainer()
  const { epochs, completed } = await trainer.fit(data, {
    epochs: forever,
    callbacks: [
      {
        onEpochEnd({ epoch }, fit) {
          if (epoch === 3) fit.stop()
        },
      },
    ],
  })
  t.is(epochs.length, 3)
  t.false(completed)
  t.deepEqual(trainer.network.parameters, reference.network.parameters)
  // And goes on as if nothing had happened.
  await Promise.all([trainer.fit(data), reference.fit(data)])
  t.deepEqual(trainer.network.parameters, reference.network.parameters)
})

test('the beginning is told before the first step, which waits', async (t) => {
  const trainer = makeTrainer()
  const before = trainer.network.parameters
  const log: string[] = []
  const { epochs } = await trainer.fit(data, {
    epochs: 1,
    callbacks: [
      {
        async onFitBegin(fit) {
          await new Promise((resolve) => setTimeout(resolve, 5))
          t.true(fit.network.isTraining)
          t.deepEqual(fit.network.parameters, before)
          fit.scaleLearningRate(0.5)
          log.push('begin')
        },
        onBatchEnd: ({ learningRate }) => void log.push(String(learningRate)),
        onFitEnd: () => void log.push('end'),
      },
    ],
  })
  t.deepEqual(log, ['begin', '0.05', '0.05', '0.05', 'end'])
  t.is(epochs[0]?.learningRate, 0.05)
})

test('a fit that is stopped at its beginning trains nothing', async (t) => {
  const trainer = makeTrainer()
  const before = trainer.network.parameters
  let ends = 0
  const callback: GeneralCallback = {
    onFitBegin: (fit) => {
      fit.stop()
    },
    onEpochEnd: () => t.fail(),
    onBatchEnd: () => t.fail(),
    onFitEnd() {
      ends++
    },
  }
  const history = await trainer.fit(data, { callbacks: [callback] })
  t.deepEqual(history, { epochs: [], completed: false, converged: false })
  t.deepEqual(trainer.network.parameters, before)
  t.is(ends, 1)
})

test('the end is told once to every callback, however the fit ends', async (t) => {
  const error = new Error('from a callback')
  const fail = () => {
    throw error
  }
  const controller = new AbortController()
  const endings: Record<string, [GeneralCallback, 'error' | 'resolves']> = {
    'by itself': [{}, 'resolves'],
    'a stop at the beginning': [
      {
        onFitBegin: (fit) => {
          fit.stop()
        },
      },
      'resolves',
    ],
    'a stop in a batch': [
      {
        onBatchEnd: (_, fit) => {
          fit.stop()
        },
      },
      'resolves',
    ],
    'a stop in an epoch': [
      {
        onEpochEnd: (_, fit) => {
          fit.stop()
        },
      },
      'resolves',
    ],
    'a stop at the end': [
      {
        onFitEnd: (fit) => {
          fit.stop()
        },
      },
      'resolves',
    ],
    'an error at the beginning': [{ onFitBegin: fail }, 'error'],
    'an error in a batch': [{ onBatchEnd: fail }, 'error'],
    'an error in an epoch': [{ onEpochEnd: fail }, 'error'],
    'an error at the end': [{ onFitEnd: fail }, 'error'],
    'a rejection at the beginning': [{ onFitBegin: () => Promise.reject(error) }, 'error'],
    'a rejection at the end': [{ onFitEnd: () => Promise.reject(error) }, 'error'],
    'a signal': [
      {
        onEpochEnd: () => {
          controller.abort(error)
        },
      },
      'error',
    ],
  }
  for (const [how, [ending, outcome]] of Object.entries(endings)) {
    let [begins, before, after] = [0, 0, 0]
    const trainer = makeTrainer()
    const fit = trainer.fit(data, {
      signal: how === 'a signal' ? controller.signal : undefined,
      callbacks: [
        {
          onFitBegin() {
            begins++
          },
          onFitEnd() {
            before++
          },
        },
        ending,
        {
          onFitEnd(fit) {
            after++
            t.false(fit.network.isTraining)
            const { parameters } = fit.network
            fit.network.parameters = parameters
          },
        },
      ],
    })
    const failure = await caught(fit)
    t.is(failure, outcome === 'error' ? error : undefined, how)
    t.deepEqual([begins, before, after], [1, 1, 1], how)
    t.true((await trainer.fit(data)).completed, how)
  }
})

test('a signal that has aborted already calls nothing', async (t) => {
  const fail = () => t.fail()
  const callbacks = [{ onFitBegin: fail, onEpochEnd: fail, onBatchEnd: fail, onFitEnd: fail }]
  const fit = makeTrainer().fit(data, { signal: AbortSignal.abort('the reason'), callbacks })
  t.is(await caught(fit), 'the reason')
})

test('what ended a fit first is what it rejects with', async (t) => {
  const [first, second] = [new Error('first'), new Error('second')]
  const atEnd = {
    onFitEnd: () => {
      throw second
    },
  }
  const inEpoch = {
    onEpochEnd: () => {
      throw first
    },
  }
  t.is(await caught(makeTrainer().fit(data, { callbacks: [atEnd, inEpoch] })), first)
  const exploding = scripted([1, NaN]).fit(one, { callbacks: [atEnd] })
  t.like(await caught(exploding), { code: 'ERR_NON_FINITE_LOSS' })
})

test('the rates of a schedule and of a function reach batches, and callbacks multiply them', async (t) => {
  const schedules = {
    schedule: exponentialDecay(0.1, { factor: 0.5, every: 1 }),
    function: ({ step }: { step: number }) => 0.1 * 0.5 ** step,
  }
  for (const [name, learningRate] of Object.entries(schedules)) {
    const rates: number[] = []
    const trainer = makeTrainer({ optimizer: sgd({ learningRate }) })
    const { epochs } = await trainer.fit(data, {
      epochs: 2,
      callbacks: [
        {
          onBatchEnd: ({ learningRate }) => void rates.push(learningRate),
          onEpochEnd: (_, fit) => {
            fit.scaleLearningRate(4)
          },
        },
      ],
    })
    const expected = [1, 0.5, 0.25, 0.5, 0.25, 0.125].map((share) => 0.1 * share)
    t.true(
      rates.every((rate, i) => Math.abs(rate - (expected[i] ?? NaN)) < 1e-15),
      name,
    )
    t.deepEqual(
      epochs.map(({ learningRate }) => learningRate),
      [rates[2], rates[5]],
      name,
    )
  }
})

test('a function that is no rate, or throws, rejects', async (t) => {
  for (const bad of [-1, NaN, 'fast', undefined]) {
    const learningRate = () => bad as number
    const error = await caught(makeTrainer({ optimizer: sgd({ learningRate }) }).fit(data))
    t.regex((error as Error).message, /^Expected `learningRate` to be a non-negative number/)
  }
  const error = new Error('from a rate')
  const learningRate = () => {
    throw error
  }
  t.is(await caught(makeTrainer({ optimizer: sgd({ learningRate }) }).fit(data)), error)
})

test('a wrong factor is refused', async (t) => {
  for (const factor of [0, -1, NaN, Infinity]) {
    const scale = {
      onEpochEnd: (_: GeneralReport, fit: FitControl) => {
        fit.scaleLearningRate(factor)
      },
    }
    const error = await caught(makeTrainer().fit(data, { callbacks: [scale] }))
    t.is((error as Error).message, `Expected \`factor\` to be a positive number, got \`${factor}\``)
  }
})

test('callbacks see the values of a loss of one’s own', async (t) => {
  const squares: CustomLoss = ({ outputs, labels }) => {
    const [rows, columns] = outputs.shape
    const gradient = new Float64Array(rows * columns)
    let value = 0
    for (let i = 0; i < gradient.length; i++) {
      const target = labels?.[Math.floor(i / columns)] === i % columns ? 1 : 0
      const error = (outputs.data[i] ?? NaN) - target
      value += error ** 2 / gradient.length
      gradient[i] = (2 * error) / gradient.length
    }
    return { value, gradient }
  }
  const seen: number[] = []
  const run = (loss: TrainerOptions['loss']) =>
    makeTrainer({ loss }).fit(data, {
      validation: { dev },
      evaluateTrain: true,
      callbacks: [
        earlyStopping({ monitor: 'validation.dev.loss', patience: 100 }),
        { onBatchEnd: ({ loss }) => void seen.push(loss) },
      ],
    })
  const [own, theirs] = [await run(squares), await run('meanSquaredError')]
  const close = (a: number, b: number) => Math.abs(a - b) < 1e-12
  for (const [i, report] of own.epochs.entries()) {
    const other = theirs.epochs[i]
    t.true(close(report.loss, other?.loss ?? NaN))
    t.true(close(report.validation.dev.loss, other?.validation.dev.loss ?? NaN))
    t.true(close(report.train?.loss ?? NaN, other?.train?.loss ?? NaN))
    t.is(other?.validation.dev.accuracy, report.validation.dev.accuracy)
  }
  const half = seen.length / 2
  t.true(seen.slice(0, half).every((loss, i) => close(loss, seen[half + i] ?? NaN)))
})

test('reports have all metrics, of all sets, equal to what evaluate says', async (t) => {
  const trainer = makeTrainer<'accuracy' | 'confusionMatrix' | 'rocAuc' | 'r2'>({
    metrics: ['accuracy', 'confusionMatrix', 'rocAuc', 'r2'],
    l2: 0.01,
  })
  const { epochs } = await trainer.fit(data, {
    epochs: 3,
    validation: { dev, few: dev.slice(0, 7) },
    evaluateTrain: true,
    callbacks: [
      {
        async onEpochEnd({ validation, train }) {
          t.deepEqual(validation.dev, await trainer.evaluate(dev))
          t.deepEqual(validation.few, await trainer.evaluate(dev.slice(0, 7)))
          t.deepEqual(train, await trainer.evaluate(data))
        },
      },
    ],
  })
  for (const { confusionMatrix, rocAuc, accuracy, validation } of epochs) {
    // The running ones are over every row once, too.
    t.is(
      confusionMatrix.flat().reduce((a, b) => a + b),
      60,
    )
    t.is(confusionMatrix.reduce((sum, row, i) => sum + (row[i] ?? NaN), 0) / 60, accuracy)
    t.true(rocAuc > 0 && rocAuc < 1)
    t.deepEqual(
      validation.dev.confusionMatrix.map((row) => row.length),
      [3, 3, 3],
    )
  }
})

test('running scores of a network that does not change are the exact ones', async (t) => {
  const trainer = makeTrainer<'accuracy' | 'confusionMatrix' | 'rocAuc' | 'r2' | 'f1'>({
    metrics: ['accuracy', 'confusionMatrix', 'rocAuc', 'r2', 'f1'],
    optimizer: sgd({ learningRate: 0 }),
    l2: 0.01,
    batchSize: 7,
  })
  const [report] = (await trainer.fit(data, { epochs: 1, evaluateTrain: true })).epochs
  if (report === undefined) return t.fail()
  const { train, ...own } = report
  for (const [name, exact] of Object.entries(train ?? {})) {
    const running: unknown = Reflect.get(own, name)
    if (typeof exact === 'number') t.true(Math.abs(exact - Number(running)) < 1e-12, name)
    else t.deepEqual(running, exact)
  }
})

test('a checkpoint is written after each epoch, or every so many, and can be read', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-'))
  const kept: (string | undefined)[] = []
  const trainer = makeTrainer({ epochs: 5 })
  await trainer.fit(data, {
    callbacks: [
      modelCheckpoint(join(folder, 'all-{epoch}-{epoch}.safetensors')),
      modelCheckpoint(pathToFileURL(join(folder, 'every-{epoch}.safetensors')), { every: 2 }),
      modelCheckpoint(join(folder, 'last.safetensors')),
      { onEpochEnd: (_, fit) => void kept.push(fit.network.parameters.join()) },
    ],
  })
  const load = async (name: string) =>
    (await Network.load(join(folder, `${name}.safetensors`))).parameters.join()
  for (const epoch of [1, 2, 3, 4, 5]) t.is(kept[epoch - 1], await load(`all-${epoch}-${epoch}`))
  t.is(kept[1], await load('every-2'))
  t.is(kept[3], await load('every-4'))
  await t.throwsAsync(load('every-1'), { code: 'ENOENT' })
  t.is(kept[4], await load('last'))
})

test('the best checkpoint is that of the best epoch, over all fits', async (t) => {
  const path = join(await mkdtemp(join(tmpdir(), 'gemmnet-')), 'best.safetensors')
  const trainer = scripted([5, 3, 4, 6, 4, 3, 2, 3])
  const callbacks = [modelCheckpoint(path, { bestOnly: true })]
  const weights = async () => [...(await Network.load(path)).parameters]
  await trainer.fit(one, { epochs: 4, callbacks })
  t.deepEqual(await weights(), [-2])
  await trainer.fit(one, { epochs: 2, callbacks })
  t.deepEqual(await weights(), [-2])
  await trainer.fit(one, { epochs: 2, callbacks })
  t.deepEqual(await weights(), [-7])
})

test('a log has a line of all numbers for each epoch', async (t) => {
  const path = join(await mkdtemp(join(tmpdir(), 'gemmnet-')), 'log.csv')
  const trainer = makeTrainer<'accuracy' | 'confusionMatrix'>({
    metrics: ['accuracy', 'confusionMatrix'],
    epochs: 3,
  })
  const validation = { dev, 'a, "b"': dev }
  const callbacks = [csvLogger(path)]
  const { epochs } = await trainer.fit(data, { validation, callbacks })
  const text = await readFile(path, 'utf8')
  t.true(text.endsWith('\n'))
  const [header, ...lines] = text.trimEnd().split('\n')
  const scores = ['loss', 'dataLoss', 'penalty', 'accuracy']
  t.is(
    header,
    [
      'epoch',
      ...scores,
      'phase',
      'learningRate',
      'evaluations',
      'seconds',
      'rowsPerSecond',
      ...scores.map((name) => `validation.dev.${name}`),
      ...scores.map((name) => `"validation.a, ""b"".${name}"`),
    ].join(),
  )
  t.is(lines.length, 3)
  lines.forEach((line, i) => {
    const report = epochs[i]
    if (report === undefined) return t.fail()
    const { dev: own } = report.validation
    const ofDev = [own.loss, own.dataLoss, own.penalty, own.accuracy]
    t.deepEqual(line.split(',').map(Number), [
      report.epoch,
      report.loss,
      report.dataLoss,
      report.penalty,
      report.accuracy,
      0,
      0.1,
      0,
      report.seconds,
      report.rowsPerSecond,
      ...ofDev,
      ...ofDev,
    ])
  })
  // Another fit begins a new file.
  await trainer.fit(data, { validation, callbacks, epochs: 1 })
  const again = (await readFile(path, 'utf8')).trimEnd().split('\n')
  t.deepEqual([again.length, again[0], again[1]?.split(',')[0]], [2, header, '4'])
})

test('lines can be appended to a log of the same columns', async (t) => {
  const path = join(await mkdtemp(join(tmpdir(), 'gemmnet-')), 'log.csv')
  const trainer = makeTrainer()
  const callbacks = [csvLogger(path, { append: true })]
  await trainer.fit(data, { epochs: 2, callbacks })
  await trainer.fit(data, { epochs: 2, callbacks })
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  t.deepEqual(
    lines.map((line) => line.split(',')[0]),
    ['epoch', '1', '2', '3', '4'],
  )
  const error = await caught(trainer.fit(data, { callbacks, validation: dev }))
  t.true(error instanceof GemmnetError)
  t.like(error, { code: 'ERR_BAD_FILE', path })
})

test('a file that cannot be written rejects with the system’s error', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-'))
  await writeFile(join(folder, 'file'), '')
  for (const [path, code] of [
    [join(folder, 'missing', 'file'), 'ENOENT'],
    [join(folder, 'file', 'below'), 'ENOTDIR'],
    [folder, 'EISDIR'],
  ] as const)
    for (const callback of [
      modelCheckpoint(path),
      csvLogger(path),
      csvLogger(path, { append: true }),
    ]) {
      const trainer = makeTrainer()
      const before = trainer.network.parameters.join()
      const error = await caught(trainer.fit(data, { callbacks: [callback] }))
      t.like(error, { code, path: (error as { path: string }).path })
      // A log is opened before anything is trained.
      t.is(trainer.network.parameters.join() === before, callback.onFitBegin !== undefined)
      t.false(trainer.network.isTraining)
    }
})

test('wrong options of callbacks are named', (t) => {
  const cases: [() => unknown, string, 'Range' | 'Type'][] = [
    [
      () => earlyStopping({ patiance: 3 } as object),
      'Unknown option `patiance` for `earlyStopping`; did you mean `patience`?',
      'Type',
    ],
    [
      () => earlyStopping({ patience: -1 }),
      'Expected `patience` to be a non-negative integer, got `-1`',
      'Range',
    ],
    [
      () => earlyStopping({ minDelta: -1 }),
      'Expected `minDelta` to be a non-negative number, got `-1`',
      'Range',
    ],
    [
      () => earlyStopping({ baseline: NaN }),
      'Expected `baseline` to be a finite number, got `NaN`',
      'Range',
    ],
    [
      () => earlyStopping({ restoreBest: 1 } as object),
      'Expected `restoreBest` to be true or false, got `1`',
      'Type',
    ],
    [
      () => earlyStopping({ startEpoch: 0.5 }),
      'Expected `startEpoch` to be a non-negative integer, got `0.5`',
      'Range',
    ],
    [
      () => earlyStopping({ monitor: 5 } as object),
      'Expected `monitor` to be the name of a score, got `5`',
      'Type',
    ],
    [
      () => earlyStopping({ direction: 'up' } as object),
      "Expected `direction` to be 'auto', 'min' or 'max', got `'up'`",
      'Range',
    ],
    [
      () => earlyStopping({ conventions: 'torch' } as object),
      'Unknown conventions `torch`; known: `keras`, `sklearn`',
      'Range',
    ],
    [
      () => earlyStopping(null as unknown as object),
      'Expected `earlyStopping options` to be an object, got `null`',
      'Type',
    ],
    [
      () => reduceOnPlateau({ factor: 1 }),
      'Expected `factor` to be a number in (0, 1), got `1`',
      'Range',
    ],
    [
      () => reduceOnPlateau({ patience: -1 }),
      'Expected `patience` to be a non-negative integer, got `-1`',
      'Range',
    ],
    [
      () => reduceOnPlateau({ minDelta: NaN }),
      'Expected `minDelta` to be a non-negative number, got `NaN`',
      'Range',
    ],
    [
      () => reduceOnPlateau({ cooldown: -1 }),
      'Expected `cooldown` to be a non-negative integer, got `-1`',
      'Range',
    ],
    [
      () => reduceOnPlateau({ minRate: -1 }),
      'Expected `minRate` to be a non-negative number, got `-1`',
      'Range',
    ],
    [
      () => reduceOnPlateau({ conventions: 'sklearn' } as object),
      'Unknown conventions `sklearn`; known: `keras`, `torch`',
      'Range',
    ],
    [
      () => modelCheckpoint('file', { bestOnly: 0 } as object),
      'Expected `bestOnly` to be true or false, got `0`',
      'Type',
    ],
    [
      () => modelCheckpoint('file', { every: 0 }),
      'Expected `every` to be a positive integer, got `0`',
      'Range',
    ],
    [() => modelCheckpoint(''), "Expected `path` to be a path or a file: URL, got `''`", 'Type'],
    [
      () => csvLogger(new URL('https://example.org')),
      "Expected `path` to be a path or a file: URL, got `'https://example.org/'`",
      'Type',
    ],
    [
      () => csvLogger('file', { append: 1 } as object),
      'Expected `append` to be true or false, got `1`',
      'Type',
    ],
  ]
  for (const [make, message, kind] of cases)
    t.throws(make, { instanceOf: kind === 'Range' ? RangeError : TypeError, message })
})

test('a report’s type follows the metrics and the validation sets', async (t) => {
  const general: GeneralCallback = {
    onEpochEnd: ({ epoch, loss, dataLoss, penalty, phase }) => {
      t.true(epoch > 0 && loss === dataLoss + penalty && phase === 0)
    },
  }
  const typed: Callback<'accuracy', Dataset> = {
    onEpochEnd({ accuracy, validation }) {
      const scores: number[] = [accuracy, validation.accuracy, validation.loss]
      t.true(scores.every(Number.isFinite))
      // @ts-expect-error there is no such metric
      t.is(validation.f1, undefined)
    },
  }
  const named: Callback<'accuracy' | 'confusionMatrix', { dev: Dataset }> = {
    onEpochEnd({ confusionMatrix, validation, train }) {
      const rows: readonly (readonly number[])[] = confusionMatrix
      t.is(rows.length, 3)
      t.is(validation.dev.confusionMatrix.length, 3)
      // @ts-expect-error a single set would have it
      t.is(validation.loss, undefined)
      // @ts-expect-error it is there only if asked for
      t.true(train.loss > 0)
    },
  }
  const without = (report: EpochReport<'accuracy'>) => {
    t.is(report.validation, undefined)
  }
  const trainer = makeTrainer({ epochs: 1 })
  await trainer.fit(data, { callbacks: [general, { onEpochEnd: without }] })
  await trainer.fit(data, { validation: dev, callbacks: [general, typed] })
  const more = makeTrainer<'accuracy' | 'confusionMatrix'>({
    metrics: ['accuracy', 'confusionMatrix'],
    epochs: 1,
  })
  await more.fit(data, {
    validation: { dev },
    evaluateTrain: true,
    callbacks: [general, named, earlyStopping()],
  })
  const wrong = () =>
    // @ts-expect-error the sets have names
    more.fit(data, { validation: { dev }, callbacks: [typed] }) // eslint-disable-line @typescript-eslint/no-unsafe-class-instance-assignment
  t.is(typeof wrong, 'function')
  // @ts-expect-error no such option
  t.throws(() => earlyStopping({ patiance: 3 }))
  // @ts-expect-error no such convention
  t.throws(() => reduceOnPlateau({ conventions: 'sklearn' }))
})
