import { GemmnetError } from './errors.js'
import type { NativeFitEnd } from './native.js'
import type { LayerType } from './options/index.js'

/** The ends of a fit at which something is NaN or infinite. */
type NonFinite = Extract<NativeFitEnd, { reason: 'nonFiniteLoss' | 'nonFiniteWeights' }>

/**
 * The error of a fit that ended so.
 *
 * @param loss - what the message can say of the cost: whether it is the user's own function, and the
 * last layer's kind where that draws
 */
export function nonFiniteLoss(
  end: NonFinite,
  loss: { readonly isCustom: boolean; readonly drawnBy: LayerType | undefined },
): GemmnetError {
  const { epoch, batch, layer } = end
  const row = end.reason === 'nonFiniteLoss' ? end.row : undefined
  const scale = 'A smaller learning rate, or features scaled to about 1, usually help'
  const kept = 'The network keeps its last finite weights'
  const where = `in epoch ${epoch}, batch ${batch}`
  const ofRow = row === undefined ? '' : ` of row ${row}`
  const why = ({ isCustom, drawnBy }: typeof loss) => {
    if (isCustom) return `The loss function gives a value or a gradient${ofRow} that is not`
    if (drawnBy !== undefined)
      return `All outputs${ofRow} are, but the loss is not defined for what ${drawnBy}, the last layer, makes of them: put it before the output layer`
    return `All outputs${ofRow} are: targets or sample weights are too large for it, or it is not defined for such outputs`
  }
  const message = () => {
    if (end.reason === 'nonFiniteWeights')
      return `The weights of layer ${layer} are not finite after epoch ${epoch}, batch ${batch}. ${kept}. ${scale}`
    if (layer !== undefined && row === undefined)
      return `The loss is not finite ${where}: the penalties of layer ${layer} are not. ${kept}. A weaker penalty or a smaller learning rate usually helps`
    if (layer !== undefined)
      return `The loss is not finite ${where}: layer ${layer} gives NaN or infinity for row ${row}. ${kept}. ${scale}`
    return `The loss is not finite ${where}. ${why(loss)}. ${kept}`
  }
  return new GemmnetError('ERR_NON_FINITE_LOSS', message(), {
    epoch,
    batch,
    ...(layer !== undefined && { layer }),
    ...(row !== undefined && { row }),
  })
}
