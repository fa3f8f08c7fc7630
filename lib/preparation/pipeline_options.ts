import type { DType } from '../matrix.js'
import type { inferenceOptions, OptionsOf } from '../options/index.js'
import type { ColumnSteps, Steps } from './column_steps.js'
import type { TargetTransformer } from './target.js'

/** Options of a Pipeline. */
export interface PipelineOptions {
  /**
   * The steps of each column, by its name; columns that are not named are left out. Columns that
   * are given the very same transformers go through them together. Or an array of lists of columns
   * with their steps. Default: all columns but the target and the weights, as they are.
   */
  readonly columns?: Readonly<Record<string, Steps>> | readonly ColumnSteps[] | undefined
  /** What everything that the columns became goes through. Default: nothing. */
  readonly steps?: Steps | undefined
  /** The column, or the columns of numbers, that is to be predicted. Default: none. */
  readonly target?: string | readonly string[] | undefined
  /**
   * What the target goes through: a LabelEncoder makes classes of it; what a scaler does is undone
   * in a Model's predictions. Default: a LabelEncoder for texts, nothing for numbers.
   */
  readonly targetTransformer?: TargetTransformer | undefined
  /** The column that says how much each row counts in the loss. Default: none. */
  readonly sampleWeights?: string | undefined
  /** Type of the numbers that are made. Default 'float32', as a Network's. */
  readonly dtype?: DType | undefined
}

/** Options of `Pipeline.infer`. @interface */
export type InferenceOptions = PipelineOptions & OptionsOf<typeof inferenceOptions>

/** Those of them that are in no table. */
export const ownOptions = [
  'columns',
  'steps',
  'target',
  'targetTransformer',
  'sampleWeights',
  'dtype',
] as const
