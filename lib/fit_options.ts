import { typeError } from './errors.js'
import type { Callback } from './fit.js'
import type { fitOptions, MetricName, OptionsOf, streamOptions } from './options/index.js'
import { arrayOf, text } from './options/index.js'
import type { Validation } from './report.js'
import type { Preparation } from './stream/preparation.js'
import { checkPreparation } from './stream/preparation.js'

// What a fit is told: the types of its options, and the checks of those that are no single values.

/** What all ways of training are given. */
export interface Company<M extends MetricName, V extends Validation | undefined> {
  /** A set, or several by name, that is scored after each epoch. */
  readonly validation?: V
  /** Ends the training within one batch; the Fit then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Functions to call on the way. */
  readonly callbacks?: readonly Callback<M, V>[] | undefined
}

/** Options of {@link Trainer.fit}. @interface */
export type FitOptions<
  M extends MetricName = never,
  V extends Validation | undefined = undefined,
> = OptionsOf<typeof fitOptions> & Company<M, V>

/** Options of {@link Trainer.fitStream}. @interface */
export type StreamOptions<
  M extends MetricName = never,
  V extends Validation | undefined = undefined,
> = OptionsOf<typeof streamOptions> &
  Company<M, V> & {
    /**
     * What makes rows of Datasets of the source's Tables and row objects. If it has `partialFit`
     * and is not fitted yet (`isFitted` is not true), it learns from each block of the first epoch
     * before it transforms it, and stays as it is from then on. Which columns it makes must not
     * change on the way: fit a {@link Pipeline} on a sample first, if a OneHotEncoder may not meet
     * all categories at once or a step needs all rows at once, as medians do.
     */
    readonly preparation?: Preparation | undefined
    /** Where there is no preparation: the columns of numbers that are features. Default: all but the target's, as the first block has them. */
    readonly features?: readonly string[] | undefined
    /** Where there is no preparation: the column of class indices, or of the targets of one output; or the columns of several. */
    readonly target?: string | readonly string[] | undefined
  }

const hooks = ['onFitBegin', 'onEpochEnd', 'onBatchEnd', 'onFitEnd'] as const

/** Checks what says how columns become features and targets. */
export function checkColumns({
  preparation,
  features,
  target,
}: Pick<StreamOptions, 'preparation' | 'features' | 'target'>) {
  const name = text("a column's name")
  const names = arrayOf('an array of names', name)
  if (preparation !== undefined && (features ?? target) !== undefined)
    throw new TypeError('`features` and `target` are of no use: `preparation` makes both')
  return {
    preparation: preparation && checkPreparation(preparation),
    features: features && names('features', features),
    target: typeof target === 'object' ? names('target', target) : target && name('target', target),
  }
}

/** Checks what is to be called on the way. */
export function checkCallbacks(callbacks: unknown): void {
  if (!Array.isArray(callbacks)) throw typeError('callbacks', 'an array', callbacks)
  Array.from(callbacks, (callback: unknown, i) => {
    if (typeof callback !== 'object' || callback === null)
      throw typeError(`callbacks[${i}]`, 'a callback, such as earlyStopping()', callback)
    for (const name of hooks) {
      const hook: unknown = Reflect.get(callback, name)
      if (hook !== undefined && typeof hook !== 'function')
        throw typeError(`callbacks[${i}].${name}`, 'a function', hook)
    }
  })
}
