import { GemmnetError } from '../errors.js'
import { Failure } from './failure.js'
import type { Interrupt } from './interrupt.js'
import { whileWriting } from './output_file.js'

/** What can be saved: a Network, a Model. */
interface Savable {
  save(path: string): Promise<void>
}

/**
 * Waits for a fit and saves the network, also if the fit was interrupted.
 *
 * @param fit - starts the fit; not called if it is interrupted before
 * @param describe - how far the training got: `3 of 5 epochs`
 * @param kept - which weights are saved if the fit is interrupted
 * @returns if the training was stopped, what to throw when its report is written
 * @throws Interruption if it was stopped before it began
 * @throws Failure if the loss is not finite, or the file cannot be written
 */
export async function trainAndSave(
  network: Savable,
  output: string | undefined,
  interrupt: Interrupt,
  fit: (signal: AbortSignal) => PromiseLike<unknown>,
  describe: () => string,
  kept = 'the weights of the last step',
): Promise<Error | undefined> {
  const { signal } = interrupt
  interrupt.check('Stopped before the training began')
  try {
    await fit(signal)
  } catch (error) {
    if (error instanceof GemmnetError && output !== undefined)
      throw new Failure(`${error.message}. ${output} is not written`, { cause: error })
    if (!signal.aborted || error !== signal.reason) throw error
  }
  if (output !== undefined) await save(network, output)
  const where = output === undefined ? '' : `; ${kept} are in ${output}`
  return interrupt.reason(`Stopped after ${describe()}${where}`)
}

/**
 * Saves a network or a model.
 *
 * @throws Failure if it cannot be written
 */
export async function save(network: Savable, path: string): Promise<void> {
  await whileWriting(path, () => network.save(path))
}
