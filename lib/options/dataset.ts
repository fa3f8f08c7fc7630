import { checks, number } from './checks.js'
import type { OptionsOf } from './option.js'
import { defaulted, optional } from './option.js'

/** Options of a Dataset that are no arrays. */
export const datasetOptions = {
  /** With labels: how many classes there are. Default: the largest label plus one. */
  classes: optional(checks.positiveInteger),
  /** What every feature is multiplied with when it is read; of a size from 1e-30 to 1e30. Default 1. */
  scale: defaulted(
    1,
    number(
      'a number of a size from 1e-30 to 1e30',
      (value) => Math.abs(value) >= 1e-30 && Math.abs(value) <= 1e30,
    ),
  ),
}

/** Options of `Dataset.split`. */
export const splitOptions = {
  /** Seed of the order in which rows are dealt. Default 0. */
  seed: defaulted(0, checks.wholeNumber),
  /** Whether every part gets of each class its share (needs labels). Default false. */
  stratify: defaulted(false, checks.boolean),
}
/** Options of `Dataset.split`. */
export type SplitOptions = OptionsOf<typeof splitOptions>
