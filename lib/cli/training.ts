import { GemmnetError } from '../errors.js'
import { Failure } from './failure.js'
import type { Interrupt } from './interrupt.js'
import { cannotWrite } from './output_file.js'

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
 * @throws Interruption, with what was saved, if the training was stopped
 * @throws Failure if the loss is not finite, or the file cannot be written
 */
export async function trainAndSave(
  network: Savable,
  output: string | undefined,
  interrupt: Interrupt,
  fit: (signal: AbortSignal) => PromiseLike<unknown>,
  describe: () => string,
  kept = 'the weights of the last step',
): Promise<void> {
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
  interrupt.check(`Stopped after ${describe()}${where}`)
}

/**
 * Saves a network or a model.
 *
 * @throws Failure if it cannot be written
 */
export async function save(network: Savable, path: string): Promise<void> {
  try {
    await network.save(path)
  } catch (error) {
    throw cannotWrite(path, error instanceof Error ? error.message : String(error), error)
  }
}

/** A share as percent: `97.61 %`. */
export function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)} %`
}
