import { checks, nameIn } from './checks.js'
import { conventions } from './conventions.js'
import { defaulted, required } from './option.js'

/** Options of a Network that are no objects of their own. */
export const networkOptions = {
  /** Columns of the rows it takes. */
  inputs: required(checks.positiveInteger),
  /** Seed of the initial weights. Equal seeds give equal networks. Default 0. */
  seed: defaulted(0, checks.wholeNumber),
  /** Whose conventions are followed. Default 'keras'. */
  conventions: defaulted('keras', nameIn('conventions', conventions)),
}
