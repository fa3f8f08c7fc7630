// Longer than other files: the addon's whole interface stands in one place.
import { createRequire } from 'node:module'
import { GemmnetError } from './errors.js'
import { findPackageRoot } from './package_root.js'

// The only door to native code. Native settings are complete and checked before they come here:
// the addon has no defaults, and its own errors are for what would otherwise be a crash.

/** The native addon. */
export interface Native {
  readonly Dataset: new (settings: NativeDatasetSettings) => NativeDataset
  readonly Network: new (settings: NativeNetworkSettings) => NativeNetwork
  readonly Trainer: new (network: NativeNetwork, settings: NativeTrainerSettings) => NativeTrainer
  /** The rows of each part; no row is in two. */
  deal(settings: NativeDeal): Uint32Array[]
  describe(): Description
  /** Numbers `first` to `first + count - 1` in [0, 1) of this seed and use. */
  random(seed: number, use: number, first: number, count: number): Float64Array
  /** For the bench: measures what the process's threads do, until `stopWorkClock`. */
  startWorkClock(): void
  /** Seconds of all threads together, of fits that began and ended in between. */
  stopWorkClock(): NativeWork
  /** For the bench: how a training step over `rows` rows is cut. */
  describePlan(network: NativeNetwork, rows: number): NativePlan
}

/** The tiles of a step, which its threads share out. They depend on shapes and the machine only. */
export interface NativePlan {
  /** Of the batch: gather, forward, loss and backward; the columns are those of the input. */
  readonly rowTiles: readonly NativeTile[]
  /** Whether a thread computes neighbouring row tiles as one. */
  readonly rowTilesJoin: boolean
  /** One per layer: its products instead of the row tiles', where there are any. */
  readonly layerBlocks: readonly {
    /** Forward. */
    readonly outputs: NativeBlocks
    /** Backward. */
    readonly inputs: NativeBlocks
  }[]
  /** Gradient and update; `tensor` counts over all layers. */
  readonly tensorTiles: readonly (NativeTile & { readonly tensor: number })[]
  /** Whether the row tiles take the gradients of their rows, which the tensor tiles add up. */
  readonly gradientsByRows: boolean
}

export interface NativeBlocks {
  readonly blocks: readonly NativeTile[]
  /** Whether a thread computes neighbouring blocks as one. */
  readonly join: boolean
}

export interface NativeTile {
  readonly rows: number
  readonly columns: number
}

/** Time by kind of work; that of one fit adds up to threads times seconds. */
export interface NativeWork {
  /** Activations, losses and whatever else is none of the others. */
  readonly elementwise: number
  readonly gemm: number
  /** Drawing the order of the rows, and copying them in it. */
  readonly gather: number
  readonly optimizer: number
  readonly waiting: number
}

/** What this build of the addon has, walked from its own tables. */
export interface Description {
  readonly version: string
  readonly blas: string
  readonly blasKernel: string
  readonly instructionSet: string
  readonly instructionSets: readonly { readonly name: string; readonly supported: boolean }[]
  readonly processors: number
  readonly activations: readonly (DescribedRow & {
    readonly wholeRow: boolean
    readonly kinked: boolean
  })[]
  readonly losses: readonly (DescribedRow & {
    readonly fusedWith: string | null
    readonly averaged: boolean
    /** Whether it sums squares of outputs less targets. */
    readonly squared: boolean
    /** What the outputs must be for the loss to be smooth. */
    readonly domain: 'any' | 'positive' | 'probabilities'
    readonly kinked: boolean
  })[]
  readonly optimizers: readonly (DescribedRow & { readonly fullBatch: boolean })[]
  readonly quasiNewton: readonly (DescribedRow & {
    /** Whether it takes squared losses only. */
    readonly leastSquares: boolean
    /** Parameters that it takes at most; 0: any number. */
    readonly maximumSize: number
  })[]
  readonly layers: readonly (DescribedRow & {
    /** Whether it draws in training. */
    readonly random: boolean
    /** Whether it is a network's first layer or none. */
    readonly first: boolean
  })[]
  readonly schedules: readonly DescribedRow[]
  readonly initializers: readonly DescribedRow[]
  readonly metrics: readonly DescribedRow[]
}

export interface DescribedRow {
  readonly name: string
  /** Names of the numbers it takes, in the order it takes them. */
  readonly options: readonly string[]
}

/** A row of a table, and its numbers in its order. */
export interface NativeNamed {
  readonly name: string
  readonly options: readonly number[]
}

/** Rows as they lie in memory; entry (i, j) counts as `scale * data[i * columns + j]`. */
export interface NativeMatrix {
  readonly data: Float32Array | Float64Array | Uint8Array
  readonly rows: number
  readonly columns: number
  readonly scale: number
}

export interface NativeDatasetSettings {
  readonly features: NativeMatrix
  readonly targets: NativeMatrix | undefined
  readonly labels: Int32Array | undefined
  /** With labels: how many there can be. */
  readonly classes: number
  readonly weights: Float64Array | undefined
}

export interface NativeDataset {
  readonly rows: number
  firstNonFinite(): {
    readonly field: 'features' | 'targets'
    readonly row: number
    readonly column: number
  } | null
  /** The first row whose value in a column is no whole number from 0 to categories - 1. */
  firstOtherThanCategory(
    column: number,
    categories: number,
  ): { readonly row: number; readonly value: number } | null
  subset(positions: Uint32Array): NativeDataset
  /** For each row a number, from 0 in the order they come, that copies of one row share; undefined if none comes twice. */
  copies(): Int32Array | undefined
  copyFeatures(): Float32Array | Float64Array | Uint8Array
  copyTargets(): Float32Array | Float64Array | Uint8Array | Int32Array | undefined
  copyWeights(): Float64Array | undefined
}

/** How rows are dealt to parts: native/core/split.h says what comes of it. */
export interface NativeDeal {
  readonly rows: number
  /** Rows wanted of each part; together at most `rows`. */
  readonly sizes: readonly number[]
  /** One per row, below `classes`. */
  readonly labels: Int32Array | undefined
  readonly classes: number
  /** One per row, below `groupCount`, each at least once; at least as many groups as parts. */
  readonly groups: Int32Array | undefined
  readonly groupCount: number
  readonly shuffle: boolean
  readonly seed: number
}

export interface NativeLayerSettings {
  readonly kind: string
  readonly options: readonly number[]
  readonly units: number
  readonly activation: NativeNamed
  readonly bias: boolean
  readonly kernelInitializer: NativeNamed
  readonly biasInitializer: NativeNamed
  /** Of an embedding. */
  readonly columns: readonly {
    readonly column: number
    readonly categories: number
    readonly dimensions: number
  }[]
}

export interface NativeNetworkSettings {
  readonly inputs: number
  readonly layers: readonly NativeLayerSettings[]
  readonly seed: number
  readonly dtype: 'float32' | 'float64'
}

export interface NativeTensor {
  readonly name: string
  readonly rows: number
  readonly columns: number
  /** False for running statistics, which no gradient changes. */
  readonly learned: boolean
}

export interface NativeGradientError {
  readonly layer: number
  readonly tensor: string
  readonly relativeError: number
  readonly precisionError: number
}

export interface NativeNetwork {
  readonly isTraining: boolean
  /** The tensors of each layer; a tensor's index counts over all layers. */
  layers(): NativeTensor[][]
  isTrainable(layer: number): boolean
  setTrainable(layer: number, trainable: boolean): void
  copyTensor(index: number): Float32Array | Float64Array
  copyParameters(): Float32Array | Float64Array
  /** Sets `count` tensors from `first` on; `values` is of the network's type. */
  setTensors(first: number, count: number, values: Float32Array | Float64Array): void
  predict(x: NativeMatrix | NativeDataset): Float32Array | Float64Array
  predictAsync(
    x: NativeMatrix | NativeDataset,
    listener: TaskListener<Float32Array | Float64Array>,
  ): void
  checkGradients(
    data: NativeDataset,
    objective: NativeObjective,
    epsilon: number,
  ): NativeGradientError[]
  clone(): NativeNetwork
}

/** The cost has `l1` times the sum of magnitudes and `l2` times the sum of squares. */
export interface NativePenalty {
  readonly l1: number
  readonly l2: number
}

export interface NativeObjective {
  /** No name: a function, which the fit asks for. */
  readonly loss: NativeNamed
  readonly metrics: readonly NativeNamed[]
  /** One per tensor of the network. */
  readonly tensorPenalties: readonly NativePenalty[]
  /** One per layer. */
  readonly activityPenalties: readonly NativePenalty[]
  readonly penaltyPerRow: boolean
  readonly meanOverWeights: boolean
  /** One per class, or none. */
  readonly classWeights: readonly number[]
}

/** A schedule as the core has it; `child` is a warmup's, the lists are of a piecewise one. */
export interface NativeSchedule extends NativeNamed {
  readonly per: 'step' | 'epoch'
  readonly child?: NativeSchedule
  readonly boundaries?: readonly number[]
  readonly rates?: readonly number[]
}

export interface NativePhase {
  readonly optimizer: NativeNamed
  readonly weightDecay: number
  readonly decoupled: boolean
  /** Limits of the gradient; 0: none. */
  readonly clipping: {
    readonly value: number
    readonly tensorNorm: number
    readonly globalNorm: number
    readonly epsilon: number
    readonly beforePenalty: boolean
  }
  /** One per tensor: limits of its columns' norms; 0: none. */
  readonly maxNorms: readonly number[]
  /** Added to a norm that is divided by. */
  readonly maxNormEpsilon: number
  /** None: the fit asks for each step's rate. */
  readonly schedule?: NativeSchedule
  /** 0: no end. */
  readonly epochs: number
  readonly batchSize: number
  readonly accumulate: number
}

export interface NativeTrainerSettings {
  readonly objective: NativeObjective
  readonly phases: readonly NativePhase[]
  /** 0: no averages of the weights. */
  readonly averageMomentum: number
  readonly shuffle: boolean
  readonly seed: number
  /** 0: by the work in a step, and what else runs. */
  readonly threads: number
}

export interface NativeScores {
  readonly loss: number
  readonly penalty: number
  /** The values of all metrics, one after the other; a matrix has its rows one after the other. */
  readonly metrics: readonly number[]
}

export interface NativeEpochEvent extends NativeScores {
  readonly type: 'epoch'
  readonly epoch: number
  readonly phase: number
  readonly learningRate: number
  readonly evaluations: number
  readonly seconds: number
  readonly rowsPerSecond: number
  readonly validations: readonly NativeScores[]
}

export interface NativeBatchEvent {
  readonly type: 'batch'
  readonly epoch: number
  readonly batch: number
  /** 0: not known yet. */
  readonly batches: number
  readonly loss: number
  readonly penalty: number
  readonly learningRate: number
}

/** Asks for leave to begin; any number is it. */
export interface NativeBeginEvent {
  readonly type: 'begin'
}

/** Asks for the learning rate of a step; epoch and step count from 0 over the phase. */
export interface NativeRateEvent {
  readonly type: 'rate'
  readonly phase: number
  readonly epoch: number
  readonly step: number
}

/** Asks for the loss of a batch; the arrays are copies. */
export interface NativeLossEvent {
  readonly type: 'loss'
  readonly rows: number
  readonly outputs: Float32Array | Float64Array
  readonly targets?: Float32Array | Float64Array
  readonly labels?: Int32Array
  readonly weights?: Float32Array | Float64Array
}

/** There is room for rows of a stream again, after `push` has said that there was none. */
export interface NativeRoomEvent {
  readonly type: 'room'
}

export type NativeEvent =
  | NativeBeginEvent
  | NativeEpochEvent
  | NativeBatchEvent
  | NativeRateEvent
  | NativeLossEvent
  | NativeRoomEvent

export type NativeFitEnd =
  | { readonly reason: 'finished' | 'converged' | 'stopped' }
  | { readonly reason: 'failed'; readonly error: Error }
  | {
      readonly reason: 'nonFiniteWeights'
      readonly epoch: number
      readonly batch: number
      readonly layer: number
    }
  | {
      readonly reason: 'nonFiniteLoss'
      readonly epoch: number
      readonly batch: number
      /** The first layer with such outputs, if there is one. */
      readonly layer?: number
      /** The first such row, of such outputs or such a loss, among those of the data given; of a stream, its number. */
      readonly row?: number
    }

/** Rows that come while a fit trains on them. */
export interface NativeStream {
  /** Rows that may wait. */
  readonly mostAhead: number
  /** 0: not known. */
  readonly epochRows: number
  /** 0: rows stay in their order. */
  readonly shuffleBuffer: number
}

export interface NativeFitSettings {
  /** Undefined: a stream. */
  readonly train?: NativeDataset
  readonly stream?: NativeStream
  readonly validations: readonly NativeDataset[]
  readonly epochs: number
  /** 0: no batch events. */
  readonly batchReportInterval: number
  /** Whether the fit waits for leave to begin, and after each epoch for `proceed`. */
  readonly wait: boolean
}

/** Called with what happened since the last call, in order; the last time with the end. */
export type FitListener = (events: readonly NativeEvent[], end: NativeFitEnd | null) => void

/** Called once. */
export type TaskListener<Result> = (error: Error | null, result: Result) => void

export interface NativeTrainer {
  /** Returns the fit's number, which `stop` and `proceed` take; those of ended fits do nothing. */
  fit(settings: NativeFitSettings, listener: FitListener): number
  stop(fit: number): void
  /** Answers one event: a fit is never more than 1024 ahead, with `wait` not one epoch. */
  proceed(fit: number): void
  /** Answers the question a fit waits on: a loss with its gradient, of the network's type. */
  answer(fit: number, value: number, gradient?: Float32Array | Float64Array): void
  /**
   * Gives rows `begin` to `end` to a fit of a stream; the first is called `number`. False: there is
   * no room for more, a room event will come. All must be of one form.
   */
  push(fit: number, rows: NativeDataset, begin: number, end: number, number: number): boolean
  /** Ends an epoch after the rows that were pushed. */
  endEpoch(fit: number): void
  /** No more rows come: the fit ends before the first epoch that has not all of its own. */
  close(fit: number): void
  /** Multiplies all learning rates to come. */
  scaleLearningRate(factor: number): void
  evaluate(data: NativeDataset, listener: TaskListener<NativeScores>): void
}

/**
 * Finds the addon and loads it.
 *
 * @throws GemmnetError `ERR_NO_BINARY` with the command to run, or with what the addon refuses: a
 * BLAS that is not safe to call from several threads, a wrong `GEMMNET_SIMD`
 */
function loadNative(): Native {
  const root = findPackageRoot()
  const load = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => Native
  try {
    return withoutBlasThreads(() => load(root))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const isMissing =
      reason.startsWith('No native build') ||
      (cause instanceof Error && 'code' in cause && cause.code === 'ERR_DLOPEN_FAILED')
    // Otherwise the addon was loaded, and says itself why it does not run.
    const message = isMissing
      ? `gemmnet has no native addon that loads here (${process.platform}-${process.arch}): ` +
        `${reason.split('\n')[0] ?? ''}\n` +
        'Build it with: npm rebuild gemmnet\n' +
        '(npm 12 and newer block install scripts: run `npm install-scripts approve gemmnet` first)'
      : `gemmnet cannot run here: ${reason}`
    throw new GemmnetError('ERR_NO_BINARY', message, { cause })
  }
}

/**
 * OpenBLAS starts a thread for each processor as it is loaded, and they spin before they sleep; the
 * addon, which brings threads of its own, then sets it to one. So it is told at once, unless the
 * user has said something. In a worker `process.env` is a copy that OpenBLAS does not see: if
 * nobody has loaded it before, it starts them there.
 */
function withoutBlasThreads<T>(load: () => T): T {
  const name = 'OPENBLAS_NUM_THREADS'
  if (process.env[name] !== undefined) return load()
  process.env[name] = '1'
  try {
    return load()
  } finally {
    Reflect.deleteProperty(process.env, name) // also for what is started from here
  }
}

export const native: Native = loadNative()
