import { checks, number } from './checks.js'
import { defaulted, optional } from './option.js'
import { fitOptions } from './trainer.js'

// Rows have 32-bit positions in what an order is drawn over.
const mostShuffled = 2 ** 30

/** Options of `Trainer.fitStream` that are no objects of their own. */
export const streamOptions = {
  /** Epochs, from 0: passes over the source, or stretches of `epochRows` rows. Default: the Trainer's, or the sum of its phases'. */
  epochs: fitOptions.epochs,
  /** Rows of an epoch, a positive integer: the next epoch goes on where the source stands, and a source that ends is begun anew. Default: an epoch is one pass over the source. */
  epochRows: optional(checks.positiveInteger),
  /** Rows that are kept to draw their order over, of a positive integer up to 2^30, rounded up to whole batches; where they are all rows of the epoch, the order is that of `fit`. The rows that come next are in memory too. Default: rows stay in the order they come in. Of no use where the Trainer does not shuffle. */
  shuffleBuffer: optional(
    number(
      'a positive integer up to 2^30',
      (value) => Number.isInteger(value) && value > 0 && value <= mostShuffled,
    ),
  ),
  /** Rows that may wait for training, a positive integer: while they do, the source is not asked for more. What it gives at once may be more, and so may a batch or the shuffle buffer be. Default: 16 MB of features, two batches at least. */
  maximumRowsAhead: optional(checks.positiveInteger),
  /** `onBatchEnd` is called at every so many batches, and at the epoch's last. Default 1. */
  batchReportInterval: defaulted(1, checks.positiveInteger),
}
