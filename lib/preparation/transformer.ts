import type { Table } from '../data/table.js'

/**
 * A step of preparation: it learns from columns and then changes columns. Those that gemmnet has are
 * used on matrices too; one of your own needs no more than this, and {@link registerTransformer} if
 * it is to be saved.
 *
 * Every row has to be changed for itself, by what was learned: none may depend on the other rows
 * that it is transformed with.
 */
export interface Transformer {
  /** Learns from these columns, and forgets what was learned before. */
  fit(x: Table): unknown
  /** Learns from these rows too, for data that come in parts. */
  partialFit?(x: Table): unknown
  /** The columns that are made of these: those of `featureNames`, in as many rows. */
  transform(x: Table): Table
  /** The columns that `transform` would make these of. */
  inverseTransform?(x: Table): Table
  /** The names of the columns that are made of those of these names. */
  featureNames(names: readonly string[]): readonly string[]
  /** Options and what was learned, as JSON; `fromJSON` of the class takes it. */
  toJSON(): unknown
}

/** A class of transformers that can be saved. */
export interface TransformerClass {
  new (...options: never[]): Transformer
  /**
   * What `toJSON` was called on, to the last bit.
   *
   * @throws any error if it is not such JSON: the file is then refused with `ERR_BAD_FILE`
   */
  fromJSON(json: unknown): Transformer
}

export const transformerMethods = ['fit', 'transform', 'featureNames', 'toJSON'] as const

/** Whether a value has what a {@link Transformer} needs. */
export function isTransformer(value: unknown): value is Transformer {
  return (
    typeof value === 'object' &&
    value !== null &&
    transformerMethods.every((method) => typeof Reflect.get(value, method) === 'function')
  )
}

/** @throws TypeError for a step that learns only from all rows at once */
export function checkLearnsInParts(step: Pick<Transformer, 'partialFit'>): void {
  if (typeof step.partialFit !== 'function')
    throw new TypeError(`${step.constructor.name} cannot learn in parts`)
}
