import { readFileSync } from 'node:fs'
import * as gemmnet from '../../lib/index.js'

// What test/parity.test.ts and `npm run parity` share: the curves that Keras, PyTorch and
// scikit-learn gave (see test/fixtures/parity/make.py), and gemmnet's run of the same description.

export type Library = 'keras' | 'torch' | 'sklearn'

/** A name, or a name with options: `{ name: 'huber', delta: 0.5 }`. */
export type Named = string | ({ readonly name: string } & Options)
type Options = Readonly<Record<string, unknown>>

type LayerSpec =
  | { readonly type: 'dense'; readonly units: number; readonly options: { activation: Named } }
  | { readonly type: 'batchNorm' | 'layerNorm'; readonly options: Options }
  | { readonly type: 'dropout'; readonly rate: number }

/** One case: a description in gemmnet's words, and what came of it in the library. */
export interface ParityCase {
  readonly library: Library
  readonly name: string
  /** What a table shows beside loss and activations. */
  readonly extras: readonly string[]
  readonly network: { readonly inputs: number; readonly layers: readonly LayerSpec[] }
  readonly trainer: Options & {
    readonly loss: Named
    readonly optimizer: { readonly name: string; readonly options: Options }
    readonly batchSize: number
    /** Batches for an update. */
    readonly accumulate?: number
  }
  /** Name of the targets. */
  readonly data: string
  readonly sampleWeights?: true
  /** Name of the initial parameters. */
  readonly start: string
  /** Whether `losses` have the penalty. */
  readonly measure: 'loss' | 'dataLoss'
  /** Of each batch, before its update. */
  readonly losses: readonly number[]
  /** Loss of all rows after the last step, in inference mode, without penalty. */
  readonly evaluated?: number
}

type Targets =
  | { readonly outputs: number; readonly values: readonly number[] }
  | { readonly classes: number; readonly values: readonly number[] }

interface Header {
  readonly versions: Readonly<Record<Library | 'numpy' | 'python' | 'scipy', string>>
  readonly steps: number
  readonly data: {
    readonly x: readonly number[]
    readonly weights: readonly number[]
    readonly targets: Readonly<Record<string, Targets>>
  }
  readonly starts: Readonly<Record<string, readonly number[]>>
}

// From dist/test/helpers/.
const path = new URL('../../../test/fixtures/parity/curves.jsonl', import.meta.url)
const [header, ...cases] = readFileSync(path, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as unknown) as [Header, ...ParityCase[]]

export const { versions, steps } = header
export { cases }

/** The largest relative error that a curve may have. */
export const tolerance = 1e-9
/** Losses below this are compared by their difference: to 1e-12 where they are small. */
const smallestLoss = 1e-12 / tolerance

/** What gemmnet makes of a case. */
export interface Comparison {
  /** Largest relative error over all steps; NaN where gemmnet gave NaN or too few losses. */
  readonly error: number
  /** The step, from 1, that has it. */
  readonly step: number
  /** Relative error of `evaluated`, or undefined where the case has none. */
  readonly evaluatedError: number | undefined
}

/** Runs a case in gemmnet and compares the curves. */
export async function compare(one: ParityCase): Promise<Comparison> {
  const { losses, evaluated } = await run(one)
  const expected = byUpdate(one.losses, losses.length, one.trainer.accumulate ?? 1)
  let error = 0
  let step = 0
  expected.forEach((wanted, i) => {
    const difference = relativeError(losses[i] ?? NaN, wanted)
    if (difference <= error || Number.isNaN(error)) return
    error = difference // larger, or NaN, which stays
    step = i + 1
  })
  return {
    error,
    step,
    evaluatedError:
      one.evaluated === undefined ? undefined : relativeError(evaluated ?? NaN, one.evaluated),
  }
}

function relativeError(value: number, expected: number): number {
  return Math.abs(value - expected) / Math.max(Math.abs(expected), smallestLoss)
}

/** Curve of the updates, where gemmnet reports a loss for each of them and not for each batch. */
function byUpdate(losses: readonly number[], reported: number, accumulate: number) {
  if (accumulate === 1 || reported >= losses.length) return losses
  return Array.from({ length: losses.length / accumulate }, (_, update) => {
    const group = losses.slice(update * accumulate, (update + 1) * accumulate)
    return group.reduce((sum, loss) => sum + loss, 0) / accumulate // batches of one size
  })
}

// ---- The builder: the one place that knows how a description becomes gemmnet's objects. ----

/** gemmnet's functions by name, for a description that is only known when it runs. */
const functions = gemmnet as unknown as Readonly<Record<string, (...given: unknown[]) => unknown>>

function call(name: string, ...given: unknown[]): unknown {
  const made = functions[name]
  if (typeof made !== 'function') throw new Error(`gemmnet has no \`${name}\``)
  return made(...given)
}

function buildLayer(layer: LayerSpec): unknown {
  switch (layer.type) {
    case 'dense':
      return call('dense', layer.units, layer.options)
    case 'dropout':
      return call('dropout', layer.rate)
    default:
      return call(layer.type, layer.options)
  }
}

function buildNetwork({ library, network, start }: ParityCase): gemmnet.Network<'float64'> {
  const options = {
    inputs: network.inputs,
    layers: network.layers.map(buildLayer),
    dtype: 'float64',
    conventions: library,
  }
  const made = new gemmnet.Network(options as never) as unknown as gemmnet.Network<'float64'>
  const parameters = header.starts[start]
  if (parameters === undefined) throw new Error(`no parameters \`${start}\``)
  made.parameters = parameters
  return made
}

function buildTrainer(network: gemmnet.Network<'float64'>, { library, trainer }: ParityCase) {
  const options = {
    ...trainer,
    // A learning rate may be a number or a schedule: `{ name: 'stepDecay', ...options }`.
    optimizer: call(trainer.optimizer.name, trainer.optimizer.options),
    shuffle: false,
    conventions: library,
  }
  return new gemmnet.Trainer(network, options as never)
}

function rowsOf(values: readonly number[], columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    values.slice(row * columns, (row + 1) * columns),
  )
}

function buildDataset({ network, data, sampleWeights }: ParityCase): gemmnet.Dataset {
  const targets = header.data.targets[data]
  if (targets === undefined) throw new Error(`no data \`${data}\``)
  const x = rowsOf(header.data.x, network.inputs)
  const weights = sampleWeights === true ? { sampleWeights: header.data.weights } : {}
  return 'classes' in targets
    ? new gemmnet.Dataset(x, [...targets.values], { ...weights, classes: targets.classes })
    : new gemmnet.Dataset(x, rowsOf(targets.values, targets.outputs), weights)
}

async function run(one: ParityCase): Promise<{ losses: number[]; evaluated: number | undefined }> {
  const { trainer: settings, measure } = one
  const dataset = buildDataset(one)
  const trainer = buildTrainer(buildNetwork(one), one)
  const losses: number[] = []
  await trainer.fit(dataset, {
    epochs: Math.ceil(steps / Math.ceil(dataset.rows / settings.batchSize)),
    callbacks: [
      {
        onBatchEnd(report) {
          losses.push((report as unknown as Record<typeof measure, number>)[measure])
        },
      },
    ],
  })
  if (one.evaluated === undefined) return { losses, evaluated: undefined }
  const { loss, penalty } = await trainer.evaluate(dataset)
  return { losses, evaluated: loss - penalty }
}
