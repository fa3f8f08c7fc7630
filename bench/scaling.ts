import type { NativePlan } from '../lib/native.js'
import { native } from '../lib/native.js'
import type { Case } from './cases.js'

// A model of a step's time: what its tiles do, in counts, times what a count costs, for the thread
// with the most of it. docs/scaling.md has the formula, its constants and how well it predicts.

/** Counts of what costs time. */
export interface Work {
  /** Of products. */
  readonly multiplications: number
  /** Elements that products read and write. */
  readonly operands: number
  /** Those of them that no cache kept since they were last used. */
  readonly distant: number
  /** Of activations, losses and sums: elements of one pass over them. */
  readonly elements: number
  /** Elements of rows copied in their order. */
  readonly gathered: number
  /** Parameters. */
  readonly updated: number
  /** Those of them that no cache kept since the last step. */
  readonly fetched: number
}

/** Seconds of one thread for each count, and of what does not grow with the tiles. */
export interface Costs extends Work {
  /** Handing a phase to a second thread, and waiting for it. */
  readonly barrier: number
  /** Reading an element that another core has written. */
  readonly received: number
  /** Alone: of a step, of drawing the place of one of its rows, of publishing a parameter. */
  readonly step: number
  readonly drawn: number
  readonly published: number
}

/** Tiles that any thread may take, and that all wait for before the next phase. */
export interface Phase {
  readonly name: string
  readonly tiles: readonly Work[]
  /** What each thread does once, however many of the tiles it takes. */
  readonly once: Work
  /** Elements that the threads wrote in an earlier phase, and all read now, or each its part of. */
  readonly readByAll: number
  readonly readInParts: number
}

/** A step as the model sees it. */
export interface StepShape {
  readonly phases: readonly Phase[]
  readonly batch: number
  readonly parameters: number
}

/** What the step runs on. */
export interface Hardware {
  readonly cores: number
  /** Parameters that all cores together update in a second, at most: what the memory can move. */
  readonly updatesPerSecond: number
}

/** Where a step's time goes; the parts add up to its seconds. */
export interface Prediction {
  readonly seconds: number
  /** What it would take if all work were shared out evenly. */
  readonly even: number
  /** More, because the tiles cannot be. */
  readonly uneven: number
  /** More, because each thread reads the same weights, or what another has written. */
  readonly exchange: number
  /** More, because the memory does not move parameters as fast as the cores update them. */
  readonly memory: number
  readonly barriers: number
  readonly alone: number
}

/**
 * Elements that stay in the caches from step to step. Measured: on a core with 2 MB of its own, and
 * much more that all share, updates and products slow down from there on.
 */
const keptElements = 1_800_000

export const noWork: Work = {
  multiplications: 0,
  operands: 0,
  distant: 0,
  elements: 0,
  gathered: 0,
  updated: 0,
  fetched: 0,
}

export const workKinds = Object.keys(noWork) as (keyof Work)[]

export function sumOf(...works: readonly Partial<Work>[]): Work {
  const sum = { ...noWork } as Record<keyof Work, number>
  for (const work of works) for (const kind of workKinds) sum[kind] += work[kind] ?? 0
  return sum
}

/** What the threads together do in a step on so many cores. */
export const workOf = ({ phases }: StepShape, cores: number): Work =>
  sumOf(...phases.flatMap(({ tiles, once }) => [...tiles, ...Array<Work>(cores).fill(once)]))

/** How the core cuts a case's step; weights and optimizer have no say in that. */
export function planOf({ widths, batch }: Pick<Case, 'widths' | 'batch'>): NativePlan {
  const [inputs = 1, ...units] = widths
  const zeros = { name: 'zeros', options: [] }
  const layers = units.map((count) => ({
    kind: 'dense',
    options: [],
    units: count,
    activation: { name: 'linear', options: [] },
    bias: true,
    kernelInitializer: zeros,
    biasInitializer: zeros,
    columns: [],
  }))
  const network = new native.Network({ inputs, layers, seed: 0, dtype: 'float32' })
  return native.describePlan(network, batch)
}

/** The phases of a step of dense layers, each with a kernel and a bias, all of them trained. */
export function shapeOf(
  { widths, batch }: Pick<Case, 'widths' | 'batch'>,
  plan: NativePlan,
): StepShape {
  const layers = widths.slice(1).map((outputs, i) => ({ inputs: widths[i] ?? 1, outputs }))
  const parameters = sum(layers.map(({ inputs, outputs }) => (inputs + 1) * outputs))
  const state = 3 * parameters // weights and two slots
  const made = 2 * batch * sum(widths) // activations and their gradients
  const lostOf = (elements: number) => Math.max(0, 1 - keptElements / elements)
  const withLost = (work: Work): Work => ({
    ...work,
    fetched: work.updated * lostOf(state),
    distant: work.operands * lostOf(state + made),
  })
  const phases = [...batchPhases(layers, batch, plan), gradientPhase(layers, batch, plan)]
  return {
    phases: phases.map((phase) => ({
      ...phase,
      tiles: phase.tiles.map(withLost),
      once: withLost(phase.once),
    })),
    batch,
    parameters,
  }
}

interface Shape {
  readonly inputs: number
  readonly outputs: number
}

/** [rows, depth] by [depth, columns]; the right side apart, as joined tiles read it once. */
const product = (rows: number, columns: number, depth: number): Partial<Work> => ({
  multiplications: rows * columns * depth,
  operands: rows * (columns + depth),
})

/** What is done between two waits for all threads: layers by row tiles, or one by its blocks. */
interface Stage {
  readonly begin: number
  end: number
  readonly byBlocks: boolean
}

function stagesOf(layers: readonly Shape[], { layerBlocks }: NativePlan): Stage[] {
  let last: Stage = { begin: 0, end: 0, byBlocks: false }
  const stages = [last]
  const push = (begin: number, end: number, byBlocks: boolean) => {
    last = { begin, end, byBlocks }
    stages.push(last)
  }
  layers.forEach((_, l) => {
    const hasBlocks = (layerBlocks[l]?.outputs.blocks.length ?? 0) > 0
    if (hasBlocks) push(l, l + 1, true)
    else if (last.byBlocks) push(l, l, false)
    last.end = l + 1
  })
  if (last.byBlocks) push(layers.length, layers.length, false)
  return stages
}

/** Gather, forward, loss, backward. */
function batchPhases(layers: readonly Shape[], batch: number, plan: NativePlan): Phase[] {
  const stages = stagesOf(layers, plan)
  const inputsOf = (l: number) => layers[l]?.inputs ?? 0
  const outputsOf = (l: number) => layers[l]?.outputs ?? 0
  const isBlocks = (s: number) => stages[s]?.byBlocks ?? false
  const numbersOf = (s: number) => {
    const { begin = 0, end = 0 } = stages[s] ?? {}
    return layers.slice(begin, end).map((_, i) => begin + i)
  }

  const forward = (s: number, rows: number): Partial<Work>[] => [
    { gathered: s === 0 ? rows * inputsOf(0) : 0 },
    ...numbersOf(s).flatMap((l) => [
      product(rows, outputsOf(l), inputsOf(l)),
      { elements: rows * outputsOf(l) },
    ]),
  ]
  const backward = (s: number, rows: number): Partial<Work>[] => [
    ...numbersOf(s).flatMap((l) => [
      // The loss has made dC/dz of the last layer.
      { elements: l + 1 < layers.length ? rows * outputsOf(l) : 0 },
      l > 0 ? product(rows, inputsOf(l), outputsOf(l)) : {},
    ]),
    { elements: isBlocks(s - 1) ? rows * outputsOf((stages[s]?.begin ?? 0) - 1) : 0 },
  ]
  const gradients = (rows: number): Partial<Work>[] =>
    layers.flatMap(({ inputs, outputs }) => [
      product(inputs, outputs, rows),
      { operands: rows * outputs, elements: rows * outputs },
    ])
  const weights = (s: number, first: number) =>
    sum(numbersOf(s).map((l) => (l < first ? 0 : inputsOf(l) * outputsOf(l))))

  const rowPhase = (s: number, isForward: boolean, isBackward: boolean): Phase => {
    const read = (isForward ? weights(s, 0) : 0) + (isBackward ? weights(s, 1) : 0)
    const tiles = plan.rowTiles.map(({ rows }) =>
      sumOf(
        ...(isForward ? forward(s, rows) : []),
        ...(isBackward ? backward(s, rows) : []),
        ...(isBackward && plan.gradientsByRows ? gradients(rows) : []),
        { operands: plan.rowTilesJoin ? 0 : read },
      ),
    )
    return {
      name: ['rows', ...(isForward ? [] : ['back'])].join(' '),
      tiles,
      once: sumOf({ operands: plan.rowTilesJoin ? read : 0 }),
      readByAll: isForward ? weights(s, 0) : 0, // then the cache has them
      readInParts: s > 0 ? batch * outputsOf((stages[s]?.begin ?? 0) - 1) : 0,
    }
  }
  const blockPhase = (s: number, isForward: boolean): Phase => {
    const l = stages[s]?.begin ?? 0
    const grids = plan.layerBlocks[l]
    const { blocks = [], join = false } = (isForward ? grids?.outputs : grids?.inputs) ?? {}
    const depth = isForward ? inputsOf(l) : outputsOf(l)
    const isActivated = isForward || isBlocks(s - 1)
    // Joined, a thread's blocks are a part of the columns: it reads that part of the right side
    // once, and the left side once.
    const tiles = blocks.map(({ rows, columns }) =>
      sumOf({
        multiplications: rows * columns * depth,
        operands:
          rows * columns + (join ? (columns * depth * rows) / batch : (rows + columns) * depth),
        elements: isActivated ? rows * columns : 0,
      }),
    )
    return {
      name: `layer ${l + 1}${isForward ? '' : ' back'}`,
      tiles,
      once: sumOf({ operands: join ? batch * depth : 0 }),
      readByAll: batch * depth,
      readInParts: isForward ? inputsOf(l) * outputsOf(l) : 0,
    }
  }

  const last = stages.length - 1
  const phases = stages.map(({ byBlocks }, s) =>
    byBlocks ? blockPhase(s, true) : rowPhase(s, true, s === last),
  )
  for (let s = last; s > 0 && stages[s]?.begin !== 0; s--)
    if (!isBlocks(s - 1)) phases.push(rowPhase(s - 1, false, true))
    else if (stages[s - 1]?.begin !== 0) phases.push(blockPhase(s - 1, false))
  return phases
}

function gradientPhase(layers: readonly Shape[], batch: number, plan: NativePlan): Phase {
  const tiles = plan.tensorTiles.map(({ rows, columns, tensor }) => {
    const isKernel = tensor % 2 === 0 // each layer has a kernel and a bias
    const updated = rows * columns
    if (plan.gradientsByRows) return sumOf({ updated, elements: plan.rowTiles.length * updated })
    return isKernel
      ? sumOf(product(rows, columns, batch), { updated, operands: batch * columns })
      : sumOf({ updated, elements: batch * columns })
  })
  const read = (rows: (layer: Shape) => number) =>
    plan.gradientsByRows ? 0 : batch * sum(layers.map(rows))
  return {
    name: 'gradients',
    tiles,
    once: noWork,
    readByAll: read(({ outputs }) => outputs),
    readInParts: plan.gradientsByRows
      ? plan.rowTiles.length * sum(layers.map(({ inputs, outputs }) => inputs * outputs))
      : read(({ inputs }) => inputs),
  }
}

const secondsOf = (work: Work, costs: Costs): number =>
  sum(workKinds.map((kind) => work[kind] * costs[kind]))

/** The most that one core gets where each takes the next tile as soon as it has done its last. */
export function longestShare(tiles: readonly number[], cores: number): number {
  const loads = Array<number>(Math.max(1, Math.min(cores, tiles.length))).fill(0)
  for (const tile of tiles) {
    const least = loads.indexOf(Math.min(...loads))
    loads[least] = (loads[least] ?? 0) + tile
  }
  return Math.max(...loads)
}

/** The time of a step, in an epoch of so many of them. */
export function predict(
  { phases, batch, parameters }: StepShape,
  { cores, updatesPerSecond }: Hardware,
  costs: Costs,
  stepsPerEpoch: number,
): Prediction {
  let [even, uneven, exchange, memory, barriers] = [0, 0, 0, 0, 0]
  for (const { tiles, once, readByAll, readInParts } of phases) {
    const threads = Math.min(cores, tiles.length)
    const seconds = tiles.map((tile) => secondsOf(tile, costs))
    const onceSeconds = secondsOf(once, costs)
    const longest = longestShare(seconds, cores)
    const moved = sum(tiles.map(({ updated }) => updated)) / updatesPerSecond
    even += (sum(seconds) + onceSeconds) / cores
    uneven += longest - sum(seconds) / cores
    memory += Math.max(0, moved - longest - onceSeconds)
    exchange += onceSeconds - onceSeconds / cores
    if (threads < 2) continue
    // Of what it reads, a thread has written its own part.
    const read = readByAll + readInParts / threads
    exchange += costs.received * read * (1 - 1 / threads)
    // The caller deals out to each thread, and each looks for what the others have left.
    barriers += (costs.barrier * cores) / 2
  }
  const alone =
    costs.step + batch * costs.drawn + (parameters * costs.published) / Math.max(1, stepsPerEpoch)
  const seconds = even + uneven + exchange + memory + barriers + alone
  return { seconds, even, uneven, exchange, memory, barriers, alone }
}

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)
