import test from 'ava'
import { Fit } from '../lib/fit.js'
import * as api from '../lib/index.js'
import { Dataset, dense, Network, sgd, Trainer } from '../lib/index.js'
import { isClear } from './helpers/clear.js'
import { randomNumbers, randomRows } from './helpers/data.js'
import { places, run, values } from './helpers/options.js'

// Whatever is called with whatever: one clear error, and the process goes on. More of it with
// GEMMNET_GARBAGE_SEED and GEMMNET_GARBAGE_ROUNDS.

const seed = Number(process.env.GEMMNET_GARBAGE_SEED ?? 1)
const rounds = Number(process.env.GEMMNET_GARBAGE_ROUNDS ?? 100)
const rows = randomRows(8, 2)

/** Values of all kinds, nested at random. */
function garbage(random: () => number): () => unknown {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const names = places.flatMap(({ row, options }) => [row, ...Object.keys(options)])
  const others = [
    'name',
    'type',
    'options',
    'data',
    'shape',
    'layers',
    'loss',
    'optimizer',
    'epochs',
  ]
  const detached = new Float32Array(4)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const plain: readonly unknown[] = [
    ...values.map((text) => run(text)),
    ...[detached, revoked.proxy, new Proxy([], {}), new Proxy({}, {}), Array(5)],
    ...[new Uint8Array(8), new BigInt64Array(2), new DataView(new ArrayBuffer(8)), new Map()],
    ...[new Dataset([[1, 2]], [[1, 2]]), new Network({ inputs: 2, layers: [dense(2)] }), sgd()],
    ...[dense(2), dense(3, 'softmax'), 'adam', 'meanSquaredError', 'accuracy', [[1, 2]], [0, 1]],
    ...[AbortSignal.abort(), undefined, 7, 3, 'float64', 'torch', [[1, 2], [3, 4]]], // prettier-ignore
  ]
  const make = (depth: number): unknown => {
    const kind = random()
    if (depth === 0 || kind < 0.6) return kind < 0.1 ? pick(names) : pick(plain)
    if (kind < 0.75) return Array.from({ length: Math.floor(random() * 4) }, () => make(depth - 1))
    const keys = Array.from({ length: Math.floor(random() * 4) }, () => pick([...names, ...others]))
    return Object.fromEntries(keys.map((key) => [key, make(depth - 1)]))
  }
  return () => make(3)
}

test('garbage is refused, whatever is called with it', async (t) => {
  const random = randomNumbers(seed)
  const next = garbage(random)
  /** Right options with something else among them. */
  const spoil = (options: Readonly<Record<string, unknown>>) => {
    const keys = Object.keys(options)
    const key = keys[Math.floor(random() * keys.length)] ?? ''
    return random() < 0.2 ? next() : { ...options, [key]: next() }
  }
  const any = (value: unknown) => value as never
  const functions = Object.entries(api).filter(
    ([name, value]) =>
      typeof value === 'function' && !/^[A-Z]|^load|^read|^csvLogger|^modelCheckpoint/.test(name),
  ) as [string, (...all: unknown[]) => unknown][]
  const network = new Network({ inputs: 2, layers: [dense(2), api.batchNorm()] })
  const data = new Dataset(rows, randomRows(8, 2))
  const base = { loss: 'meanSquaredError', optimizer: 'sgd', metrics: ['accuracy'], epochs: 1 }
  const tensors = ['kernel', 'bias', 'gamma', 'beta', 'movingMean', 'movingVariance', 'trainable']
  const calls: Readonly<Record<string, () => unknown>> = {
    Network: () => new Network(any(spoil({ inputs: 2, layers: [dense(2)], dtype: 'float32' }))),
    Trainer: () => new Trainer(network, any(spoil({ ...base, batchSize: 4, classWeights: [1] }))),
    'Trainer of garbage': () => new Trainer(any(next()), any(base)),
    Dataset: () => new Dataset(any(next()), any(next()), any(next())),
    'Dataset options': () => new Dataset([[1]], [0], any(spoil({ scale: 1, sampleWeights: [1] }))),
    subset: () => data.subset(any(next())),
    slice: () => data.slice(any(next()), any(next())),
    split: () => data.split(any(spoil({ a: 2, b: 2 })), any(next())),
    predict: () => network.predict(any(next())),
    classify: () => network.classify(any(next())),
    predictAsync: () => network.predictAsync(any(next())),
    checkGradients: () => network.checkGradients(any(next()), any(next()), any(spoil(base))),
    fromSafetensors: () => Network.fromSafetensors(any(next())),
    parameters: () => (network.clone().parameters = any(next())),
    'what a layer has': () => {
      const name = tensors[Math.floor(random() * tensors.length)] ?? 'kernel'
      return Object.assign(network.layers[Math.floor(random() * 2)] ?? {}, { [name]: next() })
    },
    fit: () =>
      new Trainer(network.clone(), any(base)).fit(
        any(random() < 0.2 ? next() : data),
        any(spoil({ epochs: 2, callbacks: [], validation: data, batchReportInterval: 1 })),
      ),
    evaluate: () => new Trainer(network, any(base)).evaluate(any(next())),
    partialFit: () => new Trainer(network.clone(), any(base)).partialFit(any(next())),
    'a custom loss': () =>
      new Trainer(network.clone(), { loss: () => any(next()), optimizer: 'sgd' }).fit(data),
    'a learning rate': () =>
      new Trainer(network.clone(), {
        loss: 'meanSquaredError',
        optimizer: sgd({ learningRate: () => any(next()) }),
      }).fit(data, { epochs: 2 }),
  }
  const turns = [...Object.entries(calls), ...functions.map(([name, call]) => [name, () => call(...Array.from({ length: 3 }, next))] as const)] // prettier-ignore
  let taken = 0
  for (let i = 0; i < rounds; i++)
    for (const [name, call] of turns)
      try {
        const result = call()
        const stop = () => {
          if (result instanceof Fit) result.stop()
        }
        const timer = setTimeout(stop, 20) // epochs may be any number
        await result
        clearTimeout(timer)
        taken++
      } catch (error) {
        // A signal's reason is the user's.
        const isSignal = error instanceof DOMException && error.name === 'AbortError'
        t.true(isSignal || isClear(error), `${name}: ${String(error)}`)
        const isWorded = !/undefined \(reading|is not (a function|iterable)|Cannot (read|convert|mix|destruct)/.test(String(error)) // prettier-ignore
        t.true(isWorded, `${name}: ${error instanceof Error ? error.stack : ''}`)
      }
  t.log(`${taken} of ${rounds * turns.length} taken`)
})
