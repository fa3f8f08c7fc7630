import { rangeError, typeError, unknownName } from '../errors.js'
import { checks } from '../options/index.js'
import { DatetimeEncoder } from './datetime_encoder.js'
import { LabelEncoder } from './label_encoder.js'
import { MinMaxScaler } from './min_max_scaler.js'
import { OneHotEncoder } from './one_hot_encoder.js'
import { OrdinalEncoder } from './ordinal_encoder.js'
import { RobustScaler } from './robust_scaler.js'
import { SimpleImputer } from './simple_imputer.js'
import { StandardScaler } from './standard_scaler.js'
import type { Transformer, TransformerClass } from './transformer.js'
import { isTransformer } from './transformer.js'

/** The classes that files know, by name. A Map, so that no name in a file finds anything else. */
const classes = new Map<string, TransformerClass>(
  Object.entries({
    StandardScaler,
    MinMaxScaler,
    RobustScaler,
    OneHotEncoder,
    OrdinalEncoder,
    SimpleImputer,
    DatetimeEncoder,
  }),
)

const labelEncoder = 'LabelEncoder'

/**
 * Makes a class of transformers known by a name, so that pipelines with such steps can be saved and
 * loaded.
 *
 * @throws TypeError if the class has no `fromJSON`
 * @throws RangeError if another class has the name
 *
 * @example
 * import type { Transformer } from 'gemmnet'
 *
 * class Log implements Transformer {
 *   fit() {}
 *   transform(x: Table) {
 *     const log = (name: string) => Float64Array.from(x.toMatrix([name]).data, Math.log)
 *     return new Table(new Map(x.names.map((name) => [name, log(name)])))
 *   }
 *   featureNames(names: readonly string[]) { return names }
 *   toJSON() { return {} }
 *   static fromJSON() { return new Log() }
 * }
 * registerTransformer('Log', Log)
 */
export function registerTransformer(name: string, transformer: TransformerClass): void {
  checks.text('name', name)
  const given: unknown = transformer
  if (typeof given !== 'function' || typeof Reflect.get(given, 'fromJSON') !== 'function')
    throw typeError('transformer', 'a class with a static method `fromJSON`', transformer)
  if (name === labelEncoder || (classes.get(name) ?? transformer) !== transformer)
    throw rangeError('name', 'one that no other class of transformers has', name)
  classes.set(name, transformer)
}

/** A transformer as a file has it: its class's name, and what `toJSON` gives. */
export interface SavedTransformer {
  readonly type: string
  readonly state: unknown
}

/** @throws TypeError if its class is not registered */
export function saveTransformer(transformer: Transformer | LabelEncoder): SavedTransformer {
  const state = transformer.toJSON()
  if (transformer instanceof LabelEncoder) return { type: labelEncoder, state }
  for (const [type, known] of classes) if (transformer.constructor === known) return { type, state }
  throw new TypeError(
    `\`${transformer.constructor.name}\` cannot be saved; make it known with registerTransformer`,
  )
}

/** @throws any error if it is damaged, or its class is not registered */
export function loadTransformer(saved: unknown): Transformer {
  const { type, state } = checkSaved(saved)
  const known = classes.get(type)
  if (known === undefined) throw unknownName('transformer', type, classes.keys())
  const transformer: unknown = known.fromJSON(state)
  if (!isTransformer(transformer)) throw typeError(type, 'a Transformer', transformer)
  return transformer
}

/** The same for what a target goes through, which may be a LabelEncoder. */
export function loadTargetTransformer(saved: unknown): Transformer | LabelEncoder {
  const { type, state } = checkSaved(saved)
  return type === labelEncoder ? LabelEncoder.fromJSON(state) : loadTransformer(saved)
}

function checkSaved(saved: unknown): SavedTransformer {
  if (typeof saved !== 'object' || saved === null) throw typeError('step', 'an object', saved)
  const { type, state } = saved as Record<string, unknown>
  return { type: checks.text('type', type), state }
}
