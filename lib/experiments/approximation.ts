import { Dataset } from '../dataset.js'
import { typeError } from '../errors.js'
import { dense } from '../layers.js'
import { Network } from '../network.js'
import { levenbergMarquardt } from '../optimizers.js'
import type { OptionsOf } from '../options/index.js'
import { checks, complete, defaulted, nameIn } from '../options/index.js'
import { Trainer } from '../trainer.js'
import type { TargetFunction, TargetFunctionName } from './target_functions.js'
import { targetFunctions } from './target_functions.js'

/** Options of `approximate` that are no objects of their own. */
export const approximationOptions = {
  /** Functions to approximate, one after the other. Default: all. */
  functions: defaulted(
    Object.keys(targetFunctions) as readonly TargetFunctionName[],
    listOf('names of functions', nameIn('function', targetFunctions)),
  ),
  /** Units of the hidden layers, taken in ascending order. Default [1, 2, 4, 8, 16, 32, 64]. */
  widths: defaulted(
    [1, 2, 4, 8, 16, 32, 64] as readonly number[],
    listOf('positive integers', checks.positiveInteger),
  ),
  /** Random initial weights that are tried for each network. Default 3. */
  starts: defaulted(3, checks.positiveInteger),
  /** Iterations of Levenberg and Marquardt's method that each start is given. Default 100. */
  epochs: defaulted(100, checks.positiveInteger),
  /** Seed of the initial weights. Equal seeds give equal results. Default 0. */
  seed: defaulted(0, checks.wholeNumber),
}

/** Options of {@link approximate}. */
export type ApproximationOptions = OptionsOf<typeof approximationOptions> & {
  /** Ends the experiment within one iteration; the loop then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** How well the networks of one width approximate one function. */
export interface Approximation {
  readonly function: TargetFunctionName
  /** Units of the hidden layer. */
  readonly width: number
  /** Number of weights and biases. */
  readonly parameters: number
  /** On points that the network was not trained on. */
  readonly rootMeanSquareError: number
  /** On the same points; where the function jumps, from its limits on both sides. */
  readonly largestError: number
  /** The network, of those tried, with the smallest mean squared error on the training set. */
  readonly network: Network<'float64'>
}

/**
 * Universal approximation (G. Cybenko, Mathematics of Control, Signals and Systems 2, 1989) as an
 * experiment: networks of one hidden layer of sigmoid units and a linear output learn functions
 * from evenly spaced samples. With the width of the layer the largest error of a continuous
 * function goes to 0. That of a function with a jump stays at half the jump or more, as the network
 * is continuous, while the root mean square error goes down.
 *
 * Each network is trained from several random starts and, where there is a narrower one, also from
 * that one with units added, and the best on the training set is taken: a wider network can do
 * whatever a narrower one can, so that is what its training should come to.
 *
 * @returns a row per function and width, as soon as it is there
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function approximate(
  options: ApproximationOptions = {},
): AsyncGenerator<Approximation, void, undefined> {
  const settings = complete('approximate', approximationOptions, options, {
    others: ['signal'],
  })
  const { signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw typeError('signal', 'an AbortSignal', signal)
  return run({ ...settings, signal })
}

type Settings = ReturnType<typeof complete<typeof approximationOptions>> & {
  readonly signal: AbortSignal | undefined
}

async function* run(settings: Settings): AsyncGenerator<Approximation, void, undefined> {
  const widths = [...new Set(settings.widths)].sort((a, b) => a - b)
  for (const name of settings.functions) {
    const target: TargetFunction = targetFunctions[name]
    const train = samples(target)
    let best: Network<'float64'> | undefined
    for (const width of widths) {
      best = await trainBest(target, train, width, best, settings)
      yield {
        function: name,
        width,
        parameters: best.parameterCount,
        ...errorsOf(best, target),
        network: best,
      }
    }
  }
}

/** Intervals between the samples of a training set along each side. */
const intervals = { 1: 512, 2: 32 } as const

/** Each interval is cut into so many, and the middles of these are what a network is tested on. */
const testsPerInterval = 4

function samples(target: TargetFunction): Dataset {
  const { inputs, evaluate } = target
  const count = intervals[inputs]
  const x = grid(
    inputs,
    Array.from({ length: count + 1 }, (_, i) => i / count),
  )
  const y = x.map((point) => [evaluate(point)])
  return new Dataset(x, y, { dtype: 'float64' })
}

function errorsOf(network: Network<'float64'>, { inputs, evaluate, jump }: TargetFunction) {
  const count = intervals[inputs] * testsPerInterval
  const x = grid(
    inputs,
    Array.from({ length: count }, (_, i) => (i + 0.5) / count),
  )
  const { data } = network.predict(x)
  const errors = x.map((point, i) => Math.abs((data[i] ?? NaN) - evaluate(point)))
  const square = errors.reduce((sum, error) => sum + error * error, 0) / errors.length
  const [atJump = NaN] = jump === undefined ? [] : network.predict([[...jump.at]]).data
  const all = [...errors, ...(jump?.limits ?? []).map((limit) => Math.abs(atJump - limit))]
  return {
    rootMeanSquareError: Math.sqrt(square),
    largestError: all.reduce((largest, error) => Math.max(largest, error)),
  }
}

/** The points whose coordinates are all among `coordinates`. */
function grid(inputs: 1 | 2, coordinates: readonly number[]): number[][] {
  if (inputs === 1) return coordinates.map((x) => [x])
  return coordinates.flatMap((x) => coordinates.map((y) => [x, y]))
}

/** Trains from every start and returns the network with the smallest error on the training set. */
async function trainBest(
  { inputs }: TargetFunction,
  train: Dataset,
  width: number,
  narrower: Network<'float64'> | undefined,
  settings: Settings,
): Promise<Network<'float64'>> {
  const seeds = Array.from(
    { length: settings.starts },
    (_, i) => (settings.seed + i) % Number.MAX_SAFE_INTEGER,
  )
  const starts = seeds.map((seed) => spread(inputs, width, seed))
  if (narrower !== undefined) starts.push(widen(narrower, spread(inputs, width, settings.seed)))
  let best: { readonly network: Network<'float64'>; readonly loss: number } | undefined
  for (const network of starts) {
    const loss = await fit(network, train, settings)
    if (best === undefined || loss < best.loss) best = { network, loss }
  }
  if (best === undefined) throw new Error('No start')
  return best.network
}

/** Trains on the whole training set at once; returns the mean squared error. */
async function fit(
  network: Network<'float64'>,
  train: Dataset,
  { epochs, signal }: Settings,
): Promise<number> {
  const trainer = new Trainer(network, {
    loss: 'meanSquaredError',
    optimizer: levenbergMarquardt(),
  })
  const { epochs: reports } = await trainer.fit(train, { epochs, signal })
  return reports.at(-1)?.loss ?? NaN
}

/**
 * A network whose hidden units' transitions lie all over the domain, as D. Nguyen and B. Widrow
 * (International Joint Conference on Neural Networks, 1990) have it: steeper the more units there
 * are, directions at random, distances from the centre evenly spaced.
 *
 * Their `tanh(w u + b)` on [-1, 1], with `|w| = 0.7 width^(1 / inputs)` and `|b| <= |w|`, is here
 * `sigmoid(4 w x + 2 (b - sum of w))` on [0, 1], but for what the linear output makes good.
 */
function spread(inputs: 1 | 2, width: number, seed: number): Network<'float64'> {
  const network = new Network({
    inputs,
    layers: [dense(width, 'sigmoid'), dense(1)],
    dtype: 'float64',
    seed,
  })
  const [hidden] = network.layers
  if (hidden === undefined) throw new Error('No hidden layer')
  const steepness = 0.7 * width ** (1 / inputs)
  // Glorot's kernel is uniform in a square around 0: good for directions.
  const drawn = hidden.kernel.data
  const kernel = Array.from({ length: inputs }, () => new Float64Array(width))
  hidden.bias = Float64Array.from({ length: width }, (_, unit) => {
    const direction = kernel.map((_, input) => drawn[input * width + unit] ?? NaN)
    const scale = steepness / Math.hypot(...direction)
    const w = direction.map((component) => scale * component)
    kernel.forEach((row, input) => {
      row[unit] = 4 * (w[input] ?? NaN)
    })
    const distance = width === 1 ? 0 : (2 * unit) / (width - 1) - 1
    const b = distance * steepness * Math.sign(w[0] ?? NaN)
    return 2 * (b - w.reduce((sum, component) => sum + component, 0))
  })
  hidden.kernel = kernel
  return network
}

/** Puts a narrower network's units in the place of the first ones; the others' output is off. */
function widen(narrower: Network<'float64'>, network: Network<'float64'>): Network<'float64'> {
  const [from, fromOutput] = narrower.layers
  const [to, toOutput] = network.layers
  if (!from?.bias || !to?.bias || !fromOutput || !toOutput) throw new Error('No such layers')
  const narrowKernel = from.kernel.data
  const { data, shape } = to.kernel
  for (let input = 0; input < shape[0]; input++)
    data.set(narrowKernel.subarray(input * from.units, (input + 1) * from.units), input * to.units)
  to.kernel = { data, shape }
  to.bias = Float64Array.from([...from.bias, ...to.bias.slice(from.units)])
  const output = new Float64Array(to.units)
  output.set(fromOutput.kernel.data)
  toOutput.kernel = { data: output, shape: toOutput.kernel.shape }
  toOutput.bias = fromOutput.bias
  return network
}

/** Returns a check that a value is an array of at least one entry, each of which `check` takes. */
function listOf<T>(what: string, check: (name: string, value: unknown) => T) {
  return (name: string, value: unknown): readonly T[] => {
    if (!Array.isArray(value) || value.length === 0)
      throw typeError(name, `an array of ${what}, at least one`, value)
    return value.map((entry: unknown, i) => check(`${name}[${i}]`, entry))
  }
}
