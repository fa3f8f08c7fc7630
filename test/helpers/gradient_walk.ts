import type { ExecutionContext } from 'ava'
import type { GradientCheckOptions, LayerDescription } from '../../lib/index.js'
import { Network } from '../../lib/index.js'
import type { GradientReport } from '../../lib/network.js'
import { native } from '../../lib/native.js'
import type { Conventions } from '../../lib/options/index.js'
import { gradientCheckOptions } from '../../lib/options/index.js'
import { randomNumbers } from './data.js'
import { randomMatrix } from './random.js'
import type { Given } from './variants.js'
import { variants } from './variants.js'

// What the gradient walk makes of a case: weights and rows, and a judgement.
//
// Three rules stand in for lists of exceptions.
//
// Domain: the outputs are placed well inside what the loss is defined for, by trying scales and
// shifts of the weights until `predict` gives such outputs. Where an output activation cannot reach
// them (negative ones no probabilities), the outputs get the first activation that can, and the one
// that cannot is checked below them.
//
// Kinks: a difference across a kink is wrong while the gradient is right. It then changes with the
// step, as no difference at a point with a derivative does, be the gradient right or wrong. So a
// network that fails is differenced once more with a quarter of the step: if the errors agree, the
// gradient is wrong; if not, the differences mean nothing here and other weights are drawn, a few
// times at most.
//
// Zeros: a gradient that is 0 has no relative error; native/core/gradient_check.h has the criterion.

const description = native.describe()
/** The core's tables. */
export const { activations, losses, layers } = description

/** A row of a table with its options. */
export type Named = Given & { readonly name: string }
type Domain = (typeof losses)[number]['domain']

/** A network and what it is checked with. */
export interface Case {
  /** From the inputs on. */
  readonly layers: readonly Given[]
  readonly loss: Named
  /** Given to checkGradients. */
  readonly penalties?: Given | undefined
  readonly conventions?: Conventions | undefined
  readonly batch?: number
}

/** Sizes of networks and batches, where the walk does not change them. */
export const inputs = 3
export const units = 4
export const outputs = 3
const batch = 5
/** Of back-propagation against differences, of a tensor. */
export const largestError = 1e-7
/**
 * Of float32 against float64: for nearly all networks, and for the few where the way back subtracts
 * what is nearly equal, such as outputs and targets.
 */
const usualPrecisionError = 1e-5
const largestPrecisionError = 1e-3
/** How often a network is drawn at most, where differences mean nothing. */
const mostDraws = 4

export const named = (name: string, options: Given = {}): Named => ({ ...options, name })
export const layer = (type: string, options: Given = {}): Given => ({ ...options, type })
/** For kinds of layers that take columns of categories. */
export const columns = [{ column: 1, categories: 3, dimensions: 2 }]
export const denseLayer = (size: number, activation: Given, options: Given = {}) =>
  layer('dense', { ...options, units: size, activation })
export const tableOf = (tables: object, name: string) =>
  (Reflect.get(tables, name) ?? {}) as Parameters<typeof variants>[0]

/** Rows that need no thought, for what the walk is not about just then. */
export const anyLoss = required(losses.find(({ domain, kinked }) => domain === 'any' && !kinked))
export const smoothActivation = required(
  activations.find(({ kinked, wholeRow, name }) => !kinked && !wholeRow && isCurved(name)),
)

export function required<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('the tables have no such row')
  return found
}

/** Whether an activation is not a straight line between -1 and 1. */
function isCurved(name: string): boolean {
  const network = makeNetwork([denseLayer(1, named(name), { useBias: false })], 1)
  network.parameters = [1]
  const [below = 0, middle = 0, above = 0] = network.predict([[-1], [0], [1]]).data
  return Math.abs(below + above - 2 * middle) > 0.01
}

function makeNetwork(
  given: readonly Given[],
  width: number,
  conventions?: Conventions,
  seed = 0,
): Network {
  const descriptions = given as unknown as LayerDescription[] // the constructor checks them
  return new Network({ inputs: width, layers: descriptions, seed, conventions })
}

const inside: Record<Domain, (output: number) => boolean> = {
  any: (output) => Math.abs(output) < 4,
  positive: (output) => output > 0.05 && output < 4,
  probabilities: (output) => output > 0.05 && output < 0.95,
}

/** Scales of dense layers' weights and shifts of the last ones' biases that are tried in turn. */
const placements = [1, 0.3, 0.1].flatMap((scale) =>
  [0, 0.5, 1, -0.5, -1, -2].map((shift) => ({ scale, shift })),
)

/** Weights, rows and targets of a case, placed in each way whose outputs suit the loss. */
function* placed(one: Case, seed: number) {
  const rows = one.batch ?? batch
  const { domain } = required(losses.find(({ name }) => name === one.loss.name))
  const network = makeNetwork(one.layers, inputs, one.conventions, seed)
  const random = randomNumbers(seed)
  // Away from 0 and 1, so that no bias or running statistic is left out.
  const drawn = Array.from(network.parameters, (value) => value + 0.4 * random() - 0.2)
  const last = network.layers.findLastIndex(({ type }) => type === 'dense')
  const x = makeRows(one, rows, seed + 1)
  for (const { scale, shift } of placements) {
    let next = 0
    network.parameters = network.layers.flatMap((place, l) => {
      const own = drawn.slice(next, (next += place.parameterCount))
      if (place.type !== 'dense') return own
      const kernel = own.length - (place.tensorNames.includes('bias') ? place.units : 0)
      return own.map((value, i) => scale * value + (l === last && i >= kernel ? shift : 0))
    })
    if (network.predict(x).data.every(inside[domain]) && isModerate(one, network, x))
      yield { network, x, y: makeTargets(rows, network.outputs, domain, seed + 2) }
  }
}

/** Rows for a network's first layer: its columns of categories hold some. */
function makeRows(one: Case, rows: number, seed: number): number[][] {
  const x = randomMatrix(rows, inputs, seed, -1, 1)
  if (!('columns' in (one.layers[0] ?? {}))) return x
  return x.map((row) =>
    row.map((value, i) => {
      const { categories = 0 } = columns.find(({ column }) => column === i) ?? {}
      return categories === 0 ? value : Math.floor(((value + 1) / 2) * categories)
    }),
  )
}

/** Targets that a loss of that domain is defined for; of probabilities rows sum to 1. */
function makeTargets(rows: number, columns: number, domain: Domain, seed: number) {
  if (domain === 'any') return randomMatrix(rows, columns, seed, -1.5, 1.5)
  const values = randomMatrix(rows, columns, seed, 0.1, 1)
  if (domain === 'positive') return values
  return values.map((row) => {
    const sum = row.reduce((total, value) => total + value, 0)
    return row.map((value) => value / (columns === 1 ? 1.1 : sum))
  })
}

/** Whether no layer's outputs are so large that the next one's would vanish or overflow. */
function isModerate(one: Case, network: Network, x: number[][]): boolean {
  let count = 0
  return network.layers.slice(0, -1).every(({ parameterCount }, l) => {
    count += parameterCount
    const part = makeNetwork(one.layers.slice(0, l + 1), inputs, one.conventions)
    part.parameters = network.parameters.slice(0, count)
    return part.predict(x).data.every((value) => Math.abs(value) < 10)
  })
}

type Placed = ReturnType<typeof placed> extends Iterable<infer P> ? P : never

/**
 * The report of a step; undefined if the cost is not finite, which may be where a layer is another
 * in training than in `predict`, by which the outputs are placed.
 */
function differentiate({ network, x, y }: Placed, one: Case, epsilon?: number) {
  const { loss, penalties, conventions } = one
  const options = { ...penalties, loss, conventions, epsilon } as unknown as GradientCheckOptions
  try {
    return network.checkGradients(x, y, options)
  } catch (error) {
    const isPlain = one.layers.every(({ type }) => type === 'dense')
    if (!isPlain && error instanceof Error && error.message.endsWith('not finite')) return undefined
    throw error
  }
}

const rank = ({ type }: Given) => (layers.some(({ name, first }) => name === type && first) ? 0 : 1)

/** What the networks of a test came to. */
export class Tally {
  networks = 0
  unreachable = 0
  redrawn = 0
  imprecise = 0
  relativeError = 0
  precisionError = 0
  readonly failures: string[] = []

  /**
   * Checks the network of a case, with what can only be a first layer there; false if the loss's
   * domain is out of its reach.
   */
  check(given: Case): boolean {
    const one = { ...given, layers: [...given.layers].sort((a, b) => rank(a) - rank(b)) }
    for (let drawn = 1; ; drawn++) {
      const seed = 1 + 10 * (mostDraws * this.networks + drawn)
      const [usual, fine] = this.#differentiate(one, seed)
      if (usual === undefined) return false
      if (fine !== undefined && drawn < mostDraws && !agree(usual, fine)) {
        this.redrawn++
        continue
      }
      this.#add(one, usual)
      return true
    }
  }

  /** The report of the first placement that has one, and if it fails that of a finer step. */
  #differentiate(one: Case, seed: number): (GradientReport | undefined)[] {
    for (const place of placed(one, seed)) {
      const report = differentiate(place, one)
      if (report === undefined) continue
      if (report.relativeError < largestError) return [report]
      return [report, differentiate(place, one, gradientCheckOptions.epsilon.default / 4)]
    }
    return []
  }

  #add(one: Case, report: GradientReport) {
    this.networks++
    if (report.tensors.some(({ precisionError }) => precisionError >= usualPrecisionError))
      this.imprecise++
    for (const { layer: place, tensor, relativeError, precisionError } of report.tensors) {
      this.relativeError = Math.max(this.relativeError, relativeError)
      this.precisionError = Math.max(this.precisionError, precisionError)
      if (!(relativeError < largestError && precisionError < largestPrecisionError))
        this.failures.push(
          `layer ${place} ${tensor}: ${relativeError}, float32 ${precisionError}: ` +
            JSON.stringify(one),
        )
    }
  }

  /** Asserts that nothing failed. */
  end(t: ExecutionContext) {
    t.deepEqual(this.failures.slice(0, 10), [], `${this.failures.length} failures`)
    // Were gradients 0, or kinks everywhere, nothing would have been checked.
    t.true(this.relativeError > 0)
    t.true(this.redrawn <= 0.02 * this.networks, `${this.redrawn} drawn again`)
    t.true(this.imprecise <= 0.01 * this.networks, `${this.imprecise} imprecise in float32`)
    t.log(
      `${this.networks} networks, ${this.unreachable} out of reach, ${this.redrawn} drawn again, ` +
        `largest relative error ${this.relativeError.toExponential(1)}, ` +
        `float32 ${this.precisionError.toExponential(1)} (${this.imprecise} above the usual)`,
    )
  }
}

/** Whether two reports of different steps find the same errors: see above. */
function agree(a: GradientReport, b: GradientReport): boolean {
  return a.tensors.every(({ relativeError }, i) => {
    const other = b.tensors[i]?.relativeError ?? NaN
    const distance = Math.abs(relativeError - other)
    return !(distance >= largestError / 2 + 1e-4 * relativeError) // NaN is not a kink
  })
}

/**
 * Checks the network that `make` gives for the walked activation as that of its outputs, or if the
 * loss cannot take these, for the first that it can. Returns whether it can.
 */
export function checkWithOutput(
  tally: Tally,
  activation: Named,
  make: (output: Named) => Case,
): boolean {
  if (tally.check(make(activation))) return true
  tally.unreachable++
  if (!activations.some(({ name }) => tally.check(make(named(name)))))
    tally.failures.push(`no outputs for ${JSON.stringify(make(activation))}`)
  return false
}
