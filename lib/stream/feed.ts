import { setImmediate } from 'node:timers/promises'
import { typeError } from '../errors.js'
import type { CallSite } from '../job.js'
import type { NativeDataset, NativeTrainer } from '../native.js'
import type { Assembler } from './assembler.js'
import type { BlockIterator, StreamSource } from './source.js'
import { beginPass } from './source.js'

/** What a Feed brings, and how much of it. */
export interface FeedPlan {
  readonly source: StreamSource
  readonly assembler: Assembler
  readonly epochs: number
  /** Undefined: a pass over the source. */
  readonly epochRows: number | undefined
  /** Where the user called `fitStream`. */
  readonly callSite: CallSite
}

/** Milliseconds that a source and what is made of its blocks may keep the event loop in one go. */
const longestHold = 5

/**
 * Brings the rows of a source to a fit, no more of them than it has room for, and closes the source.
 */
export class Feed {
  readonly #plan: FeedPlan
  readonly #trainer: NativeTrainer
  readonly #fit: number
  #epoch = 0
  #epochRows = 0
  #ended = false // the fit has
  #iterator: BlockIterator | undefined
  #asking = false
  #room: (() => void) | undefined
  #breathed = 0
  #closing: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  /** `fit` is the native fit's number. */
  constructor(plan: FeedPlan, trainer: NativeTrainer, fit: number) {
    this.#plan = plan
    this.#trainer = trainer
    this.#fit = fit
    void this.#run()
  }

  /** What the source, or what was made of a block, threw, if that is why no more rows came. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Brings rows until there are enough of them, the source fails or the fit ends. Never rejects. */
  async #run(): Promise<void> {
    try {
      let pass = 0
      while (this.#wantsMore && (await this.#bringPass(++pass)));
    } catch (error) {
      this.#failure = { error }
    }
    // The rows that were brought before it failed are trained on first.
    this.#trainer.close(this.#fit)
    void this.#close()
  }

  /** There is room again. */
  resume(): void {
    this.#room?.()
  }

  /**
   * The fit has ended: closes the source. Waits for that, but for a source that is being asked, which
   * may never answer.
   *
   * @throws what the source throws when it is closed
   */
  async end(): Promise<void> {
    this.#ended = true
    this.resume()
    await this.#close()
  }

  get #wantsMore(): boolean {
    return !this.#ended && this.#epoch < this.#plan.epochs
  }

  /** Brings a pass, or what is wanted of it; false if the source can give no more. */
  async #bringPass(pass: number): Promise<boolean> {
    const { source, assembler, epochs, epochRows, callSite } = this.#plan
    assembler.beginPass()
    const iterator = await beginPass(source)
    this.#iterator = iterator
    while (this.#wantsMore) {
      const value = await this.#next(iterator)
      if (this.#ended) return false
      const blocks = value === undefined ? assembler.flush() : assembler.take(value.block)
      for (const { data, first } of blocks) await this.#push(data.native, first)
      if (value === undefined) break
    }
    if (!this.#wantsMore) return false
    if (assembler.rows === 0 && pass === 1)
      throw callSite.claim(new RangeError('The source gives no rows'))
    if (epochRows === undefined) {
      if (assembler.rows === 0)
        throw callSite.claim(
          new RangeError(
            `The source gives no rows in epoch ${pass} of ${epochs}: what can be iterated over ` +
              'once only, such as a generator, needs a function that begins it anew, or `epochRows`',
          ),
        )
      this.#endEpoch()
    } else if (assembler.rows === 0) {
      if (this.#epochRows > 0) this.#endEpoch()
      return false // it has ended for good
    }
    return true
  }

  /** What the source gives next; undefined if the pass has ended. */
  async #next(iterator: BlockIterator): Promise<{ readonly block: unknown } | undefined> {
    await this.#breathe()
    if (this.#ended) return undefined
    const result = await this.#ask(iterator)
    if (typeof result !== 'object' || result === null)
      throw this.#plan.callSite.claim(typeError('source.next()', 'an iterator result', result))
    if (Reflect.get(result, 'done') !== true) return { block: await Reflect.get(result, 'value') }
    this.#iterator = undefined
    return undefined
  }

  async #ask(iterator: BlockIterator): Promise<unknown> {
    this.#asking = true
    try {
      return await iterator.next()
    } catch (error) {
      this.#iterator = undefined // what throws has closed itself
      throw error
    } finally {
      this.#asking = false
    }
  }

  async #push(rows: NativeDataset, first: number): Promise<void> {
    const { epochRows = Infinity } = this.#plan
    for (let begin = 0; begin < rows.rows && this.#wantsMore;) {
      const end = Math.min(rows.rows, begin + epochRows - this.#epochRows)
      const hasRoom = this.#trainer.push(this.#fit, rows, begin, end, first + begin)
      this.#epochRows += end - begin
      begin = end
      if (this.#epochRows === epochRows) this.#endEpoch()
      if (!hasRoom) await this.#waitForRoom()
    }
  }

  #endEpoch(): void {
    this.#trainer.endEpoch(this.#fit)
    this.#epoch++
    this.#epochRows = 0
    this.#plan.assembler.endLearning()
  }

  async #waitForRoom(): Promise<void> {
    if (!this.#wantsMore) return
    await new Promise<void>((resolve) => {
      this.#room = resolve
    })
    this.#room = undefined
    this.#breathed = performance.now()
  }

  /** Lets the event loop turn where a source that is always ready has kept it. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#breathed < longestHold) return
    await setImmediate()
    this.#breathed = performance.now()
  }

  #close(): Promise<void> {
    const iterator = this.#iterator
    if (iterator === undefined) return this.#closing
    this.#iterator = undefined
    this.#closing = closeIterator(iterator)
    this.#closing.catch(() => undefined) // for who does not wait for it
    return this.#asking ? Promise.resolve() : this.#closing
  }
}

async function closeIterator(iterator: BlockIterator): Promise<void> {
  await iterator.return?.()
}
