import type { Dataset } from './dataset.js'
import type { Layer } from './layer.js'
import type { LossName } from './options/index.js'

/** Strength of the L2 penalty of each tensor: a layer's own, or `l2`, for kernels; 0 for biases. */
export function penalties(layers: readonly Layer[], l2: number): number[] {
  return layers.flatMap(({ description }) => {
    const kernel = description.l2 ?? l2
    return description.useBias ? [kernel, 0] : [kernel]
  })
}

/**
 * Checks that a network of `outputs` outputs can be held against the targets of `data` with a loss.
 *
 * @param name - the data as the user knows them
 * @throws RangeError naming what does not fit
 */
export function checkTargets(name: string, data: Dataset, outputs: number, loss: LossName): void {
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
