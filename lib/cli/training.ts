import { GemmnetError } from '../errors.js'
import type { DType } from '../matrix.js'
import type { Network } from '../network.js'
import { Failure } from './failure.js'
import type { Interrupt } from './interrupt.js'
import { Interruption } from './interrupt.js'
import { cannotWrite } from './output_file.js'

/**
 * Waits for a fit and saves the network, also if the fit was interrupted.
 *
 * @param fit - starts the fit; not called if it is interrupted before
 * @param describe - how far the training got: `3 of 5 epochs`
 * @throws Interruption, with what was saved, if the training was stopped
 * @throws Failure if the loss is not finite, or the file cannot be written
 */
export async function trainAndSave(
  network: Network,
  output: string | undefined,
  interrupt: Interrupt,
  fit: (signal: AbortSignal) => PromiseLike<unknown>,
  describe: () => string,
): Promise<void> {
  const { signal } = interrupt
  signal.throwIfAborted()
  try {
    await fit(signal)
  } catch (error) {
    if (error instanceof GemmnetError && output !== undefined)
      throw new Failure(`${error.message}. ${output} is not written`, { cause: error })
    if (!signal.aborted || error !== signal.reason) throw error
  }
  if (output !== undefined) await saveNetwork(network, output)
  if (!signal.aborted) return
  const { reason } = signal as { reason: unknown }
  if (!(reason instanceof Interruption) || reason.message === '') throw reason
  const kept = output === undefined ? '' : `; the weights of the last step are in ${output}`
  throw new Interruption(reason.exitCode, `Stopped after ${describe()}${kept}`)
}

/**
 * Saves a network.
 *
 * @throws Failure if it cannot be written
 */
export async function saveNetwork(network: Network | Network<DType>, path: string): Promise<void> {
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
