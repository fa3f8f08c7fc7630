// What a contender is asked, and what it answers: see docs/benchmark.md.

/** What a case measures. */
export type CaseKind = 'step' | 'predict' | 'program' | 'grid' | 'memory' | 'import' | 'eventLoop'

/** What a process is asked for: a case's figure, or on what the time of its steps is spent. */
export type Kind = CaseKind | 'shares'

/**
 * Of the time of all threads of a fit; they add up to 1. `elementwise` is activations, losses and
 * whatever else is none of the others; `gather` is drawing the order of the rows and copying them in
 * it; who waits has nothing to do.
 */
export type Shares = Readonly<Record<(typeof shareNames)[number], number>>

/** The parts of a step's time, as tables show them. */
export const shareNames = ['gemm', 'elementwise', 'gather', 'optimizer', 'waiting'] as const

/** What one process of a contender is to measure. */
export interface Task {
  readonly kind: Kind
  readonly case: string
  /** Inputs, then the units of each layer. */
  readonly widths: readonly number[]
  readonly batch: number
  readonly optimizer: string
  readonly learningRate: number
  /** Of the hidden layers; the last is softmax, or linear where it has one unit. */
  readonly activation: string
  /** Of a program, and of each network of the grid. */
  readonly epochs: number
  /** What the bytes of a program's rows are multiplied with. */
  readonly scale: number
  /** Undefined: as many as the contender likes. */
  readonly threads: number | undefined
  /** For how long to measure. */
  readonly seconds: number
  /** Where rows and initial weights are, and where files may be written. */
  readonly folder: string
}

/** What one process measured. */
export interface Trial {
  /** Seconds, or bytes; without it, the seconds that the process took from its start to its end. */
  readonly value?: number
  /** Of the training rows after the first epochs, by the same formula for every contender. */
  readonly loss?: number
  /** Share of test rows. */
  readonly accuracy?: number
  /** What the kind `shares` asks for, and then there is nothing else. */
  readonly shares?: Shares
  /** Why the contender cannot do this task; then there is nothing else. */
  readonly skipped?: string
  /** What keeps the figure from being compared as it is. */
  readonly note?: string
}

/**
 * What becomes of the threads: the contender decides, takes the number it is given, or has one.
 * One that takes a number is measured at 1 and at all processors unless told otherwise.
 */
export type Threads = 'automatic' | 'given' | 'one'

/** What a contender says of itself. */
export interface Probe {
  readonly version: string
  readonly threads: Threads
  readonly kinds: readonly Kind[]
}

/** The task as command-line words, `name=value`, which every language can read. */
export function toWords(task: Task): string[] {
  return Object.entries(task)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`)
}

/** What {@link toWords} wrote. */
export function fromWords(words: readonly string[]): Task {
  const values = new Map(
    words.map((word) => {
      const place = word.indexOf('=')
      return [word.slice(0, place), word.slice(place + 1)]
    }),
  )
  const text = (name: string) => {
    const value = values.get(name)
    if (value === undefined) throw new RangeError(`The task has no ${name}`)
    return value
  }
  const threads = values.get('threads')
  return {
    kind: text('kind') as Kind,
    case: text('case'),
    widths: text('widths').split(',').map(Number),
    batch: Number(text('batch')),
    optimizer: text('optimizer'),
    learningRate: Number(text('learningRate')),
    activation: text('activation'),
    epochs: Number(text('epochs')),
    scale: Number(text('scale')),
    threads: threads === undefined ? undefined : Number(threads),
    seconds: Number(text('seconds')),
    folder: text('folder'),
  }
}

/** JSON has no NaN and writes null for it; nothing here is null otherwise. */
export function parseWithNaN(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => (value === null ? NaN : value))
}
