// Over 400 lines: one test for each promise of the three searches and of their files.
import test from 'ava'
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { BuildContext, GeneralCallback } from '../lib/index.js'
import {
  choice,
  Dataset,
  dense,
  earlyStopping,
  GemmnetError,
  gridSearch,
  halvingSearch,
  integer,
  logUniform,
  Network,
  randomSearch,
  sgd,
  Trainer,
  uniform,
} from '../lib/index.js'
import { clouds } from './helpers/data.js'
import { runInChild } from './helpers/run.js'

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-search-'))
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})
let files = 0
const newFile = () => join(folder, `${files++}.jsonl`)

const { x, labels } = clouds(90, 4, 3)
const rows = new Dataset(x, labels)
const data = { train: rows.slice(0, 60), dev: rows.slice(60) }
const grid = { learningRate: [0.01, 0.1, 1], units: [2, 5] }
interface Point {
  readonly learningRate: number
  readonly units?: number
  readonly l2?: number
}

function build({ learningRate, units = 3, l2 = 0 }: Point, { seed }: { readonly seed: number }) {
  const layers = [dense(units, 'tanh'), dense(3, 'softmax')]
  return new Trainer(new Network({ inputs: 4, layers, seed }), {
    loss: 'categoricalCrossentropy',
    optimizer: sgd({ learningRate, momentum: 0.5 }),
    metrics: ['accuracy'],
    l2, // diverges where a step's factor of the weights, 1 - 2 * learningRate * l2, is below -1
    batchSize: 16,
    epochs: 4,
    seed,
  })
}
const search = { build, data, grid }

/** A callback that ends a fit with an epoch. */
const stopAfter = (epochs: number): GeneralCallback => ({
  onEpochEnd: ({ epoch }, fit) => {
    if (epoch === epochs) fit.stop()
  },
})

async function itemsOf<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of iterable) items.push(item)
  return items
}
const weightsOf = (trial: { readonly network: unknown }) =>
  trial.network instanceof Network ? trial.network.parameters : undefined

test('a grid has a trial for each combination, and each is what its Trainer comes to by hand', async (t) => {
  const { trials, completed, table } = await gridSearch({ ...search, keepNetworks: true })
  t.true(completed)
  t.deepEqual(
    trials.map(({ point }) => [point.learningRate, point.units]),
    [
      [0.01, 2],
      [0.01, 5],
      [0.1, 2],
      [0.1, 5],
      [1, 2],
      [1, 5],
    ],
  )
  t.is(new Set(trials.map(({ seed }) => seed)).size, trials.length)
  for (const trial of trials) {
    const trainer = build(trial.point, trial)
    await trainer.fit(data.train)
    t.deepEqual(weightsOf(trial), trainer.network.parameters)
    t.deepEqual(trial.scores, {
      train: await trainer.evaluate(data.train),
      dev: await trainer.evaluate(data.dev),
    })
    t.is(trial.epochs, 4)
    t.true(trial.seconds > 0)
  }
  t.is(table.length, 6)
  t.is(table[3]?.['dev.accuracy'], trials[3]?.scores?.dev.accuracy)
  t.is(table[3]?.units, 5)
})

test('trials do not depend on how many run at once, nor on the order in which they end', async (t) => {
  const results = [1, 2, 5, 100].map(async (concurrency) => {
    const { trials } = await gridSearch({ ...search, concurrency, keepNetworks: true })
    return trials.map((trial) => [trial.seed, weightsOf(trial), trial.scores])
  })
  const [first, ...others] = await Promise.all(results)
  for (const other of others) t.deepEqual(other, first)
  const { trials } = await gridSearch({ ...search, seed: 1 })
  t.notDeepEqual(trials[0]?.scores, first?.[0]?.[2])
})

test('trials come as they end, and are those of the result', async (t) => {
  const running = gridSearch({ ...search, epochs: 2, concurrency: 1 })
  const trials = await itemsOf(running)
  t.deepEqual(trials, [...(await running).trials])
  t.true(trials.every(({ epochs }) => epochs === 2))
})

test('the best trial is that of the best score, the first of several, and has its network', async (t) => {
  for (const [monitor, path, sign] of [
    [undefined, 'dev.accuracy', 1],
    ['accuracy', 'dev.accuracy', 1],
    ['train.loss', 'train.loss', -1],
    ['loss', 'dev.loss', -1],
  ] as const) {
    const result = await gridSearch({ ...search, monitor })
    t.is(result.monitor, path)
    const values = result.table.map((row) => sign * Number(row[path]))
    const { best, trials } = result
    t.is(best?.index, values.indexOf(Math.max(...values)))
    const { network, ...rest } = best ?? {}
    t.deepEqual({ ...rest, network: undefined }, trials[best?.index ?? 0])
    t.true(network instanceof Network)
    t.is(String(result).split('\n').length, 7)
    t.regex(String(result), new RegExp(`^ *learningRate +units .*${path}`))
  }
  const { best, table } = await gridSearch({ ...search, monitor: 'loss', direction: 'max' })
  t.is(
    table[best?.index ?? 0]?.['dev.loss'],
    Math.max(...table.map((row) => Number(row['dev.loss']))),
  )
})

test('a trial that diverges is a result, and never the best', async (t) => {
  const result = await gridSearch({
    ...search,
    grid: { learningRate: [0.1, 10], l2: [0, 10] },
    build: ({ learningRate, l2 }, { seed }: BuildContext) => {
      const network = new Network({ inputs: 4, layers: [dense(3)], seed })
      const optimizer = sgd({ learningRate })
      return new Trainer(network, { loss: 'meanSquaredError', optimizer, l2, seed, epochs: 300 })
    },
    data: { train: new Dataset(x, { data: x.data.slice(0, 270), shape: [90, 3] }) },
  })
  t.true(result.completed)
  const [good, ...bad] = result.trials
  t.is(good?.error, undefined)
  for (const { error, scores, epochs } of bad) {
    t.true(error instanceof GemmnetError)
    t.is(error?.code, 'ERR_NON_FINITE_LOSS')
    t.is(scores, undefined)
    t.true(epochs < 300)
  }
  t.is(result.best?.index, 0)
  t.is(result.monitor, 'train.loss')
  t.regex(String(result), /ERR_NON_FINITE_LOSS/)
  t.is((await result.heatmap()).split('×').length, 4)
  const none = await gridSearch({ ...search, grid: { learningRate: [1], l2: [100] }, epochs: 50 })
  t.is(none.trials[0]?.error?.code, 'ERR_NON_FINITE_LOSS')
  t.is(none.best, undefined)
  t.is(none.monitor, 'dev.accuracy')
})

test('what build throws ends the search, with the fits that run', async (t) => {
  const error = new Error('mine')
  let built = 0
  const running = gridSearch({
    ...search,
    concurrency: 2,
    epochs: 1e9,
    build: (point, context) => {
      if (++built === 2) throw error
      return build(point, context)
    },
  })
  t.is(await t.throwsAsync(running), error)
  t.is(await t.throwsAsync(itemsOf(running)), error)
  t.is(built, 2)
})

test('what build returns is checked, and errors have the stack of the caller', async (t) => {
  const network = build({ learningRate: 1 }, { seed: 0 }).network
  const refusals: [() => unknown, RegExp][] = [
    [
      () => network,
      /^Expected `build` to be a function that returns a Trainer, .*, got `Network`$/,
    ],
    [() => undefined, /^Expected `build` to be a function that returns a Trainer/],
    [
      () => new Trainer(network, { loss: 'meanSquaredError', optimizer: 'sgd' }),
      /a new network each time/,
    ],
    [
      () => ({ trainer: build({ learningRate: 1 }, { seed: 1 }), callbacks: 5 }),
      /`callbacks` to be an array/,
    ],
  ]
  for (const [wrong, message] of refusals) {
    const error = await t.throwsAsync(gridSearch({ ...search, build: wrong as never, epochs: 1 }), {
      message,
    })
    t.regex(error.stack ?? '', /search\.test/)
  }
  const narrow = { train: data.train, dev: new Dataset([[1, 2]], [0]) }
  const error = await t.throwsAsync(gridSearch({ ...search, data: narrow }), {
    instanceOf: RangeError,
    message: '`data.dev` has 2 columns, the network takes 4',
  })
  t.regex(error.stack ?? '', /search\.test/)
})

test('a score that there is not is refused before anything is trained', async (t) => {
  const running = gridSearch({ ...search, epochs: 1e9, monitor: 'dev.acuracy' })
  await t.throwsAsync(running, {
    instanceOf: RangeError,
    message: /^Expected `monitor` to be one of train\.loss, .*dev\.accuracy, got `'dev\.acuracy'`$/,
  })
})

test('wrong options are refused at once', (t) => {
  const call = (options: object) => () => gridSearch({ ...search, ...options })
  t.throws(call({ grid: {} }), {
    instanceOf: TypeError,
    message: /`grid` to be an object of arrays/,
  })
  t.throws(call({ grid: { l2: [] } }), {
    message: /`grid.l2` to be an array of at least one value/,
  })
  t.throws(call({ grid: { l2: 5 } }), { instanceOf: TypeError })
  t.throws(call({ data: rows }), { message: /`data` to be data sets by name, `train` among them/ })
  t.throws(call({ data: { train: [1] } }), { message: /`data.train` to be a Dataset/ })
  t.throws(call({ build: 5 }), { message: /`build` to be a function/ })
  t.throws(call({ signal: 5 }), { message: /`signal` to be an AbortSignal/ })
  t.throws(call({ file: '' }), { message: /`file` to be a path/ })
  t.throws(call({ epoch: 5 }), {
    message: 'Unknown option `epoch` for `gridSearch`; did you mean `epochs`?',
  })
  t.throws(call({ file: 'x', grid: { l2: [() => 0] } }), {
    message: /`grid.l2\[0\]` to be what a `file` can hold/,
  })
  t.throws(() => halvingSearch({ ...search, epochs: 3, trials: 4 } as never), {
    message: 'Expected either `grid`, or `space` and `trials`',
  })
})

test('leaving the loop, or stop, ends all fits and begins no more', async (t) => {
  let built = 0
  const counting = (point: Point, context: BuildContext) => {
    built++
    return build({ ...point, learningRate: 0.01 }, context)
  }
  const endless = { ...search, build: counting, grid: { learningRate: [1, 2, 3, 4] } }
  const running = gridSearch({
    ...endless,
    concurrency: 2,
    build: (point, context) => {
      const trainer = counting(point, context)
      // The first ends, the others would not.
      return { trainer, callbacks: point.learningRate === 1 ? [stopAfter(1)] : [] }
    },
    epochs: 1e9,
  })
  for await (const trial of running) {
    t.is(trial.index, 0)
    break
  }
  const { trials, completed } = await running
  t.is(trials.length, 1)
  t.false(completed)
  t.true(built <= 3)
  const stopped = gridSearch(endless)
  stopped.stop()
  t.is((await stopped).trials.length, 0)
})

test('a signal ends the search with its reason', async (t) => {
  const reason = new Error('enough')
  const controller = new AbortController()
  const running = gridSearch({ ...search, epochs: 1e9, signal: controller.signal })
  setTimeout(() => {
    controller.abort(reason)
  }, 20)
  t.is(await t.throwsAsync(running), reason)
  let built = 0
  const early = gridSearch({
    ...search,
    signal: controller.signal,
    build: (point, context) => {
      built++
      return build(point, context)
    },
  })
  t.is(await t.throwsAsync(itemsOf(early)), reason)
  t.is(built, 0)
})

test('callbacks of a fit see all data sets, and may end it', async (t) => {
  const seen = new Set<string>()
  const { trials } = await gridSearch({
    ...search,
    build: (point, context) => ({
      trainer: build(point, context),
      callbacks: [
        {
          onEpochEnd: (report) => {
            seen.add(Object.keys(Reflect.get(report, 'validation') as object).join())
          },
        },
        stopAfter(2),
        earlyStopping({ monitor: 'validation.dev.loss', patience: 9 }),
      ],
    }),
  })
  t.deepEqual([...seen], ['dev'])
  t.true(trials.every(({ epochs }) => epochs === 2))
})

test('networks that are not the best can be collected', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const networks: WeakRef<object>[] = []
  const result = await gridSearch({
    ...search,
    epochs: 1,
    grid: { learningRate: Array.from({ length: 100 }, () => 0.1) },
    build: (point, context) => {
      const trainer = build(point, context)
      networks.push(new WeakRef(trainer.network))
      return trainer
    },
  })
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  t.true(networks.filter((network) => network.deref() !== undefined).length < 10)
  t.is(result.trials.length, 100)
})

const timeless = <T extends { readonly seconds: number }>(trials: readonly T[]) =>
  trials.map(({ seconds, ...others }) => ({ ...others, isTimed: seconds > 0 }))

test('a search goes on from its file, and comes to the same', async (t) => {
  const file = newFile()
  const whole = await gridSearch(search)
  for await (const trial of gridSearch({ ...search, file, concurrency: 1 }))
    if (trial.index === 1) break
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  t.true(lines.length >= 3 && lines.length < 6)

  const built: number[] = []
  const counting = (point: Point, context: BuildContext) => {
    built.push(context.index)
    return build(point, context)
  }
  const running = gridSearch({ ...search, file, build: counting })
  t.is((await itemsOf(running)).length, 6)
  const result = await running
  t.deepEqual(timeless(result.trials), timeless(whole.trials))
  t.is(built.length, 6 - (lines.length - 1))
  t.is(result.best?.index, whole.best?.index)

  const again = await gridSearch({ ...search, file, build: counting })
  t.is(built.length, 6 - (lines.length - 1))
  t.deepEqual(again.trials, result.trials)
  t.is(again.best?.network, undefined)
})

test('a line that was not written to its end is as if it had not been', async (t) => {
  const file = newFile()
  const whole = await gridSearch({ ...search, file, concurrency: 1 })
  const text = await readFile(file, 'utf8')
  const end = text.lastIndexOf('\n', text.length - 2) + 1
  for (const size of [end + 1, Math.floor((end + text.length) / 2), text.length - 1, 20, 0]) {
    await writeFile(file, text.slice(0, size))
    const { trials } = await gridSearch({ ...search, file, concurrency: 1 })
    t.deepEqual(timeless(trials), timeless(whole.trials), String(size))
    t.is((await readFile(file, 'utf8')).trimEnd().split('\n').length, 7)
  }
})

test('two searches that begin a file at once leave one that can be gone on from', async (t) => {
  const file = newFile()
  await Promise.all([gridSearch({ ...search, file }), gridSearch({ ...search, file })])
  const { completed } = await gridSearch({ ...search, file })
  t.true(completed)
})

test('a search whose process is killed goes on from its file', async (t) => {
  const file = newFile()
  const killed = await runInChild('searchWithFile', { file, death: 5 })
  t.is(killed.signal, 'SIGKILL')
  const written = (await readFile(file, 'utf8')).split('\n').length - 2
  t.true(written >= 5 && written < 40, String(written))

  const [rest, whole] = await Promise.all([
    runInChild('searchWithFile', { file }),
    runInChild('searchWithFile', { file: newFile() }),
  ])
  t.is(rest.code, 0, rest.errors)
  t.is(rest.said.length, 41)
  t.deepEqual(rest.said.at(-1), whole.said.at(-1))
})

test('diverged trials and scores that are no numbers come back from the file', async (t) => {
  const file = newFile()
  const options = { ...search, file, grid: { l2: [100, 0], learningRate: [0.1] }, epochs: 30 }
  const first = await gridSearch(options)
  const text = await readFile(file, 'utf8')
  const changed = text.replace(/"dev":\{"loss":[^,]*/, '"dev":{"loss":"number NaN"')
  await writeFile(file, changed)
  const { trials } = await gridSearch(options)
  const { error } = first.trials[0] ?? {}
  t.is(error?.code, 'ERR_NON_FINITE_LOSS')
  t.deepEqual(trials[0]?.error, error)
  t.is(trials[0]?.error?.epoch, error?.epoch)
  t.is(trials[1]?.scores?.dev.loss, NaN)
})

test('a file of another search, or of something else, is refused and left as it is', async (t) => {
  const file = newFile()
  await gridSearch({ ...search, file, epochs: 2 })
  const text = await readFile(file, 'utf8')
  const other = { ...search, file, epochs: 2 }
  for (const [changed, what] of [
    [{ grid: { ...grid, units: [2, 6] } }, '`grid` is'],
    [{ seed: 1 }, '`seed` is'],
    [{ epochs: 3 }, '`epochs` is'],
    [{ data: { ...data, dev: rows.slice(61) } }, '`data` is'],
    [{ data: { train: data.train, test: data.dev }, seed: 7 }, '`seed`, `data` are'],
  ] as const) {
    await t.throwsAsync(gridSearch({ ...other, ...changed } as typeof other), {
      code: 'ERR_BAD_FILE',
      message: new RegExp(`${what} not the same`),
    })
    t.is(await readFile(file, 'utf8'), text)
  }
  for (const content of ['notes', 'notes\n', '{"a":1}\n', '[]\n']) {
    await writeFile(file, content)
    await t.throwsAsync(gridSearch(other), {
      code: 'ERR_BAD_FILE',
      message: /no file of an experiment/,
    })
    t.is(await readFile(file, 'utf8'), content)
  }
  await writeFile(file, text)
  await appendFile(file, '{"index":1}\n')
  await t.throwsAsync(gridSearch(other), { code: 'ERR_BAD_FILE', message: /line 8 is no trial/ })
  await truncate(file, 0)
  await t.throwsAsync(gridSearch({ ...other, file: join(folder, 'none', 'file') }), {
    code: 'ENOENT',
  })
})

test('distributions give values from their ranges, evenly', async (t) => {
  const space = {
    even: uniform(-1, 3),
    rate: logUniform(1e-4, 1),
    units: integer(2, 4),
    name: choice(['a', 'b']),
    flag: [true, false],
  }
  const points: { [Name in keyof typeof space]: unknown }[] = []
  const count = 300
  await randomSearch({
    space,
    trials: count,
    data: { train: data.train.slice(0, 1) },
    epochs: 1,
    build: (point, { seed }) => {
      points.push(point)
      const rate: number = point.rate
      return build({ learningRate: Math.min(1, rate), units: point.units }, { seed })
    },
  })
  const within = (values: unknown[], low: number, high: number) => {
    for (const value of values) t.true(Number(value) >= low && Number(value) <= high)
    const below = values.filter((value) => Number(value) < (low + high) / 2).length
    t.true(Math.abs(below / count - 0.5) < 0.1, String(below))
  }
  t.is(points.length, count)
  within(points.map((point) => point.even), -1, 3) // prettier-ignore
  within(points.map((point) => Math.log10(Number(point.rate))), -4, 0) // prettier-ignore
  for (const [name, values] of [
    ['units', [2, 3, 4]],
    ['name', ['a', 'b']],
    ['flag', [true, false]],
  ] as const) {
    // prettier-ignore
    const counts = values.map((value) => points.filter((point) => point[name] === value).length)
    t.is(counts.reduce((a, b) => a + b), count) // prettier-ignore
    for (const one of counts) t.true(Math.abs((one * values.length) / count - 1) < 0.3)
  }
})

test('a distribution that makes no sense is refused', (t) => {
  t.throws(() => uniform(1, 0), {
    instanceOf: RangeError,
    message: 'Expected `high` to be at least `low`, 1, got `0`',
  })
  t.throws(() => logUniform(0, 1), { message: /`low` to be a positive number/ })
  t.throws(() => integer(0.5, 1), { message: /`low` to be an integer/ })
  t.throws(() => choice([]), { instanceOf: TypeError })
  const wrong = { build, data, trials: 1, space: { a: { type: 'toString' } } } as never
  t.throws(() => randomSearch(wrong), { message: /`space.a` to be a distribution/ })
})

const space = { learningRate: logUniform(1e-3, 1), units: integer(2, 6) }

test('a random search of more trials begins with those of fewer, also from their file', async (t) => {
  const { trials: few } = await randomSearch({ build, data, space, trials: 3 })
  const { trials: more } = await randomSearch({ build, data, space, trials: 7 })
  t.deepEqual(timeless(more.slice(0, 3)), timeless(few))
  t.is(new Set(more.map(({ point }) => point.learningRate)).size, 7)
  const file = newFile()
  const options = { build, data, space, file }
  await randomSearch({ ...options, trials: 3 })
  const { trials } = await randomSearch({ ...options, trials: 7 })
  t.deepEqual(timeless(trials), timeless(more))
  const { trials: others } = await randomSearch({ build, data, space, trials: 3, seed: 1 })
  t.notDeepEqual(others[0]?.point, few[0]?.point)
})

test('halving has scikit-learn’s rounds, and the last comes to all epochs', async (t) => {
  const rounds = async (trials: number, epochs: number, others = {}) => {
    const options = { build, data, space, trials, epochs, ...others }
    const result = await halvingSearch(options)
    t.true(result.completed)
    return result.rounds.map((round) => `${round.trials} to ${round.epochs}`).join(', ')
  }
  t.is(await rounds(9, 18), '9 to 2, 3 to 6, 1 to 18')
  t.is(await rounds(10, 10), '10 to 1, 4 to 3, 2 to 10')
  t.is(await rounds(8, 10), '8 to 3, 3 to 10')
  t.is(await rounds(9, 5), '9 to 1, 3 to 5')
  t.is(await rounds(9, 18, { minEpochs: 5 }), '9 to 6, 3 to 18')
  t.is(await rounds(4, 8, { factor: 2 }), '4 to 2, 2 to 4, 1 to 8')
  t.is(await rounds(1, 3), '1 to 3')
})

test('halving goes on with the best, from where they stand', async (t) => {
  const options = { build, data, space, trials: 9, epochs: 18, keepNetworks: true } as const
  const running = halvingSearch(options)
  const items = await itemsOf(running)
  t.deepEqual(items.map(({ epochs }) => epochs), [...Array<number>(9).fill(2), 6, 6, 6, 18]) // prettier-ignore
  const accuracyOf = (trial?: (typeof items)[number]) => trial?.scores?.dev.accuracy ?? -1
  const first = items.slice(0, 9).sort((a, b) => accuracyOf(b) - accuracyOf(a) || a.index - b.index)
  t.deepEqual(
    items.slice(9, 12).map(({ index }) => index).sort(), // prettier-ignore
    first.slice(0, 3).map(({ index }) => index).sort(), // prettier-ignore
  )
  const { best, trials } = await running
  t.is(best?.index, items[12]?.index)
  t.deepEqual(trials.map(({ epochs }) => epochs).sort((a, b) => a - b), [2, 2, 2, 2, 2, 2, 6, 6, 18]) // prettier-ignore
  if (best === undefined) throw new Error('no best')
  const trainer = build(best.point, best)
  await trainer.fit(data.train, { epochs: 18 })
  t.deepEqual(weightsOf(best), trainer.network.parameters)
  const { trials: others } = await halvingSearch({ ...options, concurrency: 1 })
  t.deepEqual(others.map(weightsOf), trials.map(weightsOf))
})

test('a halving search goes on from its file, in whichever round it was', async (t) => {
  const options = {
    build,
    data,
    grid: { learningRate: [0.01, 0.03, 0.1, 0.3, 1, 3] },
    epochs: 9,
    concurrency: 1,
  }
  const whole = await halvingSearch(options)
  for (const finished of [0, 1, 5, 6, 7, 8]) {
    const file = newFile()
    let seen = 0
    if (finished > 0)
      for await (const trial of halvingSearch({ ...options, file })) {
        t.is(trial.error, undefined)
        if (++seen === finished) break
      }
    const result = await halvingSearch({ ...options, file })
    t.deepEqual(timeless(result.trials), timeless(whole.trials), String(finished))
    t.deepEqual(result.rounds, whole.rounds)
    t.is(result.best?.index, whole.best?.index)
  }
})

test('a halving search that is stopped has the best of what there is', async (t) => {
  const options = { build, data, grid: { learningRate: [0.01, 0.1, 0.3, 1] }, epochs: 4, factor: 2 }
  const running = halvingSearch({ ...options, concurrency: 1, keepNetworks: true })
  let seen = 0
  for await (const trial of running) if (trial.epochs === 1 && ++seen === 4) break
  const { best, trials, completed } = await running
  t.false(completed)
  const losses = trials.map(({ scores }) => scores?.dev.accuracy ?? -1)
  t.is(best?.scores?.dev.accuracy, Math.max(...losses))
  t.true(trials.some((trial) => trial === best))
})

test('halving leaves out what diverged', async (t) => {
  const options = {
    build,
    data,
    grid: { learningRate: [0.1], l2: [100, 0.001, 50, 0] },
    epochs: 80,
    minEpochs: 40,
    factor: 2,
  }
  const { trials, rounds, best } = await halvingSearch(options)
  t.deepEqual(rounds, [
    { epochs: 40, trials: 4 },
    { epochs: 80, trials: 2 },
  ])
  t.true(best !== undefined && best.point.l2 < 1)
  const codes = trials.map(({ error }) => error?.code)
  t.deepEqual(codes, ['ERR_NON_FINITE_LOSS', undefined, 'ERR_NON_FINITE_LOSS', undefined])
})

test('a table has the values of options, whatever they are called and are', async (t) => {
  const result = await gridSearch({
    ...search,
    grid: { epochs: [7, 8], bits: [1n] },
    build: (_, context) => build({ learningRate: 0.1 }, context),
  })
  t.deepEqual(result.table.map(({ epochs }) => epochs), [7, 8]) // prettier-ignore
  t.regex(String(result), /^epochs +bits .*\n +[78] +1 /)
})

test('a heatmap shows a score over two options, the best over the others', async (t) => {
  const result = await gridSearch({ ...search, grid: { ...grid, batch: ['a', 'b'] } })
  const svg = await result.heatmap('accuracy', { title: 'Accuracy <1', x: 'units' })
  for (const text of ['learning rate', 'units', 'Accuracy &lt;1', '0.1'])
    t.true(svg.includes(`>${text}<`), text)
  const best = Math.max(...result.table.map((row) => Number(row['dev.accuracy'])))
  t.true(svg.includes(`>${best.toPrecision(3)}<`))
  t.is(
    svg,
    await result.heatmap('dev.accuracy', { title: 'Accuracy <1', x: 'units', y: 'learningRate' }),
  )
  await t.throwsAsync(result.heatmap('recall'), {
    instanceOf: RangeError,
    message: /`metric` to be one of/,
  })
  await t.throwsAsync(result.heatmap('loss', { x: 'l2' }), {
    message: /`x` to be one of learningRate, units, batch/,
  })
  await t.throwsAsync(result.heatmap('loss', { x: 'units', y: 'units' }), { message: /`y`/ })
  const line = await gridSearch({ ...search, grid: { learningRate: [0.1] }, epochs: 1 })
  await t.throwsAsync(line.heatmap(), { message: /over two options/ })
})
