import type { Dataset } from './dataset.js'
import type { Layer } from './layer.js'
import type { NativeObjective, NativePenalty } from './native.js'
import type { ActivationName, Conventions, LossName } from './options/index.js'
import { nameOf } from './options/index.js'

/** All penalties of a network, as conventions have them. */
export function nativePenalties(
  layers: readonly Layer[],
  l1: number,
  l2: number,
  conventions: Conventions,
): Pick<NativeObjective, 'tensorPenalties' | 'activityPenalties' | 'penaltyPerRow'> {
  return {
    tensorPenalties: tensorPenalties(layers, l1, l2, conventions),
    activityPenalties: activityPenalties(layers),
    penaltyPerRow: conventions === 'sklearn',
  }
}

/** The penalties of each tensor's values. */
function tensorPenalties(
  layers: readonly Layer[],
  l1: number,
  l2: number,
  conventions: Conventions,
): NativePenalty[] {
  // Keras's penalty is l2 times the sum of squares; PyTorch's and scikit-learn's gradient is l2 w.
  const share = conventions === 'keras' ? 1 : 0.5
  const everywhere = conventions === 'torch' ? l2 : 0
  return layers.flatMap(({ description, tensorNames }) => {
    if (description.type === 'embedding') {
      const penalty = { l1: description.l1 ?? l1, l2: share * (description.l2 ?? l2) }
      return tensorNames.map(() => penalty)
    }
    const dense = description.type === 'dense' ? description : undefined
    return tensorNames.map((name) => {
      if (dense === undefined) return { l1: 0, l2: share * everywhere }
      return name === 'kernel'
        ? { l1: dense.l1 ?? l1, l2: share * (dense.l2 ?? l2) }
        : { l1: dense.biasL1, l2: share * (dense.biasL2 ?? everywhere) }
    })
  })
}

/** The penalties of each layer's outputs. */
function activityPenalties(layers: readonly Layer[]): NativePenalty[] {
  return layers.map(({ description }) =>
    description.type === 'dense'
      ? { l1: description.activityL1, l2: description.activityL2 }
      : { l1: 0, l2: 0 },
  )
}

/** The limits of each tensor's columns' norms; 0: none. */
export function maxNorms(layers: readonly Layer[]): number[] {
  return layers.flatMap(({ description, tensorNames }) =>
    tensorNames.map((name) =>
      name === 'kernel' && description.type === 'dense' ? (description.maxNorm ?? 0) : 0,
    ),
  )
}

/** Activations whose outputs are probabilities, which is what cross-entropies take. */
const probable: ReadonlySet<string> = new Set<ActivationName>(['hardSigmoid', 'sigmoid', 'softmax'])
const warned = new Set<string>()

/**
 * Warns, once a process, of outputs that a loss makes nothing of: logits are taken for probabilities,
 * cut off at 0 and 1, and little is learned. It is no error, as Keras has it too.
 */
export function warnOfOutputs(layers: readonly Layer[], loss: LossName | undefined): void {
  const description = layers.at(-1)?.description
  if (description === undefined || !('activation' in description)) return
  const activation = nameOf(description.activation)
  if (activation === 'softmax' && 'units' in description && description.units === 1)
    warn("a 'softmax' of one unit is always 1: end with a 'sigmoid'")
  if (
    (loss === 'categoricalCrossentropy' || loss === 'binaryCrossentropy') &&
    !probable.has(activation)
  )
    warn(
      `\`${loss}\` takes probabilities, and the network ends with '${activation}': end it with ` +
        `'${loss === 'binaryCrossentropy' ? 'sigmoid' : 'softmax'}', which is computed from the logits`,
    )
}

function warn(message: string): void {
  if (warned.has(message)) return
  warned.add(message)
  process.emitWarning(message, 'GemmnetWarning')
}

/**
 * Checks that a network of `outputs` outputs can be held against the targets of `data` with a loss.
 *
 * @param name - the data as the user knows them
 * @param loss - its name; none for a loss of one's own
 * @throws RangeError naming what does not fit
 */
export function checkTargets(
  name: string,
  data: Dataset,
  outputs: number,
  loss: LossName | undefined,
): void {
  if (data.classes === 0 && data.outputs === 0)
    throw new RangeError(`\`${name}\` has neither labels nor targets`)
  if (data.outputs !== 0 && data.outputs !== outputs)
    throw new RangeError(
      `\`${name}\` has ${data.outputs} target columns, the network has ${outputs} outputs`,
    )
  if (outputs === 1 ? loss === 'binaryCrossentropy' && data.classes > 2 : data.classes > outputs)
    throw new RangeError(
      `\`${name}\` has ${data.classes} classes, the network has ${outputs} ` +
        (outputs === 1 ? 'output, which tells two apart' : 'outputs'),
    )
}
